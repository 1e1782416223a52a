/* SPDX-License-Identifier: MIT */
/* What is kept for each thread of the program: its traced frames, its place to write. */
#ifndef PT_THREAD_H
#define PT_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pt_code;
struct pt_recorder;
struct pt_stage;

/* What is shown is shorter: pt_copy_blocks() reads more. */
#define PT_PREFIX_SIZE 128

/* A traced frame that is running or waits for one that it called. */
struct pt_frame {
	const void *code;  /* the code object; compared, never followed */
	const void *frame; /* the frame object likewise, where the backend has it */
	int line;	   /* the last one that was seen in it */
	unsigned int is_quiet : 1; /* the program's tracer wants no lines of it */
	unsigned int code_number : 31; /* see struct pt_code */
};

/* Code that had events lately, by its address. */
#define PT_RECENT_COUNT 64

struct pt_recent {
	_Atomic(const void *) code; /* the code object; NULL: nothing is here */
	struct pt_code *record;
};

/* Frames that have been entered and not left, where the backend has frames. */
#define PT_LIVE_COUNT 16

struct pt_live {
	const void *frame; /* NULL: nothing is here */
	struct pt_code *record;
};

/* A thread; first, close together, what each event needs. Its own functions alone use it,
 * but for the cached records. */
struct pt_thread {
	struct pt_frame *frames; /* from the outermost to the running one */
	unsigned int depth;
	unsigned int capacity;
	/* One of them, which all threads share while they take turns. */
	struct pt_stage *stage;
	struct pt_recorder *recorder;
	unsigned int prefix_size;
	unsigned int prefix_epoch; /* see pt_thread_epoch; 0: to be made */
	struct pt_recent recent[PT_RECENT_COUNT];
	struct pt_live live[PT_LIVE_COUNT];
	char prefix[PT_PREFIX_SIZE]; /* what stands in front of each line */
	bool owns_output; /* the stage or recorder is this thread's alone */
	pid_t id;		     /* as the kernel numbers threads */
	unsigned int nameless_lines; /* written without finding a name for the thread */
	int64_t last_time;	     /* ns; of its last event, for PYTRACE_TIME=delta */
	unsigned int number;	     /* in the process, from 1 */
	unsigned int chunk_number;   /* of the last chunk that has its state */
	char *name;		     /* as recorded; NULL: none is known */
	char *task;		     /* likewise; NULL: it runs no task */
	unsigned int async_depth;    /* how many of the frames are of coroutines */
	struct pt_thread *next;
};

/* This thread's state, NULL before its first event. */
extern _Thread_local struct pt_thread *pt_thread_current
	__attribute__((tls_model("initial-exec")));

/* Changes whenever prefixes have to be made anew: a second thread, or a fork. */
extern _Atomic unsigned int pt_thread_epoch;

/* Makes this thread's state; see pt_thread_self(). */
struct pt_thread *pt_thread_new(void);

/* Returns this thread's state, or NULL without memory. GIL: not needed. */
static inline struct pt_thread *pt_thread_self(void)
{
	struct pt_thread *thread = pt_thread_current;

	return __builtin_expect(thread != NULL, 1) ? thread : pt_thread_new();
}

/* The place of a code object among the recent ones. */
static inline struct pt_recent *pt_thread_recent(struct pt_thread *thread,
						 const void *code)
{
	uintptr_t address = (uintptr_t)code;

	return &thread->recent[(address >> 5 ^ address >> 11) % PT_RECENT_COUNT];
}

/* The place of a frame among the live ones. */
static inline struct pt_live *pt_thread_live(struct pt_thread *thread, const void *frame)
{
	uintptr_t address = (uintptr_t)frame;

	return &thread->live[(address >> 4 ^ address >> 9) % PT_LIVE_COUNT];
}

/* Forgets the live frames: others may have taken their places unseen. GIL: held. */
void pt_thread_forget_frames(struct pt_thread *thread);

/* Prepares for threads, which have recorders or else stages; once per process. GIL: not
 * needed. */
void pt_thread_start(bool is_recording);

/*
 * Threads run at the same time from now on and cannot share an output: free-threaded
 * builds, interpreters with a GIL of their own. Each thread takes its own when it next
 * refreshes its prefix, by pt_thread_update_output(). GIL: not needed.
 */
void pt_thread_use_own_outputs(void);
void pt_thread_update_output(struct pt_thread *thread);

/* Returns whether there has been more than one thread. GIL: not needed. */
bool pt_thread_is_one_of_many(void);

/* Pushes a frame. Without memory the frame is not counted. GIL: held. */
void pt_thread_push(struct pt_thread *thread, const struct pt_code *code,
		    const void *frame, int line);

/* Lets no thread go on with the record of a code object that dies. GIL: held. */
void pt_thread_forget_code(const void *object, const struct pt_code *code);

/* In the child after fork: this thread is the only one, nothing is staged. */
void pt_thread_after_fork(void);

#endif /* PT_THREAD_H */
