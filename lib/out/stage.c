/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/stage.h"

#include "base/log.h"
#include "base/util.h"
#include "out/journal.h"
#include "out/sink.h"
#include "out/stage_file.h"
#include "out/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000LL

/* After a line has waited this long, the next event writes it out. */
#define MAX_WAIT_NS (1 * NANOSECONDS)

/* After a failure we wait this long before the next try. */
#define RETRY_NS (NANOSECONDS / 10)

/*
 * Reading the clock takes a third of the time of an event. A program that had this many
 * events within 10 ms gets it with every 16th.
 */
#define FAST_LOOKS 1000
#define FAST_NS (NANOSECONDS / 100)
#define FAST_MASK 15U

/* The journal of stages without memory. Nothing is ever written to it. */
static struct pt_journal no_journal;

/* All stages: they are added at the front and stay. */
static _Atomic(struct pt_stage *) stages;

/* See pt_stage_start(). */
static const struct pt_pause *pausing;

/* The last line is written, or about to be: later events are dropped. */
static atomic_bool drops_events;

/*
 * Number of threads that are ending the process or making it another program: events
 * wait.
 */
static atomic_int is_leaving;

/* ... for at most this many naps of 0.1 ms: a signal may turn out not to be deadly. */
#define MAX_NAPS 10000

void pt_stage_start(const struct pt_pause *how)
{
	pausing = how;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return (int64_t)time.tv_sec * NANOSECONDS + time.tv_nsec;
}

struct pt_stage *pt_stage_take(void)
{
	struct pt_stage *stage = atomic_load(&stages);

	for (; stage; stage = stage->next) {
		if (!atomic_exchange(&stage->is_taken, true))
			return stage;
	}
	stage = calloc(1, sizeof(*stage));
	if (!stage)
		return NULL;
	stage->journal = &no_journal;
	stage->is_taken = true;
	stage->next = atomic_load(&stages);
	while (!atomic_compare_exchange_weak(&stages, &stage->next, stage))
		;
	return stage;
}

static size_t used_of(const struct pt_stage *stage)
{
	return pt_journal_used(atomic_load(&stage->journal->state));
}

/* Returns whether anything waits. Needs the turn, or the thread of the stage. */
static bool has_text(const struct pt_stage *stage)
{
	return atomic_load(&stage->journal->flushed) < used_of(stage);
}

/*
 * Writes out what a stage holds. The order matters, as the process may be killed at any
 * point: first the journal notes the write, then the bytes are written, then they count
 * as flushed, then there is no write. Needs the turn. Returns 0 or -errno.
 */
static int write_until(struct pt_stage *stage, size_t end, bool may_wait)
{
	struct pt_journal *journal = stage->journal;
	size_t start = atomic_load(&journal->flushed);
	struct pt_place place;
	size_t written = 0;

	if (start >= end)
		return 0;
	int error = pt_sink_begin(&place);
	if (error)
		return error;
	journal->place = place;
	atomic_store(&journal->writing, end);
	error = pt_sink_put(stage->data + start, end - start, may_wait, &written);
	atomic_store(&journal->flushed, start + written);
	atomic_store(&journal->writing, 0);
	pt_sink_end();
	return error;
}

static int write_out(struct pt_stage *stage, bool may_wait)
{
	return write_until(stage, used_of(stage), may_wait);
}

/*
 * Rewinds a flushed stage. Needs the turn, and the thread of the stage. A stage with
 * nothing used has no text, whatever is flushed.
 */
static void rewind_stage(struct pt_stage *stage)
{
	struct pt_journal *journal = stage->journal;
	uint64_t state = atomic_load(&journal->state);

	if (!state || has_text(stage))
		return;
	atomic_fetch_add(&stage->ended, pt_journal_events(state));
	atomic_store(&journal->state, 0);
	atomic_store(&journal->flushed, 0);
}

/* Notes the result of a try to write. */
static void note_result(struct pt_stage *stage, int error)
{
	stage->since = now();
	if (!error) {
		stage->is_stalled = false;
		return;
	}
	stage->error = error;
	if (!pt_sink_is_passing(error)) {
		pt_sink_stop(error);
		atomic_store(&stage->limit, 0);
		return;
	}
	stage->is_stalled = true;
	stage->next_try = stage->since + RETRY_NS;
}

