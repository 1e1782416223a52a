/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "lineage.h"

#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* No run is nested deeper. */
#define MAX_ANCESTORS 64

#define NANOSECONDS 1000000000LL

/* What we read of /proc/PID/stat. */
struct status {
	char state;
	pid_t parent;
	int threads;
	uint64_t start_time;
};

/* Reads a file of /proc, at most SIZE - 1 bytes. Returns the number of bytes, or -1. */
static ssize_t read_proc(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t got = read(fd, out, size - 1);
	close(fd);
	if (got >= 0)
		out[got] = '\0';
	return got;
}

static bool read_status(pid_t pid, struct status *status)
{
	char text[1024];
	unsigned long long start_time = 0;
	int parent = 0;
	int threads = 0;

	if (read_proc(pid, "stat", text, sizeof(text)) <= 0)
		return false;
	/* The name in parentheses may hold anything, parentheses too. */
	const char *rest = strrchr(text, ')');
	if (!rest ||
	    sscanf(rest + 1,
		   " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
		   "%*d %d %*d %llu",
		   &status->state, &parent, &threads, &start_time) != 4)
		return false;
	status->parent = parent;
	status->threads = threads;
	status->start_time = start_time;
	return true;
}

/* The state is that of the main thread, which may end before others do. */
static bool is_dead(const struct status *status)
{
	return status->state == 'X' || (status->state == 'Z' && status->threads <= 1);
}

uint64_t pt_lineage_start_time(pid_t pid)
{
	struct status status;

	if (!read_status(pid, &status) || is_dead(&status))
		return 0;
	return status.start_time;
}

uint64_t pt_lineage_pid_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

/* Returns whether a process was started with LIBRARY in its LD_PRELOAD. */
static bool has_preload(pid_t pid, const char *library)
{
	static const char variable[] = "LD_PRELOAD=";
	char *text = malloc(128 << 10);
	ssize_t size = text ? read_proc(pid, "environ", text, 128 << 10) : -1;
	bool is_found = false;

	for (const char *p = text; size > 0 && p < text + size && !is_found;
	     p += strlen(p) + 1)
		is_found = strncmp(p, variable, strlen(variable)) == 0 &&
			   strstr(p, library);
	free(text);
	return is_found;
}

/* When the run began, in ticks; 0 if with this process. */
static uint64_t run_start(const char *library)
{
	struct status status;
	uint64_t start = 0;
	pid_t pid = getppid();

	for (int i = 0; i < MAX_ANCESTORS && pid > 0 && has_preload(pid, library); i++) {
		if (!read_status(pid, &status))
			break;
		start = status.start_time;
		pid = status.parent;
	}
	return start;
}

/* The time of day, in nanoseconds, of a number of ticks since the system was started. */
static int64_t time_of_ticks(uint64_t ticks)
{
	struct timespec now;
	struct timespec up;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	int64_t boot = (now.tv_sec - up.tv_sec) * NANOSECONDS + now.tv_nsec - up.tv_nsec;
	return boot + (int64_t)ticks * (NANOSECONDS / sysconf(_SC_CLK_TCK));
}

bool pt_lineage_is_file_of_run(const char *path, const char *library)
{
	struct stat status;
	uint64_t start = run_start(library);

	if (start == 0 || stat(path, &status) != 0)
		return false;
	int64_t written = status.st_mtim.tv_sec * NANOSECONDS + status.st_mtim.tv_nsec;
	return written >= time_of_ticks(start);
}
