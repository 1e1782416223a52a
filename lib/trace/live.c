/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/live.h"

#include "base/fixed_text.h"
#include "code/code.h"
#include "out/sink.h"
#include "out/stage.h"
#include "trace/column.h"
#include "trace/event.h"
#include "trace/format.h"
#include "trace/prefix.h"
#include "trace/render.h"
#include "trace/settings.h"
#include "trace/thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* How events are shown; set by pt_live_start(). */
static const struct pt_format *format;
static struct pt_format_options format_options;
static bool shows_calls;
static enum pt_time_mode time_mode;

/* The beginning of this process has been written. */
static atomic_bool has_begun;

/* Set by children made by fork, which share it, once they write lines. */
static atomic_bool *others_write;

/* This process is such a child and has not set it yet. */
static bool is_new_child;

static bool wants_color(enum pt_color_mode mode)
{
	return mode == PT_COLOR_AUTO ? pt_sink_is_terminal() : mode == PT_COLOR_ALWAYS;
}

void pt_live_start(const struct pt_settings *settings, const struct pt_format *chosen,
		   bool is_descendant)
{
	format = chosen;
	format_options.has_color = wants_color(settings->color);
	format_options.minor = pt_py.minor;
	format_options.python = pt_py.Py_GetVersion();
	time_mode = settings->time;
	shows_calls = settings->events & format->events & PT_EVENT_CALL;
	pt_prefix_start(format, settings->time, settings->task);
	if (is_descendant || pt_sink_has_company())
		pt_live_show_pid();
	pt_render_start();
	others_write = mmap(NULL, sizeof(*others_write), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (others_write == MAP_FAILED)
		others_write = NULL;
	pt_sink_on_company = pt_live_show_pid;
}

void pt_live_show_pid(void)
{
	if (pt_sink_is_shared())
		pt_prefix_show_pid();
}

void pt_live_look_for_company(void)
{
	if (!pt_prefix_has_pid() && ((others_write && *others_write) || pt_sink_has_grown()))
		pt_live_show_pid();
}

void pt_live_after_fork(void)
{
	is_new_child = true;
	has_begun = false;
	pt_live_show_pid();
}

void pt_live_add_end(struct pt_fixed_text *text, const struct pt_ending *ending)
{
	struct pt_ending own = *ending;

	own.pid = (int)getpid();
	own.shows_pid = pt_prefix_has_pid();
	if (format->end)
		format->end(&own, text);
}

void pt_live_add_end_of_child(struct pt_fixed_text *text, int pid, int signal)
{
	const struct pt_ending ending = {
		.pid = pid,
		.shows_pid = true,
		.is_child = true,
		.kind = PT_ENDING_SIGNAL,
		.status = signal,
	};

	if (format->end)
		format->end(&ending, text);
}

/* Adds lines that are no event. */
static void write_lines(struct pt_thread *thread, const char *prefix, size_t prefix_size,
			const char *text, size_t size)
{
	char *out = pt_stage_reserve(thread->stage, prefix_size + size);

	if (!out)
		return;
	memcpy(out, prefix, prefix_size);
	memcpy(out + prefix_size, text, size);
	pt_stage_commit(thread->stage, prefix_size + size, false);
}

/* What stands before the first event of the process. */
static void write_beginning(struct pt_thread *thread)
{
	struct pt_buf out = { 0 };

	if (!format->begin || atomic_exchange(&has_begun, true))
		return;
	format->begin(&format_options, (int)getpid(), &out);
	if (!out.failed)
		write_lines(thread, "", 0, out.data, out.size);
	pt_buf_destroy(&out);
}

static void renew_prefix(struct pt_thread *thread)
{
	/* Where the output cannot be opened stderr is shared, and lines need the pid. */
	if (is_new_child)
		pt_stage_prepare(thread->stage);
	if (is_new_child && others_write)
		*others_write = true;
	is_new_child = false;
	pt_prefix_make(thread);
	write_beginning(thread);
}

static inline void refresh_prefix(struct pt_thread *thread)
{
	if (PT_UNLIKELY(thread->prefix_epoch !=
			atomic_load_explicit(&pt_thread_epoch, memory_order_relaxed)))
		renew_prefix(thread);
}

static void write_unusual(struct pt_thread *thread, const char *text, size_t head,
			  size_t size, size_t indent);

/* Copies prefix, head, blanks and the rest into the stage: one line of trace. TEXT has
 * PT_COPY_BLOCK bytes to spare. */
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
	pt_render_copy(out, text, head, size, indent);
	pt_stage_commit(thread->stage, total, true);
}

