/* SPDX-License-Identifier: MIT */
/* The format for people: "shop.py:15      subtotal += qty * price". */
#include "config.h"

#include "base/fixed_text.h"
#include "base/util.h"
#include "code/code_info.h"
#include "code/file.h"
#include "code/source.h"
#include "trace/column.h"
#include "trace/event.h"
#include "trace/format.h"

#include <stdio.h>
#include <string.h>

/* Colors (ECMA-48 SGR), by what is shown. */
#define COLOR_PLACE "\033[2m"
#define COLOR_CALL "\033[36m"
#define COLOR_EXCEPTION "\033[31m"
#define COLOR_IMPORT "\033[35m"
#define COLOR_END "\033[0m"

/* The width of a place. */
struct widths {
	size_t name;
	size_t place;
};

/*
 * Makes room before the column for every place in a file whose name is that wide, so that
 * the column does not move within a file.
 */
static void fit_file(struct pt_file *file, size_t width)
{
	width += strlen(":0");
	for (int count = pt_source_line_count(pt_file_source(file)); count >= 10;
	     count /= 10)
		width++;
	pt_column_fit(width);
}

/* Returns whether a terminal may take the character for a control: C0, DEL, C1. */
static bool is_control(const char *text, size_t length)
{
	unsigned char c = (unsigned char)*text;

	if (length == 2)
		return c == 0xc2 && (unsigned char)text[1] < 0xa0;
	/* A byte that is no character may itself be a C1 control. */
	return (length == 1 && c < 0x20 && c != '\t') || c == 0x7f ||
	       (length == 0 && c < 0xa0);
}

/* Length of the start of TEXT that is plain ASCII and needs no closer look. */
static size_t plain_length(const char *text, size_t size)
{
	size_t length = 0;

	while (length < size && text[length] >= 0x20 && text[length] < 0x7f)
		length++;
	return length;
}

/* Appends text from a program: no character of it may control a terminal. */
static void add_clean(struct pt_buf *out, const char *text, size_t size)
{
	while (size) {
		size_t plain = plain_length(text, size);
		pt_buf_add(out, text, plain);
		text += plain;
		size -= plain;
		if (size == 0)
			break;
		size_t length = pt_utf8_length(text, size);
		size_t step = length ? length : 1;
		if (is_control(text, length))
			pt_buf_add_string(out, " ");
		else
			pt_buf_add(out, text, step);
		text += step;
		size -= step;
	}
}

/* Appends "FILE:LINE". Returns the width of the name and that of the place. */
static struct widths add_place(const struct pt_format_options *options,
			       const struct pt_code_info *code, int line, struct pt_buf *out)
{
	struct widths widths = { 0 };
	const char *name = pt_file_shown(code->file, &widths.name);
	char number[16];
	int digits = snprintf(number, sizeof(number), ":%d", line);

	if (options->has_color)
		pt_buf_add_string(out, COLOR_PLACE);
	add_clean(out, name, strlen(name));
	pt_buf_add_string(out, number);
	if (options->has_color)
		pt_buf_add_string(out, COLOR_END);
	widths.place = widths.name + (size_t)digits;
	return widths;
}

/*
 * The same before text that begins at the column or, if the place is too long for that,
 * after two blanks.
 */
static void add_head(const struct pt_format_options *options, const struct pt_code_info *code,
		     int line, struct pt_buf *out, struct pt_head *head)
{
	struct widths widths = add_place(options, code, line, out);

	fit_file(code->file, widths.name);
	head->width = pt_column_fit(widths.place);
	if (head->width == PT_COLUMN_BEYOND)
		pt_buf_add_string(out, "  ");
	head->size = out->size;
}

static void render_line(const struct pt_format_options *options,
			const struct pt_code_info *code, int line, struct pt_buf *out,
			struct pt_head *head)
{
	size_t size = 0;
	const char *text = pt_source_line(pt_file_source(code->file), line, &size);
	size_t indent = text ? pt_source_indent(&text, &size) : 0;
	size_t base = code->base_indent < 0 ? indent : (size_t)code->base_indent;

	while (size && (text[size - 1] == ' ' || text[size - 1] == '\t' ||
			text[size - 1] == '\f'))
		size--;
	if (size) {
		add_head(options, code, line, out, head);
		pt_buf_add_fill(out, ' ', indent > base ? indent - base : 0);
		add_clean(out, text, size);
		pt_buf_add_string(out, "\n");
	} else {
		add_place(options, code, line, out);
		pt_buf_add_string(out, "\n");
	}
}

