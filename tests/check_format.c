/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "code/code_info.h"
#include "code/file.h"
#include "trace/column.h"
#include "trace/event.h"
#include "trace/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 64

/* The text that the tests render: each line has a number with a name. */
static const char program[] = "def f(a):\n"		  /* 1 */
			      "    if a:\n"		  /* 2 */
			      "        return a\n"	  /* 3 */
			      "\treturn 8\n"		  /* 4 */
			      "    x = 1  \t\f\n"	  /* 5 */
			      "\n"			  /* 6 */
			      "   \n"			  /* 7 */
			      "s = '\t\x1b[2J\x07\x7f'\n" /* 8 */
			      "s = '\xc3\xa9'\n"	  /* 9 */
			      "last = 10";		  /* 10, without line end */

static const struct pt_format_options plain = { .minor = 12 };
static const struct pt_format_options colored = { .has_color = true, .minor = 12 };

/* The record that is rendered, with names of its own. */
static struct pt_code_info code;
static char code_name[MAX_NAME] = "f";
static char code_qualname[MAX_NAME] = "C.f";
static char code_module[MAX_NAME] = "a";

static void set_up(void)
{
	pt_check_write_text("a.py", program);
	pt_check_write_text("directory/long_name.py", program);
	pt_file_start();
	code = (struct pt_code_info){ .file = pt_file_get("a.py"),
				 .name = code_name,
				 .qualname = code_qualname,
				 .module = code_module,
				 .first_line = 1 };
}

/* The columns that a place takes: all but the colors. */
static unsigned int visible_width(const char *text)
{
	unsigned int width = 0;

	for (; *text; text++) {
		if (*text == '\033')
			text = strchr(text, 'm');
		else
			width++;
	}
	return width;
}

/* Checks what was rendered, and destroys it. HEAD: what must precede the blanks. */
static void check_rendered(const struct pt_format *format, struct pt_buf *out,
			   const struct pt_head *found, const char *head,
			   const char *rest)
{
	bool has_column = format == &pt_format_text && *head;

	ck_assert(!out->failed);
	ck_assert_uint_le(found->size, out->size);
	ck_assert_uint_eq(found->width,
			  has_column ? visible_width(head) : PT_COLUMN_NONE);
	char *text = pt_buf_take(out);
	char *start = strndup(text, found->size);
	ck_assert_str_eq(start, head);
	ck_assert_str_eq(text + found->size, rest);
	free(start);
	free(text);
}

static void render_line(const struct pt_format *format,
			const struct pt_format_options *options, int line,
			struct pt_buf *out, struct pt_head *head)
{
	const struct pt_event event = { .kind = PT_EVENT_LINE, .code = &code, .line = line };

	format->event(options, &event, out, head);
}

/* Renders a line and checks it. */
static void check_line(const struct pt_format *format,
		       const struct pt_format_options *options, int line,
		       const char *head, const char *rest)
{
	struct pt_buf out = { 0 };
	struct pt_head found = { .width = PT_COLUMN_NONE };

	render_line(format, options, line, &out, &found);
	check_rendered(format, &out, &found, head, rest);
}

/* Renders an event and checks it. */
static void check_event(const struct pt_format *format,
			const struct pt_format_options *options,
			const struct pt_event *event, const char *head, const char *rest)
{
	struct pt_buf out = { 0 };
	struct pt_head found = { .width = PT_COLUMN_NONE };

	format->event(options, event, &out, &found);
	check_rendered(format, &out, &found, head, rest);
}

