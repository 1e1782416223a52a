/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "events.h"

#include "base/util.h"
#include "filter.h"
#include "fold.h"
#include "reader_private.h"
#include "track.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* No stack is deeper; frames beyond are not followed. */
#define MAX_DEPTH (1U << 24)

struct pt_events {
	struct pt_reader *reader;
	struct pt_track **tracks; /* by the time of their first chunks */
	size_t count;
	struct pt_events_thread *threads; /* of all processes */
	bool is_fixed; /* sites that were handed over must stay where they are */
	char *texts;			  /* of the present event */
	size_t text_size;
};

struct pt_events *pt_events_new(struct pt_reader *reader)
{
	struct pt_events *events = calloc(1, sizeof(*events));

	if (events)
		events->reader = reader;
	return events;
}

static void free_thread(struct pt_events_thread *thread)
{
	free(thread->name);
	free(thread->task);
	free(thread->frames);
	free(thread->data);
	pt_filter_forget(thread);
	pt_fold_free(thread->fold);
	free(thread);
}

void pt_events_free(struct pt_events *events)
{
	if (!events)
		return;
	for (size_t i = 0; i < events->count; i++) {
		free(events->tracks[i]->window);
		free(events->tracks[i]);
	}
	while (events->threads) {
		struct pt_events_thread *next = events->threads->next;
		free_thread(events->threads);
		events->threads = next;
	}
	free(events->tracks);
	free(events->texts);
	free(events);
}

/* Returns the thread of that number in a process; makes it the first time. */
static struct pt_events_thread *find_thread(struct pt_events *events,
					    struct pt_reader_process *process,
					    uint32_t number)
{
	struct pt_events_thread *thread = events->threads;

	while (thread && (thread->process != process || thread->number != number))
		thread = thread->next;
	if (thread)
		return thread;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->process = process;
	thread->number = number;
	thread->next = events->threads;
	events->threads = thread;
	return thread;
}

static bool push(struct pt_events_thread *thread, uint32_t code, int line)
{
	if (thread->depth == thread->capacity) {
		unsigned int capacity = thread->capacity ? thread->capacity * 2 : 64;
		struct pt_events_frame *frames =
			capacity > MAX_DEPTH ? NULL :
					       realloc(thread->frames,
						       capacity * sizeof(*frames));
		if (!frames)
			return false;
		thread->frames = frames;
		thread->capacity = capacity;
	}
	thread->frames[thread->depth++] = (struct pt_events_frame){ code, line };
	return true;
}

/* The time of the track's last timed event; it does not go back. */
static uint64_t time_of(struct pt_events *events, const struct pt_track *track)
{
	unsigned int shift = track->stream->process->facts.tick_shift & 63;
	uint64_t time = pt_reader_time(events->reader, &track->since,
				       track->shifted << shift);

	return time > track->now ? time : track->now;
}

/* The clocks have been compared: the rate is the recording's, which may be a little off. */
static void take_moment(struct pt_events *events, struct pt_track *track,
			const struct pt_bytes_in *in)
{
	if (in->end - in->at < (ptrdiff_t)sizeof(track->since))
		return;
	memcpy(&track->since, in->at, sizeof(track->since));
	pt_reader_add_moment(events->reader, &track->since);
}

/* Keeps a text of a record as a string, which lives until the next event. */
static const char *keep_text(struct pt_events *events, struct pt_text_in text, size_t *used)
{
	char *place = events->texts + *used;

	memcpy(place, text.data, text.size);
	place[text.size] = '\0';
	*used += text.size + 1;
	return place;
}

static bool make_room_for_texts(struct pt_events *events, size_t size)
{
	if (size + 2 <= events->text_size)
		return true;
	char *texts = realloc(events->texts, size + 2);
	if (!texts)
		return false;
	events->texts = texts;
	events->text_size = size + 2;
	return true;
}

static void rename_thread(struct pt_events_thread *thread, char **place,
			  struct pt_text_in text)
{
	free(*place);
	*place = text.size ? strndup(text.data, text.size) : NULL;
	if (*place)
		pt_clean_line(*place);
	thread->renamed++;
}

/* Where a thread is, without a site. */
static void set_place(struct pt_events *events, const struct pt_events_thread *thread,
		      struct pt_events_event *event)
{
	const struct pt_events_frame *top =
		thread->depth ? &thread->frames[thread->depth - 1] : NULL;
	const struct pt_reader_code *code =
		top ? pt_reader_code(events->reader, top->code) : NULL;