/* Appends the place and MARK, in COLOR. */
static void add_marked(const struct pt_format_options *options,
		       const struct pt_event *event, const char *color, const char *mark,
		       struct pt_buf *out, struct pt_head *head)
{
	add_head(options, event->code, event->line, out, head);
	if (options->has_color)
		pt_buf_add_string(out, color);
	pt_buf_add_string(out, mark);
}

static void end_line(const struct pt_format_options *options, struct pt_buf *out)
{
	pt_buf_add_string(out, options->has_color ? COLOR_END "\n" : "\n");
}

static const char *note_of(const struct pt_event *event)
{
	if (event->kind == PT_EVENT_YIELD)
		return " (yield)";
	if (event->is_resume)
		return " (resume)";
	return event->is_unwind ? " (exception)" : "";
}

static void add_detail(const struct pt_event *event, struct pt_buf *out)
{
	const char *name = event->name ? event->name : "?";
	const char *detail = event->detail ? event->detail : "";
	bool is_import = event->kind == PT_EVENT_IMPORT;

	add_clean(out, name, strlen(name));
	if (event->is_failure)
		pt_buf_add_string(out, *detail ? " (failed: " : " (failed");
	else if (*detail)
		pt_buf_add_string(out, is_import ? " " : ": ");
	add_clean(out, detail, strlen(detail));
	if (event->is_failure)
		pt_buf_add_string(out, ")");
}

static void render_event(const struct pt_format_options *options,
			 const struct pt_event *event, struct pt_buf *out,
			 struct pt_head *head)
{
	switch (event->kind) {
	case PT_EVENT_LINE:
		render_line(options, event->code, event->line, out, head);
		return;
	case PT_EVENT_CALL:
	case PT_EVENT_RETURN:
	case PT_EVENT_YIELD:
		add_marked(options, event, COLOR_CALL,
			   event->kind == PT_EVENT_CALL ? "> " : "< ", out, head);
		add_clean(out, event->code->qualname, strlen(event->code->qualname));
		pt_buf_add_string(out, note_of(event));
		break;
	case PT_EVENT_EXCEPTION:
		add_marked(options, event, COLOR_EXCEPTION, "! ", out, head);
		add_detail(event, out);
		break;
	case PT_EVENT_IMPORT:
		add_marked(options, event, COLOR_IMPORT, "+ ", out, head);
		add_detail(event, out);
		break;
	}
	end_line(options, out);
}

static void add_ending(const struct pt_ending *ending, struct pt_fixed_text *out)
{
	switch (ending->kind) {
	case PT_ENDING_EXIT:
		pt_fixed_add(out, "exited with ");
		break;
	case PT_ENDING_SIGNAL:
		pt_fixed_add(out, "killed by signal ");
		break;
	case PT_ENDING_EXEC:
		pt_fixed_add(out, "exec ");
		pt_fixed_add(out, ending->program);
		return;
	case PT_ENDING_RUNNING:
		pt_fixed_add(out, "still running");
		return;
	case PT_ENDING_UNKNOWN:
		pt_fixed_add(out, "ended without a word");
		return;
	}
	pt_fixed_add_number(out, (uint64_t)ending->status);
}

static void render_end(const struct pt_ending *ending, struct pt_fixed_text *out)
{
	if (ending->shows_pid) {
		pt_fixed_add(out, "[");
		pt_fixed_add_number(out, (uint64_t)ending->pid);
		pt_fixed_add(out, "] ");
	}
	pt_fixed_add(out, "+++ ");
	add_ending(ending, out);
	if (!ending->is_child) {
		pt_fixed_add(out, ": ");
		pt_fixed_add_number(out, ending->events);
		pt_fixed_add(out, " events, ");
		pt_fixed_add_number(out, ending->lost);
		pt_fixed_add(out, " lost");
	}
	pt_fixed_add(out, "\n");
}

const struct pt_format pt_format_text = {
	.name = "text",
	.events = PT_EVENT_ALL,
	.is_steady = true,
	.has_prefix = true,
	.tells_pid = true,
	.omits_repeats = true,
	.event = render_event,
	.end = render_end,
};