static const struct {
	int base_indent;
	int line;
	const char *head;
	const char *rest;
} text_rows[] = {
	{ 0, 1, "a.py:1", "def f(a):\n" },
	{ 0, 2, "a.py:2", "    if a:\n" },
	{ 4, 2, "a.py:2", "if a:\n" },
	{ 4, 3, "a.py:3", "    return a\n" },
	{ 8, 3, "a.py:3", "return a\n" },
	/* A tab is as wide as Python takes it to be. */
	{ 0, 4, "a.py:4", "        return 8\n" },
	{ 4, 4, "a.py:4", "    return 8\n" },
	/* Less indented than the body: a continuation line. */
	{ 8, 2, "a.py:2", "if a:\n" },
	{ 4, 1, "a.py:1", "def f(a):\n" },
	/* Not known yet: then this line is the first one. */
	{ -1, 1, "a.py:1", "def f(a):\n" },
	{ -1, 3, "a.py:3", "return a\n" },
	{ 4, 5, "a.py:5", "x = 1\n" },
	/* Nothing to show. */
	{ 0, 6, "", "a.py:6\n" },
	{ 4, 7, "", "a.py:7\n" },
	{ 0, 11, "", "a.py:11\n" },
	{ 0, 0, "", "a.py:0\n" },
	/* Nothing in it may control a terminal; a tab is harmless. */
	{ 0, 8, "a.py:8", "s = '\t [2J  '\n" },
	{ 0, 9, "a.py:9", "s = '\xc3\xa9'\n" },
	{ 0, 10, "a.py:10", "last = 10\n" },
};

START_TEST(text_line)
{
	code.base_indent = text_rows[_i].base_indent;
	check_line(&pt_format_text, &plain, text_rows[_i].line, text_rows[_i].head,
		   text_rows[_i].rest);
}
END_TEST

/* Names of files, their numbers of lines, and the column that they lead to. */
static const struct {
	const char *name;
	int count;
	unsigned int column;
} column_rows[] = {
	{ "a", 1, 16 },
	{ "123456789.py", 9, 16 },
	{ "123456789.py", 10, 24 },
	{ "12345678.py", 99, 16 },
	{ "12345678.py", 100, 24 },
	{ "1234567890.py", 1, 24 },
	{ "12345678901234567.py", 9, 24 },
	{ "12345678901234567.py", 10, 32 },
	{ "dir/1234567890123.py", 9, 24 },
	{ "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9.py", 9, 16 },
	{ "12345678901234567890123456789012345.py", 5, 48 },
	{ "12345678901234567890123456789012345678901.py", 9, 48 },
	/* Its first lines do fit. */
	{ "12345678901234567890123456789012345678901.py", 10, 48 },
	{ "123456789012345678901234567890123456789012.py", 1, 16 },
};

/* The first line of a file makes room for the last one. */
START_TEST(text_column)
{
	struct pt_buf text = { 0 };
	struct pt_buf out = { 0 };
	struct pt_head head = { .width = PT_COLUMN_NONE };

	for (int i = 0; i < column_rows[_i].count; i++)
		pt_buf_add_string(&text, "x\n");
	pt_check_write(column_rows[_i].name, text.data, text.size);
	pt_buf_destroy(&text);
	code.file = pt_file_get(column_rows[_i].name);
	render_line(&pt_format_text, &plain, 1, &out, &head);
	ck_assert_uint_eq(pt_column, column_rows[_i].column);
	if (head.width != PT_COLUMN_BEYOND)
		ck_assert_uint_eq(head.width, pt_utf8_width(column_rows[_i].name) + 2);
	pt_buf_destroy(&out);
}
END_TEST

/* If a place is too long for any column, two blanks separate it from its text. */
START_TEST(text_beyond_column)
{
	static const char name[] = "123456789012345678901234567890123456789012.py";
	struct pt_buf out = { 0 };
	struct pt_head head = { .width = PT_COLUMN_NONE };

	pt_check_write_text(name, "x\n");
	code.file = pt_file_get(name);
	render_line(&pt_format_text, &plain, 1, &out, &head);
	ck_assert_uint_eq(head.width, PT_COLUMN_BEYOND);
	ck_assert_uint_eq(head.size, strlen(name) + strlen(":1  "));
	char *text = pt_buf_take(&out);
	ck_assert_str_eq(text + strlen(name), ":1  x\n");
	free(text);
}
END_TEST

