/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "track.h"

#include "reader_private.h"

#include <stdlib.h>
#include <string.h>

/* So much of a chunk is read at a time. */
#define WINDOW (64U << 10)

/* Unpacks the track's chunk. Returns false if it is damaged. */
static bool unpack(struct pt_reader *reader, struct pt_track *track,
		   const struct pt_chunk_place *place)
{
	size_t size = 0;
	unsigned char *data = pt_reader_unpack(reader, place, &size);

	if (!data) {
		reader->damage = "a packed chunk cannot be unpacked";
		return false;
	}
	free(track->window);
	track->window = data;
	track->capacity = 0;
	track->at = data;
	track->end = data + size;
	track->offset = track->beyond = 0;
	return true;
}

bool pt_track_open(struct pt_reader *reader, struct pt_track *track)
{
	const struct pt_chunk_place *place = &track->stream->chunks[track->chunk];
	unsigned int shift = track->stream->process->facts.tick_shift;

	track->is_open = true;
	track->site = 0;
	track->thread = NULL;
	track->shifted = place->header.ticks >> (shift & 63);
	track->since = (struct pt_reader_moment){ place->header.ticks, place->header.time };
	if (place->header.time > track->now)
		track->now = place->header.time;
	if (place->header.encoding == PT_ENCODING_ZSTD)
		return unpack(reader, track, place);
	track->at = track->end = track->window;
	track->offset = place->offset + place->header.header_size;
	track->beyond = place->offset + place->header.size;
	return place->header.encoding == PT_ENCODING_NONE;
}

bool pt_track_fill(struct pt_reader *reader, struct pt_track *track, size_t need)
{
	size_t left = (size_t)(track->end - track->at);
	size_t size = need > WINDOW ? need : WINDOW;

	if (left >= need)
		return true;
	if (track->beyond - track->offset < need - left)
		return false;
	if (size > track->capacity) {
		unsigned char *window = malloc(size);
		if (!window)
			return false;
		if (left)
			memcpy(window, track->at, left);
		free(track->window);
		track->window = window;
		track->capacity = size;
	} else if (left) {
		memmove(track->window, track->at, left);
	}
	uint64_t rest = track->beyond - track->offset;
	size_t wanted = track->capacity - left;
	size_t got = pt_reader_read(reader, track->offset, track->window + left,
				    wanted < rest ? wanted : (size_t)rest);
	track->at = track->window;
	track->end = track->window + left + got;
	track->offset += got;
	return left + got >= need;
}

/* Forgets what has been read ahead: it may be there by now. */
static void read_again(struct pt_track *track)
{
	if (track->beyond == 0)
		return;
	track->offset -= (uint64_t)(track->end - track->at);
	track->at = track->end = track->window;
}

static bool has_next_chunk(const struct pt_track *track)
{
	return track->chunk + 1 < track->stream->count;
}

void pt_track_skip(struct pt_track *track)
{
	track->is_open = false;
	track->chunk++;
}

void pt_track_end(struct pt_reader *reader, struct pt_track *track)
{
	bool has_next = has_next_chunk(track);

	read_again(track);
	if (pt_track_fill(reader, track, 1) && *track->at)
		return;
	if (has_next)
		pt_track_skip(track);
	else
		track->is_idle = true;
}
