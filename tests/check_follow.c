/* SPDX-License-Identifier: MIT */
/* Here the library that is put back is the test program, which contains the code. */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "start/follow.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ENTRIES 8

/* Stands for the path of the library in the rows. */
#define LIBRARY "<library>"

/* The environment of the process, part of which is passed on. */
static char *const own_environment[] = {
	(char[]){ "HOME=/root" },
	(char[]){ "PYTRACE_FOLLOW=force" },
	(char[]){ "LD_PRELOAD=/lib/libpytrace.so" },
	(char[]){ "PYTRACE=on" },
	(char[]){ "PYTRACER=other" },
	(char[]){ "PYTRACE_OUTPUT=/tmp/trace" },
	(char[]){ "MY_PYTRACE_X=1" },
	(char[]){ "PYTRACE_RUN=42" },
	NULL,
};

#define SETTINGS                                                           \
	"PYTRACE_FOLLOW=force", "PYTRACE=on", "PYTRACE_OUTPUT=/tmp/trace", \
		"PYTRACE_RUN=42"

/* The environment that a program gives its child, and what the child is to get. */
static const struct {
	const char *given[MAX_ENTRIES];
	const char *expected[2 * MAX_ENTRIES];
} merge_rows[] = {
	{ { NULL }, { SETTINGS, "LD_PRELOAD=" LIBRARY } },
	{ { "A=1" }, { "A=1", SETTINGS, "LD_PRELOAD=" LIBRARY } },
	{ { "A=1", "B=", "C" }, { "A=1", "B=", "C", SETTINGS, "LD_PRELOAD=" LIBRARY } },
	{ { "LD_PRELOAD=" }, { SETTINGS, "LD_PRELOAD=" LIBRARY } },
	{ { "A=1", "LD_PRELOAD=/x/liba.so", "B=2" },
	  { "A=1", "B=2", SETTINGS, "LD_PRELOAD=" LIBRARY ":/x/liba.so" } },
	{ { "LD_PRELOAD=a.so b.so" }, { SETTINGS, "LD_PRELOAD=" LIBRARY ":a.so b.so" } },
	/* ld.so takes the first one. */
	{ { "LD_PRELOAD=a.so", "LD_PRELOAD=b.so" },
	  { SETTINGS, "LD_PRELOAD=" LIBRARY ":a.so" } },
	/* The child's own settings count. */
	{ { "PYTRACE_OUTPUT=mine" },
	  { "PYTRACE_OUTPUT=mine", "PYTRACE_FOLLOW=force", "PYTRACE=on", "PYTRACE_RUN=42",
	    "LD_PRELOAD=" LIBRARY } },
	{ { "PYTRACE=off" },
	  { "PYTRACE=off", "PYTRACE_FOLLOW=force", "PYTRACE_OUTPUT=/tmp/trace",
	    "PYTRACE_RUN=42", "LD_PRELOAD=" LIBRARY } },
	{ { "PYTRACE=" },
	  { "PYTRACE=", "PYTRACE_FOLLOW=force", "PYTRACE_OUTPUT=/tmp/trace",
	    "PYTRACE_RUN=42", "LD_PRELOAD=" LIBRARY } },
	{ { "PYTRACE_RUN=7", "PYTRACE_FOLLOW=none", "PYTRACE=off", "PYTRACE_OUTPUT=" },
	  { "PYTRACE_RUN=7", "PYTRACE_FOLLOW=none", "PYTRACE=off",
	    "PYTRACE_OUTPUT=", "LD_PRELOAD=" LIBRARY } },
	/* Names that only begin alike are different names. */
	{ { "PYTRACE_OUT=x", "PYTRACE_OUTPUTS=y", "PYTRACE_OUTPUT" },
	  { "PYTRACE_OUT=x", "PYTRACE_OUTPUTS=y", "PYTRACE_OUTPUT", SETTINGS,
	    "LD_PRELOAD=" LIBRARY } },
	{ { "LD_PRELOADED=1", "LD_PRELOAD" },
	  { "LD_PRELOADED=1", "LD_PRELOAD", SETTINGS, "LD_PRELOAD=" LIBRARY } },
};

