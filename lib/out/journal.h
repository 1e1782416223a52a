/* SPDX-License-Identifier: MIT */
/* The layout of a staging file: text, then a journal that says what to do with it. */
#ifndef PT_JOURNAL_H
#define PT_JOURNAL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "out/lineage.h"

/*
 * Its name is that of the output with ".PID-NUMBER" and the suffix. It holds
 * PT_JOURNAL_TEXT_SIZE bytes of text and a struct pt_journal, in the machine's byte
 * order.
 */
#define PT_JOURNAL_SUFFIX ".staged"
#define PT_JOURNAL_TEXT_SIZE ((size_t)256 << 10)
#define PT_JOURNAL_FILE_SIZE (PT_JOURNAL_TEXT_SIZE + sizeof(struct pt_journal))

/* The layout's version: "pytrace" and a number. */
#define PT_JOURNAL_MAGIC 0x3265636172747970ULL

/* The place of the current write, or of the last one. */
struct pt_place {
	uint64_t device; /* of the output, by stat() */
	uint64_t inode;
	uint64_t size; /* of the output before the write, in bytes */
};

/*
 * What recovery needs to know. The process may be killed between any two stores, so their
 * order matters: see write_until(). Text from `flushed` to the bytes used (`state`)
 * waits. If `writing` is not 0, the text from `flushed` to `writing` is being written.
 * The last two members are at the end of the file, where a shell finds them: see README.
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

/* What an event adds to `state` besides its bytes. */
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
