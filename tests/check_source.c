/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "code/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A literal and its size, in which NULs count. */
#define BYTES(text) text, sizeof(text) - 1

/* The largest file that is read. */
#define MAX_SIZE ((off_t)64 << 20)

/* Returns the lines as "first|second|", to be freed. */
static char *join_lines(const struct pt_source *source)
{
	struct pt_buf out = { 0 };
	size_t size = 0;

	for (int line = 1; line <= pt_source_line_count(source); line++) {
		const char *text = pt_source_line(source, line, &size);
		ck_assert_ptr_nonnull(text);
		pt_buf_add(&out, text, size);
		pt_buf_add(&out, "|", 1);
	}
	return pt_buf_take(&out);
}

static void check_bytes(const char *bytes, size_t size, const char *expected)
{
	/* Exactly as long as it says, so that reading further is caught. */
	char *copy = malloc(size);

	if (size)
		memcpy(copy, bytes, size);
	struct pt_source *source = pt_source_parse(copy, size);
	free(copy);
	ck_assert_ptr_nonnull(source);
	char *lines = join_lines(source);
	ck_assert_str_eq(lines, expected);
	free(lines);
	pt_source_free(source);
}

static const struct {
	const char *bytes;
	size_t size;
	const char *expected;
} line_rows[] = {
	{ BYTES(""), "" },
	{ BYTES("\n"), "|" },
	{ BYTES("\n\n"), "||" },
	{ BYTES("a"), "a|" },
	{ BYTES("a\n"), "a|" },
	{ BYTES("a\nb"), "a|b|" },
	{ BYTES("a\n\nb\n"), "a||b|" },
	{ BYTES("a\r\nb\r\n"), "a|b|" },
	{ BYTES("a\r\n\r\nb"), "a||b|" },
	{ BYTES("a\rb\r"), "a|b|" },
	{ BYTES("a\r\rb"), "a||b|" },
	{ BYTES("a\n\rb"), "a||b|" },
	{ BYTES("a\r\nb\nc\rd"), "a|b|c|d|" },
	{ BYTES("\r"), "|" },
	{ BYTES("\r\n"), "|" },
	/* These end no line in Python. */
	{ BYTES("a\fb\n"), "a\fb|" },
	{ BYTES("a\vb\x1c\x1d\x1e\n"), "a\vb\x1c\x1d\x1e|" },
	{ BYTES("a\xc2\x85"
		"b\xe2\x80\xa8"
		"c\n"),
	  "a\xc2\x85"
	  "b\xe2\x80\xa8"
	  "c|" },
	{ BYTES("\tif x:  \n"), "\tif x:  |" },
	/* UTF-8 is the default. */
	{ BYTES("s = '\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d'\n"),
	  "s = '\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d'|" },
	{ BYTES("\xef\xbb\xbf"), "" },
	{ BYTES("\xef\xbb\xbfx\n"), "x|" },
	{ BYTES("\xef\xbb\xbf\xef\xbb\xbfx\n"), "\xef\xbb\xbfx|" },
	/* Not UTF-8: there is no text to show. */
	{ BYTES("s = '\xe9'\n"), "" },
	{ BYTES("s = '\xc3"), "" },
	{ BYTES("\xff\xfex\0"), "" },
	{ BYTES("s = '\xed\xa0\x80'\n"), "" },
	{ BYTES("s = '\xc0\x80'\n"), "" },
	{ BYTES("s = '\xf5\x80\x80\x80'\n"), "" },
	{ BYTES("ok\nok\n\x80"), "" },
};

START_TEST(lines_of_bytes)
{
	check_bytes(line_rows[_i].bytes, line_rows[_i].size, line_rows[_i].expected);
}
END_TEST