/* A line that no stage holds: it is put together elsewhere and written at once. */
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

/* Adds a line about the trace itself. */
static void write_note(struct pt_thread *thread, const char *text)
{
	if (format->has_prefix)
		write_lines(thread, thread->prefix, thread->prefix_size, text,
			    strlen(text));
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

/* What write_line() does where there is no room. */
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

/* Fills in where and when an event happens. */
static void locate(const struct pt_thread *thread, unsigned int level,
		   struct pt_event *event)
{
	struct timespec now = { 0 };

	event->level = level;
	event->pid = (int)getpid();
	event->tid = (int)thread->id;
	event->thread = thread->name;
	event->task = thread->task;
	if (time_mode == PT_TIME_NONE)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	event->time = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void pt_live_event(struct pt_thread *thread, const struct pt_event *event,
		   unsigned int level)
{
	struct pt_buf out = { 0 };
	struct pt_head head = { .width = PT_COLUMN_NONE };
	struct pt_event located = *event;
	int saved = errno;

	refresh_prefix(thread);
	if (!format->is_steady)
		locate(thread, level, &located);
	format->event(&format_options, &located, &out, &head);
	write_text(thread, &out, head.size, pt_column_blanks(head.width, level));
	pt_buf_destroy(&out);
	errno = saved;
}

/* Writes a rendered line at a level. */
static inline void write_rendered(struct pt_thread *thread, const struct pt_line *text,
				  unsigned int level)
{
	refresh_prefix(thread);
	write_line(thread, text->text, text->head, text->size,
		   pt_column_blanks(text->width, level));
}

/* The line that the caller of the running frame is at, 0: nothing is shown of it. */
static int caller_line(const struct pt_thread *thread)
{
	return thread->depth < 2 ? 0 : thread->frames[thread->depth - 2].line;
}

/* Renders an event and keeps it, or writes it at once when it cannot be kept. */
static const struct pt_line *render_line(struct pt_thread *thread, struct pt_code *code,
					 enum pt_mark mark, int line, unsigned int level)
{
	if (mark == PT_MARK_LINE && format->omits_repeats && shows_calls &&
	    pt_render_is_repeat(&code->info, line, caller_line(thread)))
		return NULL;
	struct pt_line *text =
		pt_render_mark(format, &format_options, &code->info, mark, line);
	if (!text)
		pt_stage_lose(thread->stage);
	if (!text || pt_code_set_site(code, mark, line, (uintptr_t)text))
		return text;
	const struct pt_line *kept = (const struct pt_line *)pt_code_site(
		code, mark, line); /* by another thread */
	if (!kept)
		write_rendered(thread, text, level);
	free(text);
	return kept;
}

void pt_live_mark(struct pt_thread *thread, struct pt_code *code, enum pt_mark mark,
		  int line, unsigned int level)
{
	if (PT_UNLIKELY(!format->is_steady)) {
		const struct pt_event event = pt_render_event(&code->info, mark, line);
		pt_live_event(thread, &event, level);
		return;
	}
	const struct pt_line *text =
		(const struct pt_line *)pt_code_site(code, mark, line);
	if (PT_UNLIKELY(!text)) {
		int saved = errno;
		text = render_line(thread, code, mark, line, level);
		errno = saved;
		if (!text)
			return;
	}
	write_rendered(thread, text, level);
}

void pt_live_note(struct pt_thread *thread, const char *text)
{
	struct pt_fixed_text line = { 0 };

	pt_fixed_add(&line, "# libpytrace: ");
	pt_fixed_add(&line, text);
	pt_fixed_add(&line, "\n");
	refresh_prefix(thread);
	write_note(thread, line.text);
}

void pt_live_lose(struct pt_thread *thread)
{
	pt_stage_lose(thread->stage);
}
