/* SPDX-License-Identifier: MIT */
/* Events as lines of a format, rendered as they happen and staged for the output. */
#ifndef PT_LIVE_H
#define PT_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "code/code_info.h"

struct pt_code;
struct pt_ending;
struct pt_event;
struct pt_fixed_text;
struct pt_format;
struct pt_settings;
struct pt_thread;

/*
 * Sets how events are shown; once per process. IS_DESCENDANT: another process of the run
 * was first. GIL: not needed.
 */
void pt_live_start(const struct pt_settings *settings, const struct pt_format *format,
		   bool is_descendant);

/* Shows an event that looks the same each time but for its level. errno is left as it
 * was. GIL: held. */
void pt_live_mark(struct pt_thread *thread, struct pt_code *code, enum pt_mark mark,
		  int line, unsigned int level);

/* Shows any other event. errno is left as it was. GIL: held. */
void pt_live_event(struct pt_thread *thread, const struct pt_event *event,
		   unsigned int level);

/* Shows a line about the trace itself, which is no event. No exception may be pending.
 * GIL: held. */
void pt_live_note(struct pt_thread *thread, const char *text);

/* An event of the thread is missing. GIL: held. */
void pt_live_lose(struct pt_thread *thread);

/* There is more than one process now: lines carry the pid where outputs are shared. */
void pt_live_show_pid(void);

/* Looks whether that is so now. With the turn; safe in signal handlers. */
void pt_live_look_for_company(void);

/*
 * Append the last line of this process, or of a child that was killed and could not write
 * it. The pid of ENDING is filled in. Nothing in formats that tell of no ends. GIL: not
 * needed; safe in signal handlers.
 */
void pt_live_add_end(struct pt_fixed_text *text, const struct pt_ending *ending);
void pt_live_add_end_of_child(struct pt_fixed_text *text, int pid, int signal);

/* In the child after fork: nothing of the parent's has been written here. */
void pt_live_after_fork(void);

#endif /* PT_LIVE_H */