/* First lines, in which \xe9 is an e with acute accent in Latin-1 and wrong in UTF-8. */
static const struct {
	const char *text;
	bool is_latin;
} cookie_rows[] = {
	{ "# coding: latin-1\n", true },
	{ "# coding=latin-1\n", true },
	{ "#coding:latin-1\n", true },
	{ "# coding:\t latin-1\n", true },
	{ "# -*- coding: latin-1 -*-\n", true },
	{ "# vim: set fileencoding=latin-1 :\n", true },
	{ "# vim:fileencoding=latin-1\n", true },
	{ "# This file has encoding: latin-1!\n", true },
	{ "# coding coding: latin-1\n", true },
	{ "# coding: , coding: latin-1\n", true },
	{ " \t\f# coding: latin-1\n", true },
	{ "# coding: latin-1\r\n", true },
	{ "# coding: latin-1\r", true },
	{ "#!/usr/bin/python3\n# coding: latin-1\n", true },
	{ "#!/usr/bin/python3\r\n# coding: latin-1\r\n", true },
	{ "#!/usr/bin/python3\r# coding: latin-1\r", true },
	{ "\n# coding: latin-1\n", true },
	{ " \t\f\n# coding: latin-1\n", true },
	{ "# coding: latin-1\n# coding: utf-8\n", true },
	/* Other names of it, as Python knows them. */
	{ "# coding: latin1\n", true },
	{ "# coding: Latin-1\n", true },
	{ "# coding: latin_1\n", true },
	{ "# coding: L1\n", true },
	{ "# coding: iso-latin-1\n", true },
	{ "# coding: iso-8859-1\n", true },
	{ "# coding: iso8859-1\n", true },
	{ "# coding: ISO_8859_1\n", true },
	{ "# -*- coding: latin-1-unix -*-\n", true },
	{ "# -*- coding: iso-8859-1-dos -*-\n", true },
	/* Not there. */
	{ "\n\n# coding: latin-1\n", false },
	{ "# one\n# two\n# coding: latin-1\n", false },
	{ "x = 1\n# coding: latin-1\n", false },
	{ "\"\"\"doc\n# coding: latin-1\n\"\"\"\n", false },
	{ "x = 1 # coding: latin-1\n", false },
	{ "coding: latin-1\n", false },
	{ "# coding : latin-1\n", false },
	{ "# Coding: latin-1\n", false },
	{ "# codings: latin-1\n", false },
	{ "# coding:\n# latin-1\n", false },
	{ "# coding:\v latin-1\n", false },
	{ "# coding latin-1\n", false },
	{ "", false },
	/* Python refuses a name that it does not know. */
	{ "# coding: no-such-encoding\n", false },
	{ "# coding: latin-11111\n", false },
	{ "# coding: latin-1.x\n", false },
	{ "# coding: utf-8\n", false },
	{ "# coding: utf8\n", false },
	{ "# coding: ascii\n", false },
};

START_TEST(cookie)
{
	char text[128];
	size_t size = 0;
	int length = snprintf(text, sizeof(text), "%ss = '\xe9'", cookie_rows[_i].text);
	struct pt_source *source = pt_source_parse(text, (size_t)length);
	int count = pt_source_line_count(source);

	if (cookie_rows[_i].is_latin) {
		const char *line = pt_source_line(source, count, &size);
		ck_assert_ptr_nonnull(line);
		ck_assert_uint_eq(size, 8);
		ck_assert_mem_eq(line, "s = '\xc3\xa9'", 8);
	} else {
		ck_assert_int_eq(count, 0);
	}
	pt_source_free(source);
}
END_TEST

