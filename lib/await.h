/* SPDX-License-Identifier: MIT */
/* What suspended frames wait for, and how the interpreter tells itself that it is over.
 */
#ifndef PT_AWAIT_H
#define PT_AWAIT_H

#include <stdbool.h>

#include "python.h"

struct pt_code;

/*
 * Returns whether an exception that was raised at a byte offset of the code only says
 * that what an "await" or a "yield from" waited for has returned: a StopIteration that no
 * code of the program can see. No exception may be pending. GIL: held.
 */
bool pt_await_is_over(const struct pt_code *code, long offset, PyObject *exception);

/*
 * Returns whether a frame of the code, which is suspended at a byte offset, has run at
 * all: it waits at a yield or an await then. For 3.12 and later. GIL: held.
 */
bool pt_await_has_begun(PyObject *object, long offset);

#endif /* PT_AWAIT_H */
