/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/process_record.h"

#include "base/ticks.h"
#include "base/util.h"
#include "base/varint.h"
#include "out/lineage.h"
#include "out/recording_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* More of a command line, or of a setting, is cut. */
#define MAX_TEXT 65536

/* See process_record.h. */
static struct pt_process_facts facts;

/* This process's chunk; NULL: not yet. */
static struct pt_recording_chunk *chunk;

/* The number that the parent had, if this process is a fork. */
static uint32_t forked_from;

void pt_process_record_start(const struct pt_process_facts *known)
{
	facts = *known;
}

static void add(struct pt_buf *out, enum pt_definition kind, const char *text,
		size_t size)
{
	unsigned char head[1 + PT_VARINT_SIZE] = { (unsigned char)kind };
	size_t shown = size < MAX_TEXT ? size : MAX_TEXT;
	unsigned char *end = pt_varint_put(head + 1, shown);

	pt_buf_add(out, (const char *)head, (size_t)(end - head));
	pt_buf_add(out, text, shown);
}

/* The command line as the kernel has it: strings, each with a NUL behind it. */
static void add_arguments(struct pt_buf *out)
{
	struct pt_buf line = { 0 };
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t size = -1;

	if (fd >= 0 && pt_buf_reserve(&line, MAX_TEXT + 1))
		size = read(fd, line.data, MAX_TEXT);
	if (fd >= 0)
		close(fd);
	for (ssize_t at = 0; at < size;) {
		line.data[size] = '\0';
		size_t length = strlen(line.data + at);
		add(out, PT_DEF_ARGUMENT, line.data + at, length);
		at += (ssize_t)length + 1;
	}
	pt_buf_destroy(&line);
}

static void add_places(struct pt_buf *out)
{
	char text[4096];
	ssize_t size = readlink("/proc/self/exe", text, sizeof(text));

	if (size > 0)
		add(out, PT_DEF_EXECUTABLE, text, (size_t)size);
	if (getcwd(text, sizeof(text)))
		add(out, PT_DEF_DIRECTORY, text, strlen(text));
}

static void add_settings(struct pt_buf *out)
{
	for (char **entry = environ; entry && *entry; entry++) {
		if (strncmp(*entry, "PYTRACE", 7) == 0)
			add(out, PT_DEF_SETTING, *entry, strlen(*entry));
	}
}

static void collect(struct pt_buf *out)
{
	add(out, PT_DEF_LIBRARY, PACKAGE_VERSION, strlen(PACKAGE_VERSION));
	if (facts.version)
		add(out, PT_DEF_VERSION, facts.version, strlen(facts.version));
	add_places(out);
	add_arguments(out);
	add_settings(out);
}

static void fill(struct pt_recording_chunk *made, const void *data)
{
	const struct pt_buf *texts = data;
	struct pt_recording_process *process =
		(struct pt_recording_process *)(void *)(made + 1);
	struct timespec now = { 0 };
	struct pt_process self;

	clock_gettime(CLOCK_REALTIME, &now);
	pt_lineage_self(&self);
	process->pid = (uint32_t)getpid();
	process->parent_pid = (uint32_t)getppid();
	process->forked_from = forked_from;
	process->python = facts.python;
	process->flags = facts.flags;
	process->events = facts.events;
	process->chosen = facts.chosen;
	process->tick_shift = facts.tick_shift;
	process->start_time = self.start_time;
	process->pid_namespace = self.pid_namespace;
	process->real_time = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	process->struct_size = sizeof(*process);
	memcpy(process + 1, texts->data, texts->size);
}

static uint32_t write_chunk(const struct pt_buf *texts, int *error)
{
	struct pt_recording_header *header = pt_recording_file_header();
	const struct pt_recording_chunk wanted = {
		.kind = PT_CHUNK_PROCESS,
		.process = header->next_process++,
	};
	size_t size = sizeof(wanted) + sizeof(struct pt_recording_process) + texts->size;

	chunk = pt_recording_file_add(&wanted, (uint32_t)size, fill, texts, error);
	return chunk ? chunk->process : 0;
}

uint32_t pt_process_record_number(int *error)
{
	struct pt_buf texts = { 0 };
	uint32_t number = 0;

	if (chunk)
		return chunk->process;
	collect(&texts);
	if (texts.failed)
		*error = -ENOMEM;
	else
		number = write_chunk(&texts, error);
	pt_buf_destroy(&texts);
	return number;
}

struct pt_recording_process *pt_process_record(void)
{
	return chunk ? (struct pt_recording_process *)(void *)(chunk + 1) : NULL;
}

void pt_process_record_after_fork(void)
{
	if (!chunk)
		return;
	forked_from = chunk->process;
	pt_recording_file_unmap(chunk);
	chunk = NULL;
	facts.flags &= ~(uint32_t)PT_PROCESS_FIRST;
}