	event->level = thread->depth ? thread->depth - 1 : 0;
	event->code = code ? &code->info : NULL;
	event->file = code ? code->file : NULL;
	event->line = top ? top->line : 0;
}

static void take_state(struct pt_events *events, struct pt_track *track,
		       struct pt_bytes_in *in)
{
	struct pt_events_thread *thread = find_thread(
		events, track->stream->process, (uint32_t)pt_take_number(in));

	if (!thread)
		return;
	thread->tid = (int)pt_take_number(in);
	rename_thread(thread, &thread->name, pt_take_text(in));
	rename_thread(thread, &thread->task, pt_take_text(in));
	uint64_t depth = pt_take_number(in);
	thread->depth = 0;
	for (uint64_t i = 0; i < depth && !in->is_bad; i++) {
		uint32_t code = (uint32_t)pt_take_number(in);
		if (!push(thread, code, (int)(pt_take_number(in) & INT_MAX)))
			break;
	}
	track->thread = thread;
}

static void take_import(struct pt_events *events, struct pt_track *track,
			struct pt_bytes_in *in, struct pt_events_event *event)
{
	static struct pt_code_info importer; /* only its file is known */
	uint64_t flags = pt_take_number(in);
	size_t used = 0;

	track->shifted += pt_take_number(in);
	set_place(events, track->thread, event);
	struct pt_reader_file *file =
		pt_reader_file(events->reader, (uint32_t)pt_take_number(in));
	event->line = (int)(pt_take_number(in) & INT_MAX);
	importer = (struct pt_code_info){ .file = file ? file->file : NULL };
	event->code = file ? &importer : NULL;
	event->file = file;
	event->name = keep_text(events, pt_take_text(in), &used);
	const char *detail = keep_text(events, pt_take_text(in), &used);
	event->detail = flags & PT_IMPORT_HAS_DETAIL ? detail : NULL;
	event->is_failure = flags & PT_IMPORT_FAILED;
	if (track->stream->process->facts.flags & PT_PROCESS_HAS_TIME) {
		track->now = time_of(events, track);
		event->has_time = true;
	}
	event->kind = PT_EVENTS_IMPORT;
}

static void take_exception(struct pt_events *events, struct pt_track *track,
			   struct pt_bytes_in *in, struct pt_events_event *event)
{
	size_t used = 0;

	set_place(events, track->thread, event);
	event->kind = PT_EVENTS_EXCEPTION;
	event->is_failure = false;
	event->line = (int)(pt_take_number(in) & INT_MAX);
	event->name = keep_text(events, pt_take_text(in), &used);
	struct pt_text_in message = pt_take_text(in);
	event->detail = message.size ? keep_text(events, message, &used) : NULL;
}

/* Takes a record that is no site. Returns whether it is an event. */
static bool take_record(struct pt_events *events, struct pt_track *track, unsigned char kind,
			struct pt_bytes_in *in, struct pt_events_event *event)
{
	struct pt_events_thread *thread = track->thread;
	size_t used = 0;

	if (kind == PT_RECORD_STATE) {
		take_state(events, track, in);
		event->kind = PT_EVENTS_STATE;
		return track->thread;
	}
	if (kind == PT_RECORD_THREAD) {
		track->thread = find_thread(events, track->stream->process,
					    (uint32_t)pt_take_number(in));
		return false;
	}
	if (!thread)
		return false;
	switch (kind) {
	case PT_RECORD_NAME:
		rename_thread(thread, &thread->name, pt_take_text(in));
		return false;
	case PT_RECORD_TASK:
		rename_thread(thread, &thread->task, pt_take_text(in));
		return false;
	case PT_RECORD_EXCEPTION:
		take_exception(events, track, in, event);
		return true;
	case PT_RECORD_IMPORT:
		take_import(events, track, in, event);
		return event->code;
	case PT_RECORD_NOTE:
		set_place(events, thread, event);
		event->kind = PT_EVENTS_NOTE;
		event->detail = keep_text(events, pt_take_text(in), &used);
		pt_clean_line(events->texts);
		return true;
	case PT_RECORD_LOST:
		event->kind = PT_EVENTS_LOST;
		event->count = pt_take_number(in);
		return true;
	case PT_RECORD_TIME:
		take_moment(events, track, in);
		return false;
	default: /* of a later version */
		return false;
	}
}

