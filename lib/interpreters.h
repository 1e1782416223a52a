/* SPDX-License-Identifier: MIT */
/* The other interpreters of the process. */
#ifndef PT_INTERPRETERS_H
#define PT_INTERPRETERS_H

/*
 * Calls VISIT in each interpreter but the current one, with a thread state of its own.
 * Other threads may run in the meantime. GIL: held, that of the current interpreter.
 */
void pt_interpreters_visit_others(void (*visit)(void));

#endif /* PT_INTERPRETERS_H */