/* Bytes after the comment that names their encoding, and the same as UTF-8. */
static const struct {
	const char *encoding;
	const char *bytes;
	const char *expected;
} encoding_rows[] = {
	{ "utf-8", "\xc3\xa9", "\xc3\xa9" },
	{ "UTF8", "\xc3\xa9", "\xc3\xa9" },
	{ "utf_8", "\xc3\xa9", "\xc3\xa9" },
	{ "U8", "\xc3\xa9", "\xc3\xa9" },
	{ "utf-8-sig", "\xc3\xa9", "\xc3\xa9" },
	{ "utf-8-unix", "\xc3\xa9", "\xc3\xa9" },
	{ "utf-8-dos", "\xc3\xa9", "\xc3\xa9" },
	{ "ascii", "e", "e" },
	{ "us-ascii", "e", "e" },
	{ "iso-8859-15", "\xa4", "\xe2\x82\xac" },
	{ "iso8859_15", "\xa4", "\xe2\x82\xac" },
	{ "cp1252", "\x80", "\xe2\x82\xac" },
	{ "windows-1252", "\x80", "\xe2\x82\xac" },
	{ "cp1251", "\xcf\xf0", "\xd0\x9f\xd1\x80" },
	{ "koi8-r", "\xf0\xd2", "\xd0\x9f\xd1\x80" },
	{ "KOI8_R", "\xf0\xd2", "\xd0\x9f\xd1\x80" },
	{ "cp437", "\x82", "\xc3\xa9" },
	{ "mac-roman", "\x8e", "\xc3\xa9" },
	{ "euc-jp", "\xc6\xfc\xcb\xdc", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "euc_jp", "\xc6\xfc\xcb\xdc", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "shift_jis", "\x93\xfa\x96\x7b", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "sjis", "\x93\xfa\x96\x7b", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "cp932", "\x93\xfa\x96\x7b", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "gbk", "\xc8\xd5\xb1\xbe", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "gb2312", "\xc8\xd5\xb1\xbe", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "big5", "\xa4\xe9\xa5\xbb", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "euc-kr", "\xc0\xcf\xba\xbb", "\xec\x9d\xbc\xeb\xb3\xb8" },
	/* The characters of program text are the same in all of them. */
	{ "shift_jis", "'\\n~'", "'\\n~'" },
	{ "cp932", "'\\n~'", "'\\n~'" },
	{ "euc-jp", "'\\n~'", "'\\n~'" },
	{ "euc-kr", "'\\n~'", "'\\n~'" },
	{ "gbk", "'\\n~'", "'\\n~'" },
	{ "big5", "'\\n~'", "'\\n~'" },
	/* Bytes that are invalid in the encoding. */
	{ "ascii", "\xe9", NULL },
	{ "cp1252", "\x81", NULL },
	{ "euc-jp", "\xff\xff", NULL },
	{ "euc-jp", "\xc6", NULL },
	{ "shift_jis", "\x93", NULL },
	{ "gb2312", "\xff\xff", NULL },
};

START_TEST(encoding)
{
	char text[128];
	char expected[128] = "";
	int length = snprintf(text, sizeof(text), "# coding: %s\n%s",
			      encoding_rows[_i].encoding, encoding_rows[_i].bytes);

	if (encoding_rows[_i].expected)
		snprintf(expected, sizeof(expected), "# coding: %s|%s|",
			 encoding_rows[_i].encoding, encoding_rows[_i].expected);
	check_bytes(text, (size_t)length, expected);
}
END_TEST

/* The byte order mark decides, whatever the comment says. */
START_TEST(byte_order_mark_and_cookie)
{
	check_bytes(BYTES("\xef\xbb\xbf# coding: utf-8\n\xc3\xa9"),
		    "# coding: utf-8|\xc3\xa9|");
	check_bytes(BYTES("\xef\xbb\xbf# coding: latin-1\n\xc3\xa9"),
		    "# coding: latin-1|\xc3\xa9|");
}
END_TEST

/* Text that becomes much longer as UTF-8. */
START_TEST(conversion_grows)
{
	static const char head[] = "# coding: koi8-r\n";
	size_t count = 100000;
	size_t size = sizeof(head) - 1 + count;
	char *bytes = malloc(size);
	size_t length = 0;

	memcpy(bytes, head, sizeof(head) - 1);
	memset(bytes + sizeof(head) - 1, 0xf0, count);
	struct pt_source *source = pt_source_parse(bytes, size);
	const char *line = pt_source_line(source, 2, &length);
	ck_assert_uint_eq(length, 2 * count);
	ck_assert_mem_eq(line + length - 2, "\xd0\x9f", 2);
	pt_source_free(source);
	free(bytes);
}
END_TEST