/*
 * Writes out what a stage holds and rewinds it, by the thread of the stage, in an event.
 * If it must wait, for a reader or another thread, others run meanwhile: it may be one of
 * them that we wait for.
 */
static int deliver(struct pt_stage *stage)
{
	int error = 0;

	for (;;) {
		bool is_turn = pt_turn_try();
		if (is_turn) {
			error = write_out(stage, !pausing);
			if (!error)
				rewind_stage(stage);
			pt_turn_give();
		}
		if (is_turn && (error != -EAGAIN || !pausing))
			break;
		void *state = pausing ? pausing->begin() : NULL;
		pt_turn_wait();
		error = write_out(stage, true);
		pt_turn_give();
		if (pausing)
			pausing->end(state);
		if (error)
			break;
	}
	note_result(stage, error);
	return error;
}

/* Gives back the memory of a stage. Needs the turn, or to be alone in the process. */
static void drop_memory(struct pt_stage *stage)
{
	char *data = stage->data;

	atomic_store(&stage->limit, 0);
	stage->journal = &no_journal;
	stage->data = NULL;
	if (data && stage->path)
		pt_stage_file_unmap(data);
	else
		free(data);
	free(stage->path);
	stage->path = NULL;
	stage->file = (struct pt_stage_file){ 0 };
	atomic_store(&stage->is_nameless, false);
}

static void unlink_file(const struct pt_stage *stage)
{
	if (stage->path && !atomic_load(&stage->is_nameless))
		unlink(stage->path);
}

/* Gives a stage its memory: a staging file's if the output is a file and that works. */
static bool open_stage(struct pt_stage *stage)
{
	struct pt_place place = { 0 };
	const char *output = NULL;

	/* Until it has memory there is no room for a line that tells of lost events. */
	stage->is_stalled = true;
	stage->error = -ENOMEM;
	if (!pt_turn_take())
		return false;
	output = pt_sink_open();
	pt_sink_identify(&place);
	stage->data = output ? pt_stage_file_map(output, &place, &stage->path, &stage->file) :
			       NULL;
	if (!stage->data)
		stage->data = calloc(1, PT_JOURNAL_FILE_SIZE);
	if (stage->data) {
		stage->journal = (struct pt_journal *)(void *)(stage->data +
							       PT_JOURNAL_TEXT_SIZE);
		atomic_store(&stage->is_direct, !output);
		atomic_store(&stage->limit, PT_STAGE_SIZE);
	}
	pt_turn_give();
	stage->is_stalled = !stage->data;
	stage->since = now();
	stage->clock_mask = 0;
	stage->looks = 0;
	return stage->data;
}

/*
 * Another thread is about to end this process: no line may run that would be too late for
 * the trace. That may fail, as exec does for a file that is no program.
 */
static void wait_for_end(void)
{
	const struct timespec nap = { .tv_nsec = 100000 };
	void *state = pausing ? pausing->begin() : NULL;

	for (int i = 0; i < MAX_NAPS && is_leaving; i++)
		nanosleep(&nap, NULL);
	if (pausing)
		pausing->end(state);
}

/*
 * Removes the memory of a closed stage. Its lines are delivered, but others may have run
 * meanwhile and opened it anew. Returns false if they are at it.
 */
static bool drop_closed(struct pt_stage *stage)
{
	if (!pt_turn_try())
		return false;
	bool is_done = !atomic_load(&stage->limit) && !has_text(stage);
	if (is_done) {
		/* Whoever closed it may not have got this far. */
		unlink_file(stage);
		rewind_stage(stage);
		drop_memory(stage);
	}
	pt_turn_give();
	return is_done;
}

/*
 * Makes sure that a stage has usable memory. It is closed after a failed exec, and when
 * somebody has taken its file.
 */
static bool ready_stage(struct pt_stage *stage)
{
	for (;;) {
		if (is_leaving)
			wait_for_end();
		if (drops_events || !pt_sink_is_alive())
			return false;
		if (atomic_load(&stage->limit))
			return true;
		if (!stage->data)
			return open_stage(stage);
		if (deliver(stage) != 0)
			return false;
		drop_closed(stage);
	}
}

