/* SPDX-License-Identifier: MIT */
/* A pager for what is printed on a terminal, as git has it. */
#ifndef PT_PAGER_H
#define PT_PAGER_H

#include <stdbool.h>

/*
 * Starts the pager ($PYTRACE_PAGER, $PAGER, else less) if stdout is a terminal, and puts it
 * in the place of stdout. "cat" or nothing is no pager. Returns whether there is one.
 */
bool pt_pager_start(void);

/* Waits until the reader has seen all. */
void pt_pager_end(void);

#endif /* PT_PAGER_H */
