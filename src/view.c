/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "view.h"

#include "base/fixed_text.h"
#include "fold.h"
#include "trace/prefix.h"
#include "trace/render.h"
#include "trace/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So much is written at once. */
#define BLOCK (256U << 10)

/* What is kept for each thread. */
struct view_thread {
	unsigned int epoch; /* of the prefix */
	size_t prefix_size;
	char prefix[PT_PREFIX_SIZE];
	unsigned int renamed; /* when the prefix was made */
	uint64_t last_time; /* of the last event shown, for deltas */
	uint64_t time;	    /* of the present event */
};

static bool write_out(struct pt_view *view)
{
	size_t written = 0;

	if (view->out.failed)
		view->error = -ENOMEM;
	if (!view->error && view->out.size)
		view->error = pt_write_all(view->fd, view->out.data, view->out.size,
					   &written);
	pt_buf_clear(&view->out);
	return !view->error;
}

/* Makes the prefix of a thread, if it is not as it was. */
static void make_prefix(struct pt_view *view, struct pt_events_thread *thread,
			struct view_thread *own, bool has_threads)
{
	const struct pt_reader_process *process = thread->process;
	char time[PT_PREFIX_TIME_SIZE];
	struct pt_prefix_parts parts = { 0 };

	if (has_threads) {
		parts.tid = thread->tid;
		parts.name = thread->name;
	}
	if (parts.tid || view->shows_pid)
		parts.pid = (int)process->facts.pid;
	if (view->shows_task)
		parts.task = thread->task;
	if (view->time > PT_TIME_NONE) {
		uint64_t begin = process->place.header.time;
		uint64_t passed = own->time > begin ? own->time - begin : 0;
		uint64_t shown = view->time == PT_TIME_RELATIVE ? passed :
				 view->time == PT_TIME_WALL ?
							  process->facts.real_time + passed :
				 own->last_time && own->time > own->last_time ?
							  own->time - own->last_time :
							  0;
		pt_prefix_write_time(time, view->time, (int64_t)shown);
		parts.time = time;
		own->last_time = own->time;
	}
	own->prefix_size = pt_prefix_write(own->prefix, sizeof(own->prefix), &parts);
	own->renamed = thread->renamed;
	own->epoch = view->epoch;
}

/* The prefix of a thread as it is now. */
static void refresh_prefix(struct pt_view *view, struct pt_events_thread *thread,
			   struct view_thread *own)
{
	if (!view->format->has_prefix)
		return;
	struct pt_view_process *process = &thread->process->view;
	if (!process->first)
		process->first = thread;
	if (process->first != thread && !process->has_threads) {
		process->has_threads = true;
		view->epoch++;
	}
	if (own->epoch != view->epoch || own->renamed != thread->renamed ||
	    view->time > PT_TIME_NONE)
		make_prefix(view, thread, own, process->has_threads);
}

static struct view_thread *data_of(struct pt_view *view, struct pt_events_thread *thread)
{
	struct view_thread *own = thread->data;

	if (own)
		return own;
	own = calloc(1, sizeof(*own));
	if (!own)
		return NULL;
	own->epoch = view->epoch - 1;
	if (view->folds)
		thread->fold = pt_fold_new();
	thread->data = own;
	return own;
}

/* Appends a line: the thread's prefix, then TEXT with INDENT blanks behind its HEAD. TEXT
 * has PT_COPY_BLOCK bytes to spare. */
static void put_line(struct pt_view *view, const struct view_thread *own, const char *text,
		     size_t head, size_t size, size_t indent)
{
	size_t total = own->prefix_size + size + indent;

	if (view->out.size + total > BLOCK)
		write_out(view);
	if (!pt_buf_reserve(&view->out, total + 2 * PT_COPY_BLOCK + PT_PREFIX_SIZE))
		return;
	char *out = view->out.data + view->out.size;
	if (own->prefix_size)
		out = pt_copy_blocks(out, own->prefix, own->prefix_size);
	pt_render_copy(out, text, head, size, indent);
	view->out.size += total;
}

/* Renders a site when it is shown for the first time. */
static const struct pt_line *line_of(struct pt_view *view, struct pt_reader_site *site)
{
	if (!site->rendered) {
		pt_reader_load_text(view->reader, site->code->file);
		site->rendered = pt_render_mark(view->format, &view->options,
						&site->code->info, site->mark,
						site->line);
	}
	return site->rendered;
}