static const char *library_path(void)
{
	static char path[PATH_MAX];

	ck_assert_ptr_nonnull(realpath("/proc/self/exe", path));
	return path;
}

/* Copies an environment, so that each byte beyond it is out of bounds. */
static char **copy_environment(const char *const *entries)
{
	size_t count = 0;

	while (entries[count])
		count++;
	char **copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = strdup(entries[i]);
	return copy;
}

static void free_environment(char **environment)
{
	for (char **entry = environment; *entry; entry++)
		free(*entry);
	free(environment);
}

/* Checks an entry; LIBRARY in the expected text stands for its path. */
static void check_entry(const char *actual, const char *expected)
{
	const char *place = expected ? strstr(expected, LIBRARY) : NULL;

	if (!place) {
		ck_assert_pstr_eq(actual, expected);
		return;
	}
	char *text = pt_format("%.*s%s%s", (int)(place - expected), expected,
			       library_path(), place + strlen(LIBRARY));
	ck_assert_pstr_eq(actual, text);
	free(text);
}

START_TEST(merge)
{
	char **given = copy_environment(merge_rows[_i].given);

	pt_follow_start(own_environment);
	size_t size = pt_follow_size(given);
	ck_assert_uint_gt(size, 0);
	/* Of exactly that size, so that AddressSanitizer sees any byte beyond. */
	void *memory = malloc(size);
	char *const *merged = pt_follow_merge(given, memory);
	size_t i = 0;
	for (; merged[i]; i++)
		check_entry(merged[i], merge_rows[_i].expected[i]);
	ck_assert_pstr_eq(merge_rows[_i].expected[i], NULL);
	const char *last = merged[i - 1];
	ck_assert(last + strlen(last) < (char *)memory + size);
	/* What the program gave is as it was. */
	for (i = 0; given[i]; i++)
		ck_assert_str_eq(given[i], merge_rows[_i].given[i]);
	/* Once is enough: the result has the library. */
	ck_assert_uint_eq(pt_follow_size(merged), 0);
	free(memory);
	free_environment(given);
}
END_TEST

/* Where the library is there already, as FORMAT says with its path, nothing is done. */
static const char *const present_rows[] = {
	"LD_PRELOAD=%s",
	"LD_PRELOAD=a.so:%s",
	"LD_PRELOAD=%s:a.so",
	"LD_PRELOAD=a.so %s",
};

START_TEST(library_is_present)
{
	char text[PATH_MAX + 64] = "LD_PRELOAD=";
	char *const environment[] = { (char[]){ "A=1" }, text, NULL };
	const char *place = strstr(present_rows[_i], "%s");

	char *full = pt_format("%.*s%s%s", (int)(place - present_rows[_i]),
			       present_rows[_i], library_path(), place + 2);
	strcpy(text, full);
	free(full);
	pt_follow_start(own_environment);
	ck_assert_uint_eq(pt_follow_size(environment), 0);
}
END_TEST

START_TEST(no_environment)
{
	pt_follow_start(own_environment);
	ck_assert_uint_eq(pt_follow_size(NULL), 0);
}
END_TEST

/* Whether a child in this environment takes part, and whether it is forced to. */
static const struct {
	const char *setting;
	bool wants_exec;
	bool is_forced;
} follow_rows[] = {
	{ NULL, true, false },
	{ "PYTRACE_FOLLOW=", true, false },
	{ "PYTRACE_FOLLOW=all", true, false },
	{ "PYTRACE_FOLLOW=fork", false, false },
	{ "PYTRACE_FOLLOW=none", false, false },
	{ "PYTRACE_FOLLOW=force", true, true },
	{ "PYTRACE_FOLLOW=bad", true, false },
	{ "PYTRACE_FOLLOW=forced", true, false },
	{ "PYTRACE_FOLLOWS=none", true, false },
};

