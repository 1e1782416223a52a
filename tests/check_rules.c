/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "code/rules.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What relative paths are taken from; it need not exist. */
#define START "/no/such/start"

/* Rules, a question, and the rule that decides; NULL: no include rule matches. */
struct row {
	const char *include;
	const char *exclude;
	struct pt_rule_target target;
	bool is_traced;
	const char *rule;
};

/* Sets the rules of a row, which must be good, and returns their verdict. */
static struct pt_verdict decide(struct pt_rules *rules, const struct row *row,
				const char *directory)
{
	ck_assert_pstr_eq(pt_rules_set_include(rules, row->include, directory), NULL);
	if (row->exclude)
		ck_assert_pstr_eq(pt_rules_set_exclude(rules, row->exclude, directory),
				  NULL);
	return pt_rules_decide(rules, &row->target);
}

static void check_row(const struct row *row, const char *directory)
{
	struct pt_rules rules = { 0 };
	struct pt_verdict verdict = decide(&rules, row, directory);

	ck_assert_msg(verdict.is_traced == row->is_traced, "'%s' without '%s': %d",
		      row->include, row->exclude ? row->exclude : "", verdict.is_traced);
	ck_assert_pstr_eq(verdict.rule, row->rule);
	ck_assert_int_eq(verdict.is_include, row->is_traced);
	pt_rules_destroy(&rules);
	ck_assert_ptr_null(rules.include);
	ck_assert_ptr_null(rules.exclude);
}

/* clang-format off */

#define YES(rules) rules, NULL
#define ORIGIN(bits) { .path = "/x/a.py", .origin = (bits) }

static const struct row set_rows[] = {
	{ "@all", NULL, ORIGIN(PT_ORIGIN_USER), true, "@all" },
	{ "@all", NULL, ORIGIN(PT_ORIGIN_STDLIB | PT_ORIGIN_FROZEN), true, "@all" },
	{ "@user", NULL, ORIGIN(PT_ORIGIN_USER), true, "@user" },
	{ "@user", NULL, ORIGIN(PT_ORIGIN_STDLIB), false, NULL },
	{ "@user", NULL, ORIGIN(PT_ORIGIN_SITE), false, NULL },
	{ "@user", NULL, ORIGIN(PT_ORIGIN_USER | PT_ORIGIN_SCRIPT), true, "@user" },
	{ "@script", NULL, ORIGIN(PT_ORIGIN_USER | PT_ORIGIN_SCRIPT), true, "@script" },
	{ "@script", NULL, ORIGIN(PT_ORIGIN_USER | PT_ORIGIN_PROJECT), false, NULL },
	{ "@project", NULL, ORIGIN(PT_ORIGIN_USER | PT_ORIGIN_PROJECT), true, "@project" },
	{ "@project", NULL, ORIGIN(PT_ORIGIN_USER), false, NULL },
	{ "@stdlib", NULL, ORIGIN(PT_ORIGIN_STDLIB), true, "@stdlib" },
	{ "@stdlib", NULL, ORIGIN(PT_ORIGIN_STDLIB | PT_ORIGIN_FROZEN), true, "@stdlib" },
	{ "@stdlib", NULL, ORIGIN(PT_ORIGIN_USER), false, NULL },
	{ "@site", NULL, ORIGIN(PT_ORIGIN_SITE), true, "@site" },
	{ "@site", NULL, ORIGIN(PT_ORIGIN_STDLIB), false, NULL },
	{ "@frozen", NULL, ORIGIN(PT_ORIGIN_STDLIB | PT_ORIGIN_FROZEN), true, "@frozen" },
	{ "@frozen", NULL, ORIGIN(PT_ORIGIN_STDLIB), false, NULL },
	{ "@stdlib,@site", NULL, ORIGIN(PT_ORIGIN_SITE), true, "@site" },
	{ "@all", NULL, { .origin = PT_ORIGIN_USER }, true, "@all" },
	{ "", NULL, ORIGIN(PT_ORIGIN_USER), false, NULL },
	{ " ,,\n, \t", NULL, ORIGIN(PT_ORIGIN_USER), false, NULL },
	/* Any exclude rule wins over every include rule, and says so. */
	{ "@all", "@stdlib", ORIGIN(PT_ORIGIN_STDLIB), false, "@stdlib" },
	{ "@all", "@stdlib", ORIGIN(PT_ORIGIN_USER), true, "@all" },
	{ "@all,/x/a.py", "@user", ORIGIN(PT_ORIGIN_USER), false, "@user" },
	{ "@user", "@user", ORIGIN(PT_ORIGIN_USER), false, "@user" },
	{ "", "@user", ORIGIN(PT_ORIGIN_USER), false, "@user" },
	{ "@all", "a.b,@site,/x", ORIGIN(PT_ORIGIN_USER), false, "/x" },
	{ "@all", "", ORIGIN(PT_ORIGIN_USER), true, "@all" },
	/* The first include rule that matches is named. */
	{ "@site, /x/b.py, /x/*.py, @user", NULL, ORIGIN(PT_ORIGIN_USER), true, "/x/*.py" },
	{ "\n@site\r\n\t@user \r\n", NULL, ORIGIN(PT_ORIGIN_USER), true, "@user" },
};

