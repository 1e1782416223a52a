/* SPDX-License-Identifier: MIT */
/* Finding a libpython that the program loads with dlopen. */
#ifndef PT_LATE_H
#define PT_LATE_H

/*
 * From now on dlsym calls LOOK before the real dlsym: the first time, and whenever
 * objects were loaded since the last look. LOOK runs in one thread at a time, with errno
 * saved. GIL: not needed.
 */
void pt_late_watch(void (*look)(void));

/*
 * Returns a handle of the first libpython loaded, which the caller closes, or NULL. GIL:
 * not needed.
 */
void *pt_late_open_libpython(void);

#endif
