/* SPDX-License-Identifier: MIT */
/* What suspended frames wait for, and how the interpreter signals that it is over. */
#ifndef PT_AWAIT_H
#define PT_AWAIT_H

#include <stdbool.h>

#include "python/python.h"

struct pt_code;

/*
 * Returns whether an exception raised at a byte offset of the code only says that what an
 * "await" or a "yield from" waited for has returned: a StopIteration that the program
 * cannot see. No exception may be pending. GIL: held.
 */
bool pt_await_is_over(const struct pt_code *code, long offset, PyObject *exception);

/*
 * Returns whether a frame of the code, suspended at a byte offset, has begun to run: then
 * it waits at a yield or an await. For 3.12 and later. GIL: held.
 */
bool pt_await_has_begun(PyObject *object, long offset);

#endif /* PT_AWAIT_H */
