/* SPDX-License-Identifier: MIT */
/*
 * The place where the trace goes: its descriptor, kept out of the program's way. But for
 * pt_sink_start(), pt_sink_restart() and the questions, functions want the turn
 * (turn.h), and are then safe in signal handlers.
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

/* Is told, once, that another process writes to the same file. */
extern void (*pt_sink_on_company)(void);

/*
 * Sets where the trace goes and takes over what OUTPUT owns. OPENS: a file is opened at
 * once, and emptied unless it is this run's already; else that is done when the first
 * line comes. A name that ends in ".zst" is compressed, at ZSTD_LEVEL. Files that are
 * made get the permissions MODE; -1: what the umask leaves. An output that cannot be
 * opened is named in one line, and stderr takes its place; a stdout or stderr that is
 * closed is simply not written to. GIL: not needed.
 */
void pt_sink_start(struct pt_output *output, bool opens, int zstd_level, int mode);

/*
 * In the child after fork: a file that is the parent's alone is left to it, and OUTPUT,
 * which is taken over, is opened with the first line. GIL: not needed.
 */
void pt_sink_restart(struct pt_output *output);

/*
 * Opens the output if that has not been done. Returns the absolute path of the file,
 * borrowed, or NULL when lines must not wait: the output is no regular file.
 */
const char *pt_sink_open(void);

/* Tells which file that is, for the journal of a stage; its size is left alone. */
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
 * Begins a write: makes sure of the descriptor, which the program may have closed or put
 * to other use, keeps other processes away from the file and completes what a killed one
 * has left half written. PLACE tells where the next byte goes; zeros: to a stream.
 * Returns 0; or -errno, and then there is no write to end.
 */
int pt_sink_begin(struct pt_place *place);

/*
 * Writes DATA, and tells how many bytes of it are written, which may be some when it
 * fails; of a file they are whole lines, if possible. MAY_WAIT: a stream that is full
 * is waited for; else the answer is -EAGAIN. Returns 0 or -errno.
 */
int pt_sink_put(const char *data, size_t size, bool may_wait, size_t *written);

/* Ends a write. */
void pt_sink_end(void);

/* Returns whether writing can succeed later, after an ERROR (-errno). */
bool pt_sink_is_passing(int error);

/*
 * Writes no more from now on. One line says why, unless ERROR (-errno) is 0. GIL: not
 * needed; wants no turn.
 */
void pt_sink_stop(int error);

/* Returns whether the file was there already, with lines of the run. GIL: not needed. */
bool pt_sink_has_company(void);

/* Holds no stream open any more, see pt_stream_release(). */
void pt_sink_leave_session(void);

/* Returns whether others have written to the file since our last write. */
bool pt_sink_has_grown(void);

/*
 * Puts in its place what a child that was killed has left. Returns 1, 0 if there was
 * nothing, or a negative number if there may be something still.
 */
int pt_sink_recover_child(int pid);

#endif /* PT_SINK_H */