/* Reads a record that is no site. Returns whether it is an event. */
static bool read_record(struct pt_events *events, struct pt_track *track,
			struct pt_events_event *event)
{
	pt_track_fill(events->reader, track, PT_TRACK_SHORT);
	const unsigned char *at = track->at + 1;
	unsigned char kind = *track->at;
	uint64_t size = 0;

	if (!pt_varint_get(&at, track->end, &size) || size > UINT32_MAX) {
		pt_track_skip(track);
		return false;
	}
	size_t head = (size_t)(at - track->at);
	if (!pt_track_fill(events->reader, track, head + size) || !make_room_for_texts(events, size)) {
		pt_track_skip(track);
		return false;
	}
	struct pt_bytes_in in = { track->at + head, track->at + head + size, false };
	track->at += head + size;
	return take_record(events, track, kind, &in, event) && !in.is_bad;
}

/* Reads the number of a site. Returns false when the chunk is cut there. */
static inline bool read_site_number(struct pt_track *track)
{
	const unsigned char *at = track->at;
	unsigned char first = *at++;
	uint32_t step = first - PT_BYTE_SHORT;

	if (first >= PT_BYTE_MIDDLE && first < PT_BYTE_LONG) {
		if (track->end - at < 1)
			return false;
		step = PT_SITE_SHORT + ((uint32_t)(first - PT_BYTE_MIDDLE) << 8) + *at++;
	} else if (first == PT_BYTE_LONG) {
		if (track->end - at < 4)
			return false;
		memcpy(&step, at, sizeof(step));
		at += sizeof(step);
	}
	track->site += (uint32_t)pt_unzigzag(step);
	track->at = at;
	return true;
}

/* Follows the thread's frames through a site, and tells the level of what happens there. */
static inline unsigned int follow(struct pt_events_thread *thread,
				  const struct pt_reader_site *site)
{
	switch (site->mark) {
	case PT_MARK_CALL:
	case PT_MARK_RESUME:
		push(thread, site->code_number, site->line);
		return thread->depth ? thread->depth - 1 : 0;
	case PT_MARK_LINE:
		if (thread->depth)
			thread->frames[thread->depth - 1].line = site->line;
		return thread->depth ? thread->depth - 1 : 0;
	default:
		return thread->depth ? --thread->depth : 0;
	}
}

/* Reads a site. Returns whether it is an event. */
static inline bool read_site(struct pt_events *events, struct pt_track *track,
			     struct pt_events_event *event)
{
	if (!read_site_number(track)) {
		pt_track_skip(track);
		return false;
	}
	struct pt_reader_site *site = pt_reader_site(events->reader, track->site);
	if (!site || !track->thread) {
		/* It was defined after we looked; or the file is damaged. */
		if (!events->is_fixed)
			pt_reader_update(events->reader);
		site = pt_reader_site(events->reader, track->site);
	}
	if (!site || !track->thread) {
		events->reader->damage = "events refer to what is not defined";
		pt_track_skip(track);
		return false;
	}
	event->has_time = false;
	if (site->mark != PT_MARK_LINE &&
	    track->stream->process->facts.flags & PT_PROCESS_HAS_TIME) {
		uint64_t passed = 0;
		if (!pt_varint_get(&track->at, track->end, &passed)) {
			pt_track_skip(track);
			return false;
		}
		track->shifted += passed;
		track->now = time_of(events, track);
		event->has_time = true;
	}
	event->kind = PT_EVENTS_SITE;
	event->site = site;
	event->code = &site->code->info;
	event->line = site->line;
	event->level = follow(track->thread, site);
	event->caller_line =
		event->level ? track->thread->frames[event->level - 1].line : 0;
	return true;
}

/* Reads the next event of a track. Returns false when there is none, as yet: IS_IDLE; or
 * when the next one is elsewhere. */
