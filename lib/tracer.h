/* SPDX-License-Identifier: MIT */
/* From what a backend sees to what is written: levels, choice of events, prefixes. */
#ifndef PT_TRACER_H
#define PT_TRACER_H

#include <stdbool.h>

#include "python.h"

struct pt_code;
struct pt_format;
struct pt_settings;
struct pt_thread;

/* How a frame is left. */
enum pt_exit { PT_EXIT_RETURN, PT_EXIT_YIELD, PT_EXIT_UNWIND };

/*
 * Sets what is shown and how; once per process. IS_DESCENDANT: another process of the
 * run was first. GIL: not needed.
 */
void pt_tracer_start(const struct pt_settings *settings, const struct pt_format *format,
		     bool is_descendant);

/* Returns the set of enum pt_event_kind that is shown. GIL: not needed. */
unsigned int pt_tracer_events(void);

/* Has events of other kinds dropped and the backends stop, because the sink failed. */
bool pt_tracer_has_ended(void);

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

/* There is more than one process now: lines carry the pid where outputs are shared. */
void pt_tracer_show_pid(void);

/*
 * Writes the last line of the process: how it ended ("exited with" and a status, say),
 * how many events it wrote and how many were lost. Only once, and only when the process
 * has written anything or IS_FIRST; not in formats without prefix. GIL: not needed.
 */
void pt_tracer_write_end(const char *how, int status, bool is_first);

/* Writes the last line of a child that was killed and could not. GIL: not needed. */
void pt_tracer_write_end_of_child(int pid, int signal);

/*
 * Writes a line about the trace itself: from there on it is not what is to be expected.
 * errno and a pending exception are left as they were. GIL: held.
 */
void pt_tracer_note(struct pt_thread *thread, const char *text);

/* In the child after fork: nothing of the parent's has been written here. */
void pt_tracer_after_fork(void);

#endif /* PT_TRACER_H */
