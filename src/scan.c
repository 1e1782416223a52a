/* SPDX-License-Identifier: MIT */
/*
 * The same records as in events.c, but nothing is made of them: a file of gigabytes is
 * counted through in seconds.
 */
#include "config.h"

#include "scan.h"

#include "base/util.h"
#include "reader_private.h"

#include <stdlib.h>
#include <string.h>

/* What is counted through: a chunk of a stream. */
struct chunk {
	struct pt_reader_stream *stream;
	size_t index;
	const unsigned char *at;
	const unsigned char *end;
};

static struct pt_scan_thread *find_thread(struct pt_scan *scan,
					  struct pt_reader_process *process,
					  uint32_t number)
{
	for (size_t i = scan->count; i-- > 0;) {
		if (scan->threads[i].process == process &&
		    scan->threads[i].number == number)
			return &scan->threads[i];
	}
	struct pt_scan_thread *threads =
		realloc(scan->threads, (scan->count + 1) * sizeof(*threads));
	if (!threads)
		return NULL;
	scan->threads = threads;
	threads[scan->count] =
		(struct pt_scan_thread){ .process = process, .number = number };
	return &threads[scan->count++];
}

static void set_name(struct pt_scan_thread *thread, struct pt_text_in name)
{
	if (!name.size)
		return;
	free(thread->name);
	thread->name = strndup(name.data, name.size);
	if (thread->name)
		pt_clean_line(thread->name);
}

/* Takes a record that is no site. Returns the thread whose events follow, or NULL when
 * the chunk is at its end. */
static struct pt_scan_thread *take_record(struct pt_scan *scan, struct chunk *chunk,
					  struct pt_scan_thread *thread)
{
	unsigned char kind = *chunk->at++;
	struct pt_bytes_in all = { chunk->at, chunk->end, false };
	struct pt_text_in body = pt_take_text(&all);

	if (all.is_bad)
		return NULL;
	struct pt_bytes_in in = { (const unsigned char *)body.data,
				  (const unsigned char *)body.data + body.size, false };
	chunk->at = all.at;
	if (kind == PT_RECORD_STATE || kind == PT_RECORD_THREAD) {
		thread = find_thread(scan, chunk->stream->process,
				     (uint32_t)pt_take_number(&in));
		if (thread && kind == PT_RECORD_STATE) {
			thread->tid = (int)pt_take_number(&in);
			set_name(thread, pt_take_text(&in));
		}
	} else if (thread && kind == PT_RECORD_NAME) {
		set_name(thread, pt_take_text(&in));
	} else if (thread && kind == PT_RECORD_EXCEPTION) {
		thread->exceptions++;
		thread->events++;
	} else if (thread && kind == PT_RECORD_IMPORT) {
		thread->imports++;
		thread->events++;
	}
	if (thread) {
		thread->stream = chunk->stream;
		thread->chunk = chunk->index;
	}
	return thread;
}

/* Takes the sites up to the next record of another kind. */
static void take_sites(struct pt_reader *reader, struct pt_scan *scan, struct chunk *chunk,
		       struct pt_scan_thread *thread, uint32_t *site)
{
	bool has_time =
		chunk->stream->process->facts.flags & PT_PROCESS_HAS_TIME;
	const unsigned char *at = chunk->at;
	uint64_t events = 0, lines = 0;

	while (at < chunk->end && *at && *at <= PT_BYTE_LONG) {
		unsigned char first = *at++;
		uint32_t step = first - PT_BYTE_SHORT;
		if (first == PT_BYTE_LONG) {
			if (chunk->end - at < 4)
				break;
			memcpy(&step, at, sizeof(step));
			at += sizeof(step);
		} else if (first >= PT_BYTE_MIDDLE) {
			if (at == chunk->end)
				break;
			step = PT_SITE_SHORT + ((uint32_t)(first - PT_BYTE_MIDDLE) << 8) + *at++;
		}
		*site += (uint32_t)pt_unzigzag(step);
		events++;
		if (*site < reader->site_count &&
		    reader->sites[*site].mark == PT_MARK_LINE)
			lines++;
		else if (has_time)
			while (at < chunk->end && *at++ >= 0x80)
				;
	}
	chunk->at = at < chunk->end ? at : chunk->end;
	thread->events += events;
	scan->lines += lines;
}

static void scan_chunk(struct pt_reader *reader, struct pt_scan *scan, struct chunk *chunk)
{
	struct pt_scan_thread *thread = NULL;
	uint32_t site = 0;

	while (chunk->at < chunk->end && *chunk->at) {
		if (*chunk->at > PT_BYTE_LONG)
			thread = take_record(scan, chunk, thread);
		else if (thread)
			take_sites(reader, scan, chunk, thread, &site);
		if (!thread)
			return;
	}
}

void pt_scan(struct pt_reader *reader, struct pt_scan *scan)
{
	*scan = (struct pt_scan){ 0 };
	for (size_t i = 0; i < pt_reader_stream_count(reader); i++) {
		struct pt_reader_stream *stream = pt_reader_stream(reader, i);
		for (size_t j = 0; j < stream->count; j++) {
			size_t size = 0;
			unsigned char *data =
				pt_reader_chunk(reader, &stream->chunks[j], &size);
			if (!data)
				continue;
			struct chunk chunk = { stream, j, data, data + size };
			scan_chunk(reader, scan, &chunk);
			scan->bytes += (uint64_t)(chunk.at - data);
			free(data);
		}
	}
	for (size_t i = 0; i < scan->count; i++)
		scan->events += scan->threads[i].events;
}

void pt_scan_destroy(struct pt_scan *scan)
{
	for (size_t i = 0; i < scan->count; i++)
		free(scan->threads[i].name);
	free(scan->threads);
}
