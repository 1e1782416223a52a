/* SPDX-License-Identifier: MIT */
/* An exception as text, found out without running a line of the program's own code. */
#ifndef PT_EXCEPTION_H
#define PT_EXCEPTION_H

#include "python.h"

/* An exception's type and message. */
struct pt_exception_text {
	const char *type; /* borrowed from the exception's class */
	char *message;	  /* owned; NULL when there is none or it cannot be had safely */
};

/*
 * Describes EXCEPTION. The message is the first line of what str() gives, if its class has
 * none of its own to give it: nothing that is written in Python is called. What is left
 * out, further lines among it, is marked by "…".
 * The caller destroys TEXT. No exception is left. GIL: held.
 */
void pt_exception_describe(PyObject *exception, struct pt_exception_text *text);

/* Frees what TEXT owns. GIL: not needed. */
void pt_exception_destroy(struct pt_exception_text *text);

#endif /* PT_EXCEPTION_H */