START_TEST(line_numbers)
{
	struct pt_source *source = pt_source_parse(BYTES("a\nbc\n"));
	static const int missing[] = { 0, -1, 3, 2147483647, -2147483647 - 1 };
	size_t size = 99;

	for (size_t i = 0; i < PT_ARRAY_SIZE(missing); i++)
		ck_assert_ptr_null(pt_source_line(source, missing[i], &size));
	ck_assert_mem_eq(pt_source_line(source, 2, &size), "bc", 2);
	ck_assert_uint_eq(size, 2);
	ck_assert_int_eq(pt_source_line_count(source), 2);
	pt_source_free(source);
	ck_assert_int_eq(pt_source_line_count(NULL), 0);
	ck_assert_ptr_null(pt_source_line(NULL, 1, &size));
	pt_source_free(NULL);
}
END_TEST

/* Text in memory is UTF-8, whatever its comments say. */
START_TEST(from_text)
{
	static const char text[] = "# coding: latin-1\nx = '\xc3\xa4'";
	struct pt_source *source = pt_source_from_text(BYTES(text));
	size_t size = 0;

	ck_assert_mem_eq(pt_source_line(source, 2, &size), "x = '\xc3\xa4'", 8);
	pt_source_free(source);
	source = pt_source_from_text(BYTES("\xff\n"));
	ck_assert_int_eq(pt_source_line_count(source), 0);
	pt_source_free(source);
}
END_TEST

START_TEST(stamps)
{
	struct pt_source_stamp none = { 0 };
	struct pt_source_stamp before;
	struct pt_source_stamp after;

	pt_check_write_text("a.py", "x = 1\n");
	pt_source_stamp("a.py", &before);
	pt_source_stamp("a.py", &after);
	ck_assert(pt_source_is_same(&before, &after));
	ck_assert(!pt_source_is_same(&before, &none));
	pt_check_write_text("b.py", "y = 2\n");
	ck_assert_int_eq(rename("b.py", "a.py"), 0);
	pt_source_stamp("a.py", &after);
	ck_assert(!pt_source_is_same(&before, &after));
	static const char *const nothing[] = { NULL, "missing.py", "/", "/dev/null" };
	for (size_t i = 0; i < PT_ARRAY_SIZE(nothing); i++) {
		pt_source_stamp(nothing[i], &after);
		ck_assert(pt_source_is_same(&after, &none));
	}
}
END_TEST

static const struct {
	const char *text;
	size_t size;
	size_t width;
	size_t length;
} indent_rows[] = {
	{ BYTES(""), 0, 0 },	       { BYTES("x"), 0, 0 },
	{ BYTES("    x y"), 4, 4 },    { BYTES("\tx"), 8, 1 },
	{ BYTES("\t\tx"), 16, 2 },     { BYTES("   \tx"), 8, 4 },
	{ BYTES("       \tx"), 8, 8 }, { BYTES("        \tx"), 16, 9 },
	{ BYTES("\t  x"), 10, 3 },     { BYTES("\fx"), 0, 1 },
	{ BYTES("  \f x"), 1, 4 },     { BYTES("\t\f\tx"), 8, 3 },
	{ BYTES("    "), 4, 4 },       { BYTES("\vx"), 0, 0 },
	{ BYTES("\xc2\xa0x"), 0, 0 },  { BYTES("\0x"), 0, 0 },
	{ BYTES("  \0x"), 2, 2 },
};

START_TEST(indent)
{
	const char *text = indent_rows[_i].text;
	size_t size = indent_rows[_i].size;

	ck_assert_uint_eq(pt_source_indent(&text, &size), indent_rows[_i].width);
	ck_assert_uint_eq((size_t)(text - indent_rows[_i].text), indent_rows[_i].length);
	ck_assert_uint_eq(size, indent_rows[_i].size - indent_rows[_i].length);
}
END_TEST

/* Checks the result of reading PATH. */
static void check_file(const char *path, const char *expected)
{
	struct pt_source *source = pt_source_read(path);

	ck_assert_ptr_nonnull(source);
	char *lines = join_lines(source);
	ck_assert_str_eq(lines, expected);
	free(lines);
	pt_source_free(source);
}

