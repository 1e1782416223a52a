/* SPDX-License-Identifier: MIT */
/* The place where the trace goes: its descriptor, kept out of the program's way. */
#ifndef PT_SINK_H
#define PT_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pt_output;

/* Lines may wait to be written together: the output is a regular file. */
extern atomic_bool pt_sink_buffered;

/* False after a write failed; see pt_sink_is_alive(). */
extern atomic_bool pt_sink_alive;

/*
 * Sets where the trace goes and takes over what OUTPUT owns. REPLACES: a file is emptied
 * at once; else it is opened when the first line comes, and appended to. A name that ends
 * in ".zst" is compressed, at ZSTD_LEVEL. An output that
 * cannot be opened is named in one line, and stderr takes its place; a stdout or stderr
 * that is closed is simply not written to. GIL: not needed.
 */
void pt_sink_start(struct pt_output *output, bool replaces, int zstd_level);

/*
 * In the child after fork: a file that is the parent's alone is left to it, and OUTPUT,
 * which is taken over, is opened with the first line. GIL: not needed.
 */
void pt_sink_restart(struct pt_output *output);

/*
 * Opens the output if that has not been done. Returns the absolute path of the file,
 * borrowed, or NULL when the output is no regular file. GIL: not needed.
 */
const char *pt_sink_open(void);

/* Returns the path of the file as it was asked for, or NULL; opens nothing. */
const char *pt_sink_path(void);

/* Returns whether the output could be written to so far. GIL: not needed. */
static inline bool pt_sink_is_alive(void)
{
	return atomic_load_explicit(&pt_sink_alive, memory_order_relaxed);
}

/* Returns whether the output is a terminal. GIL: not needed. */
bool pt_sink_is_terminal(void);

/* Returns whether other processes of the run write to the same output. GIL: not needed.
 */
bool pt_sink_is_shared(void);

/* Returns whether lines may wait to be written together. GIL: not needed. */
static inline bool pt_sink_is_buffered(void)
{
	return atomic_load_explicit(&pt_sink_buffered, memory_order_relaxed);
}

/* Returns the size of the file in bytes, 0 when it is not known. GIL: not needed. */
uint64_t pt_sink_size(void);

/*
 * Writes whole lines. When that fails, one line says so, with the number of lines lost,
 * and nothing is written from then on. A descriptor that the program has closed or put to
 * other use is opened again first. errno is left as it was. GIL: not needed.
 */
void pt_sink_write(const char *data, size_t size);

/* Writes no more, silently. GIL: not needed. */
void pt_sink_stop(void);

/* Returns the number of lines that could not be written. GIL: not needed. */
uint64_t pt_sink_dropped(void);

#endif /* PT_SINK_H */
