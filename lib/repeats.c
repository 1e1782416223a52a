/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "repeats.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW ((size_t)1 << PT_REPEATS_WINDOW_LOG)

/* Repeats are known by their first bytes: a line or two. Shorter ones cost more time. */
#define KEY_SIZE 128

#define TABLE_LOG 15

/* Not worth a piece. */
#define MIN_LENGTH 16

/* With a larger part of the text being new a search byte by byte is better. */
#define MAX_NEW_PART 16

struct pt_repeats {
	uint64_t seen;			 /* bytes */
	uint32_t places[1 << TABLE_LOG]; /* where a key was seen last, modulo 2^32 */
	char window[(size_t)1 << PT_REPEATS_WINDOW_LOG]; /* a ring */
};

/* The text that is being split. */
struct text {
	const char *data;
	size_t size;
	uint64_t place; /* of its first byte */
};

struct pt_repeats *pt_repeats_new(void)
{
	return calloc(1, sizeof(struct pt_repeats));
}

void pt_repeats_free(struct pt_repeats *repeats)
{
	free(repeats);
}

void pt_repeats_restart(struct pt_repeats *repeats)
{
	repeats->seen = 0;
}

static uint64_t read_word(const char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/* Mixes in two lanes, which a processor does at the same time. */
static size_t hash_key(const char *key)
{
	uint64_t a = 0;
	uint64_t b = 0;

	for (size_t i = 0; i < KEY_SIZE; i += 16) {
		a = (a ^ read_word(key + i)) * UINT64_C(0x9e3779b97f4a7c15);
		b = (b ^ read_word(key + i + 8)) * UINT64_C(0xc2b2ae3d27d4eb4f);
	}
	a ^= b ^ b >> 29;
	a = (a ^ a >> 32) * UINT64_C(0x9fb21c651e98df25);
	return a >> (64 - TABLE_LOG);
}

static size_t common_length(const char *a, const char *b, size_t size)
{
	size_t i = 0;

	while (size - i >= 256 && memcmp(a + i, b + i, 256) == 0)
		i += 256;
	while (size - i >= 8 && read_word(a + i) == read_word(b + i))
		i += 8;
	while (i < size && a[i] == b[i])
		i++;
	return i;
}

static void remember(struct pt_repeats *repeats, const char *data, size_t size)
{
	size_t start = repeats->seen % WINDOW;
	size_t first = size < WINDOW - start ? size : WINDOW - start;

	memcpy(repeats->window + start, data, first);
	memcpy(repeats->window, data + first, size - first);
	repeats->seen += size;
}

/*
 * How much of the text from START on stands in the window already, where its key was seen
 * last. The part of the window that the text itself has taken is no part of that.
 */
static size_t find_repeat(struct pt_repeats *repeats, const struct text *text,
			  size_t start, unsigned int *distance)
{
	uint64_t here = text->place + start;
	uint32_t *place = &repeats->places[hash_key(text->data + start)];
	uint32_t back = (uint32_t)here - *place;

	*place = (uint32_t)here;
	if (back == 0 || back > here || back > WINDOW - text->size)
		return 0;
	size_t there = (here - back) % WINDOW;
	size_t room = WINDOW - there;
	size_t size = text->size - start;
	*distance = back;
	size_t length = common_length(repeats->window + there, text->data + start,
				      size < room ? size : room);
	return length < KEY_SIZE ? 0 : length;
}

/* The part that is whole lines, unless that is very little. */
static size_t whole_lines(const char *data, size_t size)
{
	const char *end = memrchr(data, '\n', size);
	size_t length = end ? (size_t)(end - data) + 1 : 0;

	return length < MIN_LENGTH ? size : length;
}

/* Returns where the line at START ends, or the text. */
static size_t line_end(const struct text *text, size_t start)
{
	const char *end = memchr(text->data + start, '\n', text->size - start);

	return end ? (size_t)(end - text->data) + 1 : text->size;
}

size_t pt_repeats_find(struct pt_repeats *repeats, const char *data, size_t size,
		       struct pt_repeat *pieces, size_t capacity)
{
	const struct text text = { data, size, repeats->seen };
	struct pt_repeat piece = { 0 };
	size_t count = 0;
	size_t fresh = 0;

	remember(repeats, data, size);
	for (size_t i = 0; i < size && count < capacity;) {
		size_t length = size - i < KEY_SIZE ?
					0 :
					find_repeat(repeats, &text, i, &piece.distance);
		if (length) {
			length = whole_lines(data + i, length);
			piece.length = (unsigned int)length;
			pieces[count++] = piece;
			piece = (struct pt_repeat){ 0 };
			i += length;
		}
		if (!length || data[i - 1] != '\n') {
			size_t end = i < size ? line_end(&text, i) : i;
			piece.literals += (unsigned int)(end - i);
			fresh += end - i;
			i = end;
		}
	}
	if (count == capacity || fresh > size / MAX_NEW_PART)
		return 0;
	piece.distance = 0;
	pieces[count++] = piece;
	return count;
}
