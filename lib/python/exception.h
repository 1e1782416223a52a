/* SPDX-License-Identifier: MIT */
/* An exception as text, without running any of the program's code. */
#ifndef PT_EXCEPTION_H
#define PT_EXCEPTION_H

#include "python/python.h"

/* An exception's type and message. */
struct pt_exception_text {
	const char *type; /* borrowed from the exception's class */
	char *message;	  /* owned; NULL: none, or not safe to read */
};

/*
 * Describes EXCEPTION. The message is the first line of what str() gives, unless the
 * class has its own way to make it: nothing written in Python is called. "…" marks what
 * is left out, further lines included. The caller destroys TEXT. Leaves no exception.
 * GIL: held.
 */
void pt_exception_describe(PyObject *exception, struct pt_exception_text *text);

/* Frees what TEXT owns. GIL: not needed. */
void pt_exception_destroy(struct pt_exception_text *text);

#endif /* PT_EXCEPTION_H */
