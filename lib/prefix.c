/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "prefix.h"

#include "task_name.h"
#include "thread.h"
#include "thread_name.h"
#include "util.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Longer names are cut; in bytes. */
#define MAX_NAME 32

/* After so many lines without a name, the thread is taken to have none. */
#define MAX_NAMELESS_LINES 100

#define NANOSECONDS 1000000000

/* Room for a time of any mode. */
#define TIME_SIZE 32

_Static_assert(PT_PREFIX_SIZE % PT_COPY_BLOCK == 0, "whole blocks are copied");

/* A text whose size never exceeds its room. */
struct text {
	char *data;
	size_t size;
	size_t room; /* bytes left */
};

/* The format has prefixes. */
static bool has_prefix;

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

void pt_prefix_start(bool format_has_prefix, enum pt_time_mode time, bool has_task)
{
	has_prefix = format_has_prefix;
	has_pid = false;
	pt_prefix_has_task = has_task && has_prefix;
	time_mode = has_prefix ? time : PT_TIME_NONE;
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

static void add(struct text *text, const char *data, size_t size)
{
	if (size > text->room)
		size = text->room;
	memcpy(text->data + text->size, data, size);
	text->size += size;
	text->room -= size;
}

/* Returns how many bytes of NAME are shown if there is room for ROOM. */
static size_t name_size(const char *name, size_t room)
{
	size_t size = strlen(name);

	return pt_utf8_cut(name, size, room < MAX_NAME ? room : MAX_NAME);
}

/* Adds "[PID TID NAME] ", or the part of it that is known. */
static void add_thread(struct text *text, const struct pt_prefix_parts *parts)
{
	char head[32];
	const char *name = parts->tid && parts->name ? parts->name : "";
	int length = parts->tid ? snprintf(head, sizeof(head), "[%d %d", parts->pid,
					   parts->tid) :
				  snprintf(head, sizeof(head), "[%d", parts->pid);
	size_t size = (size_t)length;

	if (size + strlen("] ") > text->room)
		return;
	size_t room = text->room - size - strlen("] ");
	size_t shown = room ? name_size(name, room - 1) : 0;
	add(text, head, size);
	add(text, " ", shown ? 1 : 0);
	add(text, name, shown);
	add(text, "] ", 2);
}

/* Adds "(TASK) ". */
static void add_task(struct text *text, const char *task)
{
	if (text->room < strlen("() "))
		return;
	size_t shown = name_size(task, text->room - strlen("() "));
	if (shown == 0 && *task)
		return;
	add(text, "(", 1);
	add(text, task, shown);
	add(text, ") ", 2);
}

size_t pt_prefix_write(char *out, size_t size, const struct pt_prefix_parts *parts)
{
	struct text text = { .data = out, .room = size };

	if (parts->pid)
		add_thread(&text, parts);
	if (parts->task)
		add_task(&text, parts->task);
	if (parts->time && strlen(parts->time) < text.room) {
		add(&text, parts->time, strlen(parts->time));
		add(&text, " ", 1);
	}
	return text.size;
}

/* Writes the time of day, or the seconds since the start or the thread's last line. */
static void write_time(struct pt_thread *thread, char out[TIME_SIZE])
{
	int64_t time = now(time_mode == PT_TIME_WALL ? CLOCK_REALTIME : CLOCK_MONOTONIC);
	int64_t shown = time - start_time;

	if (time_mode == PT_TIME_WALL) {
		time_t seconds = (time_t)(time / NANOSECONDS);
		struct tm local = { 0 };
		localtime_r(&seconds, &local);
		snprintf(out, TIME_SIZE, "%02d:%02d:%02d.%06d", local.tm_hour,
			 local.tm_min, local.tm_sec, (int)(time % NANOSECONDS / 1000));
	} else {
		if (time_mode == PT_TIME_DELTA)
			shown = thread->last_time ? time - thread->last_time : 0;
		snprintf(out, TIME_SIZE, "%4d.%06d", (int)(shown / NANOSECONDS),
			 (int)(shown % NANOSECONDS / 1000));
	}
	thread->last_time = time;
}

void pt_prefix_make(struct pt_thread *thread)
{
	int saved = errno;
	char time[TIME_SIZE];
	char *name = NULL;
	struct pt_prefix_parts parts = { 0 };

	thread->prefix_epoch = pt_thread_epoch;
	pt_thread_update_stage(thread);
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
	free(name);
	free(task);
	errno = saved;
}
