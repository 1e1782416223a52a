/* SPDX-License-Identifier: MIT */
/* The turns and ends of a process: fork, exec, spawn, wait, exit, death by its own hand.
 */
#ifndef PT_PROCESS_H
#define PT_PROCESS_H

#include <stdbool.h>

/*
 * Returns whether this process is to be traced, and is not the child of vfork, which
 * shares the memory of one that is. GIL: not needed; safe in signal handlers.
 */
bool pt_process_is_traced(void);

/* Installs the fork handlers; once per process. GIL: not needed. */
void pt_process_start(void);

/*
 * Has the end of the process told with its status; to be called when main() is running,
 * so that it comes before the program's libraries are taken down. GIL: not needed.
 */
void pt_process_watch_exit(void);

#endif /* PT_PROCESS_H */