START_TEST(read_file)
{
	pt_check_write_text("a.py", "# coding: latin-1\ns = '\xe9'\n");
	pt_check_write_text("empty.py", "");
	ck_assert_int_eq(symlink("a.py", "link.py"), 0);
	check_file("a.py", "# coding: latin-1|s = '\xc3\xa9'|");
	check_file(pt_check_path("a.py"), "# coding: latin-1|s = '\xc3\xa9'|");
	check_file("link.py", "# coding: latin-1|s = '\xc3\xa9'|");
	check_file("empty.py", "");
}
END_TEST

/* A file whose size is not known before it has been read. */
START_TEST(read_proc)
{
	struct pt_source *source = pt_source_read("/proc/self/status");
	size_t size = 0;
	const char *line = pt_source_line(source, 1, &size);

	ck_assert_ptr_nonnull(line);
	ck_assert_mem_eq(line, "Name:", 5);
	ck_assert_int_gt(pt_source_line_count(source), 10);
	pt_source_free(source);
}
END_TEST

/* None of these can be read, and none may make the program wait. */
static const char *const unreadable[] = {
	NULL,	    "",		 "missing.py", "missing/a.py",	 "directory",
	"fifo",	    "loop",	 "dangling",   "/dev/zero",	 "/dev/null",
	"/dev/tty", "a.py/b.py", "fifo/a.py",  "/dev/zero/a.py", "/",
};

START_TEST(read_nothing)
{
	pt_check_write_text("a.py", "a\n");
	pt_check_make_directory("directory");
	ck_assert_int_eq(mkfifo("fifo", 0666), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(symlink("missing.py", "dangling"), 0);
	check_file(unreadable[_i], "");
}
END_TEST

START_TEST(read_without_permission)
{
	pt_check_write_text("a.py", "a\n");
	ck_assert_int_eq(chmod("a.py", 0), 0);
	/* Root may read it all the same. */
	check_file("a.py", access("a.py", R_OK) == 0 ? "a|" : "");
}
END_TEST

/* Makes a file of SIZE bytes, a hole except for the first ones. */
static void make_sparse(const char *name, off_t size)
{
	pt_check_write_text(name, "a");
	ck_assert_int_eq(truncate(name, size), 0);
}

START_TEST(read_large)
{
	make_sparse("large.py", MAX_SIZE + 1);
	make_sparse("huge.py", (off_t)1 << 40);
	check_file("large.py", "");
	check_file("huge.py", "");
	make_sparse("small.py", (off_t)1 << 20);
	struct pt_source *source = pt_source_read("small.py");
	ck_assert_int_eq(pt_source_line_count(source), 1);
	pt_source_free(source);
}
END_TEST

START_TEST(reading_leaves_no_descriptor)
{
	pt_check_write_text("a.py", "a\n");
	int before = dup(0);
	close(before);
	check_file("a.py", "a|");
	check_file("missing.py", "");
	check_file("a.py/b", "");
	int after = dup(0);
	close(after);
	ck_assert_int_eq(after, before);
}
END_TEST

Suite *pt_source_suite(void)
{
	Suite *suite = suite_create("source");
	TCase *parse = tcase_create("parse");
	TCase *read = tcase_create("read");

	tcase_add_loop_test(parse, lines_of_bytes, 0, PT_ARRAY_SIZE(line_rows));
	tcase_add_loop_test(parse, cookie, 0, PT_ARRAY_SIZE(cookie_rows));
	tcase_add_loop_test(parse, encoding, 0, PT_ARRAY_SIZE(encoding_rows));
	tcase_add_loop_test(parse, indent, 0, PT_ARRAY_SIZE(indent_rows));
	tcase_add_test(parse, byte_order_mark_and_cookie);
	tcase_add_test(parse, conversion_grows);
	tcase_add_test(parse, line_numbers);
	tcase_add_test(parse, from_text);
	suite_add_tcase(suite, parse);
	pt_check_add_directory(read);
	tcase_add_test(read, read_file);
	tcase_add_test(read, stamps);
	tcase_add_test(read, read_proc);
	tcase_add_loop_test(read, read_nothing, 0, PT_ARRAY_SIZE(unreadable));
	tcase_add_test(read, read_without_permission);
	tcase_add_test(read, read_large);
	tcase_add_test(read, reading_leaves_no_descriptor);
	suite_add_tcase(suite, read);
	return suite;
}
