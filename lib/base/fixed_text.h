/* SPDX-License-Identifier: MIT */
/*
 * Short texts built without allocation, locale or stdio: what signal handlers and ending
 * processes have to say.
 */
#ifndef PT_FIXED_TEXT_H
#define PT_FIXED_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define PT_FIXED_TEXT_SIZE 512

/* All zero is empty. The text ends in NUL; what does not fit is cut off. */
struct pt_fixed_text {
	size_t size;
	char text[PT_FIXED_TEXT_SIZE];
};

/* Append a string or a number. GIL: not needed; safe in signal handlers. */
void pt_fixed_add(struct pt_fixed_text *to, const char *text);
void pt_fixed_add_number(struct pt_fixed_text *to, uint64_t number);

#endif /* PT_FIXED_TEXT_H */
