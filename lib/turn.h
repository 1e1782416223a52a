/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is with the output. One thread at a time takes staged lines to it: only
 * who has the turn touches what sink.c keeps, the journals, and how much of a stage is
 * flushed. Making lines needs no turn.
 *
 * The turn may be asked for in a signal handler, which can have interrupted the thread
 * that has it: then it is refused, never waited for.
 */
#ifndef PT_TURN_H
#define PT_TURN_H

#include <stdbool.h>

/* Takes the turn if it is free. GIL: not needed; safe in signal handlers. */
bool pt_turn_try(void);

/*
 * Takes the turn, waiting at most a second for another thread. Returns false after that,
 * and at once when this thread has the turn. GIL: not needed; safe in signal handlers.
 */
bool pt_turn_take(void);

/*
 * Takes the turn, however long that takes; this thread must not have it. GIL: must not be
 * held: whoever has the turn may wait for somebody who wants the GIL.
 */
void pt_turn_wait(void);

/* Gives the turn back. GIL: not needed; safe in signal handlers. */
void pt_turn_give(void);

/* In the child after fork: whoever had the turn is not there. */
void pt_turn_after_fork_in_child(void);

#endif /* PT_TURN_H */