#define PATH(name) { .path = name, .module = "app.mod", .origin = PT_ORIGIN_USER }

static const struct row path_rows[] = {
	/* Absolute: a file, a directory and all below it. */
	{ YES("/x/a.py"), PATH("/x/a.py"), true, "/x/a.py" },
	{ YES("/x/a.py"), PATH("/x/a.pyc"), false, NULL },
	{ YES("/x/a.py"), PATH("/x/y/a.py"), false, NULL },
	{ YES("/x"), PATH("/x/y/a.py"), true, "/x" },
	{ YES("/x/"), PATH("/x/y/a.py"), true, "/x/" },
	{ YES("/x//y/"), PATH("/x/y/a.py"), true, "/x//y/" },
	{ YES("/x/./z/../y"), PATH("/x/y/a.py"), true, "/x/./z/../y" },
	{ YES("/x"), PATH("/xy/a.py"), false, NULL },
	{ YES("/x/y"), PATH("/x"), false, NULL },
	{ YES("/"), PATH("/x/a.py"), true, "/" },
	{ YES("/x"), { .module = "x" }, false, NULL },
	/* Relative to the start directory. */
	{ YES("a.py"), PATH(START "/a.py"), true, "a.py" },
	{ YES("a.py"), PATH(START "/b/a.py"), false, NULL },
	{ YES("./a.py"), PATH(START "/a.py"), true, "./a.py" },
	{ YES("src/"), PATH(START "/src/b/a.py"), true, "src/" },
	{ YES("src/"), PATH("/x/src/a.py"), false, NULL },
	{ YES("./src"), PATH(START "/src/a.py"), true, "./src" },
	{ YES("."), PATH(START "/src/a.py"), true, "." },
	{ YES("./"), PATH(START "/src/a.py"), true, "./" },
	{ YES("."), PATH("/no/such/a.py"), false, NULL },
	{ YES(".."), PATH("/no/such/a.py"), true, ".." },
	{ YES(".."), PATH("/no/a.py"), false, NULL },
	{ YES("../other/a.py"), PATH("/no/such/other/a.py"), true, "../other/a.py" },
	{ YES("../../../.."), PATH("/x/a.py"), true, "../../../.." },
	/* Patterns. */
	{ YES("/x/*.py"), PATH("/x/a.py"), true, "/x/*.py" },
	{ YES("/x/*.py"), PATH("/x/y/a.py"), false, NULL },
	{ YES("/x/?.py"), PATH("/x/a.py"), true, "/x/?.py" },
	{ YES("/x/[!b].py"), PATH("/x/a.py"), true, "/x/[!b].py" },
	{ YES("/x/[!a].py"), PATH("/x/a.py"), false, NULL },
	{ YES("/*/a.py"), PATH("/x/a.py"), true, "/*/a.py" },
	{ YES("/*.py"), PATH("/a.py"), true, "/*.py" },
	{ YES("/*.py"), PATH("/x/a.py"), false, NULL },
	{ YES("/**"), PATH("/x/y/a.py"), true, "/**" },
	{ YES("*.py"), PATH(START "/a.py"), true, "*.py" },
	{ YES("*.py"), PATH("/x/a.py"), false, NULL },
	{ YES("*/a.py"), PATH(START "/s/a.py"), true, "*/a.py" },
	{ YES("*/a.py"), PATH(START "/s/t/a.py"), false, NULL },
	{ YES("s*/"), PATH(START "/src/b/a.py"), true, "s*/" },
	{ YES("/x/*/"), PATH("/x/y/a.py"), true, "/x/*/" },
	{ YES("/x/*/"), PATH("/x/a.py"), false, NULL },
	{ YES("src/*/b"), PATH(START "/src/a/b/c.py"), true, "src/*/b" },
	{ YES("src/../t*/a.py"), PATH(START "/tst/a.py"), true, "src/../t*/a.py" },
	{ YES("/x/y**/a.py"), PATH("/x/yy/z/a.py"), true, "/x/y**/a.py" },
	/* Two stars cross directories; in front they mean anywhere. */
	{ YES("/x/**/a.py"), PATH("/x/a.py"), true, "/x/**/a.py" },
	{ YES("/x/**/a.py"), PATH("/x/y/z/a.py"), true, "/x/**/a.py" },
	{ YES("/x/**/a.py"), PATH("/y/x/a.py"), false, NULL },
	{ YES("**/a.py"), PATH("/x/y/a.py"), true, "**/a.py" },
	{ YES("**/a.py"), PATH("/a.py"), true, "**/a.py" },
	{ YES("**/a.py"), PATH("/x/ba.py"), false, NULL },
	{ YES("**/tests"), PATH("/x/tests/y/a.py"), true, "**/tests" },
	{ YES("**/tests/"), PATH("/x/tests/y/a.py"), true, "**/tests/" },
	{ YES("**/tests/"), PATH("/x/contests/a.py"), false, NULL },
	{ YES("**/tests/**"), PATH("/x/tests/y/a.py"), true, "**/tests/**" },
	{ YES("**/test_*.py"), PATH("/x/y/test_a.py"), true, "**/test_*.py" },
	{ YES("**_test.py"), PATH("/x/y/a_test.py"), true, "**_test.py" },
	{ YES("src/**"), PATH(START "/src/b/a.py"), true, "src/**" },
	/* Escapes, white space, other characters. */
	{ YES("/x/a\\,b.py"), PATH("/x/a,b.py"), true, "/x/a,b.py" },
	{ YES("/x/a\\,b.py"), PATH("/x/a"), false, NULL },
	{ YES("/x/\\*.py"), PATH("/x/*.py"), true, "/x/\\*.py" },
	{ YES("/x/\\*.py"), PATH("/x/a.py"), false, NULL },
	{ YES("  /x/a b.py\t"), PATH("/x/a b.py"), true, "/x/a b.py" },
	{ YES("/y\n/x/\xc3\xa9.py"), PATH("/x/\xc3\xa9.py"), true, "/x/\xc3\xa9.py" },
	{ YES("/x/\xff/"), PATH("/x/\xff/a.py"), true, "/x/\xff/" },
	/* The path as Python has it, or where it leads to. */
	{ YES("/real"), { .path = "/link/a.py", .real = "/real/a.py" }, true, "/real" },
	{ YES("/link"), { .path = "/link/a.py", .real = "/real/a.py" }, true, "/link" },
	{ YES("/other"), { .path = "/link/a.py", .real = "/real/a.py" }, false, NULL },
};

