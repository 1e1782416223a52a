/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/lineage.h"

#include "base/fixed_text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What we read from /proc/PID/stat: field numbers of proc_pid_stat(5). */
enum { FIELD_STATE = 3, FIELD_THREADS = 20, FIELD_START_TIME = 22, FIELD_COUNT };

/* Reads a whole file, at most SIZE - 1 bytes, and adds a NUL. */
static bool read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t got = read(fd, out, size - 1);
	close(fd);
	out[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static uint64_t parse_number(const char *text)
{
	uint64_t number = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	return number;
}

/*
 * Finds out when a process started, 0 if it is dead. The state is that of the main
 * thread, which may end before others do. Returns false if we cannot see it.
 */
static bool read_start_time(int64_t pid, uint64_t *start_time)
{
	struct pt_fixed_text path = { 0 };
	char text[1024];
	const char *fields[FIELD_COUNT] = { 0 };

	pt_fixed_add(&path, "/proc/");
	pt_fixed_add_number(&path, (uint64_t)pid);
	pt_fixed_add(&path, "/stat");
	if (!read_text(path.text, text, sizeof(text)))
		return false;
	/* The name in parentheses may hold anything, even parentheses. */
	const char *rest = strrchr(text, ')');
	for (int i = FIELD_STATE; rest && i < FIELD_COUNT; i++) {
		rest = strchr(rest, ' ');
		fields[i] = rest ? ++rest : NULL;
	}
	if (!rest)
		return false;
	bool is_dead = *fields[FIELD_STATE] == 'X' ||
		       (*fields[FIELD_STATE] == 'Z' &&
			parse_number(fields[FIELD_THREADS]) <= 1);
	*start_time = is_dead ? 0 : parse_number(fields[FIELD_START_TIME]);
	return true;
}

static uint64_t namespace_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_ino : 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the kernel's identifier of this boot. */
static void read_boot(unsigned char boot[16])
{
	char text[64] = "";
	size_t digits = 0;

	memset(boot, 0, 16);
	read_text("/proc/sys/kernel/random/boot_id", text, sizeof(text));
	for (const char *p = text; *p && digits < 32; p++) {
		int digit = digit_of(*p);
		if (digit < 0)
			continue;
		boot[digits / 2] = (unsigned char)(boot[digits / 2] << 4 | digit);
		digits++;
	}
}

void pt_lineage_self(struct pt_process *process)
{
	int saved = errno;

	process->pid = getpid();
	process->start_time = 0;
	read_start_time(process->pid, &process->start_time);
	process->pid_namespace = namespace_of("/proc/self/ns/pid");
	process->time_namespace = namespace_of("/proc/self/ns/time");
	read_boot(process->boot);
	errno = saved;
}

/* Returns whether the pid means the same thing in both processes. */
static bool is_comparable(const struct pt_process *process, const struct pt_process *self)
{
	static const unsigned char unknown[16];

	return process->pid > 0 && process->pid <= INT32_MAX && self->pid_namespace &&
	       process->pid_namespace == self->pid_namespace &&
	       memcmp(process->boot, self->boot, sizeof(self->boot)) == 0 &&
	       memcmp(self->boot, unknown, sizeof(unknown)) != 0;
}

bool pt_lineage_is_dead(const struct pt_process *process, const struct pt_process *self)
{
	uint64_t start_time = 0;
	int saved = errno;

	if (!is_comparable(process, self))
		return false;
	bool is_gone = kill((pid_t)process->pid, 0) != 0 && errno == ESRCH;
	bool is_seen = !is_gone && read_start_time(process->pid, &start_time);
	errno = saved;
	if (!is_seen || start_time == 0)
		return is_gone || is_seen;
	/* Another process may have the pid now. Time namespaces have their own clocks. */
	return process->start_time && start_time != process->start_time &&
	       process->time_namespace == self->time_namespace;
}
