/* SPDX-License-Identifier: MIT */
/* Starting to trace, once per process and once per interpreter. */
#ifndef PT_RUN_H
#define PT_RUN_H

#include <stdbool.h>

/*
 * Notes the command line and prepares the environment of child processes: it tells them
 * that they are not the first of the run, and makes relative paths of the output and of
 * this library absolute. Call it before the interpreter reads the environment. Returns
 * false if this process is not traced because PYTRACE_FOLLOW excludes it. GIL: not
 * needed.
 */
bool pt_run_prepare(char *const *argv);

/*
 * Starts tracing in the current interpreter, and in the process if it is the first one.
 * HANDLE gives access to the interpreter's symbols (see dlsym). On failure one line says
 * so and the program runs on untraced; with PYTRACE_STRICT a bad setting ends it. Leaves
 * no exception. GIL: held.
 */
void pt_run_start_interpreter(void *handle);

/* In the child after fork: continues tracing as a process of its own. */
void pt_run_after_fork(void);

/* The functions below are safe in signal handlers and need no GIL. errno stays. */

/*
 * The process exits with that status: writes the last line. Later events are still
 * written.
 */
void pt_run_exit(int status);

/* The library is about to be unloaded: writes what came after the last line. */
void pt_run_unload(void);

/*
 * The process ends now: its last line is HOW, such as "killed by signal ", and a number.
 * If it does not end, the caller calls pt_run_go_on().
 */
void pt_run_end(const char *how, int status);

/*
 * The process is about to become the program at PATH, which succeeds if IS_LIKELY. If it
 * fails, the caller calls pt_run_go_on().
 */
void pt_run_leave(const char *path, bool is_likely);

/* The process continues after all. */
void pt_run_go_on(void);

/* The process leaves the session. */
void pt_run_leave_session(void);

/* A child was reaped; SIGNAL, if not 0, killed it. Puts in place what it left. */
void pt_run_child_reaped(int pid, int signal);

#endif /* PT_RUN_H */
