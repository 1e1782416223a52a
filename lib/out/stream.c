/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/stream.h"

#include "base/fixed_text.h"
#include "base/util.h"
#include "out/run_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Programs count on low descriptor numbers: ours are above these, if possible. */
static const int lowest_fds[] = { 512, 64, 16 };

/* Identifies the stream, see pt_stream_is_ours(). */
static struct stat identity;

/* The descriptor opened for it, and the number it stands for; -1: none. */
static int kept = -1;
static int kept_number = -1;

int pt_stream_move_up(int low)
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

/*
 * Returns another descriptor, with a high number, for NUMBER if that can be written to.
 */
static int copy(int number)
{
	int flags = fcntl(number, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	int low = fcntl(number, F_DUPFD_CLOEXEC, 3);
	return low < 0 ? number : pt_stream_move_up(low);
}

static bool is_the_runs(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_dev == pt_run_id.device &&
	       status.st_ino == pt_run_id.inode;
}

/* Shares the very descriptor of the process; needs permission to trace that. */
static int take_from(pid_t pid, int number)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);

	if (process < 0)
		return -1;
	int taken = (int)syscall(SYS_pidfd_getfd, process, number, 0);
	close(process);
	return taken;
}

/*
 * Opens what that process's descriptor leads to if it is a FIFO or a character device:
 * the offset of a file could not be shared this way.
 */
static int open_of(pid_t pid, int number)
{
	struct pt_fixed_text path = { 0 };
	struct stat status;

	pt_fixed_add(&path, "/proc/");
	pt_fixed_add_number(&path, (uint64_t)pid);
	pt_fixed_add(&path, "/fd/");
	pt_fixed_add_number(&path, (uint64_t)number);
	if (stat(path.text, &status) != 0 ||
	    !(S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)))
		return -1;
	int fd = open(path.text, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_WRONLY);
	return fd;
}

/* Reaches the run's stream from a process that got another one. */
static int reach(void)
{
	pid_t pid = (pid_t)pt_run_id.python;
	int number = (int)pt_run_id.fd;
	int fd = take_from(pid, number);

	if (fd < 0)
		fd = open_of(pid, number);
	if (fd >= 0 && !is_the_runs(fd)) {
		close(fd);
		fd = -1;
	}
	return fd < 0 ? -EBADF : pt_stream_move_up(fd);
}

static bool is_in_session_of_run(void)
{
	return pt_run_id.fd && pt_run_id.session == (uint64_t)getsid(0);
}

int pt_stream_open(int number)
{
	int fd = -EBADF;

	if (kept >= 0 && kept_number == number)
		return kept;
	if (is_in_session_of_run() && !is_the_runs(number))
		fd = reach();
	if (fd < 0)
		fd = copy(number);
	if (fd < 0)
		return -EBADF;
	if (fstat(fd, &identity) != 0) {
		int error = -errno;
		if (fd != number)
			close(fd);
		return error;
	}
	if (pt_run_id.python == (uint64_t)getpid()) {
		pt_run_id.fd = (uint64_t)fd;
		pt_run_id.device = identity.st_dev;
		pt_run_id.inode = identity.st_ino;
		pt_run_id.session = (uint64_t)getsid(0);
	}
	kept = fd;
	kept_number = number;
	return fd;
}

int pt_stream_release(void)
{
	if (kept >= 0 && pt_stream_is_ours(kept))
		close(kept);
	kept = kept_number;
	return kept;
}

bool pt_stream_is_ours(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_dev == identity.st_dev &&
	       status.st_ino == identity.st_ino;
}
