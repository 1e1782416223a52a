/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/fixed_text.h"

#include <string.h>

void pt_fixed_add(struct pt_fixed_text *to, const char *text)
{
	size_t room = sizeof(to->text) - 1 - to->size;
	size_t size = strnlen(text, room);

	memcpy(to->text + to->size, text, size);
	to->size += size;
	to->text[to->size] = '\0';
}

void pt_fixed_add_number(struct pt_fixed_text *to, uint64_t number)
{
	char digits[24];
	char *start = digits + sizeof(digits) - 1;

	*start = '\0';
	do
		*--start = (char)('0' + number % 10);
	while (number /= 10);
	pt_fixed_add(to, start);
}
