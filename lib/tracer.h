/* SPDX-License-Identifier: MIT */
/* From what a backend sees to what is written: levels, choice of events, prefixes. */
#ifndef PT_TRACER_H
#define PT_TRACER_H

#include <stdbool.h>
#include <stdint.h>

#include "python.h"
#include "sink.h"

struct pt_code;
struct pt_fixed_text;
struct pt_format;
struct pt_settings;
struct pt_thread;

/* How a frame is left. */
enum pt_exit { PT_EXIT_RETURN, PT_EXIT_YIELD, PT_EXIT_UNWIND };

/*
 * Sets what is shown and how; once per process. IS_DESCENDANT: another process of the run
 * came first. GIL: not needed.
 */
void pt_tracer_start(const struct pt_settings *settings, const struct pt_format *format,
		     bool is_descendant);

/* Returns the set of enum pt_event_kind that is shown. GIL: not needed. */
unsigned int pt_tracer_events(void);

/* Returns whether the output is dead, for good: then backends stop. GIL: not needed. */
static inline bool pt_tracer_has_ended(void)
{
	return !pt_sink_is_alive();
}

/*
 * The events. CODE is a record with is_traced, FRAME the frame object, or NULL if the
 * backend has none. No exception may be pending; errno stays. GIL: held.
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
 * An import, requested at CODE and LINE. DETAIL is the module's origin, or why it failed.
 * GIL: held.
 */
void pt_tracer_import(struct pt_thread *thread, const struct pt_code *code, int line,
		      const char *module, const char *detail, bool is_failure);

/*
 * There is more than one process now: lines carry the pid if the output is shared. GIL:
 * not needed.
 */
void pt_tracer_show_pid(void);

/* Checks whether that is so now. Needs the turn; safe in signal handlers. */
void pt_tracer_look_for_company(void);

/*
 * Append the last line of this process, or of a child that was killed and could not write
 * it. HOW says how it ended ("exited with 0"). Add nothing in formats without prefix.
 * GIL: not needed; safe in signal handlers.
 */
void pt_tracer_add_end(struct pt_fixed_text *text, const char *how, uint64_t events,
		       uint64_t lost);
void pt_tracer_add_end_of_child(struct pt_fixed_text *text, int pid, int signal);

/*
 * Writes a line about the trace itself, which is not as expected from there on. errno and
 * a pending exception stay. GIL: held.
 */
void pt_tracer_note(struct pt_thread *thread, const char *text);

/* In the child after fork: this process has written nothing yet. */
void pt_tracer_after_fork(void);

#endif /* PT_TRACER_H */
