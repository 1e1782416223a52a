/* SPDX-License-Identifier: MIT */
/*
 * Several processes append to one file. Each write holds a lock on the file, which ends
 * with its owner, so that the place of a write is known before it is made. If a process
 * is killed during a write, the next writer finds that the file does not end in a whole
 * line and completes it from the dead process's staging file (recover.h): no line is
 * torn, and none is there twice.
 */
#include "config.h"

#include "out/sink.h"

#include "base/log.h"
#include "base/util.h"
#include "out/growth.h"
#include "out/journal.h"
#include "out/output.h"
#include "out/output_file.h"
#include "out/packed.h"
#include "out/recover.h"
#include "out/run_id.h"
#include "out/stream.h"
#include "out/zstd_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* How long to wait for another process's lock: that process may be stopped. */
#define NAP_NS 200000 /* 0.2 ms */
#define PATIENCE_NAPS 5000

/* Where the trace goes. */
static struct pt_output target = { .fd = STDERR_FILENO };

/* The path that was asked for, if that led over links to another one. */
static char *asked;

/* The descriptor in use; -1: the output has not been opened yet. */
static int fd = -1;

/* It is a regular file, or will be one, as far as we know. */
static bool is_file;

/* The file that the descriptor was opened for; see is_still_ours(). */
static struct stat identity;

/* Permissions of new files; -1: what the umask leaves. */
static int file_mode = -1;

/* Its blocks; of a file of text. */
static struct pt_growth growth;

/* Where the file ended after our last write; -1: we have not written yet. */
static off_t last_end = -1;

/* The lock on the file is ours. */
static bool is_locked;

/* See sink.h. */
atomic_bool pt_sink_alive = true;
void (*pt_sink_on_company)(void);

/* Others of the run have written to the file. */
static bool has_company;

/* Readers of the trace must be able to tell whose lines are whose. */
static void tell_company(void)
{
	has_company = true;
	if (pt_sink_on_company)
		pt_sink_on_company();
}

static void fall_back(const char *what, int error)
{
	fd = pt_stream_open(STDERR_FILENO);
	pt_sink_alive = fd >= 0;
	pt_log("PYTRACE_OUTPUT: cannot write to '%s': %s; %s", what, strerror(error),
	       fd >= 0 ? "tracing to stderr" : "not tracing");
	pt_output_destroy(&target);
	pt_packed_stop();
	is_file = false;
	/* That is not this process's alone, as a file may have been. */
	if (pt_run_id.python != (uint64_t)getpid())
		tell_company();
}

static bool set_lock(short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &lock) == 0;
}

/*
 * Keeps other processes from writing. The lock belongs to the process, not to the
 * descriptor, which children share. Without a lock, writes are as whole as the kernel
 * keeps them.
 */
static void lock_file(void)
{
	const struct timespec time = { .tv_nsec = NAP_NS };

	for (int tries = 0; tries < PATIENCE_NAPS && !is_locked; tries++) {
		is_locked = set_lock(F_WRLCK);
		if (is_locked || (errno != EAGAIN && errno != EACCES && errno != EINTR))
			break;
		nanosleep(&time, NULL);
	}
}

static void unlock_file(void)
{
	if (is_locked)
		set_lock(F_UNLCK);
	is_locked = false;
}

/* Notes what has been opened. Returns 0 or the error's number. */
static int adopt(int opened)
{
	if (fstat(opened, &identity) != 0)
		return errno;
	is_file = S_ISREG(identity.st_mode);
	if (pt_packed_is_on() && !is_file) {
		close(opened);
		return ESPIPE;
	}
	fd = pt_stream_move_up(opened);
	growth = (struct pt_growth){ 0 };
	last_end = -1;
	pt_packed_begin_frame();
	return 0;
}

/* Staging files are beside the file itself, not beside a link to it. */
static void follow_links(const char *resolved)
{
	char *path = strcmp(resolved, target.path) == 0 ? NULL : strdup(resolved);

	if (!path)
		return;
	if (!asked)
		asked = target.path;
	else
		free(target.path);
	target.path = path;
}

/* Opens the file. Returns 0 or the error's number. */
static int open_file(void)
{
	char resolved[PATH_MAX];
	const struct pt_output_request request = {
		.path = target.path,
		.mode = file_mode,
		.is_generated = target.is_private,
		.makes_directories = target.in_directory,
		/* A FIFO whose reader has left would block children for ever. */
		.may_wait = pt_run_id.python == (uint64_t)getpid(),
		.is_appended = !pt_packed_is_on(),
		.resolved = resolved,
	};
	int opened = pt_output_file_open(&request);

	if (opened < 0)
		return -opened;
	follow_links(resolved);
	return adopt(opened);
}

/*
 * Empties a file of an earlier run. If killed processes of that run have left lines, puts
 * these into it first, and then keeps it beside the new one.
 */
