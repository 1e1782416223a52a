/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/prefix.h"

#include "base/util.h"
#include "trace/format.h"
#include "trace/task_name.h"
#include "trace/thread.h"
#include "trace/thread_name.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* So many lines without a name, and the thread is taken to have none. */
#define MAX_NAMELESS_LINES 100

#define NANOSECONDS 1000000000

_Static_assert(PT_PREFIX_SIZE % PT_COPY_BLOCK == 0, "whole blocks are copied");

/* The format has a prefix. */
static bool has_prefix;

/* Threads keep their names and tasks, see struct pt_thread. */
static bool keeps_names;

/* Lines carry the process. */
static bool has_pid;

/* See prefix.h. */
bool pt_prefix_has_task;

/* PYTRACE_TIME, and the time at the start in nanoseconds. */
static enum pt_time_mode time_mode;
static int64_t start_time;

static int64_t now(clockid_t clock)
{
	struct timespec time = { 0 };

	clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * NANOSECONDS + time.tv_nsec;
}

void pt_prefix_start(const struct pt_format *format, enum pt_time_mode time, bool has_task)
{
	has_prefix = format->has_prefix;
	keeps_names = !format->is_steady;
	has_pid = false;
	pt_prefix_has_task = has_task && (has_prefix || keeps_names);
	time_mode = has_prefix && time != PT_TIME_AUTO ? time : PT_TIME_NONE;
	start_time = now(CLOCK_MONOTONIC);
	pt_thread_epoch++;
}

void pt_prefix_show_pid(void)
{
	if (has_pid)
		return;
	has_pid = true;
	pt_thread_epoch++;
}

bool pt_prefix_has_pid(void)
{
	return has_pid;
}

/* Writes the time: of day, or seconds since the start or since the thread's last line. */
static void write_time(struct pt_thread *thread, char out[PT_PREFIX_TIME_SIZE])
{
	int64_t time = now(time_mode == PT_TIME_WALL ? CLOCK_REALTIME : CLOCK_MONOTONIC);
	int64_t shown = time;

	if (time_mode == PT_TIME_RELATIVE)
		shown = time - start_time;
	else if (time_mode == PT_TIME_DELTA)
		shown = thread->last_time ? time - thread->last_time : 0;
	pt_prefix_write_time(out, time_mode, shown);
	thread->last_time = time;
}

static void keep_names(struct pt_thread *thread, char *name, char *task)
{
	free(thread->name);
	free(thread->task);
	thread->name = name;
	thread->task = task;
	if (!name && thread->nameless_lines++ < MAX_NAMELESS_LINES)
		thread->prefix_epoch = 0;
}

void pt_prefix_make(struct pt_thread *thread)
{
	int saved = errno;
	char time[PT_PREFIX_TIME_SIZE];
	char *name = NULL;
	struct pt_prefix_parts parts = { 0 };

	thread->prefix_epoch = pt_thread_epoch;
	pt_thread_update_output(thread);
	if (has_prefix && pt_thread_is_one_of_many()) {
		parts.tid = (int)thread->id;
		parts.name = name = pt_thread_name();
		/* The module threading may note the name a little later. */
		if (!name && thread->nameless_lines++ < MAX_NAMELESS_LINES)
			thread->prefix_epoch = 0;
	}
	if (parts.tid || (has_prefix && has_pid))
		parts.pid = (int)getpid();
	char *task = pt_prefix_has_task ? pt_task_name() : NULL;
	parts.task = task;
	if (time_mode != PT_TIME_NONE) {
		write_time(thread, time);
		parts.time = time;
		thread->prefix_epoch = 0;
	}
	thread->prefix_size = (unsigned int)pt_prefix_write(
		thread->prefix, sizeof(thread->prefix), &parts);
	if (keeps_names)
		keep_names(thread, name ? name : pt_thread_name(), task);
	else
		free(name), free(task);
	errno = saved;
}
