/* SPDX-License-Identifier: MIT */
/* What starting to trace consists of, once per process and once per interpreter. */
#ifndef PT_RUN_H
#define PT_RUN_H

#include <stdbool.h>

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

#endif /* PT_RUN_H */
