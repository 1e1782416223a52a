/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "trace/prefix.h"
#include "trace/thread.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Nothing follows what is written. */
#define GUARD '#'

#define TEN "0123456789"
#define FORTY TEN TEN TEN TEN

/* Thirty-one characters, and one of two bytes that the limit cuts in half. */
#define SPLIT TEN TEN TEN "0\xc3\xa9" TEN

/* As many bytes as names may have. */
#define CUT TEN TEN TEN "01"

static const char *const names[] = {
	NULL,  "",
	"a",   "MainThread",
	CUT,   CUT "2",
	FORTY, SPLIT,
	TEN TEN TEN "\xe2\x82\xac\xe2\x82\xac",
	"\xf0\x9f\x90\x8d\xf0\x9f\x90\x8d\xf0\x9f\x90\x8d\xf0\x9f\x90\x8d\xf0\x9f\x90\x8d"
	"\xf0\x9f\x90\x8d\xf0\x9f\x90\x8d\xf0\x9f\x90\x8d\xf0\x9f\x90\x8d",
	"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
	"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80",
	FORTY FORTY FORTY FORTY,
};

/* What is beyond int cannot come; the longest numbers can. */
static const int numbers[] = { 0, 1, 4194304, INT_MAX };

static const char *const times[] = { NULL, "   0.000001", "23:59:59.999999",
				     "2147483647.999999" };

#define COMBINATIONS                                                                     \
	(PT_ARRAY_SIZE(numbers) * PT_ARRAY_SIZE(numbers) * PT_ARRAY_SIZE(names) *        \
	 PT_ARRAY_SIZE(names) * PT_ARRAY_SIZE(times))

static const struct {
	struct pt_prefix_parts parts;
	const char *expected;
} rows[] = {
	{ { 0 }, "" },
	{ { .pid = 42 }, "[42] " },
	{ { .pid = 42, .name = "no thread" }, "[42] " },
	{ { .pid = 42, .tid = 43 }, "[42 43] " },
	{ { .pid = 42, .tid = 43, .name = "" }, "[42 43] " },
	{ { .pid = 42, .tid = 43, .name = "a b" }, "[42 43 a b] " },
	{ { .pid = 42, .tid = 43, .name = FORTY }, "[42 43 " CUT "] " },
	{ { .pid = 42, .tid = 43, .name = SPLIT }, "[42 43 " TEN TEN TEN "0] " },
	{ { .task = "Task-1" }, "(Task-1) " },
	{ { .task = "" }, "() " },
	{ { .task = FORTY }, "(" CUT ") " },
	{ { .time = "   0.000001" }, "   0.000001 " },
	{ { .pid = 42, .tid = 43, .name = "a", .task = "b", .time = "c" },
	  "[42 43 a] (b) c " },
	{ { .pid = INT_MAX,
	    .tid = INT_MAX,
	    .name = FORTY,
	    .task = FORTY,
	    .time = "23:59:59.999999" },
	  "[2147483647 2147483647 " CUT "] (" CUT ") 23:59:59.999999 " },
};

START_TEST(write_parts)
{
	char out[PT_PREFIX_SIZE + 1] = "";
	size_t size = pt_prefix_write(out, PT_PREFIX_SIZE, &rows[_i].parts);

	out[size] = '\0';
	ck_assert_str_eq(out, rows[_i].expected);
}
END_TEST

/* The combination of that number. */
static struct pt_prefix_parts combine(size_t number)
{
	struct pt_prefix_parts parts = { 0 };

	parts.pid = numbers[number % PT_ARRAY_SIZE(numbers)];
	number /= PT_ARRAY_SIZE(numbers);
	parts.tid = numbers[number % PT_ARRAY_SIZE(numbers)];
	number /= PT_ARRAY_SIZE(numbers);
	parts.name = names[number % PT_ARRAY_SIZE(names)];
	number /= PT_ARRAY_SIZE(names);
	parts.task = names[number % PT_ARRAY_SIZE(names)];
	number /= PT_ARRAY_SIZE(names);
	parts.time = times[number % PT_ARRAY_SIZE(times)];
	return parts;
}

static bool is_garbage(const char *name)
{
	return name && *name == '\x80';
}

static size_t count(const char *text, size_t size, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < size; i++)
		found += text[i] == c;
	return found;
}

/* Returns whether the text is well-formed: whole characters, closed brackets. */
static bool is_whole(const char *out, size_t size, const struct pt_prefix_parts *parts)
{
	if (memchr(out, '\0', size) || count(out, size, '[') != count(out, size, ']') ||
	    count(out, size, '(') != count(out, size, ')') ||
	    (size && out[size - 1] != ' '))
		return false;
	if (is_garbage(parts->name) || is_garbage(parts->task))
		return true;
	for (size_t i = 0; i < size;) {
		size_t length = pt_utf8_length(out + i, size - i);
		if (length == 0)
			return false;
		i += length;
	}
	return true;
}

/* Whatever it is made of, and whatever room there is. */
START_TEST(combinations)
{
	char out[PT_PREFIX_SIZE + 1];

	for (size_t i = 0; i < COMBINATIONS; i++) {
		struct pt_prefix_parts parts = combine(i);
		size_t step = i % 17 == 0 ? 1 : PT_PREFIX_SIZE;
		for (size_t room = i % 17 == 0 ? 0 : PT_PREFIX_SIZE;
		     room <= PT_PREFIX_SIZE; room += step) {
			memset(out, GUARD, sizeof(out));
			size_t size = pt_prefix_write(out, room, &parts);
			/* Assertions take long. */
			if (size > room || out[size] != GUARD ||
			    !is_whole(out, size, &parts))
				ck_abort_msg("combination %zu, room %zu: %.*s", i, room,
					     PT_PREFIX_SIZE, out);
		}
	}
}
END_TEST

/* Text, how much of it there may be, and how much that is. */
static const struct {
	const char *text;
	size_t limit;
	size_t expected;
} cut_rows[] = {
	{ "", 0, 0 },
	{ "", 5, 0 },
	{ "abc", 0, 0 },
	{ "abc", 2, 2 },
	{ "abc", 3, 3 },
	{ "abc", 4, 3 },
	{ "a\xc3\xa9", 1, 1 },
	{ "a\xc3\xa9", 2, 1 },
	{ "a\xc3\xa9", 3, 3 },
	{ "\xe2\x82\xac", 0, 0 },
	{ "\xe2\x82\xac", 1, 0 },
	{ "\xe2\x82\xac", 2, 0 },
	{ "\xe2\x82\xac", 3, 3 },
	{ "a\xf0\x9f\x90\x8d", 4, 1 },
	{ "a\xf0\x9f\x90\x8d", 5, 5 },
	/* No text that was ever cut at the end of a character. */
	{ "\x80\x80\x80\x80\x80\x80\x80", 5, 5 },
};

START_TEST(cut)
{
	const char *text = cut_rows[_i].text;

	ck_assert_uint_eq(pt_utf8_cut(text, strlen(text), cut_rows[_i].limit),
			  cut_rows[_i].expected);
}
END_TEST

Suite *pt_prefix_suite(void)
{
	Suite *suite = suite_create("prefix");
	TCase *tcase = tcase_create("write");

	tcase_add_loop_test(tcase, write_parts, 0, PT_ARRAY_SIZE(rows));
	tcase_add_test(tcase, combinations);
	tcase_add_loop_test(tcase, cut, 0, PT_ARRAY_SIZE(cut_rows));
	suite_add_tcase(suite, tcase);
	return suite;
}
