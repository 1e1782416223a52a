/* SPDX-License-Identifier: MIT */
/* The ends and turns of a process at which nothing staged may be lost: fork, exec, exit.
 */
#ifndef PT_PROCESS_H
#define PT_PROCESS_H

/* Installs the fork handlers; once per process. GIL: not needed. */
void pt_process_start(void);

#endif /* PT_PROCESS_H */