#define MODULE(name) { .path = "/x/a.py", .module = name }
#define MAIN(name) { .path = "/x/a.py", .module = "__main__", .alias = name }

static const struct row module_rows[] = {
	{ YES("json"), MODULE("json"), true, "json" },
	{ YES("json"), MODULE("json.decoder"), true, "json" },
	{ YES("json"), MODULE("jsonschema"), false, NULL },
	{ YES("json"), MODULE("my.json"), false, NULL },
	{ YES("json"), MODULE(NULL), false, NULL },
	{ YES("json.decoder"), MODULE("json.decoder"), true, "json.decoder" },
	{ YES("json.decoder"), MODULE("json"), false, NULL },
	{ YES("json.*"), MODULE("json.decoder"), true, "json.*" },
	{ YES("json.*"), MODULE("json"), false, NULL },
	{ YES("json*"), MODULE("jsonschema.x"), true, "json*" },
	{ YES("*.decoder"), MODULE("json.decoder"), true, "*.decoder" },
	{ YES("*.decoder"), MODULE("a.b.decoder"), false, NULL },
	{ YES("**.decoder"), MODULE("a.b.decoder"), true, "**.decoder" },
	{ YES("**.decoder"), MODULE("decoder"), true, "**.decoder" },
	{ YES("a.**.c"), MODULE("a.b.b.c"), true, "a.**.c" },
	{ YES("*"), MODULE("a.b"), true, "*" },
	{ YES("test_[ab]"), MODULE("test_b"), true, "test_[ab]" },
	{ YES("test_[!ab]"), MODULE("test_b"), false, NULL },
	{ YES("m\xc3\xbcsli"), MODULE("m\xc3\xbcsli.x"), true, "m\xc3\xbcsli" },
	{ YES("_private"), MODULE("_private"), true, "_private" },
	{ YES("JSON"), MODULE("json"), false, NULL },
	{ YES("__main__"), MAIN("tool"), true, "__main__" },
	{ YES("tool"), MAIN("tool"), true, "tool" },
	{ YES("pkg"), MAIN("pkg.__main__"), true, "pkg" },
	{ YES("other"), MAIN("tool"), false, NULL },
	{ "@all,json", "json", MODULE("json.decoder"), false, "json" },
};

