/* SPDX-License-Identifier: MIT */
/* The format for people: "shop.py:15      subtotal += qty * price". */
#include "config.h"

#include "format.h"

#include "code.h"
#include "event.h"
#include "file.h"
#include "source.h"
#include "util.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 2	/* columns for each call level */
#define FIRST_COLUMN 16 /* where the text begins, if the place is short enough */
#define COLUMN_STEP 8	/* else at the next multiple of this */

/* Colors (ECMA-48 SGR), by what is shown. */
#define COLOR_PLACE "\033[2m"
#define COLOR_CALL "\033[36m"
#define COLOR_EXCEPTION "\033[31m"
#define COLOR_IMPORT "\033[35m"
#define COLOR_END "\033[0m"

/* The column at which the text of all lines of a file begins. */
static size_t text_column(struct pt_file *file)
{
	/* The place, a colon, at least one digit, two spaces. */
	size_t width = strlen(file->shown) + 4;

	for (int count = pt_source_line_count(pt_file_source(file)); count >= 10;
	     count /= 10)
		width++;
	if (width < FIRST_COLUMN)
		return FIRST_COLUMN;
	return (width + COLUMN_STEP - 1) / COLUMN_STEP * COLUMN_STEP;
}

/* Appends "FILE:LINE", padded to the column unless it ends the line. */
static void add_place(const struct pt_format_options *options, const struct pt_code *code,
		      int line, bool is_padded, struct pt_buf *out)
{
	size_t start = out->size;

	pt_buf_add_format(out, "%s:%d", code->file->shown, line);
	size_t width = out->size - start;
	size_t column = is_padded ? text_column(code->file) : 0;
	if (options->has_color && !out->failed) {
		char *place = strndup(out->data + start, width);
		out->size = start;
		pt_buf_add_format(out, COLOR_PLACE "%s" COLOR_END, place ? place : "");
		free(place);
	}
	if (is_padded)
		pt_buf_add_fill(out, ' ', column > width ? column - width : 2);
}

/* Appends text that came from a program: no character of it shall control a terminal. */
static void add_clean(struct pt_buf *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		char shown = c == '\t' || (c >= 0x20 && c != 0x7f) ? (char)c : ' ';
		pt_buf_add(out, &shown, 1);
	}
}

static void render_line(const struct pt_format_options *options,
			const struct pt_code *code, int line, struct pt_buf *out,
			size_t *head)
{
	size_t size = 0;
	const char *text = pt_source_line(pt_file_source(code->file), line, &size);
	size_t indent = text ? pt_source_indent(&text, &size) : 0;
	size_t base = code->base_indent < 0 ? indent : (size_t)code->base_indent;

	while (size && strchr(" \t\f", text[size - 1]))
		size--;
	add_place(options, code, line, size > 0, out);
	*head = out->size;
	if (size) {
		pt_buf_add_fill(out, ' ', indent > base ? indent - base : 0);
		add_clean(out, text, size);
		pt_buf_add_string(out, "\n");
	} else {
		pt_buf_add_string(out, "\n");
		*head = out->size;
	}
}

/* Appends MARK and the text after it, in COLOR, indented for LEVEL. */
static void add_marked(const struct pt_format_options *options,
		       const struct pt_event *event, unsigned int level,
		       const char *color, const char *mark, struct pt_buf *out)
{
	add_place(options, event->code, event->line, true, out);
	pt_buf_add_fill(out, ' ', (size_t)INDENT * level);
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
	if (!*detail)
		return;
	pt_buf_add_string(out, !is_import	 ? ": " :
			       event->is_failure ? " (failed: " :
						   " ");
	add_clean(out, detail, strlen(detail));
	if (event->is_failure)
		pt_buf_add_string(out, ")");
}

static void render_event(const struct pt_format_options *options,
			 const struct pt_event *event, struct pt_buf *out)
{
	/* A call stands where its caller's lines do, the lines that it runs further in.
	 */
	unsigned int outer = event->level ? event->level - 1 : 0;

	switch (event->kind) {
	case PT_EVENT_CALL:
	case PT_EVENT_RETURN:
	case PT_EVENT_YIELD:
		add_marked(options, event, outer, COLOR_CALL,
			   event->kind == PT_EVENT_CALL ? "> " : "< ", out);
		pt_buf_add_format(out, "%s%s", event->code->qualname, note_of(event));
		break;
	case PT_EVENT_EXCEPTION:
		add_marked(options, event, event->level, COLOR_EXCEPTION, "! ", out);
		add_detail(event, out);
		break;
	case PT_EVENT_IMPORT:
		add_marked(options, event, event->level, COLOR_IMPORT, "+ ", out);
		add_detail(event, out);
		break;
	case PT_EVENT_LINE:
		return;
	}
	end_line(options, out);
}

const struct pt_format pt_format_text = {
	.name = "text",
	.events = PT_EVENT_ALL,
	.has_prefix = true,
	.indent = INDENT,
	.line = render_line,
	.event = render_event,
};
