/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "code/rule_report.h"
#include "code/rules.h"

#include <stdlib.h>

/* The start directory has src/ and a.py. */
static const struct {
	const char *rule;
	const char *meaning;
} guess_rows[] = {
	{ "src", "src/" },
	{ "src::f", "src/::f" },
	{ "src/", NULL },
	{ "source", NULL },
	{ "a", NULL },
	{ "~/x", "/home/u/x" },
	{ "~/x/a.py::f", "/home/u/x/a.py::f" },
	{ "~", "/home/u" },
	{ "~u/x", NULL },
	{ "src/a.py:3", "src/a.py" },
	{ "src/a.py:3:14", "src/a.py" },
	{ "src/a.py:3::f", "src/a.py::f" },
	{ "src/a.py:", NULL },
	{ "user", "@user" },
	{ "stdlib::f", "@stdlib::f" },
	{ "::f", NULL },
	{ ":3", NULL },
	{ "", NULL },
};

static void check_and_free(char *meaning, const char *expected)
{
	ck_assert_pstr_eq(meaning, expected);
	free(meaning);
}

START_TEST(guess)
{
	pt_check_write_text("src/b.py", "");
	pt_check_write_text("a", "");
	check_and_free(pt_rule_report_guess(guess_rows[_i].rule, pt_check_directory(),
					    "/home/u"),
		       guess_rows[_i].meaning);
}
END_TEST

START_TEST(guess_without_home)
{
	ck_assert_ptr_null(pt_rule_report_guess("~/x", "/", NULL));
}
END_TEST

static const struct {
	const char *rule;
	const char *path;
	const char *module;
	const char *meaning;
} file_rows[] = {
	{ "tests/test_x.py", "/p/tests/test_x.py", NULL, "**/tests/test_x.py" },
	{ "tests/", "/p/tests/test_x.py", NULL, "**/tests/" },
	{ "tests/::f", "/p/tests/test_x.py", NULL, "**/tests/::f" },
	{ "/src/a.py", "/p/src/a.py", NULL, "**/src/a.py" },
	{ "a.py", "/p/a.py", NULL, "**/a.py" },
	{ "a.py", "/p/aa.py", NULL, NULL },
	{ "ests/", "/p/tests/test_x.py", NULL, NULL },
	{ "tests/", "/p/tests2/test_x.py", NULL, NULL },
	{ "tests/*.py", "/p/tests/test_x.py", NULL, NULL },
	{ "../a.py", "/p/a.py", NULL, NULL },
	{ "reqests", NULL, "requests", "requests" },
	{ "shop.crat::add", "/p/shop/cart.py", "shop.cart", "shop.cart::add" },
	{ "shop", NULL, "json", NULL },
	{ "::f", "/p/a.py", "a", NULL },
	{ "@user", "/p/user.py", "user", NULL },
	{ "a.py", NULL, NULL, NULL },
};

START_TEST(guess_file)
{
	check_and_free(pt_rule_report_guess_file(file_rows[_i].rule, file_rows[_i].path,
						 file_rows[_i].module),
		       file_rows[_i].meaning);
}
END_TEST

START_TEST(guess_function)
{
	check_and_free(pt_rule_report_guess_function("add_up", "add_up"), "::add_up");
	check_and_free(pt_rule_report_guess_function("Cart.add", "add"), "::Cart.add");
	check_and_free(pt_rule_report_guess_function("Cart.add", "Cart"), NULL);
	check_and_free(pt_rule_report_guess_function("add", "add_up"), NULL);
	check_and_free(pt_rule_report_guess_function("::add", "add"), NULL);
}
END_TEST

static const struct {
	const char *rule;
	bool is_hopeless;
} start_rows[] = {
	{ "~/x", true },	 { "/no/such/a.py", true },	{ "/no/such/**", true },
	{ "src/b.py:3", true },	 { "/no/such/a.py::f", true }, { "src/", false },
	{ "missing/", false },	 { "missing.py", false },	{ "**/x.py", false },
	{ "missing", false },	 { "/", false },		{ "::f", false },
	{ "@script", false },	 { "/*", false },
};

static int report_count;

static void count_line(const char *line)
{
	ck_assert_ptr_nonnull(strstr(line, "can never match"));
	report_count++;
}

START_TEST(hopeless_rule)
{
	struct pt_rules rules = { 0 };

	pt_check_write_text("src/b.py", "");
	pt_rules_set_include(&rules, start_rows[_i].rule, pt_check_directory());
	pt_rules_set_exclude(&rules, start_rows[_i].rule, pt_check_directory());
	int count = pt_rule_report_start(&rules, pt_check_directory(), "/home/u",
					 count_line);
	ck_assert_int_eq(count, start_rows[_i].is_hopeless ? 2 : 0);
	ck_assert_int_eq(report_count, count);
	pt_rules_destroy(&rules);
}
END_TEST

/* A module in a zip file has a path below that of the file. */
START_TEST(path_in_archive)
{
	struct pt_rules rules = { 0 };

	pt_check_write_text("app.pyz", "");
	pt_rules_set_include(&rules, pt_check_path("app.pyz/hello.py"), "/");
	ck_assert_int_eq(pt_rule_report_start(&rules, "/", NULL, count_line), 0);
	pt_rules_destroy(&rules);
}
END_TEST

/* Questions end when they are answered, or when the rule has matched. */
START_TEST(wishes)
{
	const struct pt_rule_target target = { .module = "shop", .path = "/p/shop.py" };
	struct pt_rules rules = { 0 };

	pt_rules_set_include(&rules, "shop,add_up,@site", "/");
	ck_assert_int_eq(pt_rule_report_start(&rules, "/", NULL, count_line), 0);
	ck_assert(pt_rule_report_wants_files());
	ck_assert(pt_rule_report_wants_functions());
	pt_rules_decide(&rules, &target);
	pt_rule_report_see_file("/p/shop.py", "shop");
	ck_assert(pt_rule_report_wants_functions());
	pt_rule_report_see_function("add_up");
	ck_assert(!pt_rule_report_wants_files());
	ck_assert(!pt_rule_report_wants_functions());
	pt_rules_destroy(&rules);
}
END_TEST

Suite *pt_rule_report_suite(void)
{
	Suite *suite = suite_create("rule_report");
	TCase *tcase = tcase_create("rule_report");

	pt_check_add_directory(tcase);
	tcase_add_loop_test(tcase, guess, 0, PT_ARRAY_SIZE(guess_rows));
	tcase_add_test(tcase, guess_without_home);
	tcase_add_loop_test(tcase, guess_file, 0, PT_ARRAY_SIZE(file_rows));
	tcase_add_test(tcase, guess_function);
	tcase_add_loop_test(tcase, hopeless_rule, 0, PT_ARRAY_SIZE(start_rows));
	tcase_add_test(tcase, path_in_archive);
	tcase_add_test(tcase, wishes);
	suite_add_tcase(suite, tcase);
	return suite;
}