/* Reads the clock. Returns whether something has waited for too long. */
static bool is_late(struct pt_stage *stage)
{
	int64_t time = now();
	bool was_empty = used_of(stage) == 0;
	bool is_fast = time - stage->last_look < FAST_NS;

	stage->last_look = time;
	stage->looks = is_fast ? stage->looks + 1 : 0;
	stage->clock_mask = stage->looks > FAST_LOOKS ? FAST_MASK : 0;
	if (was_empty) {
		stage->since = time;
		return false;
	}
	if (stage->is_stalled)
		return time >= stage->next_try;
	return time - stage->since >= MAX_WAIT_NS;
}

static bool has_room(const struct pt_stage *stage, size_t size)
{
	return used_of(stage) + size <= atomic_load(&stage->limit);
}

/* Returns whether the trace does not report all lost events yet. */
static bool has_untold(const struct pt_stage *stage)
{
	return !stage->is_stalled && atomic_load(&stage->lost) > stage->lost_told;
}

/*
 * Returns room for SIZE bytes, or NULL: see pt_stage_reserve(). After any wait, another
 * thread may have used the room, or closed the stage.
 */
static char *find_room(struct pt_stage *stage, size_t size)
{
	for (;;) {
		bool is_ready = ready_stage(stage);
		if (drops_events || !pt_sink_is_alive())
			return NULL;
		if (is_ready && (is_late(stage) ||
				 (!has_room(stage, size) && !stage->is_stalled)))
			deliver(stage);
		if (size > PT_STAGE_SIZE || has_untold(stage))
			return NULL;
		if (is_ready && has_room(stage, size))
			return stage->data + used_of(stage);
		if (!is_ready || stage->is_stalled) {
			atomic_fetch_add(&stage->lost, 1);
			return NULL;
		}
	}
}

void pt_stage_prepare(struct pt_stage *stage)
{
	int saved = errno;

	ready_stage(stage);
	errno = saved;
}

char *pt_stage_make_room(struct pt_stage *stage, size_t size)
{
	int saved = errno;
	char *room = find_room(stage, size);

	errno = saved;
	return room;
}

void pt_stage_pass_on(struct pt_stage *stage)
{
	int saved = errno;

	deliver(stage);
	errno = saved;
}

void pt_stage_put_large(struct pt_stage *stage, const char *data, size_t size)
{
	struct pt_place place;
	size_t written = 0;
	int saved = errno;

	if (!ready_stage(stage))
		return;
	int error = deliver(stage);
	void *state = pausing ? pausing->begin() : NULL;
	pt_turn_wait();
	if (!error)
		error = pt_sink_begin(&place);
	if (!error) {
		error = pt_sink_put(data, size, true, &written);
		pt_sink_end();
	}
	pt_turn_give();
	if (pausing)
		pausing->end(state);
	atomic_fetch_add(error ? &stage->lost : &stage->ended, 1);
	note_result(stage, error);
	errno = saved;
}

void pt_stage_lose(struct pt_stage *stage)
{
	static atomic_bool is_said;

	atomic_fetch_add(&stage->lost, 1);
	if (!atomic_exchange(&is_said, true))
		pt_log("out of memory; events are lost, and counted in the trace");
}

bool pt_stage_has_gap(struct pt_stage *stage, uint64_t *count, int *error)
{
	uint64_t lost = atomic_load(&stage->lost);

	if (!has_untold(stage) || drops_events || !pt_sink_is_alive())
		return false;
	*count = lost - stage->lost_told;
	*error = stage->error;
	stage->lost_told = lost;
	return true;
}

void pt_stage_flush_all(void)
{
	int saved = errno;

	if (pt_turn_take()) {
		for (struct pt_stage *stage = atomic_load(&stages); stage; stage = stage->next)
			write_out(stage, true);
		pt_turn_give();
	}
	errno = saved;
}

void pt_stage_give(struct pt_stage *stage)
{
	if (!stage)
		return;
	if (pt_turn_take()) {
		write_out(stage, true);
		rewind_stage(stage);
		pt_turn_give();
	}
	atomic_store(&stage->is_taken, false);
}

