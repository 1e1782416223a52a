/* SPDX-License-Identifier: MIT */
/* A libpython that the program loads with dlopen. */
#ifndef PT_LATE_H
#define PT_LATE_H

#include <stdbool.h>

/*
 * From now on calls LOOK in dlsym, before the real one, when objects were loaded since the
 * last look, and at the first call. LOOK runs in one thread at a time, with errno saved.
 * Does nothing where dlsym cannot be watched. GIL: not needed.
 */
void pt_late_watch(void (*look)(void));

/* Returns whether this machine's dlsym is watched. GIL: not needed. */
bool pt_late_can_watch(void);

/*
 * Returns a handle of the loaded libpython with this INDEX, in the order of loading, which
 * the caller closes, or NULL. GIL: not needed.
 */
void *pt_late_open_libpython(int index);

#endif
