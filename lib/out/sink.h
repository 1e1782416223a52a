/* SPDX-License-Identifier: MIT */
/*
 * Where the trace goes: the output's descriptor, kept out of the program's way. Except
 * for pt_sink_start(), pt_sink_restart() and where noted, functions need the turn
 * (turn.h), and with it are safe in signal handlers and need no GIL.
 */
#ifndef PT_SINK_H
#define PT_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pt_output;
struct pt_place;

/* False once nothing can be written any more; see pt_sink_is_alive(). */
extern atomic_bool pt_sink_alive;

/* Called once when another process turns out to write to the same file. */
extern void (*pt_sink_on_company)(void);

/*
 * Sets where the trace goes and takes over what OUTPUT owns. OPENS: opens a file at once,
 * and empties it unless it is this run's already; else that waits for the first line. A
 * file whose name ends in ".zst" is compressed at ZSTD_LEVEL. New files get the
 * permissions MODE; -1: what the umask leaves. If an output cannot be opened, one line
 * names it and stderr takes its place; a closed stdout or stderr is simply not written
 * to. GIL: not needed.
 */
void pt_sink_start(struct pt_output *output, bool opens, int zstd_level, int mode);

/*
 * In the child after fork: leaves a file that is the parent's alone to it. Takes over
 * OUTPUT, which is opened with the first line. GIL: not needed.
 */
void pt_sink_restart(struct pt_output *output);

/*
 * Opens the output if it is not open yet. Returns the absolute path of the file,
 * borrowed, or NULL if lines must not wait: the output is no regular file.
 */
const char *pt_sink_open(void);

/* Fills in which file that is, for the journal of a stage, but not its size. */
void pt_sink_identify(struct pt_place *place);

/* Returns the path of the file, or NULL; opens nothing. */
const char *pt_sink_path(void);

/* Returns whether the output can be written to, now or later. GIL: not needed. */
static inline bool pt_sink_is_alive(void)
{
	return atomic_load_explicit(&pt_sink_alive, memory_order_relaxed);
}

/* Returns whether the output is a terminal. GIL: not needed. */
bool pt_sink_is_terminal(void);

/* Returns whether other processes of the run write to the same output. GIL: not needed.
 */
bool pt_sink_is_shared(void);

/*
 * Begins a write: checks the descriptor, which the program may have closed or reused,
 * locks the file against other processes and completes what a killed one has left half
 * written. PLACE gets where the next byte goes; zeros for a stream. Returns 0, or -errno,
 * and then there is no write to end.
 */
int pt_sink_begin(struct pt_place *place);

/*
 * Writes DATA and sets *WRITTEN to the number of bytes written, which may be some even on
 * failure; in a file these are whole lines, if possible. MAY_WAIT: waits for a full
 * stream instead of returning -EAGAIN. Returns 0 or -errno.
 */
int pt_sink_put(const char *data, size_t size, bool may_wait, size_t *written);

/* Ends a write. */
void pt_sink_end(void);

/* Returns whether writing may succeed later, after ERROR (-errno). */
bool pt_sink_is_passing(int error);

/*
 * Stops writing for good. One line says why, unless ERROR (-errno) is 0. GIL: not needed;
 * needs no turn.
 */
void pt_sink_stop(int error);

/* Returns whether the file existed already, with lines of this run. GIL: not needed. */
bool pt_sink_has_company(void);

/* Stops holding a stream open, see pt_stream_release(). */
void pt_sink_leave_session(void);

/* Returns whether others have written to the file since our last write. */
bool pt_sink_has_grown(void);

/*
 * Puts in its place what a child that was killed has left. Returns 1, 0 if there was
 * nothing, or a negative number if there may be something still.
 */
int pt_sink_recover_child(int pid);

#endif /* PT_SINK_H */
