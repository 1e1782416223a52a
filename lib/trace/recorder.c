/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/recorder.h"

#include "base/lock.h"
#include "base/log.h"
#include "out/process_record.h"
#include "out/recording_file.h"
#include "out/sink.h"
#include "trace/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first chunk of a stream is small, for programs that fork a thousand times; the
 * others have the size of all before, so that half of the file is in use. */
#define FIRST_CHUNK (16U << 10)
#define LAST_CHUNK (1U << 20)

/* Every site with its time is shorter. */
#define ROOM 32

/* Of a record: its kind and its size. */
#define HEAD_SIZE (1 + PT_VARINT_SIZE)

/* A text in a record is cut behind so many bytes. */
#define MAX_TEXT (LAST_CHUNK / 4)

/* The clocks are compared after so many units of time, then after twice as many ... */
#define SYNC_FIRST (1U << 14) /* about 1 ms */

/* Without room, a chunk is tried for after so many lost events, then twice as many. */
#define FIRST_PATIENCE 16
#define LAST_PATIENCE 4096

/* See recorder.h. */
bool pt_recorder_has_time;
unsigned int pt_recorder_time_shift;

/* All of this process, how many there have been, and what is left of those before fork. */
static struct pt_recorder *recorders;
static struct pt_recorder *unused;
static uint32_t stream_count;

/* Numbers chunks. 0 stands for none. */
static _Atomic uint32_t chunk_count;

/* Of a process that has no record. */
static _Atomic uint64_t homeless;

/* It has been said that events are lost. */
static atomic_bool has_told_loss;

/* Why there was no chunk the last time; 0: there was. */
static atomic_int last_error;

/* Frames above that are not recorded. */
static unsigned int max_depth;

void pt_recorder_start(bool has_time, unsigned int depth)
{
	max_depth = depth;
	pt_ticks_start();
	pt_recorder_has_time = has_time;
	pt_recorder_time_shift = pt_ticks_shift();
}

struct pt_recorder *pt_recorder_take(void)
{
	struct pt_recorder *recorder = unused;

	if (recorder)
		unused = recorder->next;
	else
		recorder = malloc(sizeof(*recorder));
	if (!recorder)
		return NULL;
	*recorder = (struct pt_recorder){ 0 };
	recorder->stream = ++stream_count;
	recorder->next = recorders;
	recorders = recorder;
	return recorder;
}

/* The bytes of the recorder's chunk that are in use. */
static uint32_t used(const struct pt_recorder *recorder)
{
	return (uint32_t)(recorder->cursor - (unsigned char *)recorder->chunk);
}

static void close_chunk(struct pt_recorder *recorder)
{
	if (!recorder->chunk)
		return;
	/* A fork may come in between: the child must find nothing that is not mapped. */
	struct pt_recording_chunk *chunk = recorder->chunk;
	recorder->chunk = NULL;
	recorder->cursor = NULL;
	recorder->limit = NULL;
	pt_recording_file_unmap(chunk);
}

void pt_recorder_give(struct pt_recorder *recorder)
{
	for (struct pt_recorder **link = &recorders; *link; link = &(*link)->next) {
		if (*link == recorder) {
			*link = recorder->next;
			break;
		}
	}
	if (recorder->chunk)
		pt_recording_file_trim(recorder->chunk, used(recorder));
	close_chunk(recorder);
	free(recorder);
}

uint64_t pt_recorder_lost(int *error)
{
	const struct pt_recording_process *process = pt_process_record();

	*error = last_error;
	return homeless + (process ? process->lost : 0);
}

void pt_recorder_lose(struct pt_thread *thread)
{
	struct pt_recording_process *process = pt_process_record();

	if (process)
		process->lost++;
	else
		homeless++;
	/* A process that is killed has no last word. */
	if (!atomic_exchange(&has_told_loss, true))
		pt_log("cannot record: %s; events are lost",
		       strerror(last_error ? -last_error : ENOMEM));
	if (!thread->recorder)
		return;
	thread->recorder->lost++;
	thread->recorder->limit = NULL; /* the next event tells of it, see is_ready() */
	thread->chunk_number = 0;	/* its frames are not what its events tell */
}

/* Counted in the file as well, for those who read it. */
static void house_homeless(void)
{
	pt_process_record()->lost += atomic_exchange(&homeless, 0);
}

static uint32_t size_of_next(const struct pt_recorder *recorder, size_t need)
{
	uint32_t size = FIRST_CHUNK;

	while (size < LAST_CHUNK && size * 2 <= recorder->total)
		size *= 2;
	while (size < need * 2)
		size *= 2;
	return size;
}

/* What a state takes, at most. */
static size_t state_size(const struct pt_thread *thread)
{
	size_t names = (thread->name ? strlen(thread->name) : 0) +
		       (thread->task ? strlen(thread->task) : 0);

	return HEAD_SIZE + 5 * PT_VARINT_SIZE + names + thread->depth * (5 + 5);
}

