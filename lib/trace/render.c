/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/render.h"

#include "code/file.h"
#include "code/source.h"

#include <stdlib.h>
#include <string.h>

/* See render.h. */
char pt_render_blanks[PT_COLUMN_BLANKS + PT_COPY_BLOCK];

/* The events that have marks. */
static const enum pt_event_kind mark_kinds[] = {
	[PT_MARK_LINE] = PT_EVENT_LINE,	    [PT_MARK_CALL] = PT_EVENT_CALL,
	[PT_MARK_RESUME] = PT_EVENT_CALL,   [PT_MARK_RETURN] = PT_EVENT_RETURN,
	[PT_MARK_UNWIND] = PT_EVENT_RETURN, [PT_MARK_YIELD] = PT_EVENT_YIELD,
};

void pt_render_start(void)
{
	memset(pt_render_blanks, ' ', sizeof(pt_render_blanks));
}

enum pt_event_kind pt_render_kind(enum pt_mark mark)
{
	return mark_kinds[mark];
}

enum pt_event_kind pt_render_choice(const struct pt_format *format, enum pt_mark mark)
{
	if (mark == PT_MARK_RESUME && format->events & PT_EVENT_YIELD)
		return PT_EVENT_YIELD;
	return mark_kinds[mark];
}

/* The body's indentation is that of the first line that runs after the code's first. */
static void find_base_indent(struct pt_code_info *code, int line)
{
	size_t size = 0;
	const char *text = pt_source_line(pt_file_source(code->file), line, &size);

	if (code->base_indent < 0 && line > code->first_line && text)
		code->base_indent = (int)pt_source_indent(&text, &size);
}

struct pt_event pt_render_event(const struct pt_code_info *code, enum pt_mark mark, int line)
{
	return (struct pt_event){
		.kind = mark_kinds[mark],
		.code = code,
		.line = line,
		.is_resume = mark == PT_MARK_RESUME,
		.is_unwind = mark == PT_MARK_UNWIND,
	};
}

struct pt_line *pt_render_mark(const struct pt_format *format,
			       const struct pt_format_options *options,
			       struct pt_code_info *code, enum pt_mark mark, int line)
{
	struct pt_buf out = { 0 };
	struct pt_head head = { .width = PT_COLUMN_NONE };
	struct pt_line *text = NULL;

	if (mark == PT_MARK_LINE)
		find_base_indent(code, line);
	const struct pt_event event = pt_render_event(code, mark, line);
	format->event(options, &event, &out, &head);
	if (!out.failed)
		text = malloc(sizeof(*text) + out.size + PT_COPY_BLOCK);
	if (text) {
		text->head = (unsigned int)head.size;
		text->width = head.width;
		text->size = (unsigned int)out.size;
		memcpy(text->text, out.data, out.size);
		memset(text->text + out.size, 0, PT_COPY_BLOCK);
	}
	pt_buf_destroy(&out);
	return text;
}

bool pt_render_is_repeat(const struct pt_code_info *code, int line, int caller_line)
{
	if (line != code->first_line || caller_line < line)
		return false;
	if (*code->name == '<')
		return strncmp(code->name, "<generic parameters of ", 23) == 0;
	return !(code->flags & PT_CODE_OPTIMIZED);
}
