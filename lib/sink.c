/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "sink.h"

#include "growth.h"
#include "lock.h"
#include "log.h"
#include "output.h"
#include "recover.h"
#include "util.h"
#include "zstd_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Programs count on low descriptor numbers: ours are kept above these, if possible. */
static const int lowest_fds[] = { 512, 64, 16 };

/* Where the trace goes. */
static struct pt_output target = { .fd = STDERR_FILENO };

/* The descriptor in use; -1: the file has not been opened yet. */
static atomic_int fd = STDERR_FILENO;

/* The file that the descriptor was opened for; see is_still_ours(). */
static struct stat identity;

/* Its blocks; of a file of text. */
static struct pt_growth growth;

/* See sink.h. */
atomic_bool pt_sink_buffered;
atomic_bool pt_sink_alive = true;

/* What the file's zstd frames come from; NULL: it is plain text. */
static struct pt_zstd *stream;

/* Where its last frame ends, and whether that is ours to go on with. */
static off_t frame_end;
static bool has_frame;

/* Compressed bytes on their way; used under the lock. */
static struct pt_buf packed;

/* Number of lines that could not be written. */
static _Atomic(uint64_t) dropped;

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
	pt_sink_buffered = false;
	pt_zstd_free(stream);
	stream = NULL;
}

/* Opens the file. Returns 0 or the error's number. */
static int open_file(int flags)
{
	const int mode = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags |
			 (stream ? 0 : O_APPEND);
	int opened = open(target.path, mode, 0666);

	if (opened < 0 && errno == ENOENT && target.in_directory) {
		make_directories(target.path);
		opened = open(target.path, mode, 0666);
	}
	if (opened < 0)
		return errno;
	pt_sink_buffered = fstat(opened, &identity) == 0 && S_ISREG(identity.st_mode);
	if (stream && !pt_sink_buffered) {
		close(opened);
		return ESPIPE;
	}
	fd = move_up(opened);
	growth = (struct pt_growth){ 0 };
	return 0;
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
		pt_sink_alive = false;
		return;
	}
	char name[32];
	snprintf(name, sizeof(name), "fd:%d", number);
	fall_back(name, EBADF);
}

/* Opens the file for the first time. */
static void open_first(bool replaces)
{
	struct stat status;
	bool is_file = stat(target.path, &status) == 0 && S_ISREG(status.st_mode);

	if (is_file && replaces)
		pt_recover_discard(target.path);
	int error = open_file(replaces ? O_TRUNC : 0);
	if (error)
		fall_back(target.path, error);
	else if (is_file && !replaces)
		pt_recover_output(target.path);
	if (stream && fstat(fd, &status) == 0)
		frame_end = status.st_size;
}

/* Readies compression; where it cannot be had, the name loses its suffix. */
static void start_compression(int level)
{
	const char *problem = NULL;

	if (!pt_output_has_suffix(&target, PT_ZSTD_SUFFIX))
		return;
	stream = pt_zstd_new(level, &problem);
	if (stream)
		return;
	target.path[strlen(target.path) - strlen(PT_ZSTD_SUFFIX)] = '\0';
	pt_log("PYTRACE_OUTPUT: cannot compress: %s; writing plain text to '%s'", problem,
	       target.path);
}

void pt_sink_start(struct pt_output *output, bool replaces, int zstd_level)
{
	target = *output;
	*output = (struct pt_output){ .fd = STDERR_FILENO };
	fd = target.fd;
	if (!target.path) {
		check_descriptor(target.fd);
		return;
	}
	start_compression(zstd_level);
	/* Until the file is open: as if it were one. */
	pt_sink_buffered = true;
	if (replaces)
		open_first(true);
}

