/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "trace/prefix.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Longer names are cut; in bytes. */
#define MAX_NAME 32

#define NANOSECONDS 1000000000

/* Text of which no more is counted than is there. */
struct text {
	char *data;
	size_t size;
	size_t room; /* bytes that are left behind it */
};

static void add(struct text *text, const char *data, size_t size)
{
	if (size > text->room)
		size = text->room;
	memcpy(text->data + text->size, data, size);
	text->size += size;
	text->room -= size;
}

/* How much of NAME is shown where there is room for ROOM bytes. */
static size_t name_size(const char *name, size_t room)
{
	size_t size = strlen(name);

	return pt_utf8_cut(name, size, room < MAX_NAME ? room : MAX_NAME);
}

/* Adds "[PID TID NAME] ", as far as these are known. */
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

void pt_prefix_write_time(char out[PT_PREFIX_TIME_SIZE], enum pt_time_mode mode,
			  int64_t time)
{
	if (mode == PT_TIME_WALL) {
		time_t seconds = (time_t)(time / NANOSECONDS);
		struct tm local = { 0 };
		localtime_r(&seconds, &local);
		snprintf(out, PT_PREFIX_TIME_SIZE, "%02d:%02d:%02d.%06d", local.tm_hour,
			 local.tm_min, local.tm_sec, (int)(time % NANOSECONDS / 1000));
	} else {
		snprintf(out, PT_PREFIX_TIME_SIZE, "%4d.%06d", (int)(time / NANOSECONDS),
			 (int)(time % NANOSECONDS / 1000));
	}
}
