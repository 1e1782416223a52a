/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "code/glob.h"

#include <stdlib.h>
#include <string.h>

#define MAX_WORD 8

static const struct {
	const char *pattern;
	const char *text;
	char separator;
	bool is_match;
} rows[] = {
	{ "a", "a", '/', true },
	{ "a", "b", '/', false },
	{ "a", "", '/', false },
	{ "", "", '/', true },
	{ "", "a", '/', false },
	{ "", "/a", '/', true },
	{ "abc", "ab", '/', false },
	{ "ab", "abc", '/', false },
	{ "A", "a", '/', false },
	/* A leading part that ends before a separator. */
	{ "a/b", "a/b/c", '/', true },
	{ "a/b", "a/bc", '/', false },
	{ "a", "a.b", '.', true },
	{ "a", "a.b", '/', false },
	{ "a.b", "a.b.c", '.', true },
	{ "a/", "a/b", '/', false },
	/* One character, and any number of them. */
	{ "?", "a", '/', true },
	{ "?", "", '/', false },
	{ "?", "ab", '/', false },
	{ "?", "/", '/', false },
	{ "a?c", "abc", '/', true },
	{ "a?c", "a/c", '/', false },
	{ "*", "", '/', true },
	{ "*", "abc", '/', true },
	{ "*", "abc/d", '/', true },
	{ "*/d", "abc/d", '/', true },
	{ "*/d", "abc/e/d", '/', false },
	{ "*.py", "a.py", '/', true },
	{ "*.py", "d/a.py", '/', false },
	{ "*.py", "a.pyc", '/', false },
	{ "test_*", "test_", '/', true },
	{ "test_*", "a_test_", '/', false },
	{ "*a*b*", "xxaxxbxx", '/', true },
	{ "*a*b*", "xxbxxaxx", '/', false },
	{ "*ab", "aab", '/', true },
	{ "*ab", "abab", '/', true },
	{ "a*/b", "ax/b", '/', true },
	{ "a*/b", "a/x/b", '/', false },
	{ "a*", "a.b.c", '.', true },
	{ "a*c", "a.b.c", '.', false },
	/* Across separators. */
	{ "**", "", '/', true },
	{ "**", "a/b/c", '/', true },
	{ "**/c", "a/b/c", '/', true },
	{ "**/c", "c", '/', true },
	{ "**/c", "xc", '/', false },
	{ "**/c", "a/xc", '/', false },
	{ "a/**/c", "a/c", '/', true },
	{ "a/**/c", "a/b/c", '/', true },
	{ "a/**/c", "a/b/b/c/d", '/', true },
	{ "a/**/c", "ac", '/', false },
	{ "a/**/c", "a/bc", '/', false },
	{ "a/**", "a/b/c", '/', true },
	{ "a/**", "a", '/', false },
	{ "a**c", "a/b/c", '/', true },
	{ "a**c", "abc", '/', true },
	{ "**.py", "a/b.py", '/', true },
	{ "**_test.py", "a/b_test.py", '/', true },
	{ "**/a/**/b", "x/a/y/a/z/b", '/', true },
	{ "**/a/*/b", "x/a/y/a/z/b", '/', true },
	{ "**/a/*/b", "x/a/y/y/b", '/', false },
	{ "a.**.c", "a.b.b.c", '.', true },
	{ "a.**.c", "a.c", '.', true },
	{ "**/*_test.py", "a/b/c_test.py", '/', true },
	{ "***", "a/b", '/', true },
	{ "a**/b", "ab", '/', false },
	{ "a**/b", "ax/b", '/', true },
	{ "*a**/a", "aaa", '/', false },
	{ "a**/*", "a", '/', false },
	/* Sets. */
	{ "[abc]", "b", '/', true },
	{ "[abc]", "d", '/', false },
	{ "[a-c]x", "bx", '/', true },
	{ "[a-c]x", "dx", '/', false },
	{ "[!a-c]", "d", '/', true },
	{ "[!a-c]", "b", '/', false },
	{ "[!a]", "/", '/', false },
	{ "a[/]b", "a/b", '/', false },
	{ "[]]", "]", '/', true },
	{ "[!]]", "]", '/', false },
	{ "[!]]", "a", '/', true },
	{ "[a-]", "-", '/', true },
	{ "[-a]", "-", '/', true },
	{ "[c-a]", "b", '/', false },
	{ "[a", "[a", '/', true },
	{ "[a", "a", '/', false },
	{ "[", "[", '/', true },
	{ "[]", "[]", '/', true },
	{ "[!]", "[!]", '/', true },
	{ "x[0-9]*", "x1y", '/', true },
	{ "*[0-9]", "ab7", '/', true },
	{ "[\xc3-\xc4]", "\xc3", '/', true },
	/* Escapes. */
	{ "\\*", "*", '/', true },
	{ "\\*", "a", '/', false },
	{ "\\?", "?", '/', true },
	{ "\\?", "a", '/', false },
	{ "\\[a]", "[a]", '/', true },
	{ "\\[a]", "a", '/', false },
	{ "\\a", "a", '/', true },
	{ "\\\\", "\\", '/', true },
	{ "\\", "\\", '/', true },
	{ "a\\*b*", "a*bc", '/', true },
	{ "a\\*b", "axb", '/', false },
	{ "*\\*", "ab*", '/', true },
};

