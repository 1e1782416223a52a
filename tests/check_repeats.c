/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/repeats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW ((size_t)1 << PT_REPEATS_WINDOW_LOG)
#define MAX_BLOCK PT_REPEATS_MAX_SIZE
#define TEXT_SIZE ((size_t)700000)
#define LONG (2 * WINDOW + 12345)

/* What libzstd has room for. */
#define CAPACITY (MAX_BLOCK / 3 + 2)

/* Marks the end of the room for pieces. */
#define GUARD 4711

/* Text that is split, block by block, and rebuilt. */
struct session {
	struct pt_repeats *repeats;
	struct pt_repeat *pieces;
	char *text;    /* for what is to be fed */
	char *rebuilt; /* ... since the last restart */
	size_t size;   /* of that */
	size_t blocks;
	size_t split; /* ... for which there were pieces */
	size_t found; /* pieces */
};

/* Returns where to put a text of that many bytes. */
static char *start(struct session *session, size_t room)
{
	*session = (struct session){
		.repeats = pt_repeats_new(),
		.pieces = calloc(CAPACITY + 1, sizeof(struct pt_repeat)),
		.text = malloc(room),
		.rebuilt = malloc(room),
	};
	ck_assert(session->repeats && session->text && session->rebuilt);
	return session->text;
}

static void end(struct session *session)
{
	pt_repeats_free(session->repeats);
	free(session->pieces);
	free(session->text);
	free(session->rebuilt);
}

static void restart(struct session *session)
{
	pt_repeats_restart(session->repeats);
	session->size = 0;
}

/*
 * Returns whether a piece, in front of which are DONE bytes of the block, may be: its
 * repeat is of text that was there, and is long enough.
 */
static bool is_sound(const struct session *session, const struct pt_repeat *piece,
		     size_t done, size_t size)
{
	if (piece->literals > size - done ||
	    piece->length > size - done - piece->literals)
		return false;
	done += piece->literals;
	return piece->length >= 3 && piece->distance >= 1 && piece->distance <= WINDOW &&
	       piece->distance <= session->size + done;
}

/* Rebuilds a block from its pieces and what was there before it. */
static void rebuild(struct session *session, const char *block, size_t size, size_t count)
{
	const struct pt_repeat *piece = session->pieces;
	char *text = session->rebuilt + session->size;
	size_t done = 0;

	for (; count > 1; count--, piece++) {
		if (!is_sound(session, piece, done, size))
			ck_abort_msg("%u new bytes, then %u from %u back, at %zu of %zu",
				     piece->literals, piece->length, piece->distance,
				     done, size);
		memcpy(text + done, block + done, piece->literals);
		done += piece->literals;
		for (size_t i = 0; i < piece->length; i++, done++)
			text[done] = *(text + done - piece->distance);
	}
	ck_assert_uint_eq(piece->length, 0);
	ck_assert_uint_eq(piece->distance, 0);
	ck_assert_uint_eq(piece->literals, size - done);
	memcpy(text + done, block + done, size - done);
	ck_assert(memcmp(text, block, size) == 0);
}

/* Splits a block, with room for that many pieces, and returns their number. */
static size_t feed_short(struct session *session, const char *data, size_t size,
			 size_t capacity)
{
	char *block = malloc(size); /* of this size, for what looks for reads beyond */

	memcpy(block, data, size);
	session->pieces[capacity].unused = GUARD;
	size_t count =
		pt_repeats_find(session->repeats, block, size, session->pieces, capacity);
	ck_assert_uint_le(count, capacity);
	ck_assert_uint_eq(session->pieces[capacity].unused, GUARD);
	if (count)
		rebuild(session, block, size, count);
	else
		memcpy(session->rebuilt + session->size, block, size);
	session->size += size;
	session->blocks++;
	session->split += count != 0;
	session->found += count;
	free(block);
	return count;
}

static size_t feed(struct session *session, const char *data, size_t size)
{
	return feed_short(session, data, size, CAPACITY);
}

/* 0: blocks of all of these sizes, and more. */
static const size_t block_sizes[] = { 1, 15, 127, 128, 129, 100000, MAX_BLOCK, 0 };

