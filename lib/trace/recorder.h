/* SPDX-License-Identifier: MIT */
/*
 * Writing events into a recording. What an event wrote is in the pages of the file when
 * the call returns, so nothing has to be saved when the process ends, in whatever way.
 */
#ifndef PT_RECORDER_H
#define PT_RECORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticks.h"
#include "base/varint.h"
#include "out/recording_file.h"

struct pt_thread;

/* Events in order, of one thread, or of all threads of a process while they take turns.
 * First what each event needs. */
struct pt_recorder {
	unsigned char *cursor; /* where the next event goes */
	unsigned char *limit;  /* a site with its time fits before it; NULL: no chunk yet */
	uint32_t site;	       /* the last one */
	uint32_t chunk_number; /* changes with each chunk; see struct pt_thread */
	uint32_t thread;	/* number of the one whose events follow; 0: none */
	uint64_t time;		/* of the last timed site, in shifted ticks */
	struct pt_recording_chunk *chunk;
	uint32_t stream; /* its number in the process */
	uint32_t sequence;
	uint64_t total;	   /* bytes of all chunks so far */
	uint64_t lost;	   /* events that are missing here and have not been told of */
	uint64_t patience; /* so many are lost until a chunk is tried for again */
	uint64_t try_at;   /* ... which is when LOST is this */
	uint64_t next_sync; /* when the clocks are to be compared again, as TIME */
	struct pt_recorder *next;
};

/* Times are recorded, as ticks shifted by so much. */
extern bool pt_recorder_has_time;
extern unsigned int pt_recorder_time_shift;

/* Sets whether times are recorded, and how many open frames of a thread are, at most; once
 * per process. GIL: not needed. */
void pt_recorder_start(bool has_time, unsigned int depth);

/* Makes a recorder, NULL without memory; gives one back when its thread ends. Wants the
 * lock. */
struct pt_recorder *pt_recorder_take(void);
void pt_recorder_give(struct pt_recorder *recorder);

/* Before the next event: the recorder goes on with this thread. errno is left as it was.
 * GIL: held. */
void pt_recorder_switch(struct pt_thread *thread);

/* Continue pt_recorder_site() and its like where a chunk ends or numbers are large. */
void pt_recorder_long_site(struct pt_thread *thread, uint32_t site);
void pt_recorder_long_timed_site(struct pt_thread *thread, uint32_t site, uint64_t time);

/* Appends a site. THREAD is the recorder's. GIL: held. */
static inline void pt_recorder_site(struct pt_recorder *recorder,
				    struct pt_thread *thread, uint32_t site)
{
	uint32_t step = pt_zigzag((int32_t)(site - recorder->site));

	if (__builtin_expect(step >= PT_SITE_SHORT || recorder->cursor >= recorder->limit,
			     0)) {
		pt_recorder_long_site(thread, site);
		return;
	}
	recorder->site = site;
	pt_recording_publish(recorder->cursor++, (unsigned char)(PT_BYTE_SHORT + step));
}

/* Appends a site with the present time. */
static inline void pt_recorder_timed_site(struct pt_recorder *recorder,
					  struct pt_thread *thread, uint32_t site)
{
	uint32_t step = pt_zigzag((int32_t)(site - recorder->site));
	uint64_t time = pt_ticks_now() >> pt_recorder_time_shift;
	uint64_t passed = time - recorder->time;

	if (__builtin_expect(step >= PT_SITE_SHORT || passed >= 0x80 ||
				     recorder->cursor >= recorder->limit,
			     0)) {
		pt_recorder_long_timed_site(thread, site, time);
		return;
	}
	recorder->site = site;
	recorder->time = time;
	recorder->cursor[1] = (unsigned char)passed;
	pt_recording_publish(recorder->cursor, (unsigned char)(PT_BYTE_SHORT + step));
	recorder->cursor += 2;
}

/* The thread's frames are not what the events tell: they are restated. GIL: held. */
void pt_recorder_state(struct pt_thread *thread);

/* The following append a record of its kind. Texts may be NULL. GIL: held. */
void pt_recorder_text(struct pt_thread *thread, enum pt_event_record kind,
		      const char *text);
void pt_recorder_exception(struct pt_thread *thread, int line, const char *type,
			   const char *message);
void pt_recorder_import(struct pt_thread *thread, uint32_t file, int line,
			const char *module, const char *detail, bool is_failure);

/* An event of the thread is missing. GIL: held. */
void pt_recorder_lose(struct pt_thread *thread);

/* Returns how many events the process has lost, and why it lost the last ones: -errno, or
 * 0. GIL: not needed; safe in signal handlers. */
uint64_t pt_recorder_lost(int *error);

/* The process ends, HOW and with which status or signal, or to become PROGRAM (else NULL);
 * or it goes on after all, with PT_END_NONE. GIL: not needed; safe in signal handlers. */
void pt_recorder_end(enum pt_process_end how, uint32_t status, const char *program);

/* Gives back what the chunks do not use. Wants the lock; no events come any more, or they
 * are lost. */
void pt_recorder_trim_all(void);

/* A child was killed by a signal. GIL: not needed; safe in signal handlers. */
void pt_recorder_tell_death(uint32_t pid, uint32_t signal);

/* In the child after fork: all chunks are the parent's. */
void pt_recorder_after_fork(void);

#endif /* PT_RECORDER_H */