#define CODE(name) { .path = "/x/a.py", .module = "m", .function = name }

static const struct row function_rows[] = {
	{ YES("::main"), CODE("main"), true, "::main" },
	{ YES("::main"), CODE("domain"), false, NULL },
	{ YES("::main"), CODE("maintain"), false, NULL },
	{ YES("::test_*"), CODE("test_a"), true, "::test_*" },
	{ YES("::test_*"), CODE("TestX.test_a"), true, "::test_*" },
	{ YES("::test_*"), CODE("TestX.helper"), false, NULL },
	{ YES("::test_*"), CODE("retest_a"), false, NULL },
	{ YES("::inner"), CODE("outer.<locals>.inner"), true, "::inner" },
	{ YES("::outer"), CODE("outer.<locals>.inner"), true, "::outer" },
	{ YES("::outer"), CODE("C.outer.<locals>.inner"), true, "::outer" },
	{ YES("::<lambda>"), CODE("f.<locals>.<lambda>"), true, "::<lambda>" },
	{ YES("::<module>"), CODE("<module>"), true, "::<module>" },
	{ YES("::C"), CODE("C.method"), true, "::C" },
	{ YES("::C"), CODE("C"), true, "::C" },
	{ YES("::C.method"), CODE("C.method"), true, "::C.method" },
	{ YES("::C.method"), CODE("C.method.<locals>.f"), true, "::C.method" },
	{ YES("::C.method"), CODE("C.methods"), false, NULL },
	{ YES("::C.method"), CODE("method"), false, NULL },
	{ YES("::C.*"), CODE("C.method"), true, "::C.*" },
	{ YES("::C.*"), CODE("C"), false, NULL },
	{ YES("::*.method"), CODE("C.method"), true, "::*.method" },
	{ YES("::**.method"), CODE("A.B.C.method"), true, "::**.method" },
	{ YES("::*"), CODE("main"), true, "::*" },
	{ YES("m::main"), CODE("main"), true, "m::main" },
	{ YES("n::main"), CODE("main"), false, NULL },
	{ YES("/x/a.py::main"), CODE("main"), true, "/x/a.py::main" },
	{ YES("/x/*.py::C.m*"), CODE("C.method"), true, "/x/*.py::C.m*" },
	{ YES("/y::main"), CODE("main"), false, NULL },
	{ YES("::[a-c]at"), CODE("bat"), true, "::[a-c]at" },
	{ "/x", "::helper", CODE("helper"), false, "::helper" },
	{ "/x", "::helper", CODE("main"), true, "/x" },
	{ "/x", "m::C", CODE("C.method"), false, "m::C" },
	/* A file as a whole: traced if a part of it may be. */
	{ YES("::main"), MODULE("m"), true, "::main" },
	{ YES("m::main"), MODULE("m"), true, "m::main" },
	{ YES("n::main"), MODULE("m"), false, NULL },
	{ "/x", "::helper", MODULE("m"), true, "/x" },
	{ "/x", "m", MODULE("m"), false, "m" },
	{ "::main", "::main", MODULE("m"), true, "::main" },
};

