/* SPDX-License-Identifier: MIT */
/* Text for tests of compression: random, but the same each time. */
#include "config.h"

#include "check_pytrace.h"

#include <stdlib.h>
#include <string.h>

/* Never 0, which would only give more zeros. */
static uint64_t state = 1;

void pt_check_seed(uint64_t seed)
{
	state = seed;
}

/* Xorshift, of 64 bits. */
static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

size_t pt_check_draw(size_t limit)
{
	return (draw() >> 20) % limit;
}

static void fill_bytes(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(draw() >> 40);
}

void pt_check_fill(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(draw() >> 40 | 0x80);
}

void pt_check_fill_lines(char *text, size_t size, size_t shortest, size_t longest)
{
	size_t end = 0;

	pt_check_fill(text, size);
	while (end < size) {
		end += shortest + pt_check_draw(longest - shortest + 1);
		text[(end < size ? end : size) - 1] = '\n';
	}
}

void pt_check_repeat(char *text, size_t size, size_t period)
{
	for (size_t i = period; i < size; i++)
		text[i] = text[i - period];
}

static void fill_loop(char *text, size_t size, size_t period, size_t shortest,
		      size_t longest)
{
	pt_check_fill_lines(text, period, shortest, longest);
	pt_check_repeat(text, size, period);
}

static void same_line(char *text, size_t size)
{
	fill_loop(text, size, 60, 60, 60);
}

static void some_lines(char *text, size_t size)
{
	fill_loop(text, size, 1500, 2, 300);
}

/* Longer than blocks. */
static void long_lines(char *text, size_t size)
{
	fill_loop(text, size, 200001, 200001, 200001);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Lines out of a set. */
static void draw_lines(char *text, size_t size, size_t count, size_t longest)
{
	size_t lengths[64];
	char *lines = malloc(count * longest);

	pt_check_fill_lines(lines, count * longest, longest, longest);
	for (size_t i = 0; i < count; i++)
		lengths[i] = longest / 2 + pt_check_draw(longest / 2);
	for (size_t done = 0; done < size;) {
		size_t i = pt_check_draw(count);
		size_t length = least(lengths[i], size - done);
		memcpy(text + done, lines + (i + 1) * longest - length, length);
		done += length;
	}
	free(lines);
}

void pt_check_fill_drawn(char *text, size_t size)
{
	draw_lines(text, size, 50, 300);
}

static void drawn_short_lines(char *text, size_t size)
{
	draw_lines(text, size, 4, 80);
}

/* Lines that differ at their ends. */
static void alike_lines(char *text, size_t size)
{
	char line[300];
	char ends[20][10];

	pt_check_fill_lines(line, sizeof(line), sizeof(line), sizeof(line));
	pt_check_fill(ends[0], sizeof(ends));
	for (size_t i = 0; i < size; i++) {
		if (i % sizeof(line) == 0)
			memcpy(line + 289, ends[pt_check_draw(20)], sizeof(ends[0]));
		text[i] = line[i % sizeof(line)];
	}
}

/* A trace of calls, which are indented by their level. */
static void lines_at_levels(char *text, size_t size)
{
	char lines[30][100];
	size_t level = 0;

	pt_check_fill_lines(lines[0], sizeof(lines), sizeof(lines[0]), sizeof(lines[0]));
	for (size_t done = 0; done < size;) {
		const char *line = lines[pt_check_draw(30)];
		size_t blanks = least(1 + 4 * level, size - done);
		size_t word = least(12, size - done - blanks);
		size_t rest = least(sizeof(lines[0]) - word, size - done - blanks - word);
		memcpy(text + done, line, word);
		memset(text + done + word, ' ', blanks);
		memcpy(text + done + word + blanks, line + word, rest);
		done += word + blanks + rest;
		if (pt_check_draw(50) == 0)
			level = pt_check_draw(2) ? level + 1 : level - (level > 0);
	}
}

static void no_line_end(char *text, size_t size)
{
	pt_check_fill(text, 5000);
	pt_check_repeat(text, size, 5000);
}

static void only_line_ends(char *text, size_t size)
{
	memset(text, '\n', size);
}

/* Up to 140 of them in a row. */
static void empty_lines(char *text, size_t size)
{
	pt_check_fill_lines(text, 7000, 1, 90);
	for (size_t i = 0; i < 7000; i += 500)
		memset(text + i, '\n', i / 50);
	pt_check_repeat(text, size, 7000);
}

static void any_bytes(char *text, size_t size)
{
	fill_bytes(text, 3000);
	pt_check_repeat(text, size, 3000);
}

static void new_lines(char *text, size_t size)
{
	pt_check_fill_lines(text, size, 20, 200);
}

const struct pt_check_text pt_check_texts[PT_CHECK_TEXTS] = {
	{ same_line, true },	       { some_lines, true },	    { long_lines, true },
	{ pt_check_fill_drawn, true }, { drawn_short_lines, true }, { no_line_end, true },
	{ only_line_ends, true },      { empty_lines, true },	    { any_bytes, true },
	{ alike_lines, true },	       { lines_at_levels, true },   { new_lines, false },
	{ pt_check_fill, false },
};
