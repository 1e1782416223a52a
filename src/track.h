/* SPDX-License-Identifier: MIT */
/* A stream of a recording, read chunk by chunk and window by window. */
#ifndef PT_TRACK_H
#define PT_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader.h"

struct pt_events_thread;

/* A site with its time, and the head of any record, are shorter. */
#define PT_TRACK_SHORT 32

/* A stream, as far as it has been read. */
struct pt_track {
	struct pt_reader_stream *stream;
	size_t chunk; /* index in the stream */
	bool is_open; /* the chunk has been begun */
	bool is_idle; /* there is nothing more, as yet */
	const unsigned char *at;
	const unsigned char *end; /* of what has been read of the chunk */
	unsigned char *window;
	size_t capacity;
	uint64_t offset; /* of END in the file */
	uint64_t beyond; /* the end of the chunk there; of a packed one OFFSET */
	uint32_t site;
	struct pt_reader_moment since; /* from which times are counted */
	uint64_t shifted; /* time of the last timed site */
	uint64_t now;	  /* the same in ns, CLOCK_MONOTONIC */
	struct pt_events_thread *thread;
};

/* Begins the track's chunk. Returns false if it is damaged. */
bool pt_track_open(struct pt_reader *reader, struct pt_track *track);

/* Reads on until NEED bytes are there, if the chunk has them. Returns whether it has. */
bool pt_track_fill(struct pt_reader *reader, struct pt_track *track, size_t need);

/* The chunk has nothing more. Looks once again, and goes on to the next one. */
void pt_track_end(struct pt_reader *reader, struct pt_track *track);

/* Leaves a chunk, of which the rest cannot be read. */
void pt_track_skip(struct pt_track *track);

#endif /* PT_TRACK_H */
