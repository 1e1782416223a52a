/* SPDX-License-Identifier: MIT */
/* Numbers of any size in bytes: seven bits each, the lowest first, bit 7: more follow. */
#ifndef PT_VARINT_H
#define PT_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No number takes more bytes. */
#define PT_VARINT_SIZE 10

/* Writes NUMBER and returns what is behind it. */
static inline unsigned char *pt_varint_put(unsigned char *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*out++ = (unsigned char)(number | 0x80);
	*out++ = (unsigned char)number;
	return out;
}

/* Reads a number before END, moving *IN behind it. Returns false if there is none. */
static inline bool pt_varint_get(const unsigned char **in, const unsigned char *end,
				 uint64_t *number)
{
	uint64_t result = 0;

	for (unsigned int shift = 0; shift < 64 && *in < end; shift += 7) {
		unsigned char byte = *(*in)++;
		result |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*number = result;
			return true;
		}
	}
	return false;
}

/* Numbers near 0, below it or above, as numbers near 0. */
static inline uint32_t pt_zigzag(int32_t number)
{
	return ((uint32_t)number << 1) ^ (uint32_t)(number >> 31);
}

static inline int32_t pt_unzigzag(uint32_t number)
{
	return (int32_t)((number >> 1) ^ -(number & 1));
}

#endif /* PT_VARINT_H */