/* Splits a text in blocks of that size. */
static void feed_all(struct session *session, const char *text, size_t size, size_t block)
{
	static const size_t mix[] = { 1, 100, 127, 128, 129, 5000, 77777, MAX_BLOCK };

	while (size) {
		size_t next = block ? block : mix[pt_check_draw(PT_ARRAY_SIZE(mix))];
		next = next < size ? next : size;
		feed(session, text, next);
		text += next;
		size -= next;
	}
}

/* Splits blocks of that size, but not too many. */
static size_t enough(size_t block)
{
	return block && block * 5000 < TEXT_SIZE ? block * 5000 : TEXT_SIZE;
}

START_TEST(rebuilds)
{
	size_t kind = (size_t)_i / PT_ARRAY_SIZE(block_sizes);
	size_t block = block_sizes[(size_t)_i % PT_ARRAY_SIZE(block_sizes)];
	struct session session;
	char *text = start(&session, TEXT_SIZE);

	pt_check_texts[kind].fill(text, TEXT_SIZE);
	feed_all(&session, text, enough(block), block);
	if (block == 100000 || !pt_check_texts[kind].is_repeated)
		ck_assert_int_eq(session.split > 0, pt_check_texts[kind].is_repeated);
	end(&session);
}
END_TEST

/* After a restart everything counts as new again. */
START_TEST(restart_forgets)
{
	struct session session;
	char *text = start(&session, TEXT_SIZE);

	pt_check_texts[_i].fill(text, TEXT_SIZE);
	feed_all(&session, text, TEXT_SIZE, 100000);
	size_t first = session.split;
	for (size_t i = 0; i < PT_ARRAY_SIZE(block_sizes); i++) {
		restart(&session);
		feed_all(&session, text + i, enough(block_sizes[i]) - i, block_sizes[i]);
	}
	restart(&session);
	session.split = 0;
	feed_all(&session, text, TEXT_SIZE, 100000);
	ck_assert_uint_eq(session.split, first);
	end(&session);
}
END_TEST

/* A key's place is known by 32 bits: an old one may look as if it came next. */
START_TEST(restart_after_4_gib)
{
	struct session session;
	char *text = start(&session, MAX_BLOCK);

	pt_check_fill_lines(text, MAX_BLOCK, 20, 200);
	for (size_t i = 1; i < ((size_t)1 << 32) / MAX_BLOCK; i++)
		pt_repeats_find(session.repeats, text, MAX_BLOCK, session.pieces, 0);
	pt_repeats_find(session.repeats, text, MAX_BLOCK, session.pieces, CAPACITY);
	restart(&session);
	ck_assert_uint_eq(feed(&session, text, MAX_BLOCK), 0);
	end(&session);
}
END_TEST

/* Without room a block has no pieces, but the next ones may refer to it. */
START_TEST(no_room)
{
	const size_t size = 50000;
	struct session session;
	char *text = start(&session, 4 * size);

	pt_check_fill_drawn(text, 3 * size);
	feed(&session, text, size);
	size_t needed = feed(&session, text + size, size);
	ck_assert_uint_gt(needed, 100);
	const size_t rooms[] = { 0, 1, 2, needed - 1, needed + 2, needed + 3 };
	for (size_t i = 0; i < PT_ARRAY_SIZE(rooms); i++) {
		restart(&session);
		feed(&session, text, size);
		size_t count = feed_short(&session, text + size, size, rooms[i]);
		ck_assert_uint_eq(count, rooms[i] < needed ? 0 : needed);
		ck_assert_uint_gt(feed(&session, text + 2 * size, size), 0);
		ck_assert_uint_gt(feed(&session, text + size, size), 0);
	}
	end(&session);
}
END_TEST

/* Loops. One looks the same each time it is through the window, one is too long for it.
 */
static const struct {
	size_t size;
	size_t period;
	size_t block;
	size_t least; /* of a hundred blocks, that have pieces */
} loop_rows[] = {
	{ TEXT_SIZE, 10, 100000, 100 },	       { TEXT_SIZE, 60, MAX_BLOCK, 100 },
	{ TEXT_SIZE, 10000, 77777, 80 },       { LONG, 65536, 100000, 90 },
	{ LONG, 3000001, MAX_BLOCK, 50 },      { LONG, 6000007, 0, 5 },
	{ LONG, WINDOW + 1000, MAX_BLOCK, 0 },
};