static unsigned char *limit_of(struct pt_recording_chunk *chunk)
{
	return (unsigned char *)chunk + chunk->size - ROOM;
}

/* Returns 0 or -errno. */
static int add_chunk(struct pt_recorder *recorder, size_t need)
{
	int error = 0;
	struct pt_recording_chunk wanted = {
		.kind = PT_CHUNK_EVENTS,
		.stream = recorder->stream,
		.sequence = recorder->sequence,
	};
	uint32_t size = size_of_next(recorder, sizeof(wanted) + need);
	pt_lock();
	wanted.process = pt_process_record_number(&error);
	pt_unlock();
	struct pt_recording_chunk *chunk =
		wanted.process ? pt_recording_file_add(&wanted, size, NULL, NULL, &error) : NULL;

	if (!chunk)
		return error;
	close_chunk(recorder);
	recorder->chunk = chunk;
	recorder->cursor = (unsigned char *)(chunk + 1);
	recorder->limit = limit_of(chunk);
	recorder->chunk_number = ++chunk_count;
	recorder->sequence++;
	recorder->total += chunk->size;
	recorder->site = 0;
	recorder->time = chunk->ticks >> pt_recorder_time_shift;
	recorder->thread = 0;
	return 0;
}

/* Returns whether the error is one that may pass. */
static bool is_passing(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EFBIG ||
	       error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* Without a chunk, each event comes here to be lost. */
static void fail(struct pt_recorder *recorder, int error)
{
	close_chunk(recorder);
	recorder->patience = recorder->patience ? recorder->patience * 2 : FIRST_PATIENCE;
	if (recorder->patience > LAST_PATIENCE)
		recorder->patience = LAST_PATIENCE;
	recorder->try_at = recorder->lost + recorder->patience;
	last_error = error;
	if (!is_passing(error))
		pt_sink_stop(error);
}

/* Ends a record that has grown from AT, which begin() gave, to END. */
static void end(struct pt_thread *thread, unsigned char *at, const unsigned char *end,
		enum pt_event_record kind)
{
	unsigned char size[PT_VARINT_SIZE];
	unsigned char *body = at + HEAD_SIZE;
	size_t length = (size_t)(end - body);
	size_t head = (size_t)(pt_varint_put(size, length) - size);

	memmove(at + 1 + head, body, length);
	memcpy(at + 1, size, head);
	/* What the move has left behind shall not be taken for a record. */
	memset(at + 1 + head + length, 0, HEAD_SIZE - 1 - head);
	pt_recording_publish(at, (unsigned char)kind);
	thread->recorder->cursor = at + 1 + head + length;
}

static unsigned char *put_text(unsigned char *out, const char *text)
{
	size_t size = text ? strlen(text) : 0;

	if (size > MAX_TEXT)
		size = MAX_TEXT;
	out = pt_varint_put(out, size);
	memcpy(out, text ? text : "", size);
	return out + size;
}

static size_t text_size(const char *text)
{
	size_t size = text ? strlen(text) : 0;

	return PT_VARINT_SIZE + (size < MAX_TEXT ? size : MAX_TEXT);
}

/* Returns whether the recorder has room for SIZE bytes and a site behind them. */
static bool has_room(const struct pt_recorder *recorder, size_t size)
{
	return recorder->limit && recorder->cursor < recorder->limit &&
	       (size_t)(recorder->limit - recorder->cursor) >= size;
}

static void put_state(struct pt_thread *thread)
{
	struct pt_recorder *recorder = thread->recorder;
	unsigned char *at = recorder->cursor;
	unsigned char *out = at + HEAD_SIZE;
	unsigned int depth = thread->depth < max_depth ? thread->depth : max_depth;

	out = pt_varint_put(out, thread->number);
	out = pt_varint_put(out, (uint64_t)thread->id);
	out = put_text(out, thread->name);
	out = put_text(out, thread->task);
	out = pt_varint_put(out, depth);
	for (unsigned int i = 0; i < depth; i++) {
		const struct pt_frame *frame = &thread->frames[i];
		out = pt_varint_put(out, frame->code_number);
		out = pt_varint_put(out, (uint32_t)frame->line);
	}
	end(thread, at, out, PT_RECORD_STATE);
	recorder->thread = thread->number;
	thread->chunk_number = recorder->chunk_number;
}

/* Tells of events that are missing. There is room. */
static void put_lost(struct pt_thread *thread)
{
	struct pt_recorder *recorder = thread->recorder;
	unsigned char *at = recorder->cursor;

	end(thread, at, pt_varint_put(at + HEAD_SIZE, recorder->lost), PT_RECORD_LOST);
	recorder->lost = 0;
	recorder->patience = 0;
}

/* Opens a chunk with room for SIZE bytes of the thread. Returns false if there is none. */
static bool renew_chunk(struct pt_thread *thread, size_t size)
{
	struct pt_recorder *recorder = thread->recorder;

	if (recorder->patience && recorder->lost < recorder->try_at)
		return false;
	int error = add_chunk(recorder, size + state_size(thread) + 4 * ROOM);
	if (error) {
		fail(recorder, error);
		return false;
	}
	last_error = 0;
	house_homeless();
	put_state(thread);
	if (recorder->lost)
		put_lost(thread);
	return true;
}

/* Makes sure of room for SIZE bytes, and tells of lost events. Returns false if there is
 * none. */
static bool is_ready(struct pt_thread *thread, size_t size)
{
	struct pt_recorder *recorder = thread->recorder;

	if (recorder->chunk && !recorder->limit)
		recorder->limit = limit_of(recorder->chunk);
	if (!has_room(recorder, size + (recorder->lost ? state_size(thread) + ROOM : 0)))
		return renew_chunk(thread, size);
	if (recorder->lost) {
		put_state(thread);
		put_lost(thread);
	}
	return true;
}

/* Makes events of this thread be what follows. There may be no room for it. */
static bool switch_to(struct pt_thread *thread, size_t size)
{
	struct pt_recorder *recorder = thread->recorder;

	if (!is_ready(thread, size + state_size(thread)))
		return false;
	if (recorder->thread == thread->number)
		return true;
	if (thread->chunk_number != recorder->chunk_number) {
		put_state(thread);
		return true;
	}
	unsigned char *at = recorder->cursor;
	end(thread, at, pt_varint_put(at + HEAD_SIZE, thread->number), PT_RECORD_THREAD);
	recorder->thread = thread->number;
	return true;
}

void pt_recorder_switch(struct pt_thread *thread)
{
	int saved = errno;

	switch_to(thread, 0);
	errno = saved;
}

/* Returns where a record of at most SIZE bytes can be put; NULL: nowhere. */
static unsigned char *begin(struct pt_thread *thread, size_t size)
{
	struct pt_recorder *recorder = thread->recorder;

	size += HEAD_SIZE;
	if (!(recorder->thread == thread->number ? is_ready(thread, size) :
					   switch_to(thread, size)))
		return NULL;
	return recorder->cursor;
}

/* Compares the clocks now and then, the first time soon: the rate of the ticks is what
 * their values at two moments tell. */
static void sync_clocks(struct pt_thread *thread, uint64_t time)
{
	struct pt_recorder *recorder = thread->recorder;
	uint64_t first = recorder->chunk->ticks >> pt_recorder_time_shift;
	uint64_t passed = time - first;
	uint64_t pair[2] = { pt_ticks_now(), pt_ticks_monotonic() };

	recorder->next_sync = time + (passed < SYNC_FIRST ? SYNC_FIRST : passed);
	if (passed < SYNC_FIRST || !has_room(recorder, HEAD_SIZE + sizeof(pair)))
		return;
	memcpy(recorder->cursor + HEAD_SIZE, pair, sizeof(pair));
	end(thread, recorder->cursor, recorder->cursor + HEAD_SIZE + sizeof(pair),
	    PT_RECORD_TIME);
}

/* Returns whether there is room for a site of the thread; else the event is lost. */
static bool is_ready_for_site(struct pt_thread *thread)
{
	struct pt_recorder *recorder = thread->recorder;
	int saved = errno;
	bool has_room = recorder->thread == thread->number ? is_ready(thread, 0) :
						     switch_to(thread, 0);

	if (!has_room)
		pt_recorder_lose(thread);
	errno = saved;
	return has_room;
}

/* Puts a site; TIME: the bytes of its time, TIME_SIZE of them, go behind it. */
static void put_site(struct pt_recorder *recorder, uint32_t site,
		     const unsigned char *time, size_t time_size)
{
	unsigned char *at = recorder->cursor;
	uint32_t step = pt_zigzag((int32_t)(site - recorder->site));
	unsigned char first = PT_BYTE_LONG;
	size_t size = 1;

	if (step < PT_SITE_SHORT) {
		first = (unsigned char)(PT_BYTE_SHORT + step);
	} else if (step < PT_SITE_MIDDLE) {
		step -= PT_SITE_SHORT;
		first = (unsigned char)(PT_BYTE_MIDDLE + (step >> 8));
		at[size++] = (unsigned char)step;
	} else {
		memcpy(at + size, &step, sizeof(step));
		size += sizeof(step);
	}
	for (size_t i = 0; i < time_size; i++)
		at[size + i] = time[i];
	recorder->cursor = at + size + time_size;
	recorder->site = site;
	pt_recording_publish(at, first);
}

void pt_recorder_long_site(struct pt_thread *thread, uint32_t site)
{
	if (is_ready_for_site(thread))
		put_site(thread->recorder, site, NULL, 0);
}

/* Sets the recorder's time. Returns what has passed since it was last set. */
static uint64_t advance(struct pt_recorder *recorder, uint64_t time)
{
	uint64_t passed = time - recorder->time;

	/* The counters of two cores may differ by a little. */
	if ((int64_t)passed < 0)
		return 0;
	recorder->time = time;
	return passed;
}

void pt_recorder_long_timed_site(struct pt_thread *thread, uint32_t site, uint64_t time)
{
	unsigned char bytes[PT_VARINT_SIZE];
	struct pt_recorder *recorder = thread->recorder;

	if (!is_ready_for_site(thread))
		return;
	if (time >= recorder->next_sync)
		sync_clocks(thread, time);
	unsigned char *last = pt_varint_put(bytes, advance(recorder, time));
	put_site(recorder, site, bytes, (size_t)(last - bytes));
}

void pt_recorder_state(struct pt_thread *thread)
{
	struct pt_recorder *recorder = thread->recorder;

	if (!has_room(recorder, state_size(thread)) || recorder->lost)
		is_ready(thread, state_size(thread));
	if (has_room(recorder, state_size(thread)))
		put_state(thread);
}

void pt_recorder_text(struct pt_thread *thread, enum pt_event_record kind,
		      const char *text)
{
	unsigned char *at = begin(thread, text_size(text));

	if (at)
		end(thread, at, put_text(at + HEAD_SIZE, text), kind);
}

void pt_recorder_exception(struct pt_thread *thread, int line, const char *type,
			   const char *message)
{
	size_t size = PT_VARINT_SIZE + text_size(type) + text_size(message);
	unsigned char *at = begin(thread, size);

	if (!at) {
		pt_recorder_lose(thread);
		return;
	}
	unsigned char *out = pt_varint_put(at + HEAD_SIZE, (uint32_t)line);
	end(thread, at, put_text(put_text(out, type), message), PT_RECORD_EXCEPTION);
}

void pt_recorder_import(struct pt_thread *thread, uint32_t imported_by, int line,
			const char *module, const char *detail, bool is_failure)
{
	size_t size = 4 * PT_VARINT_SIZE + text_size(module) + text_size(detail);
	unsigned char *at = begin(thread, size);
	unsigned int flags = (is_failure ? PT_IMPORT_FAILED : 0) |
			     (detail ? PT_IMPORT_HAS_DETAIL : 0);

	if (!at) {
		pt_recorder_lose(thread);
		return;
	}
	uint64_t time = pt_ticks_now() >> pt_recorder_time_shift;
	unsigned char *out = pt_varint_put(at + HEAD_SIZE, flags);
	out = pt_varint_put(out, pt_recorder_has_time ? advance(thread->recorder, time) : 0);
	out = pt_varint_put(out, imported_by);
	out = pt_varint_put(out, (uint32_t)line);
	end(thread, at, put_text(put_text(out, module), detail), PT_RECORD_IMPORT);
}

void pt_recorder_end(enum pt_process_end how, uint32_t status, const char *program)
{
	struct pt_recording_process *process = pt_process_record();
	int saved = errno;

	if (!process)
		return;
	process->end_ticks = pt_ticks_now();
	process->end_time = pt_ticks_monotonic();
	process->end_status = status;
	if (program)
		strncpy(process->end_program, program, sizeof(process->end_program) - 1);
	atomic_store_explicit(&process->end, (uint32_t)how, memory_order_release);
	errno = saved;
}

void pt_recorder_tell_death(uint32_t pid, uint32_t signal)
{
	struct pt_recording_header *header = pt_recording_file_header();

	if (!header)
		return;
	uint32_t index = atomic_fetch_add(&header->deaths, 1);
	if (index >= PT_RECORDING_DEATHS)
		return;
	header->death[index].signal = signal;
	atomic_store_explicit(&header->death[index].pid, pid, memory_order_release);
}

void pt_recorder_trim_all(void)
{
	for (struct pt_recorder *each = recorders; each; each = each->next) {
		if (!each->chunk)
			continue;
		pt_recording_file_trim(each->chunk, used(each));
		close_chunk(each); /* events that still come get a new one */
	}
}

void pt_recorder_after_fork(void)
{
	struct pt_recorder *each = recorders;

	recorders = NULL;
	while (each) {
		struct pt_recorder *next = each->next;
		close_chunk(each);
		each->next = unused;
		unused = each;
		each = next;
	}
	homeless = 0;
	last_error = 0;
	has_told_loss = false;
	stream_count = 0;
	pt_recording_file_after_fork();
	pt_process_record_after_fork();
}
