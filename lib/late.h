/* SPDX-License-Identifier: MIT */
/* A libpython that the program loads with dlopen. */
#ifndef PT_LATE_H
#define PT_LATE_H

/*
 * From now on calls LOOK in dlsym, before the real one, when objects were loaded since the
 * last look, and at the first call. LOOK runs in one thread at a time, with errno saved. GIL: not needed.
 */
void pt_late_watch(void (*look)(void));

/*
 * Returns a handle of the first loaded libpython, which the caller closes, or NULL.
 * GIL: not needed.
 */
void *pt_late_open_libpython(void);

#endif