START_TEST(follow)
{
	char *const child[] = { NULL };
	char text[64];
	char *const environment[] = { follow_rows[_i].setting ? text : NULL, NULL };

	if (follow_rows[_i].setting)
		strcpy(text, follow_rows[_i].setting);
	ck_assert_int_eq(pt_follow_wants_exec(environment), follow_rows[_i].wants_exec);
	pt_follow_start(environment);
	ck_assert_int_eq(pt_follow_size(child) > 0, follow_rows[_i].is_forced);
}
END_TEST

/* What was noted first stays, and does not depend on the memory that it came from. */
START_TEST(first_start_counts)
{
	static const char *const entries[] = { "PYTRACE_FOLLOW=force", "PYTRACE_DEPTH=3",
					       NULL };
	char *const child[] = { NULL };
	char **environment = copy_environment(entries);

	pt_follow_start(environment);
	free_environment(environment);
	pt_follow_start(own_environment);
	void *memory = malloc(pt_follow_size(child));
	char *const *merged = pt_follow_merge(child, memory);
	ck_assert_str_eq(merged[0], "PYTRACE_FOLLOW=force");
	ck_assert_str_eq(merged[1], "PYTRACE_DEPTH=3");
	check_entry(merged[2], "LD_PRELOAD=" LIBRARY);
	ck_assert_ptr_null(merged[3]);
	free(memory);
}
END_TEST

/* A value of LD_PRELOAD, the library's name, and the result in "/d". */
static const struct {
	const char *preload;
	const char *name;
	const char *expected;
} absolute_rows[] = {
	{ "./a.so", "./a.so", "/d/./a.so" },
	{ "lib/a.so", "lib/a.so", "/d/lib/a.so" },
	{ "../a.so", "../a.so", "/d/../a.so" },
	{ "b.so:./a.so:./b.so", "./a.so", "b.so:/d/./a.so:./b.so" },
	{ "  b.so ./a.so ::", "./a.so", "  b.so /d/./a.so ::" },
	{ "./a.so ./a.so", "./a.so", "/d/./a.so /d/./a.so" },
	/* There is nothing to do, */
	{ "", "./a.so", NULL },
	{ "/x/a.so", "/x/a.so", NULL },
	{ "./b.so", "./a.so", NULL },
	{ "./a.so.1:x./a.so:./a.s", "./a.so", NULL },
	/* or ld.so looks along its own path. */
	{ "a.so", "a.so", NULL },
};

START_TEST(absolute)
{
	const char *preload = absolute_rows[_i].preload;
	const char *name = absolute_rows[_i].name;
	char *result = pt_follow_absolute(preload, name, "/d");

	ck_assert_pstr_eq(result, absolute_rows[_i].expected);
	free(result);
	/* Such a directory cannot be named in LD_PRELOAD. */
	ck_assert_ptr_null(pt_follow_absolute(preload, name, "/d e"));
	ck_assert_ptr_null(pt_follow_absolute(preload, name, "/d:e"));
	ck_assert_ptr_null(pt_follow_absolute(preload, name, "/$LIB"));
}
END_TEST

Suite *pt_follow_suite(void)
{
	Suite *suite = suite_create("follow");
	TCase *tcase = tcase_create("merge");

	tcase_add_loop_test(tcase, merge, 0, PT_ARRAY_SIZE(merge_rows));
	tcase_add_loop_test(tcase, library_is_present, 0, PT_ARRAY_SIZE(present_rows));
	tcase_add_test(tcase, no_environment);
	tcase_add_loop_test(tcase, follow, 0, PT_ARRAY_SIZE(follow_rows));
	tcase_add_test(tcase, first_start_counts);
	tcase_add_loop_test(tcase, absolute, 0, PT_ARRAY_SIZE(absolute_rows));
	suite_add_tcase(suite, tcase);
	return suite;
}