/* Widths one after the other, and the blanks that follow a width of 6 then. */
static const struct {
	size_t width;
	unsigned int fitted;
	size_t blanks;
} fit_rows[] = {
	{ 6, 6, 10 },
	{ 14, 14, 10 },
	{ 15, 15, 18 },
	{ 3, 3, 18 },
	{ 22, 22, 18 },
	{ 39, 39, 42 },
	{ 46, 46, 42 },
	{ 47, PT_COLUMN_BEYOND, 42 },
	{ 4000, PT_COLUMN_BEYOND, 42 },
	{ 6, 6, 42 },
};

START_TEST(column)
{
	for (size_t i = 0; i < PT_ARRAY_SIZE(fit_rows); i++) {
		ck_assert_uint_eq(pt_column_fit(fit_rows[i].width), fit_rows[i].fitted);
		ck_assert_uint_eq(pt_column_blanks(6, 0), fit_rows[i].blanks);
		ck_assert_uint_eq(pt_column_blanks(6, 3), fit_rows[i].blanks + 6);
	}
}
END_TEST

START_TEST(indentation)
{
	static const unsigned int levels[] = { 0, 1, 99, 100, 101, UINT_MAX };

	for (size_t i = 0; i < PT_ARRAY_SIZE(levels); i++) {
		size_t indent = levels[i] < 100 ? 2 * levels[i] : 200;
		ck_assert_uint_eq(pt_column_blanks(14, levels[i]), 2 + indent);
		ck_assert_uint_eq(pt_column_blanks(PT_COLUMN_BEYOND, levels[i]), indent);
		ck_assert_uint_eq(pt_column_blanks(PT_COLUMN_NONE, levels[i]), 0);
		/* As many as there may be. */
		ck_assert_uint_le(pt_column_blanks(0, levels[i]), PT_COLUMN_BLANKS);
	}
}
END_TEST

START_TEST(text_without_source)
{
	code.file = pt_file_get("<string>");
	check_line(&pt_format_text, &plain, 3, "", "<string>:3\n");
	check_line(&pt_format_text, &colored, 3, "", "\033[2m<string>:3\033[0m\n");
	code.file = pt_file_get("missing.py");
	check_line(&pt_format_text, &plain, 12, "", "missing.py:12\n");
	/* A line that the text does not have moves the column. */
	const struct pt_event event = { .kind = PT_EVENT_CALL,
					.code = &code,
					.line = 1234567 };
	check_event(&pt_format_text, &plain, &event, "missing.py:1234567", "> C.f\n");
	ck_assert_uint_eq(pt_column, 24);
}
END_TEST

START_TEST(text_line_in_color)
{
	code.base_indent = 4;
	check_line(&pt_format_text, &colored, 3, "\033[2ma.py:3\033[0m",
		   "    return a\n");
	check_line(&pt_format_text, &colored, 6, "", "\033[2ma.py:6\033[0m\n");
}
END_TEST