/* clang-format on */

START_TEST(set_rule)
{
	check_row(&set_rows[_i], START);
}
END_TEST

START_TEST(path_rule)
{
	check_row(&path_rows[_i], START);
}
END_TEST

START_TEST(module_rule)
{
	check_row(&module_rows[_i], START);
}
END_TEST

START_TEST(function_rule)
{
	check_row(&function_rows[_i], START);
}
END_TEST

/* @all has every bit, so that it also means code of an origin yet to come. */
START_TEST(all_with_function)
{
	const struct row row = { "@all::main",
				 NULL,
				 { .function = "main", .origin = PT_ORIGIN_SITE },
				 true,
				 "@all::main" };

	check_row(&row, START);
}
END_TEST

#define EXPECTED_SET "(expected @all, @user, @script, @project, @stdlib, @site, @frozen)"
#define EXPECTED_RULE "(expected a set, a module, or a path with '/' or '.py')"
#define EXPECTED_FUNCTION "(expected a function name after '::')"

static const struct {
	const char *text;
	const char *message;
} bad_rows[] = {
	{ "@", "unknown set '@' " EXPECTED_SET },
	{ "@foo", "unknown set '@foo' " EXPECTED_SET },
	{ "@usr", "unknown set '@usr' (did you mean '@user'?)" },
	{ "@User", "unknown set '@User' (did you mean '@user'?)" },
	{ "@standard", "unknown set '@standard' " EXPECTED_SET },
	{ "@stdlibs", "unknown set '@stdlibs' (did you mean '@stdlib'?)" },
	{ "@projects", "unknown set '@projects' (did you mean '@project'?)" },
	{ "@ all", "unknown set '@ all' (did you mean '@all'?)" },
	{ "@user/a.py", "unknown set '@user/a.py' " EXPECTED_SET },
	{ "@foo::main", "unknown set '@foo' " EXPECTED_SET },
	{ "@user @site", "unknown set '@user @site' " EXPECTED_SET },
	{ "::", "bad rule '::' " EXPECTED_FUNCTION },
	{ "a.py::", "bad rule 'a.py::' " EXPECTED_FUNCTION },
	{ "@all::", "bad rule '@all::' " EXPECTED_FUNCTION },
	{ "a.py:: ", "bad rule 'a.py::' " EXPECTED_FUNCTION },
	{ "my module", "bad rule 'my module' " EXPECTED_RULE },
	{ "a:b", "bad rule 'a:b' " EXPECTED_RULE },
	{ "a;b", "bad rule 'a;b' " EXPECTED_RULE },
	{ "a(b)", "bad rule 'a(b)' " EXPECTED_RULE },
	{ "a\\b", "bad rule 'a\\b' " EXPECTED_RULE },
	{ "module=json", "bad rule 'module=json' " EXPECTED_RULE },
	{ "a\\,b", "bad rule 'a,b' " EXPECTED_RULE },
	{ "a.py:3", "bad rule 'a.py:3' (did you mean 'a.py'?)" },
	{ "a.py:3::f", "bad rule 'a.py:3::f' (did you mean 'a.py'?)" },
	{ "'json'", "bad rule ''json'' " EXPECTED_RULE },
	{ "C#", "bad rule 'C#' " EXPECTED_RULE },
	{ "a+b::f", "bad rule 'a+b::f' " EXPECTED_RULE },
	{ "json,@all,my module", "bad rule 'my module' " EXPECTED_RULE },
	/* Elsewhere this takes back; here it would match nothing, ever. */
	{ "!json", "bad rule '!json' " EXPECTED_RULE },
};

