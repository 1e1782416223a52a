/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is to write. One thread at a time takes staged lines to the output: only
 * the one with the turn touches the state of sink.c, the write that a journal notes, and
 * how much of a stage is flushed. Making lines needs no turn.
 *
 * A signal handler may ask for the turn, and may have interrupted the thread that has it:
 * then it is refused at once, never waited for.
 */
#ifndef PT_TURN_H
#define PT_TURN_H

#include <stdbool.h>

/* Takes the turn if it is free. GIL: not needed; safe in signal handlers. */
bool pt_turn_try(void);

/*
 * Takes the turn, waiting at most a second for another thread. Returns false after that,
 * and at once if this thread has it already. GIL: not needed; safe in signal handlers.
 */
bool pt_turn_take(void);

/*
 * Takes the turn, however long that takes; this thread must not have it. GIL: must not be
 * held, as whoever has the turn may wait for somebody who wants the GIL.
 */
void pt_turn_wait(void);

/* Gives the turn back. GIL: not needed; safe in signal handlers. */
void pt_turn_give(void);

/* In the child after fork: frees the turn, whose owner does not exist here. */
void pt_turn_after_fork_in_child(void);

#endif /* PT_TURN_H */
