/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/output.h"

#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 8

static const struct pt_output_names names = {
	.pid = 42,
	.parent = 7,
	.program = "shop",
	.start_time = "20261123T091500",
	.host = "box",
};

static const struct {
	const char *text;
	int fd;
} stream_rows[] = {
	{ "", 2 },     { "stderr", 2 }, { "stdout", 1 }, { "fd:0", 0 },
	{ "fd:1", 1 }, { "fd:9", 9 },	{ "fd:007", 7 }, { "fd:1048576", 1048576 },
};

START_TEST(stream)
{
	struct pt_output output;

	ck_assert_pstr_eq(pt_output_parse(&output, stream_rows[_i].text, &names), NULL);
	ck_assert_int_eq(output.fd, stream_rows[_i].fd);
	ck_assert_pstr_eq(output.path, NULL);
	ck_assert(!output.in_directory);
	ck_assert(!output.is_private);
	pt_output_destroy(&output);
}
END_TEST

#define EXPECTED_FD "(expected fd: and a number)"
#define EXPECTED_SEQUENCE "(expected %p, %P, %e, %t, %h or %%)"

static const struct {
	const char *text;
	const char *message;
} bad_rows[] = {
	{ "fd:", "bad descriptor 'fd:' " EXPECTED_FD },
	{ "fd:x", "bad descriptor 'fd:x' " EXPECTED_FD },
	{ "fd:3x", "bad descriptor 'fd:3x' " EXPECTED_FD },
	{ "fd:-1", "bad descriptor 'fd:-1' " EXPECTED_FD },
	{ "fd:+3", "bad descriptor 'fd:+3' " EXPECTED_FD },
	{ "fd: 3", "bad descriptor 'fd: 3' " EXPECTED_FD },
	{ "fd:3 ", "bad descriptor 'fd:3 ' " EXPECTED_FD },
	{ "fd:0x3", "bad descriptor 'fd:0x3' " EXPECTED_FD },
	{ "fd:1048577", "bad descriptor 'fd:1048577' " EXPECTED_FD },
	{ "fd:4294967298", "bad descriptor 'fd:4294967298' " EXPECTED_FD },
	{ "fd:99999999999999999999",
	  "bad descriptor 'fd:99999999999999999999' " EXPECTED_FD },
	{ "%", "unknown '%' in '%' " EXPECTED_SEQUENCE },
	{ "100%", "unknown '%' in '100%' " EXPECTED_SEQUENCE },
	{ "a.%x", "unknown '%x' in 'a.%x' " EXPECTED_SEQUENCE },
	{ "a.%d/b", "unknown '%d' in 'a.%d/b' " EXPECTED_SEQUENCE },
	{ "%T", "unknown '%T' in '%T' " EXPECTED_SEQUENCE },
	{ "% p", "unknown '% ' in '% p' " EXPECTED_SEQUENCE },
	{ "%%%", "unknown '%' in '%%%' " EXPECTED_SEQUENCE },
	{ "%p.%5p", "unknown '%5' in '%p.%5p' " EXPECTED_SEQUENCE },
	{ "/tmp/%s%n", "unknown '%s' in '/tmp/%s%n' " EXPECTED_SEQUENCE },
};

START_TEST(bad_output)
{
	struct pt_output output;
	char *error = pt_output_parse(&output, bad_rows[_i].text, &names);

	ck_assert_pstr_eq(error, bad_rows[_i].message);
	pt_message_free(error);
	ck_assert_int_eq(output.fd, 2);
	ck_assert_pstr_eq(output.path, NULL);
	ck_assert(!output.is_private);
	ck_assert(!output.in_directory);
}
END_TEST

/* Of the directories that these name, only "traces" and "shop" exist. */
static const struct {
	const char *text;
	const char *path;
	bool in_directory;
	bool is_private;
} file_rows[] = {
	{ "a", "a", false, false },
	{ "stderr.log", "stderr.log", false, false },
	{ "./stderr", "./stderr", false, false },
	{ "/tmp/trace", "/tmp/trace", false, false },
	{ "%p", "42", false, true },
	{ "%P", "7", false, false },
	{ "%e", "shop/shop.42.trace", true, true },
	{ "%t", "20261123T091500", false, false },
	{ "%h", "box", false, false },
	{ "%%", "%", false, false },
	{ "%%p", "%p", false, false },
	{ "%%%p", "%42", false, true },
	{ "/d/%e-%h.%t.%P.%p.trace", "/d/shop-box.20261123T091500.7.42.trace", false,
	  true },
	{ "%p%p", "4242", false, true },
	{ "a b\xc3\xa9.%p", "a b\xc3\xa9.42", false, true },
	{ "traces", "traces/shop.42.trace", true, true },
	{ "traces/", "traces/shop.42.trace", true, true },
	{ "new/", "new/shop.42.trace", true, true },
	{ "new/%P/", "new/7/shop.42.trace", true, true },
	{ "new", "new", false, false },
	{ "new/%P", "new/7", false, false },
	{ "%%/", "%/shop.42.trace", true, true },
};