static void show_site(struct pt_view *view, struct pt_events_thread *thread,
		      struct pt_reader_site *site, unsigned int level)
{
	struct view_thread *own = data_of(view, thread);
	const struct pt_line *line = own ? line_of(view, site) : NULL;

	if (!line)
		return;
	refresh_prefix(view, thread, own);
	if (site->mark != PT_MARK_LINE)
		level = pt_render_outer(level);
	put_line(view, own, line->text, line->head, line->size,
		 pt_column_blanks(line->width, level));
}

static uint64_t key_of(const struct pt_reader_site *site, unsigned int level)
{
	return (uint64_t)level << 32 | site->number;
}

/* What a fold calls with its keys. */
static void show_key(void *data, uint64_t key)
{
	struct pt_view *view = data;
	struct pt_reader_site *site = pt_reader_site(view->reader, (uint32_t)key);

	if (site)
		show_site(view, view->thread, site, (unsigned int)(key >> 32));
}

static void tell_key(void *data, uint64_t key, uint64_t count)
{
	struct pt_view *view = data;
	struct view_thread *own = data_of(view, view->thread);
	char text[64 + PT_COPY_BLOCK];

	memset(text, 0, sizeof(text));
	int size = snprintf(text, 64, "\xe2\x80\xa6 %llu more time%s\n",
			    (unsigned long long)count, count == 1 ? "" : "s");
	refresh_prefix(view, view->thread, own);
	put_line(view, own, text, 0, (size_t)size,
		 pt_column_blanks(0, (unsigned int)(key >> 32)));
}

static void flush_fold(struct pt_view *view)
{
	const struct pt_fold_output output = { show_key, tell_key, view };

	if (view->thread && view->thread->fold)
		pt_fold_flush(view->thread->fold, &output);
}

/* What comes next is of this thread. */
static void turn_to(struct pt_view *view, struct pt_events_thread *thread)
{
	if (view->thread == thread)
		return;
	flush_fold(view);
	view->thread = thread;
}

/* Returns whether a site is to be shown at all. */
static bool is_shown(const struct pt_view *view, const struct pt_events_event *event)
{
	const struct pt_reader_site *site = event->site;

	if (!(view->events & view->format->events &
	      pt_render_choice(view->format, site->mark)))
		return false;
	if (view->format->needs_file && !site->code->info.module)
		return false;
	return site->mark != PT_MARK_LINE || site->rendered ||
	       !view->format->omits_repeats || !(view->events & PT_EVENT_CALL) ||
	       !pt_render_is_repeat(&site->code->info, site->line,
				    event->caller_line);
}

/* What stands before the first event of a process. */
static void begin_process(struct pt_view *view, const struct pt_reader_process *process,
			  struct pt_view_process *own)
{
	struct pt_format_options options = view->options;

	if (own->has_begun || !view->format->begin)
		return;
	own->has_begun = true;
	options.python = process->version;
	view->format->begin(&options, (int)process->facts.pid, &view->out);
}

/* Fills in where and when an event happened. */
static void locate(const struct pt_events_event *from, struct pt_event *event)
{
	const struct pt_reader_process *process = from->process;
	uint64_t begin = process->place.header.time;

	event->level = from->kind == PT_EVENTS_SITE && from->site->mark != PT_MARK_LINE ?
			       pt_render_outer(from->level) :
			       from->level;
	event->pid = (int)process->facts.pid;
	event->tid = from->thread->tid;
	event->thread = from->thread->name;
	event->task = from->thread->task;
	if (from->has_time && from->time >= begin)
		event->time = (int64_t)(process->facts.real_time + (from->time - begin));
}

/* Shows an event that is not rendered once for all. */
static void show_event(struct pt_view *view, const struct pt_events_event *from,
		       struct view_thread *own, struct pt_event *event)
{
	struct pt_buf out = { 0 };
	struct pt_head head = { .width = PT_COLUMN_NONE };

