/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tracer.h"

#include "code.h"
#include "event.h"
#include "exception.h"
#include "file.h"
#include "format.h"
#include "prefix.h"
#include "settings.h"
#include "sink.h"
#include "source.h"
#include "stage.h"
#include "thread.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Deeper levels are not indented further. */
#define MAX_INDENT 200

/* Indentation to copy; as long as pt_copy_blocks() reads. */
static char blanks[MAX_INDENT + PT_COPY_BLOCK];

/* The events that have marks. */
static const enum pt_event_kind mark_kinds[] = {
	[PT_MARK_LINE] = PT_EVENT_LINE,	    [PT_MARK_CALL] = PT_EVENT_CALL,
	[PT_MARK_RESUME] = PT_EVENT_CALL,   [PT_MARK_RETURN] = PT_EVENT_RETURN,
	[PT_MARK_UNWIND] = PT_EVENT_RETURN, [PT_MARK_YIELD] = PT_EVENT_YIELD,
};

/* How events are shown; set by pt_tracer_start(). */
static const struct pt_format *format;
static struct pt_format_options format_options;

/* Set of enum pt_event_kind that is shown. */
static unsigned int events;

/* How many levels of events are shown, by mark, and of those without a mark. */
static unsigned int mark_levels[PT_MARK_COUNT];
static unsigned int max_levels;

/* Columns of indentation for each level. */
static unsigned int level_indent;

/* The last line has been written. */
static atomic_bool has_ended;

static bool wants_color(enum pt_color_mode mode)
{
	return mode == PT_COLOR_AUTO ? pt_sink_is_terminal() : mode == PT_COLOR_ALWAYS;
}

void pt_tracer_start(const struct pt_settings *settings, const struct pt_format *chosen,
		     bool is_descendant)
{
	format = chosen;
	format_options.has_color = wants_color(settings->color);
	format_options.minor = pt_py.minor;
	events = settings->events & format->events;
	level_indent = format->indent;
	max_levels = settings->depth ? settings->depth : UINT_MAX;
	for (int mark = 0; mark < PT_MARK_COUNT; mark++)
		mark_levels[mark] = events & mark_kinds[mark] ? max_levels : 0;
	pt_prefix_start(format->has_prefix, settings->time, settings->task);
	if (is_descendant)
		pt_tracer_show_pid();
	memset(blanks, ' ', sizeof(blanks));
}

unsigned int pt_tracer_events(void)
{
	return events;
}

bool pt_tracer_has_ended(void)
{
	return !pt_sink_is_alive();
}

void pt_tracer_show_pid(void)
{
	if (pt_sink_is_shared())
		pt_prefix_show_pid();
}

void pt_tracer_after_fork(void)
{
	has_ended = false;
	pt_tracer_show_pid();
}

static void write_last_line(const char *line, int size)
{
	if (size > 0)
		pt_sink_write(line, (size_t)size);
}

void pt_tracer_write_end(const char *how, int status, bool is_first)
{
	uint64_t count = pt_thread_event_count();
	char line[160];
	char pid[32] = "";

	if (has_ended || !format->has_prefix || (!count && !is_first))
		return;
	has_ended = true;
	if (pt_prefix_has_pid())
		snprintf(pid, sizeof(pid), "[%d] ", (int)getpid());
	write_last_line(line, snprintf(line, sizeof(line),
				       "%s+++ %s %d: %llu events, %llu lost\n", pid, how,
				       status, (unsigned long long)count,
				       (unsigned long long)pt_sink_dropped()));
}

void pt_tracer_write_end_of_child(int pid, int signal)
{
	char line[160];

	if (format->has_prefix)
		write_last_line(line,
				snprintf(line, sizeof(line),
					 "[%d] +++ killed by signal %d\n", pid, signal));
}

static inline void refresh_prefix(struct pt_thread *thread)
{
	if (PT_UNLIKELY(thread->prefix_epoch !=
			atomic_load_explicit(&pt_thread_epoch, memory_order_relaxed)))
		pt_prefix_make(thread);
}

/* Copies prefix, head, indentation and the rest into the stage: one line of trace. TEXT
 * has PT_COPY_BLOCK bytes to spare. */
static inline void write_line(struct pt_thread *thread, const char *text, size_t head,
			      size_t size, size_t indent)
{
	size_t prefix = thread->prefix_size;
	size_t total = prefix + size + indent;
	char *out = pt_stage_reserve(thread->stage, total);

	if (PT_UNLIKELY(!out)) {
		pt_sink_write(text, size);
		return;
	}
	if (prefix)
		out = pt_copy_blocks(out, thread->prefix, prefix);
	out = pt_copy_blocks(out, text, head);
	out = pt_copy_blocks(out, blanks, indent);
	pt_copy_blocks(out, text + head, size - head);
	/* Others only read it. */
	atomic_store_explicit(
		&thread->events,
		atomic_load_explicit(&thread->events, memory_order_relaxed) + 1,
		memory_order_relaxed);
	pt_stage_commit(thread->stage, total);
}

