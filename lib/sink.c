/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "sink.h"

#include "lock.h"
#include "log.h"
#include "output.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGE_SIZE ((size_t)64 << 10)

/* Programs count on low descriptor numbers: ours are kept above these, if possible. */
static const int lowest_fds[] = { 512, 64, 16 };

/* Where the trace goes. */
static struct pt_output target = { .fd = STDERR_FILENO };

/* The descriptor in use; -1: the file has not been opened yet. */
static atomic_int fd = STDERR_FILENO;

/* Writing to the descriptor is put off until a stage is full. */
static atomic_bool is_buffered;

/* False after a write failed. */
static atomic_bool is_alive = true;

/* Makes the directories that lead to PATH, as far as they are missing. */
static void make_directories(const char *path)
{
	char *copy = strdup(path);

	for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0777);
		*slash = '/';
	}
	free(copy);
}

/* Moves a descriptor to a high number; the old one stays when there is none. */
static int move_up(int low)
{
	for (size_t i = 0; i < PT_ARRAY_SIZE(lowest_fds); i++) {
		int high = fcntl(low, F_DUPFD_CLOEXEC, lowest_fds[i]);
		if (high >= 0) {
			close(low);
			return high;
		}
	}
	return low;
}

static void fall_back(const char *what, int error)
{
	pt_log("PYTRACE_OUTPUT: cannot write to '%s': %s; tracing to stderr", what,
	       strerror(error));
	pt_output_destroy(&target);
	fd = STDERR_FILENO;
	is_buffered = false;
}

static void open_file(int flags)
{
	struct stat status;
	const int mode = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | flags;
	int opened = open(target.path, mode, 0666);

	if (opened < 0 && errno == ENOENT && target.in_directory) {
		make_directories(target.path);
		opened = open(target.path, mode, 0666);
	}
	if (opened < 0) {
		fall_back(target.path, errno);
		return;
	}
	is_buffered = fstat(opened, &status) == 0 && S_ISREG(status.st_mode);
	fd = move_up(opened);
}

static void check_descriptor(int number)
{
	int flags = fcntl(number, F_GETFL);

	fd = number;
	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		return;
	/* A program may well run with its streams closed: there is nothing to tell then.
	 */
	if (number == STDOUT_FILENO || number == STDERR_FILENO) {
		is_alive = false;
		return;
	}
	char name[32];
	snprintf(name, sizeof(name), "fd:%d", number);
	fall_back(name, EBADF);
}

void pt_sink_start(struct pt_output *output, bool is_first)
{
	target = *output;
	*output = (struct pt_output){ .fd = STDERR_FILENO };
	fd = target.fd;
	if (!target.path) {
		check_descriptor(target.fd);
		return;
	}
	/* Until the file is open: as if it were one. */
	is_buffered = true;
	if (is_first)
		open_file(O_TRUNC);
}

bool pt_sink_is_alive(void)
{
	return is_alive;
}

bool pt_sink_is_terminal(void)
{
	return fd >= 0 && isatty(fd);
}

bool pt_sink_is_shared(void)
{
	return !target.is_private;
}

void pt_sink_write(const char *data, size_t size)
{
	int saved = errno;

	pt_lock();
	if (is_alive && fd < 0)
		open_file(0);
	pt_unlock();
	int error = is_alive ? pt_write_all(fd, data, size) : 0;
	if (error) {
		is_alive = false;
		pt_log("cannot write the trace: %s; tracing stops", strerror(-error));
	}
	errno = saved;
}

struct pt_stage *pt_stage_new(void)
{
	struct pt_stage *stage = calloc(1, sizeof(*stage));
	char *data = malloc(STAGE_SIZE);

	if (!stage || !data) {
		free(stage);
		free(data);
		return NULL;
	}
	stage->data = data;
	stage->size = STAGE_SIZE;
	return stage;
}

void pt_stage_free(struct pt_stage *stage)
{
	if (!stage)
		return;
	pt_stage_flush(stage);
	free(stage->data);
	free(stage);
}

char *pt_stage_make_room(struct pt_stage *stage, size_t size)
{
	pt_stage_flush(stage);
	return size <= stage->size ? stage->data : NULL;
}

void pt_stage_commit(struct pt_stage *stage, size_t size)
{
	stage->used += size;
	if (!is_buffered)
		pt_stage_flush(stage);
}

void pt_stage_flush(struct pt_stage *stage)
{
	if (stage->used)
		pt_sink_write(stage->data, stage->used);
	stage->used = 0;
}

void pt_stage_forget(struct pt_stage *stage)
{
	stage->used = 0;
}
