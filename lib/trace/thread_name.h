/* SPDX-License-Identifier: MIT */
/* The names that programs give their threads. */
#ifndef PT_THREAD_NAME_H
#define PT_THREAD_NAME_H

/*
 * Returns the name that the module threading has for the current thread, which the caller
 * frees, or NULL if it has none (yet): threading did not start the thread, or has not
 * noted it yet. Runs no code of the program. Leaves no exception. GIL: held.
 */
char *pt_thread_name(void);

#endif /* PT_THREAD_NAME_H */