static int replace_file(void)
{
	if (pt_recover_old(target.path, fd) &&
	    pt_output_file_keep_old(target.path)) {
		unlock_file();
		close(fd);
		int error = open_file();
		if (error)
			return error;
		lock_file();
	}
	return ftruncate(fd, 0) == 0 ? 0 : errno;
}

/* Prepares a file opened for the first time. Returns 0 or the error's number. */
static int claim_file(bool is_newcomer)
{
	struct stat status;
	int error = 0;

	lock_file();
	if (!pt_run_id_has_marked(fd)) {
		error = replace_file();
		pt_run_id_mark(fd);
	} else if (is_newcomer && fstat(fd, &status) == 0 && status.st_size) {
		tell_company();
	}
	if (!error)
		pt_recover_run(target.path, fd);
	if (!error && fstat(fd, &status) == 0)
		last_end = status.st_size;
	unlock_file();
	return error;
}

static void open_first(bool is_newcomer)
{
	int error = open_file();

	if (!error && is_file)
		error = claim_file(is_newcomer);
	/* A FIFO whose reader has left: the first process has said so. */
	if (error == ENXIO)
		pt_sink_alive = false;
	else if (error)
		fall_back(target.path, error);
}

/* What is not compressed is not called so. */
static void drop_suffix(struct pt_output *output)
{
	if (pt_output_has_suffix(output, PT_ZSTD_SUFFIX))
		output->path[strlen(output->path) - strlen(PT_ZSTD_SUFFIX)] = '\0';
}

/* Readies compression; where it cannot be had, the name loses its suffix. */
static void start_compression(int level)
{
	const char *problem = NULL;

	if (!pt_output_has_suffix(&target, PT_ZSTD_SUFFIX))
		return;
	if (pt_packed_start(level, &problem))
		return;
	drop_suffix(&target);
	pt_log("PYTRACE_OUTPUT: cannot compress: %s; writing plain text to '%s'",
	       problem ? problem : "out of memory", target.path);
}

/* A program may well run with its streams closed: that needs no message. */
static void start_stream(int number)
{
	char name[32];

	fd = pt_stream_open(number);
	if (fd >= 0)
		return;
	if (fd == -EBADF && (number == STDOUT_FILENO || number == STDERR_FILENO)) {
		pt_sink_alive = false;
		return;
	}
	snprintf(name, sizeof(name), "fd:%d", number);
	fall_back(name, -fd);
}

static void take_output(struct pt_output *output)
{
	pt_output_destroy(&target);
	free(asked);
	asked = NULL;
	target = *output;
	*output = (struct pt_output){ .fd = STDERR_FILENO };
}

void pt_sink_start(struct pt_output *output, bool opens, int zstd_level, int mode)
{
	take_output(output);
	file_mode = mode;
	if (!target.path) {
		start_stream(target.fd);
		return;
	}
	start_compression(zstd_level);
	is_file = true;
	if (opens)
		open_first(true);
}

void pt_sink_restart(struct pt_output *output)
{
	is_locked = false;
	if (!pt_packed_is_on())
		drop_suffix(output);
	if (!target.path || !output->path ||
	    strcmp(asked ? asked : target.path, output->path) == 0) {
		pt_output_destroy(output);
		return;
	}
	if (fd >= 0)
		close(fd);
	fd = -1;
	take_output(output);
	pt_packed_begin_frame();
}

const char *pt_sink_open(void)
{
	if (pt_sink_alive && fd < 0 && target.path)
		open_first(false);
	return is_file ? target.path : NULL;
}