void pt_sink_restart(struct pt_output *output)
{
	if (!target.path || !output->path || strcmp(target.path, output->path) == 0) {
		pt_output_destroy(output);
		return;
	}
	if (fd >= 0)
		close(fd);
	fd = -1;
	pt_output_destroy(&target);
	target = *output;
	*output = (struct pt_output){ .fd = STDERR_FILENO };
	has_frame = false;
	if (stream)
		pt_zstd_restart(stream);
}

const char *pt_sink_open(void)
{
	pt_lock();
	if (pt_sink_alive && fd < 0)
		open_first(false);
	pt_unlock();
	return pt_sink_buffered ? target.path : NULL;
}

const char *pt_sink_path(void)
{
	return target.path;
}

bool pt_sink_is_terminal(void)
{
	return fd >= 0 && isatty(fd);
}

bool pt_sink_is_shared(void)
{
	return !target.is_private;
}

/*
 * Returns whether the descriptor is still that of our file. The program may have closed
 * all it found, or put a file of its own in the place: not one byte may go there.
 */
static bool is_still_ours(struct stat *status)
{
	return fstat(fd, status) == 0 && status->st_dev == identity.st_dev &&
	       status->st_ino == identity.st_ino;
}

/* Makes sure of the descriptor. Returns 0 or the error's number. */
static int ensure_open(struct stat *status)
{
	int error = 0;

	if (is_still_ours(status))
		return 0;
	pt_lock();
	if (!is_still_ours(status)) {
		error = open_file(0);
		if (!error && fstat(fd, status) != 0)
			error = errno;
	}
	pt_unlock();
	return error;
}

uint64_t pt_sink_size(void)
{
	struct stat status;
	int saved = errno;
	uint64_t size = pt_sink_open() && ensure_open(&status) == 0 ?
				(uint64_t)status.st_size :
				0;

	errno = saved;
	return size;
}

static uint64_t count_lines(const char *data, size_t size)
{
	uint64_t lines = 0;

	for (const char *p = data; (p = memchr(p, '\n', size - (size_t)(p - data))); p++)
		lines++;
	return lines;
}

/* Writes DATA at an offset. Returns 0 or -errno. */
static int write_at(const char *data, size_t size, off_t offset)
{
	if (lseek(fd, offset, SEEK_SET) < 0)
		return -errno;
	return pt_write_all(fd, data, size, NULL);
}

/* Writes DATA as blocks of the frame, over the end that the last ones have. */
static int write_packed(const char *data, size_t size)
{
	int error = -ENOMEM;

	pt_lock();
	pt_buf_clear(&packed);
	if (pt_zstd_compress(stream, data, size, &packed)) {
		off_t start = has_frame ? frame_end - PT_ZSTD_END_SIZE : frame_end;
		error = write_at(packed.data, packed.size, start);
		frame_end = start + (off_t)packed.size;
		has_frame = true;
	}
	pt_unlock();
	return error;
}

/* STATUS is that of a file. */
static int write_text(const char *data, size_t size, const struct stat *status,
		      size_t *written)
{
	if (target.path && pt_sink_buffered) {
		pt_lock();
		pt_growth_prepare(&growth, fd, (uint64_t)status->st_size, size);
		pt_unlock();
	}
	return pt_write_all(fd, data, size, written);
}

void pt_sink_write(const char *data, size_t size)
{
	struct stat status;
	size_t written = 0;
	int saved = errno;
	int error = 0;

	pt_sink_open();
	if (pt_sink_alive && target.path)
		error = ensure_open(&status);
	if (pt_sink_alive && !error)
		error = stream ? -write_packed(data, size) :
				 -write_text(data, size, &status, &written);
	if (error || !pt_sink_alive)
		dropped += count_lines(data + written, size - written);
	if (error && atomic_exchange(&pt_sink_alive, false))
		pt_log("cannot write the trace: %s; tracing stops, events lost: %llu",
		       strerror(error), (unsigned long long)dropped);
	errno = saved;
}

void pt_sink_stop(void)
{
	pt_sink_alive = false;
}

uint64_t pt_sink_dropped(void)
{
	return dropped;
}
