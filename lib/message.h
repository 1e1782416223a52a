/* SPDX-License-Identifier: MIT */
/*
 * A short text of one line that is put together from values, none of which runs a line of
 * Python code. What is left out is marked by "…".
 */
#ifndef PT_MESSAGE_H
#define PT_MESSAGE_H

#include "python.h"

/* Longer ones are cut. In bytes. */
#define PT_MESSAGE_SIZE 300

/* A text to be; all zero: nothing yet. */
struct pt_message {
	char text[PT_MESSAGE_SIZE];
	size_t size;
	bool is_cut; /* nothing more is added */
};

/* Add a text, a number. GIL: not needed. */
void pt_message_add(struct pt_message *message, const char *text);
void pt_message_add_number(struct pt_message *message, long long number);

/* Adds the mark of something that cannot be shown. GIL: not needed. */
void pt_message_add_gap(struct pt_message *message);

/*
 * Add what str(VALUE) and repr(VALUE) give, if it is of one of the interpreter's own plain
 * types, or a tuple of such, and else the mark; NULL is allowed. A str ends the message at
 * the end of its first line if more follow. GIL: held.
 */
void pt_message_add_str(struct pt_message *message, PyObject *value);
void pt_message_add_repr(struct pt_message *message, PyObject *value);

/* Returns the text, which the caller frees, or NULL without memory. GIL: not needed. */
char *pt_message_end(struct pt_message *message);

#endif /* PT_MESSAGE_H */