START_TEST(file)
{
	struct pt_output output;

	pt_check_make_directory("traces");
	pt_check_make_directory("shop");
	ck_assert_pstr_eq(pt_output_parse(&output, file_rows[_i].text, &names), NULL);
	ck_assert_int_eq(output.fd, -1);
	ck_assert_pstr_eq(output.path, file_rows[_i].path);
	ck_assert_int_eq(output.in_directory, file_rows[_i].in_directory);
	ck_assert_int_eq(output.is_private, file_rows[_i].is_private);
	pt_output_destroy(&output);
	ck_assert_pstr_eq(output.path, NULL);
	ck_assert_int_eq(output.fd, 2);
}
END_TEST

/* Names and what they become with a pid in them. */
static const struct {
	const char *text;
	const char *expected;
} private_rows[] = {
	{ "/t/trace", "/t/trace.42" },	   { "/t/a.txt", "/t/a.42.txt" },
	{ "/t/.trace", "/t/.trace.42" },   { "/t.d/trace", "/t.d/trace.42" },
	{ "/t/a.txt.zst", "/t/a.txt.42.zst" },
	{ "trace", "trace.42" },	   { "a.txt", "a.42.txt" },
	{ ".trace", ".trace.42" },	   { "/t/%p.txt", "/t/42.txt" },
};

START_TEST(make_private)
{
	struct pt_output output;

	ck_assert_pstr_eq(pt_output_parse(&output, private_rows[_i].text, &names), NULL);
	ck_assert(pt_output_make_private(&output, 42));
	ck_assert_str_eq(output.path, private_rows[_i].expected);
	ck_assert(output.is_private);
	pt_output_destroy(&output);
}
END_TEST

static const struct {
	const char *text;
	const char *directory;
	const char *expected;
} absolute_rows[] = {
	{ "", "/d", "" },
	{ "stderr", "/d", "stderr" },
	{ "stdout", "/d", "stdout" },
	{ "fd:3", "/d", "fd:3" },
	{ "fd:x", "/d", "fd:x" },
	{ "/a/%p", "/d", "/a/%p" },
	{ "a", "/d", "/d/a" },
	{ "./a", "/d", "/d/./a" },
	{ "a/", "/d/e", "/d/e/a/" },
	{ "stderr.log", "/d", "/d/stderr.log" },
	{ "%p", "/d", "/d/%p" },
	{ "%p", "/100%", "/100%%/%p" },
	{ "a", "/%p%%", "/%%p%%%%/a" },
};

START_TEST(absolute)
{
	char *text =
		pt_output_absolute(absolute_rows[_i].text, absolute_rows[_i].directory);

	ck_assert_str_eq(text, absolute_rows[_i].expected);
	free(text);
}
END_TEST

/* Whatever the directory is called, the result means a file in it. */
START_TEST(absolute_is_parsed_back)
{
	struct pt_output output;
	char *text = pt_output_absolute("%e.%p", "/a/%h%/%%");

	ck_assert_pstr_eq(pt_output_parse(&output, text, &names), NULL);
	ck_assert_str_eq(output.path, "/a/%h%/%%/shop.42");
	free(text);
	pt_output_destroy(&output);
}
END_TEST

