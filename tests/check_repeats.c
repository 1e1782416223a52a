/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "check_pytrace.h"
#include "repeats.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW ((size_t)1 << PT_REPEATS_WINDOW_LOG)
#define MAX_BLOCK PT_REPEATS_MAX_SIZE
#define TEXT_SIZE ((size_t)700000)

/* What libzstd has room for. */
#define CAPACITY (MAX_BLOCK / 3 + 2)

/* Stands behind the pieces that there is room for. */
#define GUARD 4711

/* Text that is split, block by block, and put together again. */
struct session {
	struct pt_repeats *repeats;
	struct pt_repeat *pieces;
	char *text;    /* for what is to be fed */
	char *rebuilt; /* ... since the last restart */
	size_t size;   /* of that */
	size_t blocks;
	size_t split; /* ... of which there were pieces */
};

/* Returns where to put a text of so many bytes. */
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

/* Puts a block together from its pieces and what was there before it. */
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

/* Splits a block, with room for so many pieces, and returns their number. */
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

/* Makes blocks of that size, but not too many. */
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

/* What comes again after a restart is as new as it was at first. */
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

static const size_t periods[] = { 10, 60, 128, 1000, 40000, 300000 };

/* A loop is a piece or two, however many lines that are. */
START_TEST(few_pieces)
{
	struct session session;
	char *text = start(&session, TEXT_SIZE);

	pt_check_fill_lines(text, periods[_i], 10, 90);
	pt_check_repeat(text, TEXT_SIZE, periods[_i]);
	feed_all(&session, text, 300000, 100000);
	for (size_t i = 300000; i < TEXT_SIZE; i += 100000) {
		size_t count = feed(&session, text + i, 100000);
		ck_assert_uint_gt(count, 0);
		ck_assert_uint_le(count, 4);
	}
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

#define LINE 200
#define ALL "abcdefghijklmnopqrstuvwxyz"

/* A letter is a line; a capital has three quarters in common with its small letter. */
static size_t spell(char *text, const char *letters)
{
	size_t size = 0;

	for (const char *each = letters; *each; each++, size += LINE) {
		pt_check_seed((uint64_t)(*each | 32));
		pt_check_fill_lines(text + size, LINE, LINE, LINE);
		if (!(*each & 32))
			pt_check_fill_lines(text + size + 150, 50, 50, 50);
	}
	return size;
}

/* Lines that were there, those of a block, and its pieces: NEW+LENGTH@DISTANCE. */
static const struct {
	const char *before;
	const char *block;
	const char *pieces;
} piece_rows[] = {
	{ "", ALL, "" },
	{ ALL, ALL, "0+5200@5200 0+0@0 " },
	{ ALL, "klmnopqrstuvwxyzabcdefghij", "0+3200@3200 0+2000@8400 0+0@0 " },
	{ ALL, ALL "1", "0+5200@5200 200+0@0 " },
	{ ALL, "abcdefghij1klmnopqrstuvwxyz", "0+2000@5200 200+3200@5400 0+0@0 " },
	{ ALL, "abcdefghij123klmnopqrstuvwxyz", "" },
	{ "12" ALL, "2" ALL "1", "0+5400@5400 0+200@11000 0+0@0 " },
	/* The repeat is of itself. */
	{ "", "aaaaaaaaaaaaaaaaaaaa", "200+3800@200 0+0@0 " },
	{ "", "ababababababababababababababababababab", "400+7200@400 0+0@0 " },
	/* What is left of a line that was known in part is new. */
	{ ALL, "abcdefghijKlmnopqrstuvwxyz",
	  "0+2000@5200 0+150@5200 50+3000@5200 0+0@0 " },
	{ ALL, "abcdefghijklmnopqrstuvwxyZ", "0+5000@5200 0+150@5200 50+0@0 " },
};

START_TEST(pieces)
{
	char shown[1000] = "";
	size_t used = 0;
	struct session session;
	char *text = start(&session, 100 * LINE);

	feed(&session, text, spell(text, piece_rows[_i].before));
	size_t count = feed(&session, text, spell(text, piece_rows[_i].block));
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%u+%u@%u ",
					 session.pieces[i].literals,
					 session.pieces[i].length,
					 session.pieces[i].distance);
	ck_assert_str_eq(shown, piece_rows[_i].pieces);
	end(&session);
}
END_TEST

/* Loops in a text that goes through the window, and the blocks that have pieces. */
static const struct {
	size_t period;
	size_t block;
	size_t least; /* of a hundred */
} long_rows[] = {
	/* The ring of the window looks the same each time that it is gone through. */
	{ 65536, 100000, 90 },
	{ 3000001, MAX_BLOCK, 50 },
	{ 6000007, 0, 5 },
	{ WINDOW + 1000, MAX_BLOCK, 0 },
};

START_TEST(long_text)
{
	const size_t size = 5 * WINDOW / 2;
	struct session session;
	char *text = start(&session, size);

	pt_check_fill_lines(text, long_rows[_i].period, 20, 200);
	pt_check_repeat(text, size, long_rows[_i].period);
	feed_all(&session, text, size, long_rows[_i].block);
	ck_assert_uint_ge(session.split * 100, session.blocks * long_rows[_i].least);
	ck_assert_int_eq(session.split > 0, long_rows[_i].least > 0);
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
	pt_check_fill_lines(text, 2 * LINE, LINE, LINE);
	pt_check_fill_lines(text + before, part, 20, 200);
	memcpy(text + before, text, LINE);
	pt_check_repeat(text + before, size, part);
	feed_all(&session, text, before, MAX_BLOCK);
	ck_assert_uint_eq(feed(&session, text + before, size), 0);
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
	tcase_add_loop_test(tcase, few_pieces, 0, PT_ARRAY_SIZE(periods));
	tcase_add_test(tcase, no_room);
	tcase_add_loop_test(tcase, pieces, 0, PT_ARRAY_SIZE(piece_rows));
	tcase_add_loop_test(tcase, long_text, 0, PT_ARRAY_SIZE(long_rows));
	tcase_add_loop_test(tcase, distances, 0, PT_ARRAY_SIZE(distance_rows));
	tcase_add_loop_test(tcase, place_is_taken, 0, PT_ARRAY_SIZE(offsets));
	suite_add_tcase(suite, tcase);
	return suite;
}
