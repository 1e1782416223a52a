/* SPDX-License-Identifier: MIT */
/* How a traced process ends, goes on, or becomes another program. */
#ifndef PT_LIFECYCLE_H
#define PT_LIFECYCLE_H

#include <stdbool.h>

#include "out/recording.h"

/*
 * Tracing has begun. IS_FIRST: this is the first Python of the run. IS_RECORDING: events
 * go into a recording. Until then, what follows does nothing. GIL: not needed.
 */
void pt_lifecycle_start(bool is_first, bool is_recording);

/* In the child after fork: it has not ended. */
void pt_lifecycle_after_fork(void);

/*
 * What follows is safe in signal handlers, and needs no GIL. errno is left as it was.
 */

/* The process exits, with that status: the last line. Later events are still written. */
void pt_lifecycle_exit(int status);

/* The library is about to go away: what came after that. */
void pt_lifecycle_unload(void);

/* The process ends now, with this status or by this signal. Should it go on, pt_lifecycle_go_on()
 * is called. */
void pt_lifecycle_end(enum pt_process_end how, int status);

/*
 * The process is about to become the program at PATH, which will go well if IS_LIKELY;
 * should it not, pt_lifecycle_go_on() is called.
 */
void pt_lifecycle_leave(const char *path, bool is_likely);

/* The process goes on after all. */
void pt_lifecycle_go_on(void);

/* The process leaves the session. */
void pt_lifecycle_leave_session(void);

/* A child was reaped; SIGNAL killed it if not 0: what it left is put in place. */
void pt_lifecycle_child_reaped(int pid, int signal);

#endif /* PT_LIFECYCLE_H */