START_TEST(bad_rule)
{
	const struct row row = { "/x", "/x/b.py", PATH("/x/a.py"), true, "/x" };
	struct pt_rules rules = { 0 };

	ck_assert(decide(&rules, &row, START).is_traced);
	char *include = pt_rules_set_include(&rules, bad_rows[_i].text, START);
	char *exclude = pt_rules_set_exclude(&rules, bad_rows[_i].text, START);
	ck_assert_pstr_eq(include, bad_rows[_i].message);
	ck_assert_pstr_eq(exclude, bad_rows[_i].message);
	free(include);
	free(exclude);
	/* The rules are as before. */
	ck_assert_uint_eq(rules.include_count, 1);
	ck_assert_uint_eq(rules.exclude_count, 1);
	ck_assert_str_eq(pt_rules_decide(&rules, &row.target).rule, "/x");
	pt_rules_destroy(&rules);
}
END_TEST

/* The way pytest writes a method must not be a rule that silently matches nothing. */
START_TEST(pytest_node_id)
{
	struct pt_rules rules = { 0 };
	const struct pt_rule_target target = CODE("TestX.test_a");
	char *error = pt_rules_set_include(&rules, "/x/a.py::TestX::test_a", START);

	ck_assert(error || pt_rules_decide(&rules, &target).is_traced);
	pt_message_free(error);
	pt_rules_destroy(&rules);
}
END_TEST

START_TEST(setting_again_replaces)
{
	struct pt_rules rules = { 0 };
	const struct pt_rule_target target = PATH("/x/a.py");

	ck_assert(!pt_rules_decide(&rules, &target).is_traced);
	ck_assert_pstr_eq(pt_rules_set_include(&rules, "/x,/y", START), NULL);
	ck_assert_uint_eq(rules.include_count, 2);
	ck_assert(pt_rules_decide(&rules, &target).is_traced);
	ck_assert_pstr_eq(pt_rules_set_include(&rules, "/z", START), NULL);
	ck_assert_uint_eq(rules.include_count, 1);
	ck_assert(!pt_rules_decide(&rules, &target).is_traced);
	pt_rules_destroy(&rules);
}
END_TEST

/* All rules that match are known, also where an earlier one has decided. */
START_TEST(matched_rules)
{
	static const char include[] = "/x,/x/a.py,::f,::g,::h,/y,other,mod";
	static const bool expected[] = { true,	true,  true, true, false,
					 false, false, true, true, false };
	const struct pt_rule_target file = PATH("/x/a.py");
	const struct pt_rule_target function = { .path = "/x/a.py",
						 .module = "mod",
						 .function = "f" };
	const struct pt_rule_target excluded = { .path = "/x/a.py", .function = "g" };
	struct pt_rules rules = { 0 };
	struct pt_rule_view view;

	ck_assert_pstr_eq(pt_rules_set_include(&rules, include, START), NULL);
	ck_assert_pstr_eq(pt_rules_set_exclude(&rules, "::g,::none", START), NULL);
	pt_rules_decide(&rules, &file);
	ck_assert(pt_rules_view(&rules, 2, &view) && !view.is_matched);
	pt_rules_decide(&rules, &function);
	pt_rules_decide(&rules, &excluded);
	for (size_t i = 0; i < PT_ARRAY_SIZE(expected); i++) {
		ck_assert(pt_rules_view(&rules, i, &view));
		ck_assert_msg(view.is_matched == expected[i], "rule %s", view.text);
		ck_assert_int_eq(view.is_include, i < 8);
	}
	ck_assert(!pt_rules_view(&rules, PT_ARRAY_SIZE(expected), &view));
	pt_rules_destroy(&rules);
}
END_TEST

/* The import of shop.cart, whose file is /x/shop/cart.py. */
static const struct {
	const char *include;
	const char *exclude;
	bool is_wanted;
} import_rows[] = {
	{ "::main", "", false },
	{ "::*", "", false },
	{ "::main,::cart", "", false },
	{ "::main,shop.cart", "", true },
	{ "shop.cart::add", "", true },
	{ "shop/", "", true },
	{ "shop/cart.py::add", "", true },
	{ "shop/other.py::add", "", false },
	{ "other::add", "", false },
	{ "@user", "", true },
	{ "@user::main", "", true },
	{ "@stdlib::main", "", false },
	{ "@user", "shop", false },
	{ "@user", "shop::add", true },
	{ "@user", "::add", true },
	{ "", "", false },
};

