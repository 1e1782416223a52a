/* SPDX-License-Identifier: MIT */
/* What a recording says of a process as a whole. */
#ifndef PT_PROCESS_RECORD_H
#define PT_PROCESS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "out/recording.h"

/* What is recorded of this process that others know. Strings are borrowed for ever. */
struct pt_process_facts {
	uint32_t python; /* PY_VERSION_HEX */
	uint32_t flags;	 /* set of enum pt_process_flag */
	uint32_t events; /* set of enum pt_event_kind */
	uint32_t chosen; /* of them, by PYTRACE_EVENTS */
	uint32_t tick_shift; /* times are ticks shifted by so much */
	const char *version; /* sys.version */
};

/* Sets the facts; once per process. GIL: not needed. */
void pt_process_record_start(const struct pt_process_facts *facts);

/*
 * Returns the number of this process in the recording. The first call writes what there
 * is to say of it. Returns 0, and sets *ERROR to -errno, when that failed. GIL: not
 * needed; wants the lock.
 */
uint32_t pt_process_record_number(int *error);

/* Returns the record, mapped; NULL: none has been written. GIL: not needed; safe in
 * signal handlers. */
struct pt_recording_process *pt_process_record(void);

/* In the child after fork: it is a process of its own. */
void pt_process_record_after_fork(void);

#endif /* PT_PROCESS_RECORD_H */