/* Events at line 2 of a.py, without color and with it. */
static const struct {
	struct pt_event event;
	const char *plain;
	const char *color;
} event_rows[] = {
	{ { .kind = PT_EVENT_CALL }, "> C.f", "\033[36m> C.f" },
	{ { .kind = PT_EVENT_CALL }, "> C.f", "\033[36m> C.f" },
	{ { .kind = PT_EVENT_CALL }, "> C.f", "\033[36m> C.f" },
	{ { .kind = PT_EVENT_CALL, .is_resume = true },
	  "> C.f (resume)",
	  "\033[36m> C.f (resume)" },
	{ { .kind = PT_EVENT_RETURN }, "< C.f", "\033[36m< C.f" },
	{ { .kind = PT_EVENT_RETURN }, "< C.f", "\033[36m< C.f" },
	{ { .kind = PT_EVENT_RETURN, .is_unwind = true },
	  "< C.f (exception)",
	  "\033[36m< C.f (exception)" },
	{ { .kind = PT_EVENT_YIELD }, "< C.f (yield)", "\033[36m< C.f (yield)" },
	{ { .kind = PT_EVENT_EXCEPTION, .name = "KeyError", .detail = "'x'" },
	  "! KeyError: 'x'",
	  "\033[31m! KeyError: 'x'" },
	{ { .kind = PT_EVENT_EXCEPTION, .name = "KeyError" },
	  "! KeyError",
	  "\033[31m! KeyError" },
	{ { .kind = PT_EVENT_EXCEPTION, .name = "KeyError", .detail = "" },
	  "! KeyError",
	  "\033[31m! KeyError" },
	{ { .kind = PT_EVENT_EXCEPTION }, "! ?", "\033[31m! ?" },
	{ { .kind = PT_EVENT_EXCEPTION, .name = "E", .detail = "\x1b[2J\n\r\x7f\t." },
	  "! E:  [2J   \t.",
	  "\033[31m! E:  [2J   \t." },
	{ { .kind = PT_EVENT_EXCEPTION, .name = "E\x1b", .detail = "\xc3\xa9" },
	  "! E : \xc3\xa9",
	  "\033[31m! E : \xc3\xa9" },
	{ { .kind = PT_EVENT_IMPORT, .name = "json", .detail = "json.py" },
	  "+ json json.py",
	  "\033[35m+ json json.py" },
	{ { .kind = PT_EVENT_IMPORT, .name = "sys", .detail = "(built-in)" },
	  "+ sys (built-in)",
	  "\033[35m+ sys (built-in)" },
	{ { .kind = PT_EVENT_IMPORT, .name = "space" }, "+ space", "\033[35m+ space" },
	{ { .kind = PT_EVENT_IMPORT,
	    .name = "x",
	    .detail = "No module named 'x'",
	    .is_failure = true },
	  "+ x (failed: No module named 'x')",
	  "\033[35m+ x (failed: No module named 'x')" },
	/* A failure must not look like an import that succeeded. */
	{ { .kind = PT_EVENT_IMPORT, .name = "x", .is_failure = true },
	  "+ x (failed)",
	  "\033[35m+ x (failed)" },
	{ { .kind = PT_EVENT_IMPORT, .name = "x", .detail = "", .is_failure = true },
	  "+ x (failed)",
	  "\033[35m+ x (failed)" },
};

START_TEST(text_event)
{
	struct pt_event event = event_rows[_i].event;
	char expected[256];

	event.code = &code;
	event.line = 2;
	snprintf(expected, sizeof(expected), "%s\n", event_rows[_i].plain);
	check_event(&pt_format_text, &plain, &event, "a.py:2", expected);
	snprintf(expected, sizeof(expected), "%s\033[0m\n", event_rows[_i].color);
	check_event(&pt_format_text, &colored, &event, "\033[2ma.py:2\033[0m", expected);
}
END_TEST

/* Bytes that make a terminal do something; the last two are CSI in one byte and two. */
static const char *const controls[] = {
	"\x1b", "\n", "\r", "\b", "\x7f", "\x9b", "\xc2\x9b",
};

static bool is_one_clean_line(const char *text, const char *control)
{
	size_t size = strlen(text);

	return size && text[size - 1] == '\n' &&
	       memchr(text, '\n', size) == text + size - 1 &&
	       (*control == '\n' || !strstr(text, control));
}

/* Renders an exception whose names and message all hold the control character. */
static char *render_controls(const char *control, enum pt_event_kind kind)
{
	struct pt_buf out = { 0 };
	char text[MAX_NAME];

	snprintf(text, sizeof(text), "x%sy", control);
	const struct pt_event event = {
		.kind = kind, .code = &code, .line = 1, .name = text, .detail = text
	};
	struct pt_head head = { .width = PT_COLUMN_NONE };
	pt_format_text.event(&plain, &event, &out, &head);
	return pt_buf_take(&out);
}

