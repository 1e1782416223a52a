/* SPDX-License-Identifier: MIT */
/*
 * Input: steps, each a byte for its kind and two for a number. Each
 * block that has pieces must be what they make of the text before it.
 */
#include "config.h"

#include "fuzz.h"
#include "out/repeats.h"

#include <stdbool.h>

#define WINDOW ((size_t)1 << PT_REPEATS_WINDOW_LOG)

/* Kinds of steps; those of blocks may have IS_SHORT added. */
enum {
	NEW,	 /* a block of the input */
	KNOWN,	 /* ... of text that was there, as far back as the next number tells */
	FAR,	 /* ... and almost the window farther */
	GAP,	 /* blocks that are almost a window together */
	RESTART, /* all is forgotten */
	KINDS,	 /* their number */
	IS_SHORT = 128, /* there is room for few pieces only, by the next byte */
};

/* What FAR adds, and GAP is. */
#define ALMOST (WINDOW - 0x10000)

/* The text since the last restart. */
static char text[4 * WINDOW];
static size_t text_size;

static struct pt_repeats *repeats;

/* The input that is left. */
static const uint8_t *input;
static size_t input_size;

static size_t take_byte(void)
{
	if (input_size == 0)
		return 0;
	input_size--;
	return *input++;
}

static size_t take_number(void)
{
	size_t low = take_byte();

	return low | take_byte() << 8;
}

static void copy(size_t end, size_t distance, size_t length)
{
	if (length <= distance)
		memcpy(text + end, text + end - distance, length);
	for (size_t i = end; length > distance && i < end + length; i++)
		text[i] = text[i - distance];
}

/* Puts a block behind the text, as its pieces tell. Returns its size. */
static size_t rebuild(const char *block, size_t size, const struct pt_repeat *piece,
		      size_t count)
{
	size_t end = text_size;

	for (; count; count--, piece++) {
		FUZZ_EXPECT(piece->literals <= size);
		memcpy(text + end, block, piece->literals);
		end += piece->literals;
		size -= piece->literals;
		block += piece->literals;
		FUZZ_EXPECT((piece->length == 0) == (count == 1));
		FUZZ_EXPECT((piece->distance == 0) == (count == 1));
		FUZZ_EXPECT(piece->distance <= WINDOW && piece->distance <= end);
		FUZZ_EXPECT(piece->length <= size && (count == 1 || piece->length >= 3));
		copy(end, piece->distance, piece->length);
		end += piece->length;
		size -= piece->length;
		block += piece->length;
	}
	return end - text_size;
}

/* Splits a block into no more than MOST pieces. */
static void feed(const char *data, size_t size, size_t most)
{
	size_t capacity = most < size / 3 + 2 ? most : size / 3 + 2;
	char *block = malloc(size + 1);
	struct pt_repeat *pieces = malloc((capacity + 1) * sizeof(*pieces));

	FUZZ_EXPECT(block && pieces && text_size + size <= sizeof(text));
	block = memcpy(block + 1, data, size);
	size_t count = pt_repeats_find(repeats, block, size, pieces + 1, capacity);
	FUZZ_EXPECT(count <= capacity);
	if (count)
		FUZZ_EXPECT(rebuild(block, size, pieces + 1, count) == size);
	else
		memcpy(text + text_size, block, size);
	FUZZ_EXPECT(memcmp(text + text_size, block, size) == 0);
	text_size += size;
	free(block - 1);
	free(pieces);
}

static void feed_gap(void)
{
	static char gap[PT_REPEATS_MAX_SIZE];

	for (size_t i = 0; i < sizeof(gap); i++)
		gap[i] = (char)(i * i % 251);
	for (size_t i = 0; i < ALMOST / sizeof(gap); i++)
		feed(gap, sizeof(gap), PT_REPEATS_MAX_SIZE);
	feed(gap, ALMOST % sizeof(gap), PT_REPEATS_MAX_SIZE);
}

/* Returns whether there is room for it. */
static bool take_step(void)
{
	size_t kind = take_byte();
	size_t number = take_number();
	size_t most = kind & IS_SHORT ? take_byte() : PT_REPEATS_MAX_SIZE;
	size_t size = number < input_size ? number : input_size;

	kind = kind % IS_SHORT % KINDS;
	if (text_size + WINDOW > sizeof(text))
		return false;
	if (kind == NEW) {
		feed((const char *)input, size, most);
		input += size;
		input_size -= size;
	} else if (kind == KNOWN || kind == FAR) {
		size_t back = take_number() + (kind == FAR ? ALMOST : 0);
		back = back < text_size ? back : text_size;
		feed(text + text_size - back, number < back ? number : back, most);
	} else if (kind == GAP) {
		feed_gap();
	} else {
		pt_repeats_restart(repeats);
		text_size = 0;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	input_size = size;
	text_size = 0;
	repeats = pt_repeats_new();
	FUZZ_EXPECT(repeats);
	while (input_size && take_step())
		;
	pt_repeats_free(repeats);
	return 0;
}
