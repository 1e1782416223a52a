/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/thread.h"

#include "base/lock.h"
#include "base/log.h"
#include "code/code.h"
#include "out/stage.h"
#include "trace/record.h"
#include "trace/recorder.h"

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

/* How many there have been, under the lock. */
static unsigned int thread_count;

/* All threads that have had an event and are not gone. */
static struct pt_thread *threads;

/* What threads share, made with the first thread; NULL if each has its own. */
static struct pt_stage *shared_stage;
static struct pt_recorder *shared_recorder;

/* Threads have recorders, and no stages. */
static bool is_recording;

/* See pt_thread_use_own_outputs(). */
static atomic_bool has_own_outputs;

/* There has been more than one thread. */
static atomic_bool is_one_of_many;

/* Its destructor tells that a thread ends; if there was a key left for us. */
static pthread_key_t end_key;
static bool has_end_key;

static void give_output(struct pt_thread *thread)
{
	if (!is_recording) {
		pt_stage_give(thread->stage);
		return;
	}
	pt_lock();
	pt_recorder_give(thread->recorder);
	pt_unlock();
}

static void free_thread(struct pt_thread *thread)
{
	if (thread->owns_output)
		give_output(thread);
	free(thread->name);
	free(thread->task);
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

void pt_thread_start(bool records)
{
	is_recording = records;
	has_end_key = pthread_key_create(&end_key, on_thread_end) == 0;
}

/* Takes a stage or a recorder for the thread alone, under the lock. */
static bool take_own_output(struct pt_thread *thread)
{
	struct pt_stage *stage = is_recording ? NULL : pt_stage_take();
	struct pt_recorder *recorder = is_recording ? pt_recorder_take() : NULL;

	if (!stage && !recorder)
		return false;
	thread->stage = stage;
	thread->recorder = recorder;
	thread->owns_output = true;
	return true;
}

/* Gives a new thread what it writes to, under the lock. */
static bool take_output(struct pt_thread *thread)
{
	if (has_own_outputs)
		return take_own_output(thread);
	if (is_recording && !shared_recorder)
		shared_recorder = pt_recorder_take();
	if (!is_recording && !shared_stage)
		shared_stage = pt_stage_take();
	thread->recorder = shared_recorder;
	thread->stage = shared_stage;
	return thread->stage || thread->recorder;
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
	is_complete = take_output(thread);
	if (is_complete) {
		if (threads) {
			is_one_of_many = true;
			pt_thread_epoch++;
		}
		thread->number = ++thread_count;
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

void pt_thread_use_own_outputs(void)
{
	has_own_outputs = true;
	pt_thread_epoch++;
}

void pt_thread_update_output(struct pt_thread *thread)
{
	if (!has_own_outputs || thread->owns_output)
		return;
	pt_lock();
	take_own_output(thread);
	pt_unlock();
}

bool pt_thread_is_one_of_many(void)
{
	return is_one_of_many;
}

void pt_thread_push(struct pt_thread *thread, const struct pt_code *code,
		    const void *frame, int line)
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
	thread->frames[thread->depth++] = (struct pt_frame){
		.code = code->object,
		.frame = frame,
		.line = line,
		.code_number = code->number & 0x7fffffffU,
	};
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

/* The thread that goes on gets what a new one does. */
static void retake_output(struct pt_thread *thread)
{
	/* There are some, so that this takes no memory. */
	thread->owns_output = false;
	take_output(thread);
}

/* Nothing of the parent's is this process's. */
static void forget_outputs(void)
{
	if (is_recording)
		pt_record_after_fork();
	else
		pt_stage_forget_all();
	shared_stage = NULL;
	shared_recorder = NULL;
}

void pt_thread_after_fork(void)
{
	forget_outputs();
	for (struct pt_thread *thread = threads, *next; thread; thread = next) {
		next = thread->next;
		if (thread == pt_thread_current)
			continue;
		thread->owns_output = false;
		free_thread(thread);
	}
	threads = pt_thread_current;
	if (threads) {
		threads->next = NULL;
		threads->id = (pid_t)syscall(SYS_gettid);
		threads->number = thread_count = 1;
		threads->chunk_number = 0;
		retake_output(threads);
	}
	is_one_of_many = false;
	pt_thread_epoch++;
}
