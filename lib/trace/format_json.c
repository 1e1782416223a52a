/* SPDX-License-Identifier: MIT */
/* The format for programs: JSON Lines, one object for each event. See doc/json.md. */
#include "config.h"

#include "trace/format.h"

#include "base/fixed_text.h"
#include "base/util.h"
#include "code/code_info.h"
#include "code/file.h"
#include "code/source.h"
#include "trace/event.h"

#include <string.h>

/* Of what is described there; a higher one may have more members. */
#define SCHEMA 1

#define NANOSECONDS 1000000000

/* U+FFFD, for bytes that are no UTF-8. */
#define REPLACEMENT "\xef\xbf\xbd"

/* Adds a character that JSON wants escaped. */
static void add_escaped(struct pt_buf *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		pt_buf_add_format(out, "\\%c", c);
	else if (c == '\n')
		pt_buf_add_string(out, "\\n");
	else if (c == '\t')
		pt_buf_add_string(out, "\\t");
	else
		pt_buf_add_format(out, "\\u%04x", c);
}

static size_t plain_length(const char *text, size_t size)
{
	size_t length = 0;

	while (length < size && text[length] >= 0x20 && text[length] < 0x7f &&
	       text[length] != '"' && text[length] != '\\')
		length++;
	return length;
}

static void add_characters(struct pt_buf *out, const char *text, size_t size)
{
	while (size) {
		size_t plain = plain_length(text, size);
		pt_buf_add(out, text, plain);
		text += plain;
		size -= plain;
		if (size == 0)
			break;
		size_t length = pt_utf8_length(text, size);
		if (length == 1)
			add_escaped(out, (unsigned char)*text);
		else if (length)
			pt_buf_add(out, text, length);
		else
			pt_buf_add_string(out, REPLACEMENT);
		text += length ? length : 1;
		size -= length ? length : 1;
	}
}

/* Adds a member; a value of NULL is left out. */
static void add_text(struct pt_buf *out, const char *name, const char *value, size_t size)
{
	if (!value)
		return;
	pt_buf_add_format(out, ",\"%s\":\"", name);
	add_characters(out, value, size);
	pt_buf_add_string(out, "\"");
}

static void add_string(struct pt_buf *out, const char *name, const char *value)
{
	add_text(out, name, value, value ? strlen(value) : 0);
}

static void begin_object(struct pt_buf *out, const char *kind, int pid)
{
	pt_buf_add_format(out, "{\"event\":\"%s\",\"pid\":%d", kind, pid);
}

static void render_begin(const struct pt_format_options *options, int pid,
			 struct pt_buf *out)
{
	begin_object(out, "start", pid);
	pt_buf_add_format(out, ",\"format\":\"pytrace-json\",\"version\":%d", SCHEMA);
	add_string(out, "libpytrace", PACKAGE_VERSION);
	if (options->python)
		add_text(out, "python", options->python,
			 strcspn(options->python, " "));
	pt_buf_add_string(out, "}\n");
}

static const char *kind_of(const struct pt_event *event)
{
	switch (event->kind) {
	case PT_EVENT_LINE:
		return "line";
	case PT_EVENT_CALL:
		return event->is_resume ? "resume" : "call";
	case PT_EVENT_RETURN:
		return event->is_unwind ? "unwind" : "return";
	case PT_EVENT_YIELD:
		return "yield";
	case PT_EVENT_EXCEPTION:
		return "exception";
	case PT_EVENT_IMPORT:
		return "import";
	}
	return "unknown";
}

static void add_moment(struct pt_buf *out, const struct pt_event *event)
{
	if (event->time)
		pt_buf_add_format(out, ",\"time\":%lld.%06d",
				  (long long)(event->time / NANOSECONDS),
				  (int)(event->time % NANOSECONDS / 1000));
}

static void add_place(struct pt_buf *out, const struct pt_event *event)
{
	const struct pt_file *file = event->code->file;

	add_string(out, "file", pt_file_shown(event->code->file, NULL));
	add_string(out, "path", file->path);
	pt_buf_add_format(out, ",\"line\":%d", event->line);
	add_string(out, "function", event->code->qualname);
	add_string(out, "module", event->code->import_name);
}

/* The line's text, without its indentation. */
static void add_source(struct pt_buf *out, const struct pt_event *event)
{
	size_t size = 0;
	const char *text = pt_source_line(pt_file_source(event->code->file), event->line,
					  &size);

	if (text)
		pt_source_indent(&text, &size);
	add_text(out, "source", text, size);
}

static void add_detail(struct pt_buf *out, const struct pt_event *event)
{
	if (event->kind == PT_EVENT_EXCEPTION) {
		add_string(out, "type", event->name);
		add_string(out, "message", event->detail);
	} else if (event->kind == PT_EVENT_IMPORT) {
		add_string(out, "imported", event->name);
		add_string(out, event->is_failure ? "error" : "origin", event->detail);
	}
}

static void render_event(const struct pt_format_options *options,
			 const struct pt_event *event, struct pt_buf *out,
			 struct pt_head *head)
{
	(void)options;
	(void)head;
	begin_object(out, kind_of(event), event->pid);
	pt_buf_add_format(out, ",\"tid\":%d", event->tid);
	add_string(out, "thread", event->thread);
	add_string(out, "task", event->task);
	add_moment(out, event);
	pt_buf_add_format(out, ",\"level\":%u", event->level);
	add_place(out, event);
	if (event->kind == PT_EVENT_LINE)
		add_source(out, event);
	add_detail(out, event);
	pt_buf_add_string(out, "}\n");
}

static void add_member(struct pt_fixed_text *out, const char *name, uint64_t number)
{
	pt_fixed_add(out, ",\"");
	pt_fixed_add(out, name);
	pt_fixed_add(out, "\":");
	pt_fixed_add_number(out, number);
}

static void render_end(const struct pt_ending *ending, struct pt_fixed_text *out)
{
	static const char *const kinds[] = {
		[PT_ENDING_EXIT] = "exit",	 [PT_ENDING_SIGNAL] = "signal",
		[PT_ENDING_EXEC] = "exec",	 [PT_ENDING_RUNNING] = "running",
		[PT_ENDING_UNKNOWN] = "unknown",
	};

	pt_fixed_add(out, "{\"event\":\"end\"");
	add_member(out, "pid", (uint64_t)ending->pid);
	pt_fixed_add(out, ",\"how\":\"");
	pt_fixed_add(out, kinds[ending->kind]);
	pt_fixed_add(out, "\"");
	if (ending->kind == PT_ENDING_EXIT || ending->kind == PT_ENDING_SIGNAL)
		add_member(out, "status", (uint64_t)ending->status);
	if (!ending->is_child) {
		add_member(out, "events", ending->events);
		add_member(out, "lost", ending->lost);
	}
	pt_fixed_add(out, "}\n");
}

const struct pt_format pt_format_json = {
	.name = "json",
	.events = PT_EVENT_ALL,
	.tells_pid = true,
	.begin = render_begin,
	.event = render_event,
	.end = render_end,
};
