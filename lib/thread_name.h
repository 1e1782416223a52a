/* SPDX-License-Identifier: MIT */
/* The names that programs give their threads. */
#ifndef PT_THREAD_NAME_H
#define PT_THREAD_NAME_H

/*
 * Returns the name of the current thread as the module threading has it, to be freed, or
 * NULL if it has none (yet): a thread that threading did not start, or one whose start it
 * has not noted. Runs no code of the program; no exception is left. GIL: held.
 */
char *pt_thread_name(void);

#endif /* PT_THREAD_NAME_H */
