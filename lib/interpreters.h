/* SPDX-License-Identifier: MIT */
/* The other interpreters of the process. */
#ifndef PT_INTERPRETERS_H
#define PT_INTERPRETERS_H

/*
 * Calls VISIT in the interpreter that this thread is making, if there is one and the
 * current one is another, with a thread state of its own. Other threads may run in the
 * meantime. GIL: held, that of the current interpreter.
 */
void pt_interpreters_visit_new(void (*visit)(void));

#endif /* PT_INTERPRETERS_H */
