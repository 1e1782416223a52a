/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/tracer.h"

#include "code/code.h"
#include "python/exception.h"
#include "trace/event.h"
#include "trace/format.h"
#include "trace/live.h"
#include "trace/prefix.h"
#include "trace/record.h"
#include "trace/render.h"
#include "trace/settings.h"
#include "trace/thread.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

/* Events go into a recording, and are not shown. */
static bool is_recording;

/* Set of enum pt_event_kind that is wanted. */
static unsigned int events;

/* How many levels of events are wanted, by mark, and of those without a mark. */
static unsigned int mark_levels[PT_MARK_COUNT];
static unsigned int max_levels;

static void start(const struct pt_settings *settings, unsigned int wanted)
{
	events = wanted;
	max_levels = settings->depth ? settings->depth : UINT_MAX;
}

void pt_tracer_start(const struct pt_settings *settings, const struct pt_format *format)
{
	start(settings, settings->events & format->events);
	for (int mark = 0; mark < PT_MARK_COUNT; mark++)
		mark_levels[mark] =
			events & pt_render_choice(format, mark) ? max_levels : 0;
}

void pt_tracer_start_recording(const struct pt_settings *settings)
{
	is_recording = true;
	/* Without calls and returns nobody could tell the levels of the rest. */
	start(settings, settings->events | PT_EVENT_CALL | PT_EVENT_RETURN |
				PT_EVENT_YIELD);
	for (int mark = 0; mark < PT_MARK_COUNT; mark++)
		mark_levels[mark] = max_levels;
	if (!(events & PT_EVENT_LINE))
		mark_levels[PT_MARK_LINE] = 0;
}

unsigned int pt_tracer_events(void)
{
	return events;
}

static inline bool is_wanted(enum pt_event_kind kind, unsigned int level)
{
	return events & (unsigned int)kind && level < max_levels;
}

/* There is no memory for the frame of an event: its level is not known. */
static void lose_event(struct pt_thread *thread, unsigned int is_wanted_at_all)
{
	if (!is_wanted_at_all)
		return;
	if (is_recording)
		pt_recorder_lose(thread);
	else
		pt_live_lose(thread);
}

static inline void push(struct pt_thread *thread, struct pt_code *code, const void *frame,
			int line)
{
	if (is_recording && PT_UNLIKELY(!code->number))
		pt_record_code(code);
	if (PT_UNLIKELY(code->info.flags & PT_CODE_ASYNC))
		thread->async_depth++;
	pt_thread_push(thread, code, frame, line);
}

/* Counts the frames again from the interpreter's own, up to the running one. */
static void resync(struct pt_thread *thread, const void *running)
{
	PyFrameObject *frame = pt_python_frame(); /* owned */

	thread->depth = 0;
	thread->async_depth = 0;
	for (; frame; frame = pt_python_step_out(frame)) {
		PyObject *object = pt_python_frame_code(frame);
		struct pt_code *code = object ? pt_code_find(object) : NULL;
		if (code && code->is_traced)
			push(thread, code, running ? frame : NULL,
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
		if (is_recording)
			pt_record_frames(thread);
		top = thread->depth ? &thread->frames[thread->depth - 1] : NULL;
	}
	return top;
}

static void take_event(struct pt_thread *thread, const struct pt_event *event,
		       unsigned int level)
{
	if (is_recording)
		pt_record_event(thread, event);
	else
		pt_live_event(thread, event, level);
}

/* The level of the running frame. */
static inline unsigned int level_of(const struct pt_thread *thread)
{
	return thread->depth ? thread->depth - 1 : 0;
}

/* A task begins, resumes or suspends where its code does. In a recording, where all tasks
 * are told, it is not looked for in what a coroutine calls. */
static inline void expect_task(struct pt_thread *thread, const struct pt_code *code)
{
	if (is_recording ? PT_UNLIKELY(code->info.flags & PT_CODE_ASYNC ||
				       (thread->task && !thread->async_depth)) :
			   PT_UNLIKELY(pt_prefix_has_task))
		thread->prefix_epoch = 0;
}

/* Takes what happens at a line of code, in the running frame or at its ends. */
static inline void take_mark(struct pt_thread *thread, struct pt_code *code,
			     enum pt_mark mark, int line, unsigned int level)
{
	if (is_recording)
		pt_record_mark(thread, code, mark, line);
	else
		pt_live_mark(thread, code, mark, line,
			     mark == PT_MARK_LINE ? level : pt_render_outer(level));
}

static inline void enter(struct pt_thread *thread, struct pt_code *code,
			 const void *frame, int line, enum pt_mark mark)
{
	expect_task(thread, code);
	/* A recording may tell the frames before it tells the event, which changes them. */
	if (thread->depth < mark_levels[mark])
		take_mark(thread, code, mark, line, thread->depth);
	push(thread, code, frame, line);
}

void pt_tracer_call(struct pt_thread *thread, struct pt_code *code, const void *frame)
{
	enter(thread, code, frame, code->info.first_line, PT_MARK_CALL);
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
		take_mark(thread, code, PT_MARK_LINE, line, level);
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
	unsigned int level = thread->depth - 1;
	if (level < mark_levels[marks[how]])
		take_mark(thread, code, marks[how], top->line, level);
	thread->depth = level;
	if (PT_UNLIKELY(code->info.flags & PT_CODE_ASYNC) && thread->async_depth)
		thread->async_depth--;
	expect_task(thread, code);
}

void pt_tracer_exception(struct pt_thread *thread, struct pt_code *code,
			 const void *frame, PyObject *exception)
{
	struct pt_frame *top = running_frame(thread, code, frame);

	if (PT_UNLIKELY(!top)) {
		lose_event(thread, events & PT_EVENT_EXCEPTION);
		return;
	}
	if (!is_wanted(PT_EVENT_EXCEPTION, thread->depth - 1))
		return;
	struct pt_exception_text text;
	pt_exception_describe(exception, &text);
	const struct pt_event event = {
		.kind = PT_EVENT_EXCEPTION,
		.code = &code->info,
		.line = top->line,
		.name = text.type,
		.detail = text.message,
	};
	take_event(thread, &event, thread->depth - 1);
	pt_exception_destroy(&text);
}

void pt_tracer_import(struct pt_thread *thread, const struct pt_code *code, int line,
		      const char *module, const char *detail, bool is_failure)
{
	const struct pt_event event = {
		.kind = PT_EVENT_IMPORT,
		.code = &code->info,
		.line = line,
		.is_failure = is_failure,
		.name = module,
		.detail = detail,
	};
	if (is_wanted(PT_EVENT_IMPORT, level_of(thread)))
		take_event(thread, &event, level_of(thread));
}

void pt_tracer_note(struct pt_thread *thread, const char *text)
{
	PyObject *type = NULL, *value = NULL, *traceback = NULL; /* owned */
	int saved = errno;

	pt_py.PyErr_Fetch(&type, &value, &traceback);
	if (is_recording)
		pt_record_note(thread, text);
	else
		pt_live_note(thread, text);
	pt_py.PyErr_Restore(type, value, traceback);
	errno = saved;
}