/* Columns of indentation at a level. */
static inline size_t indent_of(unsigned int level)
{
	size_t indent = (size_t)level * level_indent;

	return indent < MAX_INDENT ? indent : MAX_INDENT;
}

static inline bool is_shown(enum pt_event_kind kind, unsigned int level)
{
	return events & (unsigned int)kind && level < max_levels;
}

/* Writes a line that is not kept. */
static void write_text(struct pt_thread *thread, struct pt_buf *text, size_t head,
		       size_t indent)
{
	if (!pt_buf_reserve(text, PT_COPY_BLOCK))
		return;
	/* Copied with it, see pt_copy_blocks(). */
	memset(text->data + text->size, 0, PT_COPY_BLOCK);
	refresh_prefix(thread);
	write_line(thread, text->data, head, text->size, indent);
}

/* Writes an event that may look different each time. */
static void write_event(struct pt_thread *thread, struct pt_event *event,
			unsigned int level)
{
	struct pt_buf out = { 0 };
	size_t head = 0;
	int saved = errno;

	event->thread = thread;
	format->event(&format_options, event, &out, &head);
	write_text(thread, &out, head, indent_of(level));
	pt_buf_destroy(&out);
	errno = saved;
}

/* The body's indentation is that of the first line that runs after the code's first. */
static void find_base_indent(struct pt_code *code, int line)
{
	size_t size = 0;
	const char *text = pt_source_line(pt_file_source(code->file), line, &size);

	if (code->base_indent < 0 && line > code->first_line && text)
		code->base_indent = (int)pt_source_indent(&text, &size);
}

static void render(struct pt_code *code, enum pt_mark mark, int line, struct pt_buf *out,
		   size_t *head)
{
	if (mark == PT_MARK_LINE) {
		find_base_indent(code, line);
		format->line(&format_options, code, line, out, head);
		return;
	}
	const struct pt_event event = {
		.kind = mark_kinds[mark],
		.code = code,
		.line = line,
		.is_resume = mark == PT_MARK_RESUME,
		.is_unwind = mark == PT_MARK_UNWIND,
	};
	format->event(&format_options, &event, out, head);
}

/* Renders an event and keeps it, or writes it at once when it cannot be kept. */
static const struct pt_line *render_line(struct pt_thread *thread, struct pt_code *code,
					 enum pt_mark mark, int line)
{
	struct pt_buf out = { 0 };
	size_t head = 0;
	struct pt_line *text = NULL;

	render(code, mark, line, &out, &head);
	if (!out.failed)
		text = malloc(sizeof(*text) + out.size + PT_COPY_BLOCK);
	if (text) {
		text->head = (unsigned int)head;
		text->size = (unsigned int)out.size;
		memcpy(text->text, out.data, out.size);
		memset(text->text + out.size, 0, PT_COPY_BLOCK);
	}
	pt_buf_destroy(&out);
	if (!text || pt_code_set_line(code, mark, line, text))
		return text;
	const struct pt_line *kept =
		pt_code_line(code, mark, line); /* by another thread */
	if (!kept) {
		refresh_prefix(thread);
		write_line(thread, text->text, text->head, text->size, 0);
	}
	free(text);
	return kept;
}

/* Writes an event that looks the same each time but for its level. */
static inline void write_mark(struct pt_thread *thread, struct pt_code *code,
			      enum pt_mark mark, int line, unsigned int level)
{
	const struct pt_line *text = pt_code_line(code, mark, line);

	if (PT_UNLIKELY(!text)) {
		int saved = errno;
		text = render_line(thread, code, mark, line);
		errno = saved;
		if (!text)
			return;
	}
	refresh_prefix(thread);
	write_line(thread, text->text, text->head, text->size,
		   text->head < text->size ? indent_of(level) : 0);
}

/* Counts the frames again from the interpreter's own, up to the running one. */
static void resync(struct pt_thread *thread, const void *running)
{
	PyFrameObject *frame = pt_py.PyEval_GetFrame(); /* borrowed, then owned */
	bool is_owned = false;

	thread->depth = 0;
	while (frame) {
		PyObject *object = pt_python_frame_code(frame);
		struct pt_code *code = object ? pt_code_find(object) : NULL;
		if (code && code->is_traced)
			pt_thread_push(thread, object, running ? frame : NULL,
				       pt_py.PyFrame_GetLineNumber(frame));
		pt_python_drop(object);
		PyFrameObject *back = pt_python_frame_back(frame);
		if (is_owned)
			pt_python_drop(frame);
		frame = back;
		is_owned = true;
	}
	/* They were found from the running one outwards. */
	for (unsigned int i = 0, j = thread->depth; i + 1 < j; i++) {
		struct pt_frame swap = thread->frames[i];
		thread->frames[i] = thread->frames[--j];
		thread->frames[j] = swap;
	}
}

