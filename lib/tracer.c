/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tracer.h"

#include "code.h"
#include "column.h"
#include "event.h"
#include "exception.h"
#include "file.h"
#include "fixed_text.h"
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
#include <sys/mman.h>
#include <unistd.h>

/*
 * The blanks up to the column and for the indentation; as many as pt_copy_blocks() reads.
 */
static char blanks[PT_COLUMN_BLANKS + PT_COPY_BLOCK];

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

/* How many levels of events are shown, by mark, and for those without a mark. */
static unsigned int mark_levels[PT_MARK_COUNT];
static unsigned int max_levels;

/* Shared with children made by fork, which set it once they write lines. */
static atomic_bool *others_write;

/* This process is such a child and has not set it yet. */
static bool is_new_child;

static bool wants_color(enum pt_color_mode mode)
{
	return mode == PT_COLOR_AUTO ? pt_sink_is_terminal() : mode == PT_COLOR_ALWAYS;
}

/*
 * The kind of event with which a mark is shown: a resume with the yields, so that the two
 * balance, or with the calls if the format knows no yields.
 */
static enum pt_event_kind event_of(enum pt_mark mark)
{
	if (mark == PT_MARK_RESUME && format->events & PT_EVENT_YIELD)
		return PT_EVENT_YIELD;
	return mark_kinds[mark];
}