	if (!view->format->is_steady)
		locate(from, event);
	view->format->event(&view->options, event, &out, &head);
	if (pt_buf_reserve(&out, PT_COPY_BLOCK))
		put_line(view, own, out.data, head.size, out.size,
			 pt_column_blanks(head.width, from->level));
	pt_buf_destroy(&out);
}

static void take_site(struct pt_view *view, const struct pt_events_event *event)
{
	struct pt_reader_site *site = event->site;
	const struct pt_fold_output output = { show_key, tell_key, view };

	if (!is_shown(view, event))
		return;
	turn_to(view, event->thread);
	struct view_thread *own = data_of(view, event->thread);
	struct pt_view_process *process = &event->process->view;
	if (!own)
		return;
	process->events++;
	own->time = event->time;
	begin_process(view, event->process, process);
	if (!view->format->is_steady) {
		pt_reader_load_text(view->reader, site->code->file);
		struct pt_event shown =
			pt_render_event(&site->code->info, site->mark, site->line);
		show_event(view, event, own, &shown);
		return;
	}
	if (!event->thread->fold ||
	    pt_fold_take(event->thread->fold, key_of(site, event->level), &output))
		show_site(view, event->thread, site, event->level);
}

/* Shows an exception or an import. */
static void take_event(struct pt_view *view, const struct pt_events_event *event)
{
	struct pt_event shown = {
		.kind = event->kind == PT_EVENTS_IMPORT ? PT_EVENT_IMPORT :
							  PT_EVENT_EXCEPTION,
		.code = event->code,
		.line = event->line,
		.is_failure = event->is_failure,
		.name = event->name,
		.detail = event->detail,
	};
	struct view_thread *own = data_of(view, event->thread);
	struct pt_view_process *process = &event->process->view;

	if (!(view->events & view->format->events & (unsigned int)shown.kind) || !own ||
	    !event->code)
		return;
	turn_to(view, event->thread);
	flush_fold(view);
	process->events++;
	own->time = event->time;
	refresh_prefix(view, event->thread, own);
	begin_process(view, event->process, process);
	if (event->file)
		pt_reader_load_text(view->reader, event->file);
	show_event(view, event, own, &shown);
}

/* Shows a line about the trace itself. */
static void put_note(struct pt_view *view, struct pt_events_thread *thread,
		     const char *text)
{
	struct view_thread *own = data_of(view, thread);

	if (!view->format->has_prefix || !own)
		return;
	turn_to(view, thread);
	flush_fold(view);
	refresh_prefix(view, thread, own);
	pt_buf_add(&view->out, own->prefix, own->prefix_size);
	pt_buf_add_format(&view->out, "# libpytrace: %s\n", text);
}

static void take_lost(struct pt_view *view, const struct pt_events_event *event)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu events lost", (unsigned long long)event->count);
	put_note(view, event->thread, text);
}

static void take_end(struct pt_view *view, const struct pt_events_event *event)
{
	const struct pt_reader_process *process = event->process;
	const struct pt_view_process *own = &process->view;
	struct pt_fixed_text text = { 0 };

	flush_fold(view);
	view->thread = NULL;
	if (!view->format->end ||
	    (!own->events && !(process->facts.flags & PT_PROCESS_FIRST)))
		return;
	struct pt_ending ending = pt_reader_ending(process);
	ending.shows_pid = view->shows_pid;
	ending.events = own->events + ending.lost;
	view->format->end(&ending, &text);
	pt_buf_add(&view->out, text.text, text.size);
}

bool pt_view_show(struct pt_view *view, const struct pt_events_event *event)
{
	switch (event->kind) {
	case PT_EVENTS_SITE:
		take_site(view, event);
		break;
	case PT_EVENTS_EXCEPTION:
	case PT_EVENTS_IMPORT:
		take_event(view, event);
		break;
	case PT_EVENTS_NOTE:
		put_note(view, event->thread, event->detail);
		break;
	case PT_EVENTS_LOST:
		take_lost(view, event);
		break;
	case PT_EVENTS_STATE:
		break;
	case PT_EVENTS_END:
		take_end(view, event);
		break;
	}
	return !view->error;
}

bool pt_view_flush(struct pt_view *view)
{
	flush_fold(view);
	return write_out(view);
}

void pt_view_destroy(struct pt_view *view)
{
	pt_buf_destroy(&view->out);
}