/*
 * Returns the running frame, or NULL without memory. Frames are counted by calls and
 * exits; where the count is wrong (a greenlet switched stacks, 3.13.0 to 3.13.5 closed a
 * generator without an event, tracing began in the midst of calls) it is made right here.
 */
static inline struct pt_frame *
running_frame(struct pt_thread *thread, const struct pt_code *code, const void *frame)
{
	struct pt_frame *top = thread->depth ? &thread->frames[thread->depth - 1] : NULL;

	if (PT_UNLIKELY(!top || top->code != code->object || top->frame != frame)) {
		resync(thread, frame);
		top = thread->depth ? &thread->frames[thread->depth - 1] : NULL;
	}
	return top;
}

/* The level of the running frame. */
static inline unsigned int level_of(const struct pt_thread *thread)
{
	return thread->depth ? thread->depth - 1 : 0;
}

/* A call stands where its caller's lines do, the lines that it runs further in. */
static inline unsigned int outer(unsigned int level)
{
	return level ? level - 1 : 0;
}

/* A task is begun, gone on with or left where code is. */
static inline void expect_task(struct pt_thread *thread)
{
	if (PT_UNLIKELY(pt_prefix_has_task))
		thread->prefix_epoch = 0;
}

static inline void enter(struct pt_thread *thread, struct pt_code *code,
			 const void *frame, int line, enum pt_mark mark)
{
	expect_task(thread);
	pt_thread_push(thread, code->object, frame, line);
	unsigned int level = level_of(thread);
	if (level < mark_levels[mark])
		write_mark(thread, code, mark, line, outer(level));
}

void pt_tracer_call(struct pt_thread *thread, struct pt_code *code, const void *frame)
{
	enter(thread, code, frame, code->first_line, PT_MARK_CALL);
}

void pt_tracer_resume(struct pt_thread *thread, struct pt_code *code, const void *frame,
		      int line)
{
	enter(thread, code, frame, line, PT_MARK_RESUME);
}

void pt_tracer_line(struct pt_thread *thread, struct pt_code *code, const void *frame,
		    int line)
{
	struct pt_frame *top = running_frame(thread, code, frame);

	if (PT_UNLIKELY(!top))
		return;
	top->line = line;
	unsigned int level = thread->depth - 1;
	if (level < mark_levels[PT_MARK_LINE])
		write_mark(thread, code, PT_MARK_LINE, line, level);
}

void pt_tracer_exit(struct pt_thread *thread, struct pt_code *code, const void *frame,
		    enum pt_exit how)
{
	static const enum pt_mark marks[] = {
		[PT_EXIT_RETURN] = PT_MARK_RETURN,
		[PT_EXIT_YIELD] = PT_MARK_YIELD,
		[PT_EXIT_UNWIND] = PT_MARK_UNWIND,
	};
	struct pt_frame *top = running_frame(thread, code, frame);

	if (PT_UNLIKELY(!top))
		return;
	unsigned int level = --thread->depth;
	if (level < mark_levels[marks[how]])
		write_mark(thread, code, marks[how], top->line, outer(level));
	expect_task(thread);
}

void pt_tracer_exception(struct pt_thread *thread, struct pt_code *code,
			 const void *frame, PyObject *exception)
{
	struct pt_frame *top = running_frame(thread, code, frame);

	if (!top || !is_shown(PT_EVENT_EXCEPTION, thread->depth - 1))
		return;
	struct pt_exception_text text;
	pt_exception_describe(exception, &text);
	struct pt_event event = {
		.kind = PT_EVENT_EXCEPTION,
		.code = code,
		.line = top->line,
		.name = text.type,
		.detail = text.message,
	};
	write_event(thread, &event, thread->depth - 1);
	pt_exception_destroy(&text);
}

void pt_tracer_import(struct pt_thread *thread, const struct pt_code *code, int line,
		      const char *module, const char *detail, bool is_failure)
{
	struct pt_event event = {
		.kind = PT_EVENT_IMPORT,
		.code = code,
		.line = line,
		.is_failure = is_failure,
		.name = module,
		.detail = detail,
	};
	if (is_shown(PT_EVENT_IMPORT, level_of(thread)))
		write_event(thread, &event, level_of(thread));
}

void pt_tracer_note(struct pt_thread *thread, const char *text)
{
	PyObject *type = NULL, *value = NULL, *traceback = NULL; /* owned */
	int saved = errno;
	struct pt_buf line = { 0 };

	pt_py.PyErr_Fetch(&type, &value, &traceback);
	pt_buf_add_format(&line, "# libpytrace: %s\n", text);
	write_text(thread, &line, 0, 0);
	pt_buf_destroy(&line);
	pt_py.PyErr_Restore(type, value, traceback);
	errno = saved;
}
