/* SPDX-License-Identifier: MIT */
/* Bytes to their place: the output's descriptor, and staging in front of it. */
#ifndef PT_SINK_H
#define PT_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct pt_output;

/* Whole lines that wait to be written together. */
struct pt_stage {
	char *data;
	size_t used;
	size_t size;
};

/*
 * Sets where the trace goes and takes over what OUTPUT owns. IS_FIRST: a file is emptied
 * at once; else it is opened when the first line comes, and appended to. An output that
 * cannot be opened is named in one line, and stderr takes its place; a stdout or stderr
 * that is closed is simply not written to. GIL: not needed.
 */
void pt_sink_start(struct pt_output *output, bool is_first);

/* Returns whether the output could be written to so far. GIL: not needed. */
bool pt_sink_is_alive(void);

/* Returns whether the output is a terminal. GIL: not needed. */
bool pt_sink_is_terminal(void);

/* Returns whether other processes of the run write to the same output. GIL: not needed.
 */
bool pt_sink_is_shared(void);

/* Returns an empty stage, or NULL without memory. GIL: not needed. */
struct pt_stage *pt_stage_new(void);

/* Flushes and frees a stage; NULL is allowed. GIL: not needed. */
void pt_stage_free(struct pt_stage *stage);

/* Makes room for SIZE bytes, see pt_stage_reserve(). */
char *pt_stage_make_room(struct pt_stage *stage, size_t size);

/*
 * Returns room for SIZE bytes, which pt_stage_commit() then takes; NULL when no stage is
 * that large. errno is left as it was. GIL: not needed, but one thread at a time.
 */
static inline char *pt_stage_reserve(struct pt_stage *stage, size_t size)
{
	if (__builtin_expect(stage->size - stage->used < size, 0))
		return pt_stage_make_room(stage, size);
	return stage->data + stage->used;
}

/* Takes SIZE bytes, which must end a line; they go on at once unless it is to a file. */
void pt_stage_commit(struct pt_stage *stage, size_t size);

/*
 * Writes out what is staged. When that fails, one line says so, the staged bytes and all
 * that follow are dropped, and pt_sink_is_alive() is false. errno is left as it was.
 * GIL: not needed, but one thread at a time.
 */
void pt_stage_flush(struct pt_stage *stage);

/* Writes one line past all staging; for lines that no stage can hold. GIL: not needed. */
void pt_sink_write(const char *data, size_t size);

/* In the child after fork: drops what the parent has staged. GIL: not needed. */
void pt_stage_forget(struct pt_stage *stage);

#endif /* PT_SINK_H */
