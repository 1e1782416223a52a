/* SPDX-License-Identifier: MIT */
/* From what a backend sees to what is shown or recorded: levels, the choice of events. */
#ifndef PT_TRACER_H
#define PT_TRACER_H

#include <stdbool.h>

#include "out/sink.h"
#include "python/python.h"

struct pt_code;
struct pt_format;
struct pt_settings;
struct pt_thread;

/* How a frame is left. */
enum pt_exit { PT_EXIT_RETURN, PT_EXIT_YIELD, PT_EXIT_UNWIND };

/* Set what is wanted: of what FORMAT can show, or of all, for a recording. Once per
 * process. GIL: not needed. */
void pt_tracer_start(const struct pt_settings *settings, const struct pt_format *format);
void pt_tracer_start_recording(const struct pt_settings *settings);

/* Returns the set of enum pt_event_kind that is wanted. GIL: not needed. */
unsigned int pt_tracer_events(void);

/* Returns whether nothing is written any more: the backends stop. GIL: not needed. */
static inline bool pt_tracer_has_ended(void)
{
	return !pt_sink_is_alive();
}

/*
 * The events. CODE is a record with is_traced, FRAME the frame object or NULL where the
 * backend has none. No exception may be pending; errno is left as it was. GIL: held.
 */
void pt_tracer_call(struct pt_thread *thread, struct pt_code *code, const void *frame);
void pt_tracer_resume(struct pt_thread *thread, struct pt_code *code, const void *frame,
		      int line);
void pt_tracer_line(struct pt_thread *thread, struct pt_code *code, const void *frame,
		    int line);
void pt_tracer_exit(struct pt_thread *thread, struct pt_code *code, const void *frame,
		    enum pt_exit how);
void pt_tracer_exception(struct pt_thread *thread, struct pt_code *code,
			 const void *frame, PyObject *exception);

/*
 * An import: CODE and LINE are where it was asked for. DETAIL is the module's origin, or
 * the reason why it failed. GIL: held.
 */
void pt_tracer_import(struct pt_thread *thread, const struct pt_code *code, int line,
		      const char *module, const char *detail, bool is_failure);

/*
 * Writes a line about the trace itself: from there on it is not what is to be expected.
 * errno and a pending exception are left as they were. GIL: held.
 */
void pt_tracer_note(struct pt_thread *thread, const char *text);

#endif /* PT_TRACER_H */