START_TEST(text_of_event_is_clean)
{
	char *text = render_controls(controls[_i], PT_EVENT_EXCEPTION);

	ck_assert(is_one_clean_line(text, controls[_i]));
	free(text);
}
END_TEST

/* compile(source, "any\nname", "exec") makes such a file name. */
START_TEST(text_of_place_is_clean)
{
	char name[MAX_NAME];
	struct pt_buf out = { 0 };
	struct pt_head head = { .width = PT_COLUMN_NONE };

	snprintf(name, sizeof(name), "<x%sy>", controls[_i]);
	code.file = pt_file_get(name);
	render_line(&pt_format_text, &plain, 1, &out, &head);
	char *text = pt_buf_take(&out);
	ck_assert(is_one_clean_line(text, controls[_i]));
	free(text);
}
END_TEST

/* So can code.replace(co_qualname=...), or type("any\nname", ...) in a class body. */
START_TEST(text_of_name_is_clean)
{
	snprintf(code_qualname, sizeof(code_qualname), "C%sx.f", controls[_i]);
	char *text = render_controls(controls[_i], PT_EVENT_CALL);
	ck_assert(is_one_clean_line(text, controls[_i]));
	free(text);
}
END_TEST

/* The lines of "python -m trace --trace", from 3.8 to 3.12 and since. */
static const struct {
	const char *name;
	int line;
	const char *old;
	const char *new;
} trace_rows[] = {
	{ "a.py", 1, "a.py(1): def f(a):\n", "a.py(1):  def f(a):\n" },
	{ "a.py", 3, "a.py(3):         return a\n", "a.py(3):          return a\n" },
	{ "a.py", 4, "a.py(4): \treturn 8\n", "a.py(4):  \treturn 8\n" },
	{ "a.py", 5, "a.py(5):     x = 1  \t\f\n", "a.py(5):      x = 1  \t\f\n" },
	{ "a.py", 6, "a.py(6): \n", "a.py(6):  \n" },
	{ "a.py", 8, "a.py(8): s = '\t\x1b[2J\x07\x7f'\n",
	  "a.py(8):  s = '\t\x1b[2J\x07\x7f'\n" },
	{ "a.py", 9, "a.py(9): s = '\xc3\xa9'\n", "a.py(9):  s = '\xc3\xa9'\n" },
	{ "a.py", 10, "a.py(10): last = 10\n", "a.py(10):  last = 10\n" },
	{ "directory/long_name.py", 1, "long_name.py(1): def f(a):\n",
	  "long_name.py(1):  def f(a):\n" },
	{ "./directory/../a.py", 1, "a.py(1): def f(a):\n", "a.py(1):  def f(a):\n" },
	/* Without text the old form has no line end, the new one no colon. */
	{ "a.py", 11, "a.py(11): ", "a.py(11)\n" },
	{ "missing.py", 1, "missing.py(1): ", "missing.py(1)\n" },
	{ "<string>", 1, "<string>(1): ", "<string>(1)\n" },
	{ "<frozen a>", 1, "<frozen a>(1): ", "<frozen a>(1)\n" },
	{ "<a/b>", 1, "b>(1): ", "b>(1)\n" },
	/* linecache does not look into archives. */
	{ "a.zip/a.py", 1, "a.py(1): ", "a.py(1)\n" },
};

/* An archive of an a.py with the line "x = 1", stored. */
static const char archive[] =
	"PK\3\4\24\0\0\0\0\0\0\0!\0\0\0\0\0\6\0\0\0\6\0\0\0\4\0\0\0a.pyx = 1\n"
	"PK\1\2\24\0\24\0\0\0\0\0\0\0!\0\0\0\0\0\6\0\0\0\6\0\0\0\4\0\0\0\0\0\0\0\0\0"
	"\0\0\0\0\0\0\0\0a.py"
	"PK\5\6\0\0\0\0\1\0\1\0\62\0\0\0\50\0\0\0\0\0";

