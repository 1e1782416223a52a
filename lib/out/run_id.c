/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/run_id.h"

#include "base/environment.h"
#include "base/fixed_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* The extended attribute that outputs get. */
#define ATTRIBUTE "user.pytrace.run"

#define NANOSECONDS 1000000000ULL

/* See run_id.h. */
struct pt_run_id pt_run_id;

static uint64_t nanoseconds(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * NANOSECONDS + (uint64_t)time->tv_nsec;
}

/* The members in their order in the text, and what ends each. */
static uint64_t *member(struct pt_run_id *id, size_t index)
{
	uint64_t *const members[] = { &id->pid,	   &id->time,  &id->python, &id->fd,
				      &id->device, &id->inode, &id->session };

	return members[index];
}

static const char separators[] = { '.', ':', ':', ':', ':', ':', '\0' };

bool pt_run_id_parse(struct pt_run_id *id, const char *text)
{
	*id = (struct pt_run_id){ 0 };
	for (size_t i = 0; i < sizeof(separators); i++) {
		uint64_t number = 0;
		if (*text < '0' || *text > '9')
			break;
		for (; *text >= '0' && *text <= '9'; text++)
			number = number * 10 + (uint64_t)(*text - '0');
		*member(id, i) = number;
		if (*text != separators[i])
			break;
		if (*text++ == '\0')
			return true;
	}
	*id = (struct pt_run_id){ 0 };
	return false;
}

static void write_id(struct pt_fixed_text *text, const struct pt_run_id *id, size_t count)
{
	struct pt_run_id copy = *id;

	for (size_t i = 0; i < count; i++) {
		const char separator[] = { i + 1 < count ? separators[i] : '\0', '\0' };
		pt_fixed_add_number(text, *member(&copy, i));
		pt_fixed_add(text, separator);
	}
}

bool pt_run_id_export(void)
{
	struct pt_fixed_text text = { 0 };

	write_id(&text, &pt_run_id, sizeof(separators));
	return setenv(PT_RUN_ID_VARIABLE, text.text, 1) == 0;
}

void pt_run_id_start(void)
{
	const char *text = pt_environment_value(environ, PT_RUN_ID_VARIABLE);
	struct timespec now;

	if (text && pt_run_id_parse(&pt_run_id, text))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	pt_run_id.pid = (uint64_t)getpid();
	pt_run_id.time = nanoseconds(&now);
	pt_run_id_export();
}

/* What the attribute holds: the first two members. */
static void make_mark(struct pt_fixed_text *mark)
{
	write_id(mark, &pt_run_id, 2);
}

void pt_run_id_mark(int fd)
{
	struct pt_fixed_text mark = { 0 };
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };

	make_mark(&mark);
	if (fsetxattr(fd, ATTRIBUTE, mark.text, mark.size, 0) == 0)
		return;
	/* There may be no room for it. That of another run must not stay. */
	fremovexattr(fd, ATTRIBUTE);
	/* The kernel's own clock for files may be some milliseconds slow. */
	clock_gettime(CLOCK_REALTIME, &times[1]);
	futimens(fd, times);
}

bool pt_run_id_has_marked(int fd)
{
	struct pt_fixed_text mark = { 0 };
	char found[64];
	struct stat status;

	make_mark(&mark);
	ssize_t size = fgetxattr(fd, ATTRIBUTE, found, sizeof(found));
	if (size >= 0)
		return (size_t)size == mark.size && memcmp(found, mark.text, mark.size) == 0;
	/*
	 * Clocks of servers may differ from ours: what a parent opened stays. Only where there
	 * could be a mark, and is none, the parent may not have opened it.
	 */
	if (errno != ENODATA && pt_run_id.python != (uint64_t)getpid())
		return true;
	return fstat(fd, &status) != 0 || nanoseconds(&status.st_mtim) >= pt_run_id.time;
}
