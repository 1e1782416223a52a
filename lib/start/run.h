/* SPDX-License-Identifier: MIT */
/* What starting to trace consists of, once per process and once per interpreter. */
#ifndef PT_RUN_H
#define PT_RUN_H

#include <stdbool.h>

#include "out/recording.h"

/*
 * Notes the command line and readies the environment for child processes: they find out
 * that they are not the first of the run, and find relative paths of the output and of
 * this library made absolute. To be called before the interpreter reads the environment.
 * Returns false when this process is not to be traced, being the child of one that
 * PYTRACE_FOLLOW keeps apart. GIL: not needed.
 */
bool pt_run_prepare(char *const *argv);

/*
 * Starts tracing in the current interpreter, and in the process if it is the first one.
 * HANDLE gives access to the interpreter's symbols (see dlsym). When that fails, one line
 * says so and the program runs on untraced; with PYTRACE_STRICT a bad setting ends it.
 * No exception is left. GIL: held.
 */
void pt_run_start_interpreter(void *handle);

/* In the child after fork: goes on tracing as a process of its own. */
void pt_run_after_fork(void);

/*
 * What follows is safe in signal handlers, and needs no GIL. errno is left as it was.
 */

/* The process exits, with that status: the last line. Later events are still written. */
void pt_run_exit(int status);

/* The library is about to go away: what came after that. */
void pt_run_unload(void);

/* The process ends now, with this status or by this signal. Should it go on, pt_run_go_on()
 * is called. */
void pt_run_end(enum pt_process_end how, int status);

/*
 * The process is about to become the program at PATH, which will go well if IS_LIKELY;
 * should it not, pt_run_go_on() is called.
 */
void pt_run_leave(const char *path, bool is_likely);

/* The process goes on after all. */
void pt_run_go_on(void);

/* The process leaves the session. */
void pt_run_leave_session(void);

/* A child was reaped; SIGNAL killed it if not 0: what it left is put in place. */
void pt_run_child_reaped(int pid, int signal);

#endif /* PT_RUN_H */