START_TEST(wants_module)
{
	struct pt_rules rules = { 0 };
	const struct pt_rule_target target = { .path = "/x/shop/cart.py",
					       .module = "shop.cart",
					       .origin = PT_ORIGIN_USER };
	pt_rules_set_include(&rules, import_rows[_i].include, "/x");
	pt_rules_set_exclude(&rules, import_rows[_i].exclude, "/x");
	ck_assert_int_eq(pt_rules_wants_module(&rules, &target),
			 import_rows[_i].is_wanted);
	pt_rules_destroy(&rules);
}
END_TEST

/* "link" leads to "target"; code is known by one name or the other. */
static const struct {
	const char *rule;
	const char *path;
	bool is_traced;
} link_rows[] = {
	{ "link", "target/a.py", false }, /* a module: no slash */
	{ "link/", "link/a.py", true },
	{ "link/", "target/a.py", true },
	{ "./link", "target/sub/a.py", true },
	{ "link/a.py", "target/a.py", true },
	{ "link/b.py", "target/a.py", false },
	{ "link/*.py", "target/a.py", true },
	{ "link/**/a.py", "target/sub/a.py", true },
	{ "target/", "target/a.py", true },
	{ "target/", "link/a.py", true },
	{ "target/", "other/a.py", false },
	{ "file.py", "target/a.py", true },
	{ "target/a.py", "file.py", true },
	{ "missing/", "target/a.py", false },
};

START_TEST(symbolic_link)
{
	const char *directory = pt_check_directory();
	const char *path = pt_check_path(link_rows[_i].path);

	pt_check_write_text("target/a.py", "");
	pt_check_write_text("target/sub/a.py", "");
	pt_check_write_text("other/a.py", "");
	ck_assert_int_eq(symlink("target", "link"), 0);
	ck_assert_int_eq(symlink("target/a.py", "file.py"), 0);
	char *real = realpath(path, NULL);
	const struct row row = { link_rows[_i].rule,
				 NULL,
				 { .path = path, .real = real },
				 link_rows[_i].is_traced,
				 link_rows[_i].is_traced ? link_rows[_i].rule : NULL };
	check_row(&row, directory);
	free(real);
}
END_TEST

/* The start directory is the root: relative rules work there, too. */
START_TEST(start_is_root)
{
	static const struct row rows[] = {
		{ YES("."), PATH("/x/a.py"), true, "." },
		{ YES("x/"), PATH("/x/a.py"), true, "x/" },
		{ YES("x/*.py"), PATH("/x/a.py"), true, "x/*.py" },
		{ YES("*/a.py"), PATH("/x/a.py"), true, "*/a.py" },
		{ YES("y/"), PATH("/x/a.py"), false, NULL },
	};

	for (size_t i = 0; i < PT_ARRAY_SIZE(rows); i++)
		check_row(&rows[i], "/");
}
END_TEST

Suite *pt_rules_suite(void)
{
	Suite *suite = suite_create("rules");
	TCase *tcase = tcase_create("rules");
	TCase *links = tcase_create("links");

	tcase_add_loop_test(tcase, set_rule, 0, PT_ARRAY_SIZE(set_rows));
	tcase_add_loop_test(tcase, path_rule, 0, PT_ARRAY_SIZE(path_rows));
	tcase_add_loop_test(tcase, module_rule, 0, PT_ARRAY_SIZE(module_rows));
	tcase_add_loop_test(tcase, function_rule, 0, PT_ARRAY_SIZE(function_rows));
	tcase_add_loop_test(tcase, bad_rule, 0, PT_ARRAY_SIZE(bad_rows));
	tcase_add_loop_test(tcase, wants_module, 0, PT_ARRAY_SIZE(import_rows));
	tcase_add_test(tcase, matched_rules);
	tcase_add_test(tcase, all_with_function);
	tcase_add_test(tcase, pytest_node_id);
	tcase_add_test(tcase, setting_again_replaces);
	tcase_add_test(tcase, start_is_root);
	suite_add_tcase(suite, tcase);
	pt_check_add_directory(links);
	tcase_add_loop_test(links, symbolic_link, 0, PT_ARRAY_SIZE(link_rows));
	suite_add_tcase(suite, links);
	return suite;
}