void pt_tracer_start(const struct pt_settings *settings, const struct pt_format *chosen,
		     bool is_descendant)
{
	format = chosen;
	format_options.has_color = wants_color(settings->color);
	format_options.minor = pt_py.minor;
	events = settings->events & format->events;
	max_levels = settings->depth ? settings->depth : UINT_MAX;
	for (int mark = 0; mark < PT_MARK_COUNT; mark++)
		mark_levels[mark] = events & event_of(mark) ? max_levels : 0;
	pt_prefix_start(format->has_prefix, settings->time, settings->task);
	if (is_descendant || pt_sink_has_company())
		pt_tracer_show_pid();
	memset(blanks, ' ', sizeof(blanks));
	others_write = mmap(NULL, sizeof(*others_write), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (others_write == MAP_FAILED)
		others_write = NULL;
	pt_sink_on_company = pt_tracer_show_pid;
}

unsigned int pt_tracer_events(void)
{
	return events;
}

void pt_tracer_show_pid(void)
{
	if (pt_sink_is_shared())
		pt_prefix_show_pid();
}

void pt_tracer_look_for_company(void)
{
	if (!pt_prefix_has_pid() && ((others_write && *others_write) || pt_sink_has_grown()))
		pt_tracer_show_pid();
}

void pt_tracer_after_fork(void)
{
	is_new_child = true;
	pt_tracer_show_pid();
}

void pt_tracer_add_end(struct pt_fixed_text *text, const char *how, uint64_t event_count,
		       uint64_t lost)
{
	if (!format->has_prefix)
		return;
	if (pt_prefix_has_pid()) {
		pt_fixed_add(text, "[");
		pt_fixed_add_number(text, (uint64_t)getpid());
		pt_fixed_add(text, "] ");
	}
	pt_fixed_add(text, "+++ ");
	pt_fixed_add(text, how);
	pt_fixed_add(text, ": ");
	pt_fixed_add_number(text, event_count);
	pt_fixed_add(text, " events, ");
	pt_fixed_add_number(text, lost);
	pt_fixed_add(text, " lost\n");
}

void pt_tracer_add_end_of_child(struct pt_fixed_text *text, int pid, int signal)
{
	if (!format->has_prefix)
		return;
	pt_fixed_add(text, "[");
	pt_fixed_add_number(text, (uint64_t)pid);
	pt_fixed_add(text, "] +++ killed by signal ");
	pt_fixed_add_number(text, (uint64_t)signal);
	pt_fixed_add(text, "\n");
}

static void renew_prefix(struct pt_thread *thread)
{
	if (is_new_child && others_write)
		*others_write = true;
	/* Where the output cannot be opened stderr is shared, and lines need the pid. */
	if (is_new_child)
		pt_stage_prepare(thread->stage);
	is_new_child = false;
	pt_prefix_make(thread);
}

static inline void refresh_prefix(struct pt_thread *thread)
{
	if (PT_UNLIKELY(thread->prefix_epoch !=
			atomic_load_explicit(&pt_thread_epoch, memory_order_relaxed)))
		renew_prefix(thread);
}

static void write_unusual(struct pt_thread *thread, const char *text, size_t head,
			  size_t size, size_t indent);

/*
 * Copies prefix, head, blanks and the rest into the stage: one line of trace. TEXT has
 * PT_COPY_BLOCK bytes to spare at its end.
 */
static inline void write_line(struct pt_thread *thread, const char *text, size_t head,
			      size_t size, size_t indent)
{
	size_t prefix = thread->prefix_size;
	size_t total = prefix + size + indent;
	char *out = pt_stage_reserve(thread->stage, total);

	if (PT_UNLIKELY(!out)) {
		write_unusual(thread, text, head, size, indent);
		return;
	}
	if (prefix)
		out = pt_copy_blocks(out, thread->prefix, prefix);
	out = pt_copy_blocks(out, text, head);
	out = pt_copy_blocks(out, blanks, indent);
	pt_copy_blocks(out, text + head, size - head);
	pt_stage_commit(thread->stage, total, true);
}

/* A line too long for any stage: builds it elsewhere and writes it at once. */
static void write_large(struct pt_thread *thread, const char *text, size_t head,
			size_t size, size_t indent)
{
	struct pt_buf line = { 0 };

	pt_buf_add(&line, thread->prefix, thread->prefix_size);
	pt_buf_add(&line, text, head);
	pt_buf_add_fill(&line, ' ', indent);
	pt_buf_add(&line, text + head, size - head);
	if (line.failed)
		pt_stage_lose(thread->stage);
	else
		pt_stage_put_large(thread->stage, line.data, line.size);
	pt_buf_destroy(&line);
}

/* Adds a line about the trace itself. It is no event. */
static void write_note(struct pt_thread *thread, const char *text)
{
	size_t prefix = thread->prefix_size;
	size_t size = strlen(text);
	char *out = format->has_prefix ? pt_stage_reserve(thread->stage, prefix + size) :
					 NULL;

	if (!out)
		return;
	memcpy(out, thread->prefix, prefix);
	memcpy(out + prefix, text, size);
	pt_stage_commit(thread->stage, prefix + size, false);
}

static void write_gap(struct pt_thread *thread, uint64_t count, int error)
{
	struct pt_fixed_text text = { 0 };

	pt_fixed_add(&text, "# libpytrace: ");
	pt_fixed_add_number(&text, count);
	pt_fixed_add(&text, " events lost");
	if (error) {
		pt_fixed_add(&text, ": ");
		pt_fixed_add(&text, strerror(-error));
	}
	pt_fixed_add(&text, "\n");
	write_note(thread, text.text);
}

/* What write_line() does if there is no room. */
static void write_unusual(struct pt_thread *thread, const char *text, size_t head,
			  size_t size, size_t indent)
{
	uint64_t count = 0;
	int error = 0;
	int saved = errno;

	if (thread->prefix_size + size + indent > PT_STAGE_SIZE) {
		write_large(thread, text, head, size, indent);
	} else if (pt_stage_has_gap(thread->stage, &count, &error)) {
		write_gap(thread, count, error);
		write_line(thread, text, head, size, indent);
	}
	errno = saved;
}

static inline bool is_shown(enum pt_event_kind kind, unsigned int level)
{
	return events & (unsigned int)kind && level < max_levels;
}

/* Writes a line that is not kept. */
static void write_text(struct pt_thread *thread, struct pt_buf *text, size_t head,
		       size_t indent)
{
	if (!pt_buf_reserve(text, PT_COPY_BLOCK)) {
		pt_stage_lose(thread->stage);
		return;
	}
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
	struct pt_head head = { .width = PT_COLUMN_NONE };
	int saved = errno;

	event->thread = thread;
	format->event(&format_options, event, &out, &head);
	write_text(thread, &out, head.size, pt_column_blanks(head.width, level));
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
		   struct pt_head *head)
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

/* Writes a rendered line at a level. */
static inline void write_rendered(struct pt_thread *thread, const struct pt_line *text,
				  unsigned int level)
{
	refresh_prefix(thread);
	write_line(thread, text->text, text->head, text->size,
		   pt_column_blanks(text->width, level));
}

/*
 * A class statement is a line of the code around it, then a call, and then the first line
 * of the class body: the same text once more. Type parameters (3.12) do the same. If the
 * rules leave out the code around it, only that line shows the text.
 */
static bool is_repeat(const struct pt_thread *thread, const struct pt_code *code,
		      int line)
{
	if (!format->omits_repeats || !mark_levels[PT_MARK_CALL] ||
	    line != code->first_line || thread->depth < 2 ||
	    thread->frames[thread->depth - 2].line < line)
		return false;
	if (*code->name == '<')
		return strncmp(code->name, "<generic parameters of ", 23) == 0;
	return !(code->flags & PT_CODE_OPTIMIZED);
}

/* Renders an event and keeps it, or writes it at once if it cannot be kept. */
static const struct pt_line *render_line(struct pt_thread *thread, struct pt_code *code,
					 enum pt_mark mark, int line, unsigned int level)
{
	struct pt_buf out = { 0 };
	struct pt_head head = { .width = PT_COLUMN_NONE };
	struct pt_line *text = NULL;

	if (mark == PT_MARK_LINE && is_repeat(thread, code, line))
		return NULL;
	render(code, mark, line, &out, &head);
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
	if (!text)
		pt_stage_lose(thread->stage);
	if (!text || pt_code_set_line(code, mark, line, text))
		return text;
	const struct pt_line *kept =
		pt_code_line(code, mark, line); /* by another thread */
	if (!kept)
		write_rendered(thread, text, level);
	free(text);
	return kept;
}

/* Writes an event that looks the same each time, except for its level. */
static inline void write_mark(struct pt_thread *thread, struct pt_code *code,
			      enum pt_mark mark, int line, unsigned int level)
{
	const struct pt_line *text = pt_code_line(code, mark, line);

	if (PT_UNLIKELY(!text)) {
		int saved = errno;
		text = render_line(thread, code, mark, line, level);
		errno = saved;
		if (!text)
			return;
	}
	write_rendered(thread, text, level);
}

/* Counts the frames again from the interpreter's own, up to the running one. */
static void resync(struct pt_thread *thread, const void *running)
{
	PyFrameObject *frame = pt_python_frame(); /* owned */

	thread->depth = 0;
	for (; frame; frame = pt_python_step_out(frame)) {
		PyObject *object = pt_python_frame_code(frame);
		struct pt_code *code = object ? pt_code_find(object) : NULL;
		if (code && code->is_traced)
			pt_thread_push(thread, object, running ? frame : NULL,
				       pt_py.PyFrame_GetLineNumber(frame));
		pt_python_drop(object);
	}
	/* They were found from the running one outwards. */
	for (unsigned int i = 0, j = thread->depth; i + 1 < j; i++) {
		struct pt_frame swap = thread->frames[i];
		thread->frames[i] = thread->frames[--j];
		thread->frames[j] = swap;
	}
}

/*
 * Returns the running frame, or NULL without memory. Calls and exits count frames; if the
 * count is wrong (a greenlet switched stacks, 3.13.0 to 3.13.5 closed a generator without
 * an event, tracing began within calls), it is corrected here.
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

/* There is no memory for the frame of an event: its level is not known. */
static void lose_event(struct pt_thread *thread, unsigned int is_shown_at_all)
{
	if (is_shown_at_all)
		pt_stage_lose(thread->stage);
}

/* The level of the running frame. */
static inline unsigned int level_of(const struct pt_thread *thread)
{
	return thread->depth ? thread->depth - 1 : 0;
}

/* A call stands where its caller's lines do; its own lines stand further in. */
static inline unsigned int outer(unsigned int level)
{
	return level ? level - 1 : 0;
}

/* A task begins, resumes or suspends where its code does. */
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

	if (PT_UNLIKELY(!top)) {
		lose_event(thread, mark_levels[PT_MARK_LINE]);
		return;
	}
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

	if (PT_UNLIKELY(!top)) {
		lose_event(thread, mark_levels[marks[how]]);
		return;
	}
	unsigned int level = --thread->depth;
	if (level < mark_levels[marks[how]])
		write_mark(thread, code, marks[how], top->line, outer(level));
	expect_task(thread);
}

void pt_tracer_exception(struct pt_thread *thread, struct pt_code *code,
			 const void *frame, PyObject *exception)
{
	struct pt_frame *top = running_frame(thread, code, frame);

	if (PT_UNLIKELY(!top)) {
		lose_event(thread, events & PT_EVENT_EXCEPTION);
		return;
	}
	if (!is_shown(PT_EVENT_EXCEPTION, thread->depth - 1))
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
	struct pt_fixed_text line = { 0 };

	pt_py.PyErr_Fetch(&type, &value, &traceback);
	pt_fixed_add(&line, "# libpytrace: ");
	pt_fixed_add(&line, text);
	pt_fixed_add(&line, "\n");
	refresh_prefix(thread);
	write_note(thread, line.text);
	pt_py.PyErr_Restore(type, value, traceback);
	errno = saved;
}
