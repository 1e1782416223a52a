/* SPDX-License-Identifier: MIT */
/* PYTRACE_FOLLOW: which children are traced, and putting the library back for them. */
#ifndef PT_FOLLOW_H
#define PT_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Notes, from the environment of the process, what children shall have: LD_PRELOAD and
 * all PYTRACE_ variables. Only with PYTRACE_FOLLOW=force. Says so when that cannot be
 * done. GIL: not needed.
 */
void pt_follow_start(char *const *environment);

/*
 * Makes the library's own name in LD_PRELOAD absolute, if it leads from the current
 * directory: children may start elsewhere. GIL: not needed.
 */
void pt_follow_export(void);

/*
 * Returns a value of LD_PRELOAD in which NAME leads from DIRECTORY, for the caller to
 * free; NULL when it is to stay as it is, or without memory. GIL: not needed.
 */
char *pt_follow_absolute(const char *preload, const char *name, const char *directory);

/* Returns whether a process that another one of the run has started is to be traced. */
bool pt_follow_wants_exec(char *const *environment);

/*
 * Returns the number of bytes that pt_follow_merge() needs for an environment, 0 when
 * that is to be passed on as it is. Safe in the child of vfork.
 */
size_t pt_follow_size(char *const *environment);

/*
 * Puts the library and the settings back into an environment that lacks them, in MEMORY
 * of the size asked for, which need not be clear. Safe in the child of vfork.
 * Returns the new environment, which refers to the old one.
 */
char *const *pt_follow_merge(char *const *environment, void *memory);

#endif /* PT_FOLLOW_H */
