/* SPDX-License-Identifier: MIT */
/*
 * Outputs that are not files of our own: stderr, stdout, fd:N. The trace goes to what
 * they were when the run began: programs replace them, for a while or for ever, and
 * capture what their children write.
 */
#ifndef PT_STREAM_H
#define PT_STREAM_H

#include <stdbool.h>

/*
 * Returns a new descriptor, with a high number, for what NUMBER is in the first Python of
 * the run; in another process that cannot reach it or has left the session, for what
 * NUMBER is here. Notes it in pt_run_id. Returns the same one when called again, and
 * -EBADF if there is nothing to write to, or another -errno. GIL: not needed.
 */
int pt_stream_open(int number);

/*
 * Closes what was opened, because the process leaves the session, as a daemon does:
 * whoever reads the stream to its end must not wait for it. Returns the program's own
 * descriptor, to which the trace goes as long as it is still that stream. GIL: not
 * needed; safe in signal handlers.
 */
int pt_stream_release(void);

/*
 * Returns whether the descriptor is still that of the stream. GIL: not needed; safe in
 * signal handlers.
 */
bool pt_stream_is_ours(int fd);

/*
 * Moves a descriptor to a high number, out of the program's way, and returns it; it keeps
 * a low one if it must. GIL: not needed.
 */
int pt_stream_move_up(int low);

#endif /* PT_STREAM_H */