static bool read_event(struct pt_events *events, struct pt_track *track,
		       struct pt_events_event *event)
{
	if (track->chunk >= track->stream->count) {
		track->is_idle = true;
		return false;
	}
	if (!track->is_open && !pt_track_open(events->reader, track)) {
		pt_track_skip(track);
		return false;
	}
	if (track->end - track->at < PT_TRACK_SHORT)
		pt_track_fill(events->reader, track, PT_TRACK_SHORT);
	if (track->at == track->end || *track->at == 0) {
		pt_track_end(events->reader, track);
		return false;
	}
	return *track->at <= PT_BYTE_LONG ? read_site(events, track, event) :
					    read_record(events, track, event);
}

static uint64_t start_of(const struct pt_reader_stream *stream)
{
	return stream->chunks[0].header.time;
}

/* Makes tracks of streams that are new, in the order of their beginnings. */
static void add_tracks(struct pt_events *events)
{
	size_t count = pt_reader_stream_count(events->reader);
	struct pt_track **tracks =
		count > events->count ?
			realloc(events->tracks, count * sizeof(*tracks)) :
			NULL;

	if (!tracks)
		return;
	events->tracks = tracks;
	for (size_t i = events->count; i < count; i++) {
		struct pt_track *track = calloc(1, sizeof(*track));
		if (!track)
			return;
		track->stream = pt_reader_stream(events->reader, i);
		track->now = start_of(track->stream);
		events->tracks[events->count++] = track;
	}
}

/* Returns the track whose next event is the earliest, or NULL; *LIMIT is the time of the
 * next one after it. */
static struct pt_track *earliest(struct pt_events *events, uint64_t *limit)
{
	struct pt_track *first = NULL;

	*limit = UINT64_MAX;
	for (size_t i = 0; i < events->count; i++) {
		struct pt_track *track = events->tracks[i];
		if (track->is_idle)
			continue;
		if (!first || track->now < first->now) {
			*limit = first ? first->now : UINT64_MAX;
			first = track;
		} else if (track->now < *limit) {
			*limit = track->now;
		}
	}
	return first;
}

/* Hands over the end of a process if all of its streams have been read. */
static bool end_process(struct pt_events *events, struct pt_reader_process *process,
			bool at_end, uint64_t now, pt_events_function *function, void *data)
{
	if (process->is_told || (!at_end && process->facts.end == PT_END_NONE))
		return true;
	for (size_t i = 0; i < events->count; i++) {
		if (events->tracks[i]->stream->process == process &&
		    !events->tracks[i]->is_idle)
			return true;
	}
	process->is_told = true;
	struct pt_events_event event = {
		.kind = PT_EVENTS_END,
		.process = process,
		.time = process->facts.end_time ? process->facts.end_time : now,
	};
	return function(data, &event);
}

/* Hands over the events of a track until LIMIT. Returns false when FUNCTION did. */
static bool run_track(struct pt_events *events, struct pt_track *track, uint64_t limit,
		      pt_events_function *function, void *data)
{
	struct pt_events_event event = { .process = track->stream->process };

	while (!track->is_idle && track->now <= limit) {
		event.has_time = false;
		if (!read_event(events, track, &event))
			continue;
		event.thread = track->thread;
		event.time = track->now;
		if (!function(data, &event))
			return false;
	}
	return true;
}

bool pt_events_run(struct pt_events *events, bool at_end, pt_events_function *function,
		   void *data)
{
	uint64_t limit = 0;

	add_tracks(events);
	for (size_t i = 0; i < events->count; i++)
		events->tracks[i]->is_idle = false;
	for (;;) {
		struct pt_track *track = earliest(events, &limit);
		if (!track)
			break;
		if (!run_track(events, track, limit, function, data))
			return false;
		if (track->is_idle && !end_process(events, track->stream->process, at_end,
						   track->now, function, data))
			return false;
	}
	for (size_t i = 0; i < pt_reader_process_count(events->reader); i++) {
		if (!end_process(events, pt_reader_process(events->reader, i), at_end, 0,
				 function, data))
			return false;
	}
	return true;
}

bool pt_events_run_from(struct pt_events *events, struct pt_reader_stream *stream,
			size_t chunk, pt_events_function *function, void *data)
{
	struct pt_track *track = NULL;

	add_tracks(events);
	for (size_t i = 0; i < events->count; i++) {
		if (events->tracks[i]->stream == stream)
			track = events->tracks[i];
	}
	if (!track || chunk >= stream->count)
		return true;
	track->chunk = chunk;
	events->is_fixed = true;
	return run_track(events, track, UINT64_MAX, function, data);
}
