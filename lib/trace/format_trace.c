/* SPDX-License-Identifier: MIT */
/* The output of "python -m trace --trace", for programs that read it. */
#include "config.h"

#include "base/util.h"
#include "code/code_info.h"
#include "code/file.h"
#include "code/source.h"
#include "trace/event.h"
#include "trace/format.h"

#include <string.h>

/* The version in which a line got two spaces, and one without source its line end
 * (gh-103956). */
#define NEW_LAYOUT_MINOR 13

/* Finds text as linecache does: none for what is no file, nor in a zip file. */
static const char *find_text(const struct pt_code_info *code, int line, size_t *size)
{
	const struct pt_source *source = pt_file_source(code->file);

	if (pt_file_is_synthetic(code->file->name) || pt_source_is_zipped(source))
		return NULL;
	return pt_source_line(source, line, size);
}

static void render_line(const struct pt_format_options *options,
			const struct pt_code_info *code, int line, struct pt_buf *out,
			struct pt_head *head)
{
	size_t size = 0;
	const char *text = find_text(code, line, &size);
	bool is_new = options->minor >= NEW_LAYOUT_MINOR;

	(void)head;
	pt_buf_add_format(out, "%s(%d)", pt_base_name(code->file->name), line);
	if (!is_new || text)
		pt_buf_add_string(out, is_new ? ":  " : ": ");
	if (text)
		pt_buf_add(out, text, size);
	if (is_new || text)
		pt_buf_add_string(out, "\n");
}

static void render_event(const struct pt_format_options *options,
			 const struct pt_event *event, struct pt_buf *out,
			 struct pt_head *head)
{
	if (event->kind == PT_EVENT_LINE)
		render_line(options, event->code, event->line, out, head);
	else
		pt_buf_add_format(out, " --- modulename: %s, funcname: %s\n",
				  event->code->module ? event->code->module : "",
				  event->code->name);
}

const struct pt_format pt_format_trace = {
	.name = "trace",
	.events = PT_EVENT_LINE | PT_EVENT_CALL,
	.is_steady = true,
	.needs_file = true,
	.event = render_event,
};
