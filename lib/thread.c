/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "thread.h"

#include "code.h"
#include "lock.h"
#include "log.h"
#include "stage.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_CAPACITY 64

/* See thread.h. */
_Thread_local struct pt_thread *pt_thread_current;

/* See thread.h. */
_Atomic unsigned int pt_thread_epoch = 1;

/* All threads that have had an event and still exist. */
static struct pt_thread *threads;

/* The stage that threads share, taken with the first thread; NULL if each has its own. */
static struct pt_stage *shared_stage;

/* See pt_thread_use_own_stages(). */
static atomic_bool has_own_stages;

/* There has been more than one thread. */
static atomic_bool is_one_of_many;

/* Its destructor runs when a thread ends, if there was a key left for us. */
static pthread_key_t end_key;
static bool has_end_key;

static void free_thread(struct pt_thread *thread)
{
	if (thread->owns_stage)
		pt_stage_give(thread->stage);
	free(thread->frames);
	free(thread);
}

static void on_thread_end(void *value)
{
	struct pt_thread *thread = value;

	pt_lock();
	for (struct pt_thread **link = &threads; *link; link = &(*link)->next) {
		if (*link == thread) {
			*link = thread->next;
			break;
		}
	}
	pt_unlock();
	pt_thread_current = NULL;
	free_thread(thread);
}

void pt_thread_start(void)
{
	has_end_key = pthread_key_create(&end_key, on_thread_end) == 0;
}

/* Gives a new thread its stage, under the lock. */
static bool take_stage(struct pt_thread *thread)
{
	if (has_own_stages) {
		thread->stage = pt_stage_take();
		thread->owns_stage = true;
	} else {
		if (!shared_stage)
			shared_stage = pt_stage_take();
		thread->stage = shared_stage;
	}
	return thread->stage != NULL;
}

struct pt_thread *pt_thread_new(void)
{
	struct pt_thread *thread = calloc(1, sizeof(*thread));
	bool is_complete = false;

	if (!thread) {
		pt_log_uncounted();
		return NULL;
	}
	thread->id = (pid_t)syscall(SYS_gettid);
	pt_lock();
	is_complete = take_stage(thread);
	if (is_complete) {
		if (threads) {
			is_one_of_many = true;
			pt_thread_epoch++;
		}
		thread->next = threads;
		threads = thread;
	}
	pt_unlock();
	if (!is_complete) {
		pt_log_uncounted();
		free_thread(thread);
		return NULL;
	}
	pt_thread_current = thread;
	if (has_end_key)
		pthread_setspecific(end_key, thread);
	return thread;
}

void pt_thread_use_own_stages(void)
{
	has_own_stages = true;
	pt_thread_epoch++;
}

void pt_thread_update_stage(struct pt_thread *thread)
{
	if (!has_own_stages || thread->owns_stage)
		return;
	struct pt_stage *stage = pt_stage_take();
	if (!stage)
		return;
	thread->stage = stage;
	thread->owns_stage = true;
}

bool pt_thread_is_one_of_many(void)
{
	return is_one_of_many;
}

void pt_thread_push(struct pt_thread *thread, const void *code, const void *frame,
		    int line)
{
	if (thread->depth == thread->capacity) {
		unsigned int capacity = thread->capacity ? thread->capacity * 2 :
							   FIRST_CAPACITY;
		struct pt_frame *frames =
			realloc(thread->frames, capacity * sizeof(*frames));
		if (!frames)
			return;
		thread->frames = frames;
		thread->capacity = capacity;
	}
	thread->frames[thread->depth++] = (struct pt_frame){ code, frame, line, false };
}

void pt_thread_forget_frames(struct pt_thread *thread)
{
	memset(thread->live, 0, sizeof(thread->live));
}

void pt_thread_forget_code(const void *object, const struct pt_code *code)
{
	pt_lock();
	for (struct pt_thread *thread = threads; thread; thread = thread->next) {
		struct pt_recent *recent = pt_thread_recent(thread, object);
		if (atomic_load_explicit(&recent->code, memory_order_relaxed) == object)
			recent->code = NULL;
		for (size_t i = 0; i < PT_LIVE_COUNT; i++) {
			if (thread->live[i].record == code)
				thread->live[i] = (struct pt_live){ 0 };
		}
	}
	pt_unlock();
}

/* The thread that lives on gets a stage as a new one does. */
static void retake_stage(struct pt_thread *thread)
{
	shared_stage = NULL;
	/* There are free ones, so that this takes no memory. */
	thread->stage = pt_stage_take();
	if (!thread->owns_stage)
		shared_stage = thread->stage;
}

void pt_thread_after_fork(void)
{
	pt_stage_forget_all();
	for (struct pt_thread *thread = threads, *next; thread; thread = next) {
		next = thread->next;
		thread->owns_stage &= thread == pt_thread_current;
		if (thread != pt_thread_current)
			free_thread(thread);
	}
	shared_stage = NULL;
	threads = pt_thread_current;
	if (threads) {
		threads->next = NULL;
		threads->id = (pid_t)syscall(SYS_gettid);
		retake_stage(threads);
	}
	is_one_of_many = false;
	pt_thread_epoch++;
}
