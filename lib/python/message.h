/* SPDX-License-Identifier: MIT */
/*
 * A short text of one line built from values, without running any Python code. "…" marks
 * what is left out.
 */
#ifndef PT_MESSAGE_H
#define PT_MESSAGE_H

#include "python/python.h"

/* Longer ones are cut. In bytes. */
#define PT_MESSAGE_SIZE 300

/* The text so far; all zero is empty. */
struct pt_message {
	char text[PT_MESSAGE_SIZE];
	size_t size;
	bool is_cut; /* nothing more is added */
};

/* Add a text or a number. GIL: not needed. */
void pt_message_add(struct pt_message *message, const char *text);
void pt_message_add_number(struct pt_message *message, long long number);

/* Adds the mark of something that cannot be shown. GIL: not needed. */
void pt_message_add_gap(struct pt_message *message);

/*
 * Add what str(VALUE) or repr(VALUE) gives if VALUE has one of the interpreter's own
 * plain types or is a tuple of such, else the mark; NULL is allowed. If a str has more
 * than one line, the message ends after its first. GIL: held.
 */
void pt_message_add_str(struct pt_message *message, PyObject *value);
void pt_message_add_repr(struct pt_message *message, PyObject *value);

/* Returns the text, which the caller frees, or NULL without memory. GIL: not needed. */
char *pt_message_end(struct pt_message *message);

#endif /* PT_MESSAGE_H */
