/* SPDX-License-Identifier: MIT */
/*
 * Staging: whole lines wait in memory to be written together. In front of a file that
 * memory is itself a file beside the output, mapped and shared: what is in it outlives
 * the process, however that ends. Recovery (recover.h) puts it in its place.
 */
#ifndef PT_STAGE_H
#define PT_STAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sink.h"
#include "util.h"

/*
 * A staging file is PT_STAGE_SIZE bytes, which begin with the text, and a journal. Its
 * name is that of the output with ".PID-NUMBER" and the suffix.
 */
#define PT_STAGE_SIZE ((size_t)256 << 10)
#define PT_STAGE_SUFFIX ".staged"

/*
 * What recovery needs to know of the process, of a write that was under way, and of the
 * text. The latter is at the end of the file, where a shell finds it: see README.
 */
struct pt_journal {
	int64_t pid;
	uint64_t start_time;	   /* of the process, see pt_lineage_start_time() */
	uint64_t pid_namespace;	   /* in which the pid counts */
	uint64_t output_size;	   /* before the write */
	_Atomic(uint64_t) writing; /* number of bytes being written; 0: no write */
	_Atomic(uint64_t) used;	   /* number of bytes that are text, whole lines */
};

#define PT_STAGE_FILE_SIZE (PT_STAGE_SIZE + sizeof(struct pt_journal))

/* Lines that wait. All zero is an empty stage that has no memory yet. */
struct pt_stage {
	char *data;
	size_t size; /* 0: there is no memory, or it is not to be used any more */
	struct pt_journal *journal; /* behind the data */
	char *path;		    /* of the staging file; NULL: the memory is private */
	bool is_guarded;	    /* see pt_stage_guard() */
	atomic_bool is_busy;	    /* ... between reserve and commit, and in an action */
};

/*
 * Returns an empty stage, or NULL without memory. It gets its own memory, and the output
 * is opened, with the first line: most child processes have none. GIL: not needed.
 */
struct pt_stage *pt_stage_new(void);

/*
 * Prepares a new stage for other threads, which may call pt_stage_try() for it while its
 * own one runs: without a GIL. GIL: not needed.
 */
void pt_stage_guard(struct pt_stage *stage);

/*
 * Flushes or closes a stage on behalf of another thread. Returns false, and does nothing,
 * while its own one is making a line. GIL: not needed.
 */
bool pt_stage_try(struct pt_stage *stage, void (*action)(struct pt_stage *stage));

/* Waits until no other thread is at the stage. GIL: not needed. */
void pt_stage_enter(struct pt_stage *stage);

/* Flushes a stage, takes its file away and frees it; NULL is allowed. GIL: not needed. */
void pt_stage_free(struct pt_stage *stage);

/* Makes room for SIZE bytes, see pt_stage_reserve(). */
char *pt_stage_make_room(struct pt_stage *stage, size_t size);

/* Returns the number of bytes that wait in a stage, which has memory. GIL: not needed. */
static inline size_t pt_stage_used(const struct pt_stage *stage)
{
	return atomic_load_explicit(&stage->journal->used, memory_order_relaxed);
}

/*
 * What may be written past the end of reserved room, see pt_copy_blocks(). It is as large
 * as this for a full stage to be two blocks of zstd, the first one of whole lines.
 */
#define PT_STAGE_SLACK 2048

/*
 * Returns room for SIZE bytes and PT_STAGE_SLACK more, of which pt_stage_commit() must
 * take the former; NULL when no stage is that large, or without memory. errno is left as
 * it was. GIL: not needed, but one thread at a time.
 */
static inline char *pt_stage_reserve(struct pt_stage *stage, size_t size)
{
	if (__builtin_expect(stage->is_guarded, 0))
		pt_stage_enter(stage);
	if (PT_UNLIKELY(stage->size < size || stage->size - size < pt_stage_used(stage)))
		return pt_stage_make_room(stage, size);
	return stage->data + pt_stage_used(stage);
}

/*
 * Writes out what is staged. Where that fails the staged bytes are dropped, see
 * pt_sink_write(). errno is left as it was. GIL: not needed, but one thread at a time.
 */
void pt_stage_flush(struct pt_stage *stage);

/* Ends what pt_stage_enter() began. GIL: not needed. */
static inline void pt_stage_leave(struct pt_stage *stage)
{
	atomic_store_explicit(&stage->is_busy, false, memory_order_release);
}

/* Does what pt_stage_commit() has to do but for a file that a single thread writes to. */
void pt_stage_pass_on(struct pt_stage *stage);

/* Takes SIZE bytes, which must end a line; they go on at once unless it is to a file. */
static inline void pt_stage_commit(struct pt_stage *stage, size_t size)
{
	/* The bytes come first: the process may be killed at any point. */
	atomic_store_explicit(&stage->journal->used, pt_stage_used(stage) + size,
			      memory_order_release);
	if (PT_UNLIKELY(!pt_sink_is_buffered() || stage->is_guarded))
		pt_stage_pass_on(stage);
}

/*
 * In the child after fork: leaves the parent's memory and what is in it to the parent.
 * The stage gets memory of its own when it is next used. GIL: not needed.
 */
void pt_stage_forget(struct pt_stage *stage);

/*
 * Flushes a stage and takes its file away, because the process ends or is about to become
 * another program. Should it go on, the stage gets new memory. GIL: not needed.
 */
void pt_stage_close(struct pt_stage *stage);

#endif /* PT_STAGE_H */
