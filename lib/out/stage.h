/* SPDX-License-Identifier: MIT */
/*
 * Staging: whole lines wait in memory to be written together. If the output is a file,
 * that memory is itself a file beside it, mapped and shared: its content outlives the
 * process, however that ends, and recovery (recover.h) puts it in place.
 *
 * Who may touch what, with and without the GIL:
 *  - The thread that makes lines adds to a stage (reserve, commit) and rewinds it.
 *    Threads that share a stage take turns through the GIL; without a GIL each thread has
 *    a stage of its own.
 *  - What has been committed never changes. Whoever has the turn (turn.h), in any thread
 *    and in signal handlers, may write it out and record how much is flushed.
 */
#ifndef PT_STAGE_H
#define PT_STAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fixed_text.h"
#include "base/util.h"
#include "out/journal.h"
#include "out/stage_file.h"

/*
 * Lines that wait. Stages are never freed: a thread that ends leaves its own to the next.
 */
struct pt_stage {
	struct pt_journal *journal; /* behind the data */
	char *data;		    /* NULL: there is no memory yet */
	atomic_uint limit;	    /* bytes that may be used; 0: ask pt_stage_make_room() */
	unsigned int clock_mask;    /* the clock is read every clock_mask + 1 events */
	atomic_bool is_direct;	    /* lines are written at once */
	bool is_stalled;	    /* the last try to write failed, and may succeed later */
	atomic_bool is_taken;	    /* by a thread, or all */
	char *path;		    /* of the staging file; NULL: the memory is private */
	struct pt_stage_file file;  /* zeros: there is none */
	atomic_bool is_nameless;    /* the path is not the file's any more */
	int64_t since;	   /* ns; when the oldest line that waits was committed, or before */
	int64_t next_try;  /* ns; when writing is tried again */
	int64_t last_look; /* ns; at the clock */
	unsigned int looks;	 /* in a row at which the program was fast */
	_Atomic(uint64_t) ended; /* events before the present contents of the stage */
	_Atomic(uint64_t) lost;	 /* events that could not be kept */
	uint64_t lost_told;	 /* ... that the trace tells of */
	int error;		 /* why, -errno */
	struct pt_stage *next;
};

/* What to do while a thread waits inside an event, so that others can run. */
struct pt_pause {
	void *(*begin)(void);	  /* other threads may run */
	void (*end)(void *state); /* ... no longer */
};

/*
 * Prepares for stages. PAUSE may be NULL, and is borrowed for the life of the process.
 * GIL: not needed.
 */
void pt_stage_start(const struct pt_pause *pause);

/*
 * Returns a stage that nobody has, or NULL without memory. Its own memory, and the
 * opening of the output, wait for the first line: most child processes have none. GIL:
 * not needed.
 */
struct pt_stage *pt_stage_take(void);

/* Flushes a stage and leaves it to other threads; NULL is allowed. GIL: not needed. */
void pt_stage_give(struct pt_stage *stage);

/*
 * What may be written past the end of reserved room, see pt_copy_blocks(). This size
 * makes a full stage two blocks of zstd, the first one of whole lines.
 */
#define PT_STAGE_SLACK 2048

/* The longest line that a stage holds. */
#define PT_STAGE_SIZE (PT_JOURNAL_TEXT_SIZE - PT_STAGE_SLACK)

/*
 * Gives a stage its memory, and opens the output, if that has not been done: what it is
 * like decides how the first line looks. errno is left as it was. GIL: as for
 * pt_stage_reserve().
 */
void pt_stage_prepare(struct pt_stage *stage);

/* Makes room for SIZE bytes, see pt_stage_reserve(). */
char *pt_stage_make_room(struct pt_stage *stage, size_t size);

/*
 * Returns room for SIZE bytes, to pass to pt_stage_commit(), and PT_STAGE_SLACK more.
 * NULL: the event is lost, and counted; or, if pt_stage_has_gap(), a line must first
 * report lost ones; or SIZE is above PT_STAGE_SIZE; or tracing has ended. errno stays.
 * GIL: held, or the stage is the thread's own.
 */
