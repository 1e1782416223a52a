/* SPDX-License-Identifier: MIT */
/*
 * Children that were killed: what they have left in staging files is put in its place.
 * All functions want the turn (turn.h), and are then safe in signal handlers.
 */
#ifndef PT_CHILDREN_H
#define PT_CHILDREN_H

/*
 * A child that the signal has killed was reaped: its lines are put in place, and the trace
 * tells of its death. What fails is tried once more by pt_children_end(). GIL: not needed.
 */
void pt_children_killed(int pid, int signal);

/*
 * The process is about to end: names in one line each what it could not put in place for
 * its children. GIL: not needed.
 */
void pt_children_end(void);

/* In the child after fork, which has none. GIL: not needed. */
void pt_children_forget(void);

#endif /* PT_CHILDREN_H */
