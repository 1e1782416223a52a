/* SPDX-License-Identifier: MIT */
/* PYTRACE_FOLLOW: which children are traced, and giving them back the library. */
#ifndef PT_FOLLOW_H
#define PT_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

/*
 * With PYTRACE_FOLLOW=force, notes from the process's environment what children get:
 * LD_PRELOAD and all PYTRACE_ variables. Says so if it cannot. GIL: not needed.
 */
void pt_follow_start(char *const *environment);

/*
 * Makes the library's own name in LD_PRELOAD absolute if it is relative to the current
 * directory: children may start elsewhere. GIL: not needed.
 */
void pt_follow_export(void);

/*
 * Returns a value of LD_PRELOAD in which NAME is made absolute from DIRECTORY, for the
 * caller to free; NULL if it need not change, or without memory. GIL: not needed.
 */
char *pt_follow_absolute(const char *preload, const char *name, const char *directory);

/* Returns whether to trace a process that another one of the run has started. */
bool pt_follow_wants_exec(char *const *environment);

/*
 * Returns the number of bytes that pt_follow_merge() needs for an environment, or 0 if it
 * needs no change. Safe in the child of vfork.
 */
size_t pt_follow_size(char *const *environment);

/*
 * Puts the library and the settings back into an environment that lacks them. MEMORY has
 * the size asked for and need not be cleared. Returns the new environment, which refers
 * to the old one. Safe in the child of vfork.
 */
char *const *pt_follow_merge(char *const *environment, void *memory);

#endif /* PT_FOLLOW_H */
