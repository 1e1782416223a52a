/* SPDX-License-Identifier: MIT */
/*
 * Getting called in every new Python thread before its first line (CPython 3.8 to 3.11).
 */
#ifndef PT_THREAD_HOOK_H
#define PT_THREAD_HOOK_H

#include <stdbool.h>

/*
 * Has ON_START called, with the GIL held, in each thread that Python code starts from now
 * on in the current interpreter. Returns false if it cannot. GIL: held.
 */
bool pt_thread_hook_install(void (*on_start)(void));

#endif /* PT_THREAD_HOOK_H */
