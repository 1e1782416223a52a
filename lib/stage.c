/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "stage.h"

#include "lineage.h"
#include "sink.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Numbers the staging files of the process. */
static atomic_uint last_number;

/* Allocates the blocks of a file; being above a limit is no reason for a signal. */
static int allocate(int fd)
{
	struct pt_quiet quiet;

	pt_quiet_begin(&quiet);
	int error = -posix_fallocate(fd, 0, (off_t)PT_STAGE_FILE_SIZE);
	pt_quiet_end(&quiet, error);
	return error;
}

/*
 * Maps a new file of that name. Its blocks are allocated before they are touched: a full
 * disk must be an error here and not a SIGBUS later. Returns 0 or -errno.
 */
static int map_file(const char *path, char **data)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	int error = allocate(fd);
	if (!error) {
		*data = mmap(NULL, PT_STAGE_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			     fd, 0);
		error = *data == MAP_FAILED ? -errno : 0;
	}
	if (error)
		unlink(path);
	close(fd);
	return error;
}

static bool open_file(struct pt_stage *stage, const char *output)
{
	unsigned int number = atomic_fetch_add(&last_number, 1);
	char *path = pt_format("%s.%d-%u" PT_STAGE_SUFFIX, output, (int)getpid(), number);
	char *data = NULL;
	int error = path ? map_file(path, &data) : -ENOMEM;

	if (error)
		free(path);
	/* What a process that had this pid before has left is not ours to write over. */
	if (error == -EEXIST && number < 1000)
		return open_file(stage, output);
	if (error)
		return false;
	stage->data = data;
	stage->path = path;
	return true;
}

static void start_journal(struct pt_stage *stage)
{
	stage->journal = (struct pt_journal *)(void *)(stage->data + PT_STAGE_SIZE);
	if (!stage->path)
		return;
	stage->journal->pid = getpid();
	stage->journal->start_time = pt_lineage_start_time(getpid());
	stage->journal->pid_namespace = pt_lineage_pid_namespace();
}

/* Gives a stage its memory: a file's in front of a file, if that can be had. */
static bool open_stage(struct pt_stage *stage)
{
	const char *output = pt_sink_open();

	if (!(output && open_file(stage, output)))
		stage->data = calloc(1, PT_STAGE_FILE_SIZE);
	if (!stage->data)
		return false;
	start_journal(stage);
	stage->size = PT_STAGE_SIZE - PT_STAGE_SLACK;
	return true;
}

struct pt_stage *pt_stage_new(void)
{
	return calloc(1, sizeof(struct pt_stage));
}

static void drop_memory(struct pt_stage *stage)
{
	if (stage->path)
		munmap(stage->data, PT_STAGE_FILE_SIZE);
	else
		free(stage->data);
	free(stage->path);
	stage->data = NULL;
	stage->size = 0;
	stage->journal = NULL;
	stage->path = NULL;
}

void pt_stage_guard(struct pt_stage *stage)
{
	stage->is_guarded = true;
}

void pt_stage_enter(struct pt_stage *stage)
{
	while (atomic_exchange_explicit(&stage->is_busy, true, memory_order_acquire))
		sched_yield();
}

bool pt_stage_try(struct pt_stage *stage, void (*action)(struct pt_stage *stage))
{
	if (stage->is_guarded &&
	    atomic_exchange_explicit(&stage->is_busy, true, memory_order_acquire))
		return false;
	action(stage);
	pt_stage_leave(stage);
	return true;
}

void pt_stage_close(struct pt_stage *stage)
{
	pt_stage_flush(stage);
	if (stage->path)
		unlink(stage->path);
	/* The memory stays: a thread that has room in it may be about to commit. */
	stage->size = 0;
}

void pt_stage_free(struct pt_stage *stage)
{
	if (!stage)
		return;
	pt_stage_close(stage);
	drop_memory(stage);
	free(stage);
}

void pt_stage_forget(struct pt_stage *stage)
{
	drop_memory(stage);
	/* Whoever was at it is a thread of the parent. */
	atomic_store(&stage->is_busy, false);
}

char *pt_stage_make_room(struct pt_stage *stage, size_t size)
{
	int saved = errno;

	if (stage->data)
		pt_stage_flush(stage);
	if (stage->size == 0)
		drop_memory(stage);
	bool has_room = (stage->data || open_stage(stage)) && size <= stage->size;
	errno = saved;
	if (!has_room && stage->is_guarded)
		pt_stage_leave(stage);
	return has_room ? stage->data : NULL;
}

/*
 * The order matters, for the process may be killed at any point: first the journal tells
 * of the write, then the bytes are written, then there is no text any more, and no write.
 */
void pt_stage_flush(struct pt_stage *stage)
{
	struct pt_journal *journal = stage->journal;
	size_t used = journal ? pt_stage_used(stage) : 0;

	if (used == 0)
		return;
	if (stage->path) {
		journal->output_size = pt_sink_size();
		atomic_store(&journal->writing, used);
	}
	pt_sink_write(stage->data, used);
	atomic_store(&journal->used, 0);
	atomic_store(&journal->writing, 0);
}

void pt_stage_pass_on(struct pt_stage *stage)
{
	if (!pt_sink_is_buffered())
		pt_stage_flush(stage);
	if (stage->is_guarded)
		pt_stage_leave(stage);
}