START_TEST(matches)
{
	bool is_match =
		pt_glob_match(rows[_i].pattern, rows[_i].text, rows[_i].separator);

	ck_assert_msg(is_match == rows[_i].is_match, "'%s' and '%s': %d",
		      rows[_i].pattern, rows[_i].text, is_match);
}
END_TEST

static const struct {
	const char *text;
	bool has_magic;
} magic_rows[] = {
	{ "", false },	   { "abc", false },  { "a/b.py", false }, { "]", false },
	{ "!a", false },   { "a\\*", false }, { "\\?\\[", false }, { "*", true },
	{ "a?", true },	   { "[a]", true },   { "[", true },	   { "\\**", true },
	{ "\\\\*", true }, { "\\", false },   { "a/**/b", true },
};

START_TEST(has_magic)
{
	ck_assert_msg(pt_glob_has_magic(magic_rows[_i].text) == magic_rows[_i].has_magic,
		      "'%s'", magic_rows[_i].text);
}
END_TEST

/* What glob.h says, word for word and regardless of time; no sets, no escapes. */
static bool model(const char *start, const char *pattern, const char *text)
{
	bool is_whole = pattern == start || pattern[-1] == '/';

	if (*pattern == '\0')
		return *text == '\0' || *text == '/';
	if (strncmp(pattern, "**", 2) == 0) {
		if (is_whole && pattern[2] == '/' && model(start, pattern + 3, text))
			return true;
		for (size_t i = 0; i <= strlen(text); i++) {
			if (model(start, pattern + 2, text + i))
				return true;
		}
		return false;
	}
	if (*pattern == '*')
		return model(start, pattern + 1, text) ||
		       (*text && *text != '/' && model(start, pattern, text + 1));
	bool is_one = *pattern == '?' ? *text && *text != '/' : *pattern == *text;
	return is_one && model(start, pattern + 1, text + 1);
}

/* Writes the word number NUMBER over ALPHABET. Returns false after the last one. */
static bool make_word(unsigned int number, const char *alphabet, size_t length,
		      char *word)
{
	size_t base = strlen(alphabet);

	for (size_t i = 0; i < length; i++) {
		word[i] = alphabet[number % base];
		number /= (unsigned int)base;
	}
	word[length] = '\0';
	return number == 0;
}

/* Returns whether "**" with a separator after it is not a component of its own. */
static bool has_odd_stars(const char *word)
{
	for (const char *p = word; (p = strstr(p, "**")); p += 2) {
		if (p[2] == '*' || (p[2] == '/' && p > word && p[-1] != '/'))
			return true;
	}
	return false;
}

/*
 * Components are not empty: names are normalized, and so are the patterns for them. Odd
 * stars have rows of their own above.
 */
static bool is_normal(const char *word)
{
	size_t length = strlen(word);

	return length && word[length - 1] != '/' && !strstr(word, "//") &&
	       !has_odd_stars(word);
}

static unsigned int compare_all_texts(const char *pattern)
{
	char text[MAX_WORD];
	unsigned int count = 0;

	for (size_t length = 1; length <= 5; length++) {
		for (unsigned int i = 0; make_word(i, "ab/", length, text); i++) {
			if (!is_normal(text))
				continue;
			ck_assert_msg(pt_glob_match(pattern, text, '/') ==
					      model(pattern, pattern, text),
				      "'%s' and '%s'", pattern, text);
			count++;
		}
	}
	return count;
}

/* Every pattern of _i characters against every text of up to five. */
START_TEST(agrees_with_model)
{
	char pattern[MAX_WORD];
	unsigned int count = 0;

	for (unsigned int i = 0; make_word(i, "ab/*?", (size_t)_i, pattern); i++) {
		if (is_normal(pattern))
			count += compare_all_texts(pattern);
	}
	ck_assert_uint_gt(count, 0);
}
END_TEST

/* Patterns that take backtracking matchers more than a lifetime. */
static const char *const slow_patterns[] = {
	"a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
	"**a**a**a**a**a**a**a**a**a**a**a**a**a**b",
	"**a*a*a**a*a*a**a*a*a**a*a*a**a*a*a**a*a*b",
	"**/a*/**/a*/**/a*/**/a*/**/a*/**/a*/**/a*b",
	"**?**?**?**?**?**?**?**?**?**?**?**?**?**b",
	"**[a]*[a]*[a]*[a]*[a]*[a]*[a]*[a]*[a]*[a]b",
};

START_TEST(is_never_slow)
{
	size_t length = 2000;
	char *text = malloc(length + 1);

	memset(text, 'a', length);
	text[length] = '\0';
	ck_assert(!pt_glob_match(slow_patterns[_i], text, '/'));
	for (size_t i = 3; i < length; i += 5)
		text[i] = '/';
	ck_assert(!pt_glob_match(slow_patterns[_i], text, '/'));
	free(text);
}
END_TEST

Suite *pt_glob_suite(void)
{
	Suite *suite = suite_create("glob");
	TCase *tcase = tcase_create("patterns");
	TCase *all = tcase_create("all patterns");

	tcase_add_loop_test(tcase, matches, 0, PT_ARRAY_SIZE(rows));
	tcase_add_loop_test(tcase, has_magic, 0, PT_ARRAY_SIZE(magic_rows));
	tcase_add_loop_test(tcase, is_never_slow, 0, PT_ARRAY_SIZE(slow_patterns));
	suite_add_tcase(suite, tcase);
	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, agrees_with_model, 1, 6);
	suite_add_tcase(suite, all);
	return suite;
}
