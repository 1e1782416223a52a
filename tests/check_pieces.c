/* SPDX-License-Identifier: MIT */
/* How repeats.c splits small texts, piece by piece. */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/repeats.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINES 100
#define MAX_PIECES 100

/* How many bytes lines have, and blanks. */
#define LINE_SIZE 200

#define ALL "abcdefghijklmnopqrstuvwxyz"

/* What precedes the blanks, with the first of them. */
#define WORD_SIZE 21

/*
 * A letter is a line; a capital has three quarters in common with its small letter. A
 * digit is the level of the lines behind it: each has four blanks more.
 */
static size_t spell(char *text, const char *letters)
{
	size_t size = 0;
	size_t blanks = 0;

	for (const char *each = letters; *each; each++) {
		if (isdigit((unsigned char)*each)) {
			blanks = 4 * (size_t)(*each - '0');
			continue;
		}
		char line[LINE_SIZE];
		pt_check_seed((uint64_t)(*each | 32));
		pt_check_fill_lines(line, LINE_SIZE, LINE_SIZE, LINE_SIZE);
		if (isupper((unsigned char)*each))
			pt_check_fill_lines(line + 150, 50, 50, 50);
		line[WORD_SIZE - 1] = ' ';
		memcpy(text + size, line, WORD_SIZE);
		memset(text + size + WORD_SIZE, ' ', blanks);
		memcpy(text + size + WORD_SIZE + blanks, line + WORD_SIZE,
		       LINE_SIZE - WORD_SIZE);
		size += LINE_SIZE + blanks;
	}
	return size;
}

/* Lines from before, those of a block, and its pieces: NEW+LENGTH@DISTANCE. */
static const struct {
	const char *before;
	const char *block;
	const char *pieces;
} rows[] = {
	{ "", ALL, "" },
	{ ALL, ALL, "0+5200@5200 0+0@0 " },
	{ ALL, "klmnopqrstuvwxyzabcdefghij", "0+3200@3200 0+2000@8400 0+0@0 " },
	{ ALL, ALL "?", "0+5200@5200 200+0@0 " },
	{ ALL, "?" ALL, "200+5200@5400 0+0@0 " },
	{ ALL, "abcdefghij?klmnopqrstuvwxyz", "0+2000@5200 200+3200@5400 0+0@0 " },
	{ ALL, "abcdefghij?!#klmnopqrstuvwxyz", "" },
	{ "?!" ALL, "!" ALL "?", "0+5400@5400 0+200@11000 0+0@0 " },
	/* The repeat is of itself. */
	{ "", "aaaaaaaaaaaaaaaaaaaa", "200+3800@200 0+0@0 " },
	{ "", "ababababababababababababababababababab", "400+7200@400 0+0@0 " },
	/* The rest of a line that was partly known is new. */
	{ ALL, "abcdefghijKlmnopqrstuvwxyz",
	  "0+2000@5200 0+150@5200 50+3000@5200 0+0@0 " },
	{ ALL, "abcdefghijklmnopqrstuvwxyZ", "0+5000@5200 0+150@5200 50+0@0 " },
};

/* Lines at other levels: more blanks are new, fewer are not. */
static const struct {
	const char *before;
	const char *block;
	const char *pieces;
} level_rows[] = {
	{ "ab", "1ab", "0+21@400 4+179@404 0+21@404 4+179@408 0+0@0 " },
	{ "ab", "2a", "0+21@400 8+179@408 0+0@0 " },
	{ "ab", "3a", "0+21@400 12+179@412 0+0@0 " },
	{ "ab", "4a", "" },
	{ "9ab", "ab", "0+21@472 0+179@436 0+21@436 0+179@400 0+0@0 " },
	{ "9ab", "8ba", "0+53@236 0+179@232 0+53@704 0+179@700 0+0@0 " },
	{ "ab1c2de", "1abcde",
	  "0+21@1020 4+179@1024 0+21@1024 4+179@1028 0+204@1028 "
	  "0+25@1028 0+179@1024 0+25@1024 0+179@1020 0+0@0 " },
	{ "a1a", "aa", "0+200@404 0+200@200 0+0@0 " },
};

static void check(const char *before, const char *block, const char *expected)
{
	static char text[MAX_LINES * LINE_SIZE];
	struct pt_repeat pieces[MAX_PIECES];
	struct pt_repeats *repeats = pt_repeats_new();
	char shown[1000] = "";
	size_t used = 0;

	pt_repeats_find(repeats, text, spell(text, before), pieces, MAX_PIECES);
	size_t count =
		pt_repeats_find(repeats, text, spell(text, block), pieces, MAX_PIECES);
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%u+%u@%u ",
					 pieces[i].literals, pieces[i].length,
					 pieces[i].distance);
	ck_assert_str_eq(shown, expected);
	pt_repeats_free(repeats);
}

START_TEST(same_lines)
{
	check(rows[_i].before, rows[_i].block, rows[_i].pieces);
}
END_TEST

START_TEST(other_levels)
{
	check(level_rows[_i].before, level_rows[_i].block, level_rows[_i].pieces);
}
END_TEST

Suite *pt_pieces_suite(void)
{
	Suite *suite = suite_create("pieces");
	TCase *tcase = tcase_create("pieces");

	tcase_add_loop_test(tcase, same_lines, 0, PT_ARRAY_SIZE(rows));
	tcase_add_loop_test(tcase, other_levels, 0, PT_ARRAY_SIZE(level_rows));
	suite_add_tcase(suite, tcase);
	return suite;
}
