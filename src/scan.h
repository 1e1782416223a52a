/* SPDX-License-Identifier: MIT */
/* A recording counted through: threads, events, and where each thread was last. */
#ifndef PT_SCAN_H
#define PT_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "reader.h"

/* A thread of the recording. */
struct pt_scan_thread {
	struct pt_reader_process *process;
	uint32_t number;
	int tid;
	char *name; /* owned; NULL: none is known */
	uint64_t events;
	uint64_t exceptions;
	uint64_t imports;
	struct pt_reader_stream *stream; /* where it was last */
	size_t chunk;			 /* index there */
};

struct pt_scan {
	struct pt_scan_thread *threads;
	size_t count;
	uint64_t events;
	uint64_t lines; /* of the events */
	uint64_t bytes; /* that the events take */
};

/* Counts. */
void pt_scan(struct pt_reader *reader, struct pt_scan *scan);
void pt_scan_destroy(struct pt_scan *scan);

#endif /* PT_SCAN_H */
