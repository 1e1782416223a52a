/* SPDX-License-Identifier: MIT */
/* What happens to a process: fork, exec, spawn, wait, exit, death by its own hand. */
#ifndef PT_PROCESS_H
#define PT_PROCESS_H

#include <stdbool.h>

/*
 * Returns whether this process is traced, and is not a child of vfork that shares the
 * memory of one that is. GIL: not needed; safe in signal handlers.
 */
bool pt_process_is_traced(void);

/* Installs the fork handlers; once per process. GIL: not needed. */
void pt_process_start(void);

/*
 * Has the last line written with the exit status when the process exits. Call it while
 * main() runs, so that this happens before the program's libraries are taken down. GIL:
 * not needed.
 */
void pt_process_watch_exit(void);

#endif /* PT_PROCESS_H */
