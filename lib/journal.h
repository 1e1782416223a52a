/* SPDX-License-Identifier: MIT */
/* How a staging file is laid out: text, then a journal that tells what is to be done with
 * it. */
#ifndef PT_JOURNAL_H
#define PT_JOURNAL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "lineage.h"

/*
 * The file is that of the output with ".PID-NUMBER" and the suffix, PT_JOURNAL_TEXT_SIZE
 * bytes of text and a struct pt_journal, in the machine's byte order.
 */
#define PT_JOURNAL_SUFFIX ".staged"
#define PT_JOURNAL_TEXT_SIZE ((size_t)256 << 10)
#define PT_JOURNAL_FILE_SIZE (PT_JOURNAL_TEXT_SIZE + sizeof(struct pt_journal))

/* Which layout this is: "pytrace" and a number. */
#define PT_JOURNAL_MAGIC 0x3265636172747970ULL

/* The place of the write that is under way, or of the last one. */
struct pt_place {
	uint64_t device; /* of the output, as stat() tells it */
	uint64_t inode;
	uint64_t size; /* of the output before the write, in bytes */
};

/*
 * What recovery needs to know. The process may be killed between any two stores, so their
 * order matters: see pt_stage_flush(). Text from `flushed` to `used` waits; the first
 * `writing` bytes of the stage, if not 0, are being written from `flushed` on. The last
 * two are at the end of the file, where a shell finds them: see README.
 */
struct pt_journal {
	uint64_t magic;
	struct pt_process process; /* whose text it is */
	uint64_t run_pid;	   /* of which run, see run_id.h */
	uint64_t run_time;
	struct pt_place place;
	_Atomic(uint64_t) writing;
	_Atomic(uint64_t) flushed;
	_Atomic(uint64_t) state; /* lower half: bytes used; upper half: events in them */
};

/* How much `state` grows with an event of SIZE bytes. */
#define PT_JOURNAL_EVENT ((uint64_t)1 << 32)

static inline size_t pt_journal_used(uint64_t state)
{
	return (uint32_t)state;
}

static inline uint64_t pt_journal_events(uint64_t state)
{
	return state >> 32;
}

#endif /* PT_JOURNAL_H */