void pt_sink_identify(struct pt_place *place)
{
	place->device = identity.st_dev;
	place->inode = identity.st_ino;
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
 * every descriptor it found, or reused ours: not one byte may go there. A deleted file
 * has no reader: what has its name now is the output.
 */
static bool is_still_ours(struct stat *status)
{
	return fstat(fd, status) == 0 && status->st_dev == identity.st_dev &&
	       status->st_ino == identity.st_ino && status->st_nlink > 0;
}

/* Makes sure that the file is open. Returns 0 or -errno. */
static int ensure_open(struct stat *status)
{
	if (is_still_ours(status))
		return 0;
	/* If the descriptor is not ours any more, we may not close it. */
	if (fstat(fd, status) == 0 && status->st_nlink == 0 &&
	    status->st_ino == identity.st_ino)
		close(fd);
	int error = open_file();
	if (error)
		return -error;
	if (!is_file)
		return 0;
	lock_file();
	if (identity.st_size == 0)
		pt_run_id_mark(fd);
	return fstat(fd, status) == 0 ? 0 : -errno;
}

/* Returns whether a file ends in mid-line. */
static bool is_torn(off_t size)
{
	char last = '\n';

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/* Checks what other processes have done to the file since our last write. */
static int look_at_end(struct stat *status)
{
	if (status->st_size == last_end)
		return 0;
	if (pt_packed_is_on()) {
		/* Truncated, or another frame is behind ours: ours is at its end. */
		last_end = status->st_size;
		pt_packed_begin_frame();
		return 0;
	}
	if (last_end >= 0 && status->st_size > last_end)
		tell_company();
	if (is_torn(status->st_size))
		pt_recover_torn(target.path, fd, is_locked);
	return fstat(fd, status) == 0 ? 0 : -errno;
}

static int begin_file(struct pt_place *place)
{
	struct stat status;

	lock_file();
	int error = ensure_open(&status);
	if (!error && is_file)
		error = look_at_end(&status);
	if (error) {
		unlock_file();
		return error;
	}
	if (!is_file)
		return 0;
	*place = (struct pt_place){ status.st_dev, status.st_ino,
				    (uint64_t)status.st_size };
	return 0;
}

int pt_sink_begin(struct pt_place *place)
{
	*place = (struct pt_place){ 0 };
	if (pt_sink_alive)
		pt_sink_open();
	if (!pt_sink_alive || fd < 0)
		return -EPIPE;
	if (is_file)
		return begin_file(place);
	if (target.path)
		return 0;
	return pt_stream_is_ours(fd) ? 0 : -EPIPE;
}

void pt_sink_end(void)
{
	if (is_file)
		unlock_file();
}

/* Removes the part of a line that was written before an error. */
static void cut_line(const char *data, off_t start, size_t *written)
{
	size_t whole = pt_whole_lines(data, *written);
	struct stat status;

	if (whole < *written && fstat(fd, &status) == 0 &&
	    status.st_size == start + (off_t)*written &&
	    ftruncate(fd, start + (off_t)whole) == 0)
		*written = whole;
}

static int put_text(const char *data, size_t size, size_t *written)
{
	off_t start = lseek(fd, 0, SEEK_END);

	pt_growth_prepare(&growth, fd, (uint64_t)start, size);
	int error = pt_write_all(fd, data, size, written);
	if (error)
		cut_line(data, start, written);
	last_end = start + (off_t)*written;
	return error;
}

static int put_packed(const char *data, size_t size, size_t *written)
{
	int error = pt_packed_put(fd, &last_end, data, size);

	*written = error ? 0 : size;
	return error;
}

/* Writes what a stream takes at once. Returns the number of bytes, or -1 with errno. */
static ssize_t write_at_once(const char *data, size_t size)
{
	const struct iovec vector = { .iov_base = (void *)(size_t)data, .iov_len = size };
	ssize_t written = pwritev2(fd, &vector, 1, -1, RWF_NOWAIT);

	if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
		return written;
	/* So much is promised to fit when there is room. */
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	if (poll(&ready, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(fd, data, size < PIPE_BUF ? size : PIPE_BUF);
}

static int put_stream(const char *data, size_t size, bool may_wait, size_t *written)
{
	struct pt_quiet quiet;
	int error = 0;

	if (may_wait)
		return pt_write_all(fd, data, size, written);
	pt_quiet_begin(&quiet);
	while (*written < size && !error) {
		ssize_t done = write_at_once(data + *written, size - *written);
		if (done >= 0)
			*written += (size_t)done;
		else if (errno != EINTR)
			error = -errno;
	}
	pt_quiet_end(&quiet, error);
	return error;
}

int pt_sink_put(const char *data, size_t size, bool may_wait, size_t *written)
{
	*written = 0;
	if (!is_file)
		return put_stream(data, size, may_wait, written);
	return pt_packed_is_on() ? put_packed(data, size, written) : put_text(data, size, written);
}

bool pt_sink_is_passing(int error)
{
	switch (-error) {
	case EAGAIN:
	case EDQUOT:
	case EFBIG:
	case EINTR:
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOSPC:
		return true;
	default:
		/*
		 * Names and permissions can change back; a reader that has left does not
		 * return.
		 */
		return is_file;
	}
}

void pt_sink_stop(int error)
{
	if (atomic_exchange(&pt_sink_alive, false) && error)
		pt_log("cannot write the trace: %s; tracing stops", strerror(-error));
}

bool pt_sink_has_company(void)
{
	return has_company;
}

void pt_sink_leave_session(void)
{
	if (pt_sink_alive && !target.path)
		fd = pt_stream_release();
}

bool pt_sink_has_grown(void)
{
	struct stat status;

	return is_file && fd >= 0 && last_end >= 0 && is_still_ours(&status) &&
	       status.st_size > last_end;
}

int pt_sink_recover_child(int pid)
{
	struct pt_place place;
	int left = target.path ? pt_recover_has(target.path, pid) : 0;

	if (left <= 0)
		return left;
	if (pt_sink_begin(&place) != 0)
		return -1;
	if (is_file) {
		pt_recover_process(target.path, fd, pid);
		/* What the child was writing is there already, if that was torn. */
		left = pt_recover_has(target.path, pid);
	}
	pt_sink_end();
	return left == 0 ? 1 : -1;
}
