/* SPDX-License-Identifier: MIT */
/* The names of asyncio's tasks. */
#ifndef PT_TASK_NAME_H
#define PT_TASK_NAME_H

/*
 * Returns the name of the task that this thread runs, as one line that the caller frees;
 * NULL if there is none, or without memory. Runs no code of the program. GIL: held.
 */
char *pt_task_name(void);

#endif /* PT_TASK_NAME_H */
