/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "stage_file.h"

#include "journal.h"
#include "run_id.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many names are tried. */
#define MAX_NUMBERS 1000

/* Numbers the staging files of the process. */
static atomic_uint last_number;

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

/*
 * Maps a new file of that name. Its blocks are allocated before they are touched: a full
 * disk must be an error here and not a SIGBUS later. Returns 0 or -errno.
 */
static int map_file(const char *path, char **data, struct pt_stage_file *file)
{
	struct stat status;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	int error = fstat(fd, &status) == 0 ? allocate(fd) : -errno;
	if (!error) {
		*file = (struct pt_stage_file){ status.st_dev, status.st_ino };
		*data = mmap(NULL, PT_JOURNAL_FILE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, 0);
		error = *data == MAP_FAILED ? -errno : 0;
	}
	if (error)
		unlink(path);
	close(fd);
	return error;
}

static void start_journal(char *data)
{
	struct pt_journal *journal = (struct pt_journal *)(void *)(data + PT_JOURNAL_TEXT_SIZE);

	journal->magic = PT_JOURNAL_MAGIC;
	pt_lineage_self(&journal->process);
	journal->run_pid = pt_run_id.pid;
	journal->run_time = pt_run_id.time;
}

char *pt_stage_file_map(const char *output, char **path, struct pt_stage_file *file)
{
	for (int tries = 0; tries < MAX_NUMBERS; tries++) {
		unsigned int number = atomic_fetch_add(&last_number, 1);
		char *data = NULL;
		*path = pt_format("%s.%d-%u" PT_JOURNAL_SUFFIX, output, (int)getpid(),
				  number);
		int error = *path ? map_file(*path, &data, file) : -ENOMEM;
		if (!error) {
			start_journal(data);
			return data;
		}
		free(*path);
		*path = NULL;
		/* What a process that had this pid before has left is not ours. */
		if (error != -EEXIST)
			break;
	}
	return NULL;
}

void pt_stage_file_unmap(char *data)
{
	munmap(data, PT_JOURNAL_FILE_SIZE);
}
