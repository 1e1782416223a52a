/* SPDX-License-Identifier: MIT */
/*
 * The prefix of each line: process and thread if there are several, the task, the time.
 */
#ifndef PT_PREFIX_H
#define PT_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/settings.h"

struct pt_format;
struct pt_thread;

/* What a prefix is made of. */
struct pt_prefix_parts {
	int pid;	  /* 0: lines do not show the process */
	int tid;	  /* 0: it has only one thread; needs PID */
	const char *name; /* of the thread; NULL: none is known */
	const char *task; /* NULL: the thread runs no task */
	const char *time; /* as shown, short; NULL: no times are shown */
};

/*
 * Sets what prefixes show; once per process. TIME
 * and HAS_TASK are settings. GIL: not needed.
 */
void pt_prefix_start(const struct pt_format *format, enum pt_time_mode time, bool has_task);

/* Lines carry the pid from now on. GIL: not needed. */
void pt_prefix_show_pid(void);

/* Returns whether lines carry the pid. GIL: not needed. */
bool pt_prefix_has_pid(void);

/* PYTRACE_TASK: prefixes are made anew wherever the task may have changed. */
extern bool pt_prefix_has_task __attribute__((visibility("hidden")));

/*
 * Makes the prefix of the current thread, notes how long it stays valid, and lets the
 * thread take its stage. No exception may be pending; errno stays. GIL: held.
 */
void pt_prefix_make(struct pt_thread *thread);

/*
 * Writes a prefix of at most SIZE bytes, without a NUL at its end, and returns its
 * length. Cuts names to 32 bytes, or to the room there is, at the end of a character;
 * closes each bracket that it opens, and leaves out what does not fit. GIL: not needed.
 */
size_t pt_prefix_write(char *out, size_t size, const struct pt_prefix_parts *parts);

/* Room for a time of any mode. */
#define PT_PREFIX_TIME_SIZE 32

/* Writes a time in ns, which is not negative: one of day for PT_TIME_WALL, since 1970, else
 * as seconds. GIL: not needed. */
void pt_prefix_write_time(char out[PT_PREFIX_TIME_SIZE], enum pt_time_mode mode,
			  int64_t time);

#endif /* PT_PREFIX_H */
