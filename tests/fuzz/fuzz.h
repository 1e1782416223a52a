/* SPDX-License-Identifier: MIT */
/* What fuzz targets share: input cut into strings, and promises that must hold. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of a header: breaking it is a finding. */
#define FUZZ_EXPECT(condition)    \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/*
 * Takes the next NUL-terminated string off the input, as a copy of exactly its size, so
 * that AddressSanitizer sees each byte beyond it. Returns NULL at the end. To be freed.
 */
static inline char *fuzz_take(const uint8_t **data, size_t *size)
{
	if (*size == 0)
		return NULL;
	size_t length = strnlen((const char *)*data, *size);
	char *text = malloc(length + 1);
	FUZZ_EXPECT(text);
	memcpy(text, *data, length);
	text[length] = '\0';
	size_t used = length < *size ? length + 1 : length;
	*data += used;
	*size -= used;
	return text;
}

#endif /* FUZZ_H */