/* However many lines are repeated, that makes few pieces. */
START_TEST(loops)
{
	const size_t size = loop_rows[_i].size;
	struct session session;
	char *text = start(&session, size);

	pt_check_fill_lines(text, loop_rows[_i].period, 20, 200);
	pt_check_repeat(text, size, loop_rows[_i].period);
	feed_all(&session, text, size, loop_rows[_i].block);
	ck_assert_uint_ge(session.split * 100, session.blocks * loop_rows[_i].least);
	ck_assert_int_eq(session.split > 0, loop_rows[_i].least > 0);
	ck_assert_uint_le(session.found, session.split * 4);
	end(&session);
}
END_TEST

/*
 * What is new before a text, which may stand at the ring's end and start, and how far
 * behind it the text comes again.
 */
static const struct {
	size_t before;
	size_t distance;
} distance_rows[] = {
	{ 0, 100000 },
	{ 0, WINDOW - 100000 },
	{ 0, WINDOW - 99999 },
	{ 0, WINDOW + 1 },
	{ WINDOW - 50000, 150000 },
	{ WINDOW - 50000, WINDOW - 100000 },
};

/* What the block itself has taken of the window cannot be found any more. */
START_TEST(distances)
{
	const size_t size = 100000;
	const size_t distance = distance_rows[_i].distance;
	const size_t first = distance_rows[_i].before;
	const size_t second = first + distance;
	struct session session;
	char *text = start(&session, second + size);

	pt_check_fill(text, second);
	pt_check_fill_lines(text + first, size, 20, 200);
	memcpy(text + second, text + first, size);
	feed_all(&session, text, second, size);
	size_t count = feed(&session, text + second, size);
	ck_assert_int_eq(count > 0, distance + size <= WINDOW);
	if (count)
		ck_assert_uint_eq(session.pieces[0].distance, distance);
	end(&session);
}
END_TEST

static const size_t offsets[] = { 0, 50000 };

/*
 * A line was seen at the beginning, and the block has put the same one there: what
 * follows it is not what followed. The block begins with it, too, so far in front of
 * that.
 */
START_TEST(place_is_taken)
{
	const size_t part = offsets[_i] ? offsets[_i] : 50000;
	const size_t size = offsets[_i] ? 2 * part : part;
	const size_t before = WINDOW - offsets[_i];
	struct session session;
	char *text = start(&session, before + size);

	pt_check_fill(text, before);
	pt_check_fill_lines(text, 2 * 200, 200, 200);
	pt_check_fill_lines(text + before, part, 20, 200);
	memcpy(text + before, text, 200);
	pt_check_repeat(text + before, size, part);
	feed_all(&session, text, before, MAX_BLOCK);
	ck_assert_uint_eq(feed(&session, text + before, size), 0);
	end(&session);
}
END_TEST

/* A block may begin in mid-line: it must not find that line in itself. */
START_TEST(block_within_a_line)
{
	struct session session;
	char *text = start(&session, TEXT_SIZE);

	pt_check_fill_lines(text, TEXT_SIZE, 200, 200);
	for (size_t i = 0; i < TEXT_SIZE; i += 200) {
		text[i + 2] = ' ';
		feed(&session, text + i, 1);
		feed(&session, text + i + 1, 199);
	}
	ck_assert_uint_eq(session.split, 0);
	end(&session);
}
END_TEST

Suite *pt_repeats_suite(void)
{
	Suite *suite = suite_create("repeats");
	TCase *tcase = tcase_create("repeats");

	tcase_add_loop_test(tcase, rebuilds, 0,
			    PT_CHECK_TEXTS * PT_ARRAY_SIZE(block_sizes));
	tcase_add_loop_test(tcase, restart_forgets, 0, PT_CHECK_TEXTS);
	tcase_add_test(tcase, restart_after_4_gib);
	tcase_add_test(tcase, no_room);
	tcase_add_test(tcase, block_within_a_line);
	tcase_add_loop_test(tcase, loops, 0, PT_ARRAY_SIZE(loop_rows));
	tcase_add_loop_test(tcase, distances, 0, PT_ARRAY_SIZE(distance_rows));
	tcase_add_loop_test(tcase, place_is_taken, 0, PT_ARRAY_SIZE(offsets));
	suite_add_tcase(suite, tcase);
	return suite;
}
