/* SPDX-License-Identifier: MIT */
/* The other interpreters of the process. */
#ifndef PT_INTERPRETERS_H
#define PT_INTERPRETERS_H

/*
 * If this thread is creating an interpreter that is not the current one, calls VISIT in
 * it, with a thread state of its own. Other threads may run meanwhile. GIL: held, that of
 * the current interpreter.
 */
void pt_interpreters_visit_new(void (*visit)(void));

#endif /* PT_INTERPRETERS_H */
