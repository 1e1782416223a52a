/* SPDX-License-Identifier: MIT */
/* The exceptions by which the interpreter tells itself that an await is over. */
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

#endif /* PT_AWAIT_H */
