/* SPDX-License-Identifier: MIT */
/* The file of a recording and its chunks. */
#include "config.h"

#include "base/util.h"
#include "reader_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/* No chunk is larger, packed or not. */
#define MAX_CHUNK (64U << 20)

size_t pt_reader_read(const struct pt_reader *reader, uint64_t offset, void *data,
		      size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(reader->fd, (char *)data + done, size - done,
				    (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

bool pt_numbered_set(struct pt_numbered *all, size_t number, void *item)
{
	if (number >= all->count) {
		size_t count = number < 64 ? 64 : number * 2;
		void **items = realloc(all->items, count * sizeof(*items));
		if (!items)
			return false;
		memset(items + all->count, 0, (count - all->count) * sizeof(*items));
		all->items = items;
		all->count = count;
	}
	all->items[number] = item;
	return true;
}

/* No run takes longer, in ns: a hundred years. */
#define MAX_DURATION 3.2e18

/* Returns NULL, or what is wrong with the beginning of the file. */
static const char *check_header(const struct pt_recording_header *header, size_t size)
{
	if (size >= PT_RECORDING_MAGIC_SIZE && header->magic[0] == 0 && header->major <= 1)
		return "nothing has been recorded yet";
	if (size < PT_RECORDING_MAGIC_SIZE ||
	    memcmp(header->magic, PT_RECORDING_MAGIC, PT_RECORDING_MAGIC_SIZE) != 0)
		return "not a recording (expected a .pytrace file)";
	if (size < sizeof(header->magic) + sizeof(header->major))
		return "the recording is cut within its first bytes";
	if (header->major > PT_RECORDING_MAJOR)
		return "made by a newer libpytrace: this command does not know its format";
	if (size < offsetof(struct pt_recording_header, death))
		return "the recording is cut within its first bytes";
	if (header->first_chunk < sizeof(header->magic) ||
	    header->first_chunk > MAX_CHUNK || header->unit < PT_RECORDING_COMPACT ||
	    header->unit > PT_RECORDING_PAGE)
		return "damaged: its first bytes have been overwritten";
	return NULL;
}

void pt_reader_add_moment(struct pt_reader *reader, const struct pt_reader_moment *moment)
{
	if (!moment->ticks || !moment->time)
		return;
	if (!reader->first.ticks || moment->time < reader->first.time)
		reader->first = *moment;
	if (moment->time > reader->last.time)
		reader->last = *moment;
}

uint64_t pt_reader_time(const struct pt_reader *reader,
			const struct pt_reader_moment *since, uint64_t ticks)
{
	double from = (double)reader->first.ticks, to = (double)reader->last.ticks;
	double rate = to > from ? (double)(reader->last.time - reader->first.time) /
					  (to - from) :
				  1.0;
	double passed = ((double)ticks - (double)since->ticks) * rate;

	/* In a damaged file there may be any number. */
	if (!(passed > 0) || passed > MAX_DURATION)
		passed = 0;
	return since->time + (uint64_t)passed;
}

static struct pt_reader_process *find_process(struct pt_reader *reader, uint32_t number)
{
	for (size_t i = reader->processes.count; i-- > 0;) {
		struct pt_reader_process *process = reader->processes.items[i];
		if (process && process->number == number)
			return process;
	}
	return NULL;
}

static struct pt_reader_stream *find_stream(struct pt_reader *reader,
					    struct pt_reader_process *process,
					    uint32_t number)
{
	size_t count = pt_reader_stream_count(reader);

	for (size_t i = count; i-- > 0;) {
		struct pt_reader_stream *stream = reader->streams.items[i];
		if (stream->process == process && stream->number == number)
			return stream;
	}
	struct pt_reader_stream *made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->process = process;
	made->number = number;
	process->has_events = true;
	if (pt_numbered_set(&reader->streams, count, made))
		return made;
	free(made);
	return NULL;
}

/* Puts a chunk of events to its stream, in the order of their numbers. */
static void add_events(struct pt_reader *reader, const struct pt_chunk_place *place)
{
	struct pt_reader_process *process = find_process(reader, place->header.process);
	struct pt_reader_stream *stream =
		process ? find_stream(reader, process, place->header.stream) : NULL;
	struct pt_chunk_place *chunks =
		stream ? realloc(stream->chunks, (stream->count + 1) * sizeof(*chunks)) :
			 NULL;

	if (!process)
		reader->damage = "events of a process that it says nothing of";
	if (!chunks)
		return;
	size_t at = stream->count++;
	for (; at > 0 && chunks[at - 1].header.sequence > place->header.sequence; at--)
		chunks[at] = chunks[at - 1];
	chunks[at] = *place;
	stream->chunks = chunks;
}

static void add_definitions(struct pt_reader *reader, const struct pt_chunk_place *place)
{
	struct pt_chunk_place *all =
		realloc(reader->definitions,
			(reader->definition_count + 1) * sizeof(*all));

	if (!all)
		return;
	all[reader->definition_count] = *place;
	reader->definitions = all;
	pt_model_read(reader, &all[reader->definition_count++]);
}

static void add_chunk(struct pt_reader *reader, const struct pt_chunk_place *place)
{
	const struct pt_reader_moment begin = { place->header.ticks, place->header.time };

	pt_reader_add_moment(reader, &begin);
	switch (place->header.kind) {
	case PT_CHUNK_EVENTS:
		add_events(reader, place);
		break;
	case PT_CHUNK_DEFINITIONS:
		add_definitions(reader, place);
		break;
	case PT_CHUNK_PROCESS:
		pt_model_add_process(reader, place);
		break;
	default: /* of a later version */
		break;
	}
}

static bool is_chunk(const struct pt_reader *reader, const struct pt_recording_chunk *found,
		     uint64_t offset)
{
	return found->key == reader->header.key + offset &&
	       found->header_size >= offsetof(struct pt_recording_chunk, reserved) &&
	       found->size >= found->header_size && found->size <= MAX_CHUNK &&
	       found->size % reader->header.unit == 0 && found->data_size <= MAX_CHUNK;
}

/* Returns where the file goes on behind a hole. */
static uint64_t skip_hole(const struct pt_reader *reader, uint64_t offset)
{
	off_t data = lseek(reader->fd, (off_t)offset, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? reader->size : offset;
	return (uint64_t)data / reader->header.unit * reader->header.unit;
}

/* Returns whether the chunk at that place behind a gap is known; notes it if not. */
static bool is_known(struct pt_reader *reader, uint64_t offset)
{
	size_t low = 0, high = reader->beyond_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (reader->beyond[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < reader->beyond_count && reader->beyond[low] == offset)
		return true;
	size_t count = reader->beyond_count;
	uint64_t *beyond = realloc(reader->beyond, (count + 1) * sizeof(*beyond));
	if (!beyond)
		return false;
	memmove(beyond + low + 1, beyond + low, (count - low) * sizeof(*beyond));
	beyond[low] = offset;
	reader->beyond = beyond;
	reader->beyond_count = count + 1;
	return false;
}

/*
 * Finds the chunks that have come since. Where none begins, in what a killed process has
 * reserved, another one is about to fill or somebody has overwritten, the next page is
 * looked at; and all from there on again the next time.
 */
static bool find_chunks(struct pt_reader *reader)
{
	bool has_found = false, has_gap = false;
	uint64_t offset = reader->next;

	while (offset + sizeof(struct pt_recording_chunk) <= reader->size) {
		struct pt_chunk_place place = { .offset = offset };
		pt_reader_read(reader, offset, &place.header, sizeof(place.header));
		if (is_chunk(reader, &place.header, offset)) {
			if (!is_known(reader, offset)) {
				add_chunk(reader, &place);
				has_found = true;
			}
			offset += place.header.size;
			if (!has_gap)
				reader->next = offset;
			continue;
		}
		has_gap = true;
		uint64_t beyond = skip_hole(reader, offset + reader->header.unit);
		offset = beyond > offset ? beyond : offset + reader->header.unit;
	}
	return has_found;
}

/* Reads what is known of processes that were killed. */
static void read_deaths(struct pt_reader *reader)
{
	const struct pt_recording_header *header = &reader->header;

	for (size_t i = 0; i < PT_RECORDING_DEATHS && i < header->deaths; i++) {
		for (size_t j = 0; j < reader->processes.count; j++) {
			struct pt_reader_process *process = reader->processes.items[j];
			if (process && process->facts.pid == header->death[i].pid &&
			    process->facts.end == PT_END_NONE)
				process->signal = header->death[i].signal;
		}
	}
}

bool pt_reader_update(struct pt_reader *reader)
{
	struct stat status;
	bool has_found = false;

	if (fstat(reader->fd, &status) == 0)
		reader->size = (uint64_t)status.st_size;
	struct pt_recording_header header = { 0 };
	size_t size = pt_reader_read(reader, 0, &header, sizeof(header));
	if (check_header(&header, size) == NULL && header.key == reader->header.key)
		reader->header = header;
	for (size_t i = 0; i < reader->definition_count; i++)
		pt_model_read(reader, &reader->definitions[i]);
	for (size_t i = 0; i < pt_reader_process_count(reader); i++)
		pt_reader_refresh(reader, reader->processes.items[i]);
	has_found = find_chunks(reader);
	read_deaths(reader);
	return has_found;
}

void pt_reader_refresh(struct pt_reader *reader, struct pt_reader_process *process)
{
	struct pt_recording_process facts = { 0 };
	size_t size = process->facts.struct_size;

	if (process->place.header.encoding != PT_ENCODING_NONE)
		return;
	if (size > sizeof(facts) || size == 0)
		size = sizeof(facts);
	if (pt_reader_read(reader, process->place.offset + process->place.header.header_size,
			   &facts, size) != size)
		return;
	facts.end_program[sizeof(facts.end_program) - 1] = '\0';
	pt_clean_line(facts.end_program);
	process->facts = facts;
	const struct pt_reader_moment end = { facts.end_ticks, facts.end_time };
	pt_reader_add_moment(reader, &end);
}

unsigned char *pt_reader_unpack(const struct pt_reader *reader,
				const struct pt_chunk_place *place, size_t *size)
{
	uint32_t packed_size = place->header.size - place->header.header_size;
	unsigned char *packed = malloc(packed_size);
	unsigned char *data = malloc(place->header.data_size + 1U);
	size_t got = packed && data ? pt_reader_read(reader,
						     place->offset +
							     place->header.header_size,
						     packed, packed_size) :
				      0;
	size_t frame = got ? ZSTD_findFrameCompressedSize(packed, got) : 0;

	*size = frame && !ZSTD_isError(frame) ?
			ZSTD_decompress(data, place->header.data_size, packed, frame) :
			0;
	free(packed);
	if (!frame || ZSTD_isError(frame) || ZSTD_isError(*size)) {
		free(data);
		return NULL;
	}
	return data;
}

unsigned char *pt_reader_chunk(const struct pt_reader *reader,
			       const struct pt_chunk_place *place, size_t *size)
{
	if (place->header.encoding == PT_ENCODING_ZSTD)
		return pt_reader_unpack(reader, place, size);
	size_t room = place->header.size - place->header.header_size;
	unsigned char *data = malloc(room);
	*size = data ? pt_reader_read(reader, place->offset + place->header.header_size,
				      data, room) :
		       0;
	return data;
}

struct pt_reader *pt_reader_open(const char *path, char **message)
{
	struct pt_reader *reader = calloc(1, sizeof(*reader));
	struct stat status;

	*message = NULL;
	if (!reader)
		return NULL;
	reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (reader->fd < 0 || fstat(reader->fd, &status) != 0) {
		*message = pt_format("%s: %s", path, strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		*message = pt_format("%s: not a regular file", path);
	} else {
		size_t size =
			pt_reader_read(reader, 0, &reader->header, sizeof(reader->header));
		const char *problem = size ? check_header(&reader->header, size) :
					     "the file is empty";
		if (problem)
			*message = pt_format("%s: %s", path, problem);
	}
	if (*message) {
		pt_reader_close(reader);
		return NULL;
	}
	reader->next = reader->header.first_chunk;
	pt_reader_update(reader);
	return reader;
}

void pt_reader_close(struct pt_reader *reader)
{
	if (!reader)
		return;
	pt_model_free(reader);
	for (size_t i = 0; i < pt_reader_stream_count(reader); i++) {
		struct pt_reader_stream *stream = reader->streams.items[i];
		free(stream->chunks);
		free(stream);
	}
	free(reader->streams.items);
	free(reader->definitions);
	free(reader->beyond);
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader);
}

const struct pt_recording_header *pt_reader_header(const struct pt_reader *reader)
{
	return &reader->header;
}

static size_t count(const struct pt_numbered *all)
{
	size_t number = all->count;

	while (number && !all->items[number - 1])
		number--;
	return number;
}

size_t pt_reader_process_count(const struct pt_reader *reader)
{
	return count(&reader->processes);
}

struct pt_reader_process *pt_reader_process(struct pt_reader *reader, size_t index)
{
	return reader->processes.items[index];
}

size_t pt_reader_stream_count(const struct pt_reader *reader)
{
	return count(&reader->streams);
}

struct pt_reader_stream *pt_reader_stream(struct pt_reader *reader, size_t index)
{
	return reader->streams.items[index];
}

const char *pt_reader_damage(const struct pt_reader *reader)
{
	return reader->damage;
}
