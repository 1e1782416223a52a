/* SPDX-License-Identifier: MIT */
/* Events of the interpreter into a recording: what they refer to is defined on the way. */
#ifndef PT_RECORD_H
#define PT_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/util.h"
#include "code/code.h"
#include "trace/recorder.h"
#include "trace/thread.h"

struct pt_event;
struct pt_output_request;
struct pt_settings;

/*
 * Opens the recording and tells it of this process. IS_FIRST: it is the first Python of
 * the run. Returns 0 or -errno. GIL: held.
 */
int pt_record_start(const struct pt_settings *settings,
		    const struct pt_output_request *output, bool is_first);

/* Defines code, if possible; see struct pt_code. GIL: held. */
void pt_record_code(struct pt_code *code);

/* Defines what happens at a line of code. Returns the number of the site, or 0. GIL: held. */
unsigned int pt_record_site(struct pt_code *code, enum pt_mark mark, int line);

/* The thread's recorder, name or task may be others now. GIL: held. */
void pt_record_refresh(struct pt_thread *thread);

/* Records what happens at a line of code. errno is left as it was. GIL: held. */
static inline void pt_record_mark(struct pt_thread *thread, struct pt_code *code,
				  enum pt_mark mark, int line)
{
	unsigned int site = (unsigned int)pt_code_site(code, mark, line);

	if (PT_UNLIKELY(thread->prefix_epoch !=
			atomic_load_explicit(&pt_thread_epoch, memory_order_relaxed)))
		pt_record_refresh(thread);
	if (PT_UNLIKELY(thread->recorder->thread != thread->number))
		pt_recorder_switch(thread);
	if (PT_UNLIKELY(!site))
		site = pt_record_site(code, mark, line);
	if (PT_UNLIKELY(!site))
		pt_recorder_lose(thread);
	else if (mark == PT_MARK_LINE || !pt_recorder_has_time)
		pt_recorder_site(thread->recorder, thread, site);
	else
		pt_recorder_timed_site(thread->recorder, thread, site);
}

/* Records an exception or an import. errno is left as it was. GIL: held. */
void pt_record_event(struct pt_thread *thread, const struct pt_event *event);

/* Records a line about the trace itself. No exception may be pending. GIL: held. */
void pt_record_note(struct pt_thread *thread, const char *text);

/* The thread's frames have been counted anew. GIL: held. */
void pt_record_frames(struct pt_thread *thread);

/* Gives back what the file does not need; for the end of the interpreter. GIL: held. */
void pt_record_trim(void);

/* PATH, seen from DIRECTORY (see openat), is about to be emptied: if it is the recording,
 * that steps aside. GIL: not needed; safe in signal handlers. */
void pt_record_before_truncate(int directory, const char *path);

/* In the child after fork. */
void pt_record_after_fork(void);

#endif /* PT_RECORD_H */
