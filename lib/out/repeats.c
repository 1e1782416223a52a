/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/repeats.h"

#include "base/util.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW ((size_t)1 << PT_REPEATS_WINDOW_LOG)

/* Repeats are found by their first bytes: a line or two. Shorter keys cost more time. */
#define KEY_SIZE 128

/* Of both tables. */
#define TABLE_LOG 15

/* Not worth a piece. */
#define MIN_LENGTH 16

/* How much longer a line may be: twice the indentation of the deepest level. */
#define MAX_BLANKS 400

/* If a larger part of the text is new, a search byte by byte is better. */
#define MAX_NEW_PART 16

/* Where something was seen last, modulo 2^32, by its hash. */
typedef uint32_t place_table[1 << TABLE_LOG];

struct pt_repeats {
	uint64_t seen;	   /* bytes */
	place_table runs;  /* KEY_SIZE bytes from the start of a line on */
	place_table lines; /* a line, whatever its indentation */
	char window[(size_t)1 << PT_REPEATS_WINDOW_LOG]; /* a ring */
};

/* The text that is being split, and its pieces. */
struct text {
	const char *data;
	size_t size;
	uint64_t place; /* of its first byte */
	struct pt_repeat *pieces;
	size_t count;
	size_t done;	 /* bytes that the pieces cover */
	size_t new_size; /* bytes in no repeat */
};

/*
 * A line of trace: a word that says where, blanks, and what is there. Deeper call levels
 * have more blanks.
 */
struct line {
	size_t word; /* its length */
	size_t rest; /* where that begins */
	size_t size; /* with its end */
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

static size_t finish_hash(uint64_t a, uint64_t b)
{
	a ^= b ^ b >> 29;
	a = (a ^ a >> 32) * UINT64_C(0x9fb21c651e98df25);
	return a >> (64 - TABLE_LOG);
}

/* Mixes in two lanes, which a processor handles at the same time. */
static size_t hash_run(const char *run)
{
	uint64_t a = 0;
	uint64_t b = 0;

	for (size_t i = 0; i < KEY_SIZE; i += 16) {
		a = (a ^ read_word(run + i)) * UINT64_C(0x9e3779b97f4a7c15);
		b = (b ^ read_word(run + i + 8)) * UINT64_C(0xc2b2ae3d27d4eb4f);
	}
	return finish_hash(a, b);
}

static uint64_t hash_bytes(uint64_t hash, const char *data, size_t size)
{
	size_t i = 0;

	for (; size - i >= 8; i += 8)
		hash = (hash ^ read_word(data + i)) * UINT64_C(0x9e3779b97f4a7c15);
	for (; i < size; i++)
		hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return hash;
}

static size_t hash_line(const char *data, const struct line *line)
{
	uint64_t hash = hash_bytes(0, data, line->word);

	return finish_hash(hash_bytes(hash, data + line->rest, line->size - line->rest),
			   0);
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
 * Returns how far back from here, the end of the pieces, a table has something with that
 * hash, 0 if too far, and enters this place. The part of the window that the text itself
 * has taken does not count.
 */
static uint32_t look_up(const struct text *text, place_table table, size_t hash)
{
	uint64_t here = text->place + text->done;
	uint32_t back = (uint32_t)here - table[hash];

	table[hash] = (uint32_t)here;
	return back > here || back > WINDOW - text->size ? 0 : back;
}

/* The bytes of the window from BACK on, and how many there are without a break. */
static const char *seen_before(const struct pt_repeats *repeats, const struct text *text,
			       uint32_t back, size_t *size)
{
	size_t start = (text->place + text->done - back) % WINDOW;

	*size = WINDOW - start;
	return repeats->window + start;
}

static void add_new(struct text *text, size_t size)
{
	text->pieces[text->count].literals += (unsigned int)size;
	text->done += size;
	text->new_size += size;
}

/* Starts a new piece; there is room for both. */
static void add_repeat(struct text *text, size_t back, size_t length)
{
	text->pieces[text->count].distance = (unsigned int)back;
	text->pieces[text->count].length = (unsigned int)length;
	text->pieces[++text->count] = (struct pt_repeat){ 0 };
	text->done += length;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The part that is whole lines, unless that is very little. */
static size_t most_lines(const char *data, size_t size)
{
	size_t length = pt_whole_lines(data, size);

	return length < MIN_LENGTH ? size : length;
}

/* Adds lines that came in the same order before. Returns whether there are any. */
static bool add_run(struct pt_repeats *repeats, struct text *text)
{
	const char *data = text->data + text->done;
	size_t size = text->size - text->done;
	size_t room = 0;

	if (size < KEY_SIZE)
		return false;
	uint32_t back = look_up(text, repeats->runs, hash_run(data));
	if (!back)
		return false;
	const char *seen = seen_before(repeats, text, back, &room);
	size_t length = common_length(seen, data, least(size, room));
	if (length < KEY_SIZE)
		return false;
	add_repeat(text, back, most_lines(data, length));
	return true;
}

/* Finds the parts of the line at DATA, which may be cut off after SIZE bytes. */
static struct line line_of(const char *data, size_t size)
{
	struct line line = { 0 };
	const char *end = memchr(data, '\n', size);

	line.size = end ? (size_t)(end - data) + 1 : size;
	while (line.word < line.size && data[line.word] != ' ')
		line.word++;
	line.rest = line.word;
	while (line.rest < line.size && data[line.rest] == ' ')
		line.rest++;
	return line;
}

/* Adds the rest of a line: usually it was seen before at another call level. */
static void add_line(struct pt_repeats *repeats, struct text *text)
{
	const char *data = text->data + text->done;
	struct line line = line_of(data, text->size - text->done);
	uint32_t back = look_up(text, repeats->lines, hash_line(data, &line));
	size_t room = 0;

	if (!back) {
		add_new(text, line.size);
		return;
	}
	const char *seen = seen_before(repeats, text, back, &room);
	/* A block that begins within a line must not find the rest of it in itself. */
	room = least(room, back);
	struct line other = line_of(seen, least(room, line.size + MAX_BLANKS));
	size_t rest = line.size - line.rest;
	size_t start = common_length(seen, data, least(line.rest, other.rest));
	if (start >= MIN_LENGTH)
		add_repeat(text, back, start);
	else
		start = 0;
	if (rest < MIN_LENGTH || rest != other.size - other.rest ||
	    memcmp(seen + other.rest, data + line.rest, rest) != 0) {
		add_new(text, line.size - start);
		return;
	}
	add_new(text, line.rest - start);
	add_repeat(text, back + line.rest - other.rest, rest);
}

size_t pt_repeats_find(struct pt_repeats *repeats, const char *data, size_t size,
		       struct pt_repeat *pieces, size_t capacity)
{
	struct text text = {
		.data = data, .size = size, .place = repeats->seen, .pieces = pieces
	};

	remember(repeats, data, size);
	if (capacity == 0)
		return 0;
	pieces[0] = (struct pt_repeat){ 0 };
	/* A line takes at most two pieces. */
	while (text.done < size && text.count + 3 <= capacity) {
		bool is_line_start = text.done == 0 || data[text.done - 1] == '\n';
		if (!is_line_start || !add_run(repeats, &text))
			add_line(repeats, &text);
	}
	if (text.done < size || text.new_size > size / MAX_NEW_PART)
		return 0;
	return text.count + 1;
}
