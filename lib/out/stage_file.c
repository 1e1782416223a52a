/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/stage_file.h"

#include "base/fixed_text.h"
#include "base/log.h"
#include "base/util.h"
#include "out/journal.h"
#include "out/run_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many names are tried. */
#define MAX_NUMBERS 1000

/* Numbers the staging files of the process. */
static atomic_uint last_number;

/* That there are none, and why, has been said: once for the process and its forks. */
static atomic_bool has_said_why;

/* Allocates the blocks of a file; being above a limit is no reason for a signal. */
static int allocate(int fd)
{
	struct pt_quiet quiet;
	int error = 0;

	pt_quiet_begin(&quiet);
	do
		error = -posix_fallocate(fd, 0, (off_t)PT_JOURNAL_FILE_SIZE);
	while (error == -EINTR);
	pt_quiet_end(&quiet, error);
	return error;
}

static void start_journal(char *data, const struct pt_place *place)
{
	struct pt_journal *journal =
		(struct pt_journal *)(void *)(data + PT_JOURNAL_TEXT_SIZE);

	pt_lineage_self(&journal->process);
	journal->run_pid = pt_run_id.pid;
	journal->run_time = pt_run_id.time;
	journal->place = *place;
	journal->magic = PT_JOURNAL_MAGIC;
}

/*
 * Fills and maps an empty file. Allocates its blocks before they are touched: a full disk
 * must be an error here and not a SIGBUS later. Returns 0 or -errno.
 */
static int fill_file(int fd, const struct pt_place *place, char **data,
		     struct pt_stage_file *file)
{
	struct stat status;
	int error = fstat(fd, &status) == 0 ? allocate(fd) : -errno;

	if (error)
		return error;
	*data = mmap(NULL, PT_JOURNAL_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*data == MAP_FAILED)
		return -errno;
	*file = (struct pt_stage_file){ status.st_dev, status.st_ino };
	start_journal(*data, place);
	return 0;
}

/* Opens a file without a name in the directory of OUTPUT. Returns it, or -1. */
static int open_nameless(const char *output)
{
	const char *slash = strrchr(output, '/');
	char *directory = slash ? pt_format("%.*s/", (int)(slash - output), output) : NULL;
	int fd = open(directory ? directory : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	free(directory);
	return fd;
}

/* Gives a file without a name that name. Returns 0 or -errno. */
static int name_file(int fd, const char *path)
{
	struct pt_fixed_text link = { 0 };

	pt_fixed_add(&link, "/proc/self/fd/");
	pt_fixed_add_number(&link, (uint64_t)fd);
	return linkat(AT_FDCWD, link.text, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ? 0 :
										       -errno;
}

/*
 * Gives the file a name that is not taken: NAMELESS, or, if that is -1, a new one, which
 * *FD is then open for. Returns the path, or NULL and why (-errno).
 */
static char *find_name(const char *output, int nameless, int *fd, int *why)
{
	for (int tries = 0; tries < MAX_NUMBERS; tries++) {
		unsigned int number = atomic_fetch_add(&last_number, 1);
		char *path = pt_format("%s.%d-%u" PT_JOURNAL_SUFFIX, output,
				       (int)getpid(), number);
		int error = -ENOMEM;

		if (path && nameless >= 0)
			error = name_file(nameless, path);
		else if (path)
			error = (*fd = open(path,
					    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
						    O_NOFOLLOW,
					    0600)) < 0 ?
					-errno :
					0;
		if (!error)
			return path;
		free(path);
		*why = error;
		/* What a process that had this pid before has left is not ours. */
		if (error != -EEXIST)
			break;
	}
	return NULL;
}

/* Makes the whole file before it gets its name. Returns the memory, or NULL. */
static char *map_nameless(const char *output, const struct pt_place *place, char **path,
			  struct pt_stage_file *file)
{
	char *data = NULL;
	int fd = open_nameless(output);
	int why = 0;

	if (fd < 0)
		return NULL;
	if (fill_file(fd, place, &data, file) != 0)
		data = NULL;
	*path = data ? find_name(output, fd, NULL, &why) : NULL;
	if (data && !*path) {
		pt_stage_file_unmap(data);
		data = NULL;
	}
	close(fd);
	return data;
}

/* The same the other way round, where files need names. Tells why not (-errno). */
static char *map_named(const char *output, const struct pt_place *place, char **path,
		       struct pt_stage_file *file, int *why)
{
	char *data = NULL;
	int fd = -1;

	*path = find_name(output, -1, &fd, why);
	if (!*path)
		return NULL;
	*why = fill_file(fd, place, &data, file);
	if (*why) {
		unlink(*path);
		free(*path);
		*path = NULL;
		data = NULL;
	}
	close(fd);
	return data;
}

char *pt_stage_file_map(const char *output, const struct pt_place *place, char **path,
			struct pt_stage_file *file)
{
	char *data = map_nameless(output, place, path, file);
	int why = 0;

	if (!data)
		data = map_named(output, place, path, file, &why);
	if (!data && !atomic_exchange(&has_said_why, true))
		pt_log("no staging file beside '%s': %s; lines that wait are lost if the "
		       "process is killed",
		       output, strerror(-why));
	return data;
}

void pt_stage_file_unmap(char *data)
{
	munmap(data, PT_JOURNAL_FILE_SIZE);
}
