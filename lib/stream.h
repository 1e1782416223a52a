/* SPDX-License-Identifier: MIT */
/*
 * Outputs that are no files of our own: stderr, stdout, fd:N. The trace belongs to what
 * they were when the run was started: programs put other things in their place for a
 * while, or for ever, and capture what their children say.
 */
#ifndef PT_STREAM_H
#define PT_STREAM_H

#include <stdbool.h>

/*
 * Returns a new descriptor, of a high number, for what NUMBER is in the first Python of
 * the run; in other processes, where that cannot be reached or they have left the
 * session, for what it is here. Notes it in pt_run_id. Returns the same one when called
 * again, -EBADF when there is nothing to write to, or another -errno. GIL: not needed.
 */
int pt_stream_open(int number);

/*
 * Closes what was opened, because the process leaves the session, as a daemon does: who
 * reads the stream to its end shall not wait for it. Returns the program's own descriptor
 * of it, which is written to as long as it is ours. GIL: not needed; safe in signal
 * handlers.
 */
int pt_stream_release(void);

/* Returns whether the descriptor is still that of the stream. Safe in signal handlers. */
bool pt_stream_is_ours(int fd);

/* Moves a descriptor to a high number, out of the program's way; stays low if it must. */
int pt_stream_move_up(int low);

#endif /* PT_STREAM_H */