static uint64_t count_lines(const char *data, size_t size)
{
	const char *end = data + size;
	uint64_t lines = 0;

	for (const char *p = data; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	return lines;
}

/* Writes out a stage and adds it to the sum; what is committed later does not count. */
static void close_stage(struct pt_stage *stage, struct pt_stage_sum *sum)
{
	uint64_t state = atomic_load(&stage->journal->state);
	uint64_t lost = atomic_load(&stage->lost);
	size_t end = pt_journal_used(state);
	uint64_t left = 0;
	int error = write_until(stage, end, true);

	if (error)
		sum->error = error;
	size_t flushed = atomic_load(&stage->journal->flushed);
	if (flushed < end)
		left = count_lines(stage->data + flushed, end - flushed);
	else
		unlink_file(stage);
	sum->events += atomic_load(&stage->ended) + pt_journal_events(state) + lost;
	sum->lost += lost + (stage->path ? 0 : left);
	sum->waiting += stage->path ? left : 0;
}

static struct pt_stage_sum close_all(pt_stage_last_line *line, const void *data)
{
	struct pt_stage_sum sum = { 0 };
	struct pt_fixed_text text = { 0 };
	struct pt_place place;
	size_t written = 0;

	for (struct pt_stage *stage = atomic_load(&stages); stage; stage = stage->next)
		close_stage(stage, &sum);
	if (line)
		line(&text, &sum, data);
	if (text.size && !sum.error && pt_sink_begin(&place) == 0) {
		pt_sink_put(text.text, text.size, true, &written);
		pt_sink_end();
	}
	return sum;
}

static void stop_all(void)
{
	for (struct pt_stage *stage = atomic_load(&stages); stage; stage = stage->next)
		atomic_store(&stage->limit, 0);
}

struct pt_stage_sum pt_stage_end_all(pt_stage_last_line *line, const void *data)
{
	struct pt_stage_sum sum = { 0 };
	int saved = errno;

	atomic_store(&drops_events, true);
	stop_all();
	/* If this thread was interrupted while it had the turn, recovery does it. */
	if (pt_turn_take()) {
		sum = close_all(line, data);
		pt_turn_give();
	}
	errno = saved;
	return sum;
}

struct pt_stage_sum pt_stage_leave_all(pt_stage_last_line *line, const void *data)
{
	int saved = errno;

	struct pt_stage_sum sum = { 0 };

	atomic_fetch_add(&is_leaving, 1);
	stop_all();
	if (pt_turn_take()) {
		sum = close_all(line, data);
		pt_turn_give();
	}
	errno = saved;
	return sum;
}

void pt_stage_resume_all(void)
{
	atomic_fetch_sub(&is_leaving, 1);
}

static bool is_file_of(const struct pt_stage *stage, const struct stat *status)
{
	return stage->file.inode && stage->file.inode == status->st_ino &&
	       stage->file.device == status->st_dev;
}

void pt_stage_before_truncate(int directory, const char *path)
{
	struct stat status;
	int saved = errno;

	if (fstatat(directory, path, &status, 0) != 0 || !pt_turn_take()) {
		errno = saved;
		return;
	}
	for (struct pt_stage *stage = atomic_load(&stages); stage; stage = stage->next) {
		if (!is_file_of(stage, &status) || unlinkat(directory, path, 0) != 0)
			continue;
		int fd = openat(directory, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				0600);
		if (fd >= 0)
			close(fd);
		atomic_store(&stage->is_nameless, true);
		atomic_store(&stage->limit, 0);
	}
	pt_turn_give();
	errno = saved;
}

void pt_stage_forget_all(void)
{
	drops_events = false;
	is_leaving = 0;
	for (struct pt_stage *stage = atomic_load(&stages); stage; stage = stage->next) {
		drop_memory(stage);
		atomic_store(&stage->ended, 0);
		atomic_store(&stage->lost, 0);
		stage->lost_told = 0;
		stage->is_stalled = false;
		/* Its owner is a thread of the parent; see pt_thread_after_fork(). */
		atomic_store(&stage->is_taken, false);
	}
}