static inline char *pt_stage_reserve(struct pt_stage *stage, size_t size)
{
	uint64_t state =
		atomic_load_explicit(&stage->journal->state, memory_order_relaxed);
	size_t used = pt_journal_used(state);

	if (PT_UNLIKELY(used + size > atomic_load_explicit(&stage->limit,
							   memory_order_relaxed) ||
			!(pt_journal_events(state) & stage->clock_mask)))
		return pt_stage_make_room(stage, size);
	return stage->data + used;
}

/* The part of pt_stage_commit() for outputs other than files. */
void pt_stage_pass_on(struct pt_stage *stage);

/*
 * Commits SIZE bytes, which must end a line: an event, or a note if not IS_EVENT. They
 * are written at once unless the output is a file. GIL: as for pt_stage_reserve().
 */
static inline void pt_stage_commit(struct pt_stage *stage, size_t size, bool is_event)
{
	uint64_t state =
		atomic_load_explicit(&stage->journal->state, memory_order_relaxed);

	/* The bytes come first: the process may be killed at any point. */
	atomic_store_explicit(&stage->journal->state,
			      state + size + (is_event ? PT_JOURNAL_EVENT : 0),
			      memory_order_release);
	if (PT_UNLIKELY(atomic_load_explicit(&stage->is_direct, memory_order_relaxed)))
		pt_stage_pass_on(stage);
}

/*
 * Counts an event as lost that there was no memory for. One line says so, once: a process
 * that is killed has no last line that would. errno is left as it was. GIL: not needed.
 */
void pt_stage_lose(struct pt_stage *stage);

/*
 * Writes an event of more than PT_STAGE_SIZE bytes after what waits. GIL: as for
 * pt_stage_reserve().
 */
void pt_stage_put_large(struct pt_stage *stage, const char *data, size_t size);

/*
 * Returns whether the trace must report events lost before the next line: COUNT of them,
 * because of ERROR (-errno). A true answer is given once. GIL: as for pt_stage_reserve().
 */
bool pt_stage_has_gap(struct pt_stage *stage, uint64_t *count, int *error);

/* Writes out what all stages hold. GIL: not needed; safe in signal handlers. */
void pt_stage_flush_all(void);

/* What became of the process's events. */
struct pt_stage_sum {
	uint64_t events;
	uint64_t lost;	  /* of these */
	uint64_t waiting; /* of these, left in staging files */
	int error;	  /* why, -errno; 0: all that is not lost is written */
};

/* Appends to TEXT what the last line of a process says. */
typedef void pt_stage_last_line(struct pt_fixed_text *text, const struct pt_stage_sum *sum,
				const void *data);

/*
 * Writes out everything, then what LINE says, and removes the staging files; what cannot
 * be written stays in them. Later events are dropped. LINE may be NULL. GIL: not needed;
 * safe in signal handlers.
 */
struct pt_stage_sum pt_stage_end_all(pt_stage_last_line *line, const void *data);

/*
 * Does the same because the process is about to end or to become another program. Threads
 * with an event wait for that, so that nothing runs that the trace lacks; if the process
 * continues, pt_stage_resume_all() releases them. GIL: not needed; safe in signal
 * handlers.
 */
struct pt_stage_sum pt_stage_leave_all(pt_stage_last_line *line, const void *data);
void pt_stage_resume_all(void);

/*
 * The program is about to truncate the file at PATH, relative to DIRECTORY as for
 * openat(). If it is one of ours, which is mapped, puts another file in its place: what
 * waits is safe, and the stage gets a new file. errno stays. GIL: not needed; safe in
 * signal handlers.
 */
void pt_stage_before_truncate(int directory, const char *path);

/* In the child after fork: leaves the parent's memory and its content to the parent. */
void pt_stage_forget_all(void);

#endif /* PT_STAGE_H */