START_TEST(trace_line)
{
	const struct pt_format_options old = { .minor = 8 + _i % 5 };
	const struct pt_format_options new = { .minor = 13 + _i % 3 };

	pt_check_write("a.zip", archive, sizeof(archive) - 1);
	/* No indentation, whatever the code says. */
	code.base_indent = 4;
	code.file = pt_file_get(trace_rows[_i].name);
	check_line(&pt_format_trace, &old, trace_rows[_i].line, "", trace_rows[_i].old);
	check_line(&pt_format_trace, &new, trace_rows[_i].line, "", trace_rows[_i].new);
}
END_TEST

/* The other format does show lines in an archive. */
START_TEST(text_of_archive)
{
	pt_check_write("a.zip", archive, sizeof(archive) - 1);
	code.file = pt_file_get("a.zip/a.py");
	check_line(&pt_format_text, &plain, 1, "a.zip/a.py:1", "x = 1\n");
}
END_TEST

START_TEST(trace_call)
{
	const struct pt_event event = { .kind = PT_EVENT_CALL, .code = &code, .line = 1 };

	check_event(&pt_format_trace, &plain, &event, "",
		    " --- modulename: a, funcname: f\n");
	check_event(&pt_format_trace, &colored, &event, "",
		    " --- modulename: a, funcname: f\n");
	code.module = NULL;
	check_event(&pt_format_trace, &plain, &event, "",
		    " --- modulename: , funcname: f\n");
}
END_TEST

START_TEST(properties)
{
	ck_assert_str_eq(pt_format_text.name, "text");
	ck_assert_uint_eq(pt_format_text.events, PT_EVENT_ALL);
	ck_assert(pt_format_text.has_prefix);
	ck_assert(!pt_format_text.needs_file);
	ck_assert_str_eq(pt_format_trace.name, "trace");
	ck_assert_uint_eq(pt_format_trace.events, PT_EVENT_LINE | PT_EVENT_CALL);
	ck_assert(!pt_format_trace.has_prefix);
	ck_assert(pt_format_trace.needs_file);
}
END_TEST

static TCase *text_case(void)
{
	TCase *tcase = tcase_create("text");
	int control_count = PT_ARRAY_SIZE(controls);

	pt_check_add_directory(tcase);
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, text_line, 0, PT_ARRAY_SIZE(text_rows));
	tcase_add_loop_test(tcase, text_column, 0, PT_ARRAY_SIZE(column_rows));
	tcase_add_test(tcase, text_beyond_column);
	tcase_add_test(tcase, column);
	tcase_add_test(tcase, indentation);
	tcase_add_test(tcase, text_without_source);
	tcase_add_test(tcase, text_line_in_color);
	tcase_add_loop_test(tcase, text_event, 0, PT_ARRAY_SIZE(event_rows));
	tcase_add_loop_test(tcase, text_of_event_is_clean, 0, control_count);
	tcase_add_loop_test(tcase, text_of_place_is_clean, 0, control_count);
	tcase_add_loop_test(tcase, text_of_name_is_clean, 0, control_count);
	tcase_add_test(tcase, text_of_archive);
	return tcase;
}

Suite *pt_format_suite(void)
{
	Suite *suite = suite_create("format");
	TCase *trace = tcase_create("trace");

	suite_add_tcase(suite, text_case());
	pt_check_add_directory(trace);
	tcase_add_checked_fixture(trace, set_up, NULL);
	tcase_add_loop_test(trace, trace_line, 0, PT_ARRAY_SIZE(trace_rows));
	tcase_add_test(trace, trace_call);
	tcase_add_test(trace, properties);
	suite_add_tcase(suite, trace);
	return suite;
}