/* Command lines and the name that they give the program. */
static const struct {
	const char *words[MAX_WORDS];
	const char *expected;
} program_rows[] = {
	{ { NULL }, "python" },
	{ { "" }, "python" },
	{ { "python3" }, "python" },
	{ { "/usr/bin/python3.12" }, "python" },
	{ { "python3", "s.py" }, "s" },
	{ { "python3", "dir/s.py", "arg.py" }, "s" },
	{ { "/opt/bin/python3.13t", "/a/b/s.py" }, "s" },
	{ { "python", "s" }, "s" },
	{ { "python3", "app.pyz" }, "app.pyz" },
	{ { "python3", "a.py.py" }, "a.py" },
	{ { "python3", ".py" }, ".py" },
	{ { "python3", "app/" }, "app" },
	{ { "python3", "/srv/app/" }, "app" },
	{ { "python3", "/srv/app//" }, "app" },
	{ { "python3", "/srv/app" }, "app" },
	/* A console script: the kernel runs its interpreter with its path. */
	{ { "/usr/bin/python3", "/usr/bin/pytest", "-x", "tests/" }, "pytest" },
	{ { "/venv/bin/python", "-sE", "/venv/bin/flask", "run" }, "flask" },
	{ { "python3", "-u", "s.py" }, "s" },
	{ { "python3", "-OO", "-B", "s.py", "-m", "x" }, "s" },
	{ { "python3", "-X", "dev", "s.py" }, "s" },
	{ { "python3", "-Xdev", "s.py" }, "s" },
	{ { "python3", "-X", "importtime", "-W", "error", "s.py" }, "s" },
	{ { "python3", "-W", "error", "s.py" }, "s" },
	{ { "python3", "-Werror", "s.py" }, "s" },
	{ { "python3", "-IX", "dev", "s.py" }, "s" },
	{ { "python3", "-bbWerror", "s.py" }, "s" },
	{ { "python3", "--check-hash-based-pycs", "always", "s.py" }, "s" },
	{ { "python3", "--help-all" }, "python" },
	{ { "python3", "--", "s.py" }, "s" },
	{ { "python3", "-m", "json.tool" }, "json.tool" },
	{ { "python3", "-mjson.tool", "x" }, "json.tool" },
	{ { "python3", "-m", "unittest", "-v" }, "unittest" },
	{ { "python3", "-Im", "mod" }, "mod" },
	{ { "python3", "-Immod", "s.py" }, "mod" },
	{ { "python3", "-I", "-X", "dev", "-m", "mod", "s.py" }, "mod" },
	{ { "python3", "-Wm", "-m", "mod" }, "mod" },
	{ { "python3", "-m" }, "python" },
	{ { "python3", "-c", "import s", "s.py" }, "python" },
	{ { "python3", "-cpass", "s.py" }, "python" },
	{ { "python3", "-Ic", "pass", "s.py" }, "python" },
	{ { "python3", "-" }, "python" },
	{ { "python3", "-", "s.py" }, "python" },
	{ { "python3", "-i" }, "python" },
	{ { "python3", "-V" }, "python" },
	{ { "python3", "-W" }, "python" },
	{ { "python3", "-X" }, "python" },
	/* Programs that embed Python. */
	{ { "/usr/bin/gdb", "-q", "s.py" }, "gdb" },
	{ { "uwsgi", "-m", "x" }, "uwsgi" },
	{ { "./tool.py", "x" }, "tool" },
	{ { "blender" }, "blender" },
};

START_TEST(program)
{
	char copies[MAX_WORDS][64];
	char *argv[MAX_WORDS + 1] = { 0 };

	for (size_t i = 0; i < MAX_WORDS && program_rows[_i].words[i]; i++)
		argv[i] = strcpy(copies[i], program_rows[_i].words[i]);
	char *name = pt_output_program(argv);
	ck_assert_str_eq(name, program_rows[_i].expected);
	free(name);
}
END_TEST

START_TEST(program_without_command_line)
{
	char *name = pt_output_program(NULL);

	ck_assert_str_eq(name, "python");
	free(name);
}
END_TEST

Suite *pt_output_suite(void)
{
	Suite *suite = suite_create("output");
	TCase *parse = tcase_create("parse");
	TCase *program_case = tcase_create("program");

	pt_check_add_directory(parse);
	tcase_add_loop_test(parse, stream, 0, PT_ARRAY_SIZE(stream_rows));
	tcase_add_loop_test(parse, bad_output, 0, PT_ARRAY_SIZE(bad_rows));
	tcase_add_loop_test(parse, file, 0, PT_ARRAY_SIZE(file_rows));
	tcase_add_loop_test(parse, make_private, 0, PT_ARRAY_SIZE(private_rows));
	tcase_add_loop_test(parse, absolute, 0, PT_ARRAY_SIZE(absolute_rows));
	tcase_add_test(parse, absolute_is_parsed_back);
	suite_add_tcase(suite, parse);
	tcase_add_loop_test(program_case, program, 0, PT_ARRAY_SIZE(program_rows));
	tcase_add_test(program_case, program_without_command_line);
	suite_add_tcase(suite, program_case);
	return suite;
}
