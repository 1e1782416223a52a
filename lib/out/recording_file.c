/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/recording_file.h"

#include "base/ticks.h"
#include "base/util.h"
#include "out/output_file.h"
#include "out/run_id.h"
#include "out/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How often the file is opened anew because another process has just replaced it. */
#define MAX_TRIES 100

/* How long another process's lock is waited for: that may be stopped. */
#define NAP_NS 200000 /* 0.2 ms */
#define PATIENCE_NAPS 5000

#define FIRST_CHUNK                                                                   \
	((sizeof(struct pt_recording_header) + PT_RECORDING_PAGE - 1) /               \
	 PT_RECORDING_PAGE * PT_RECORDING_PAGE)

/* The file, and how to find it again if the program closes the descriptor. */
static int file = -1;
static char path[PATH_MAX];
static struct stat identity;

/* It was there already, of this run. */
static bool is_joined;

/* Its beginning, mapped; NULL: no recording is open. */
static struct pt_recording_header *header;

/* A piece of the file that there was no disk for, to be tried again: its offset and, in
 * the low bits, how many pages it has. 0: there is none. */
static _Atomic uint64_t spare;

/* Sets TO to PATH with ".old" behind it. Returns whether it fits. */
static bool name_old(char to[PATH_MAX])
{
	size_t size = strlen(path);

	if (size + sizeof(".old") > PATH_MAX)
		return false;
	memcpy(to, path, size);
	memcpy(to + size, ".old", sizeof(".old"));
	return true;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool pt_recording_file_is_at(int directory, const char *name)
{
	struct stat status;

	return header && fstatat(directory, name, &status, 0) == 0 &&
	       is_same(&status, &identity);
}

bool pt_recording_file_is_there(void)
{
	char old[PATH_MAX];

	return pt_recording_file_is_at(AT_FDCWD, path) ||
	       (name_old(old) && pt_recording_file_is_at(AT_FDCWD, old));
}

/* Allocates blocks by writing them, where the file system cannot do it by itself. */
static int write_zeros(int fd, uint64_t offset, uint64_t size)
{
	static const char zeros[PT_RECORDING_PAGE];

	for (uint64_t done = 0; done < size;) {
		uint64_t rest = size - done;
		ssize_t written =
			pwrite(fd, zeros, rest < sizeof(zeros) ? rest : sizeof(zeros),
			       (off_t)(offset + done));
		if (written < 0 && errno != EINTR)
			return -errno;
		done += written > 0 ? (uint64_t)written : 0;
	}
	return 0;
}

/* Gives blocks to a part of the file before it is mapped: a full disk must be an error
 * here and not a SIGBUS later. Returns 0 or -errno. */
static int allocate(int fd, uint64_t offset, uint64_t size)
{
	struct pt_quiet quiet;
	int error = 0;

	pt_quiet_begin(&quiet);
	do
		error = fallocate(fd, 0, (off_t)offset, (off_t)size) == 0 ? 0 : -errno;
	while (error == -EINTR);
	if (error == -EOPNOTSUPP || error == -ENOSYS)
		error = write_zeros(fd, offset, size);
	pt_quiet_end(&quiet, error);
	return error;
}

/* Maps a part of the file. Returns NULL and sets *ERROR when that fails. */
static void *map(int fd, uint64_t offset, uint64_t size, int *error)
{
	uint64_t before = offset % (uint64_t)sysconf(_SC_PAGESIZE);
	char *data = mmap(NULL, size + before, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  (off_t)(offset - before));

	if (data == MAP_FAILED) {
		*error = -errno;
		return NULL;
	}
	return data + before;
}

/* Where the mapping of a part begins, and its size. */
static void *mapping_of(const void *data, uint64_t *size)
{
	uintptr_t before = (uintptr_t)data % (uintptr_t)sysconf(_SC_PAGESIZE);

	*size += before;
	return (char *)(uintptr_t)data - before;
}

static bool is_of_this_run(const struct pt_recording_header *found)
{
	return memcmp(found->magic, PT_RECORDING_MAGIC, PT_RECORDING_MAGIC_SIZE) == 0 &&
	       found->major == PT_RECORDING_MAJOR &&
	       found->header_size == sizeof(*found) && found->first_chunk == FIRST_CHUNK &&
	       found->unit == PT_RECORDING_PAGE &&
	       found->run_pid == pt_run_id.pid && found->run_time == pt_run_id.time;
}

static uint64_t random_key(void)
{
	uint64_t key = 0;

	if (getrandom(&key, sizeof(key), GRND_NONBLOCK) != sizeof(key))
		key = pt_ticks_now() * 0x9e3779b97f4a7c15 ^ (uint64_t)getpid() << 32;
	return key | 1;
}

/* Makes an empty file a recording. Returns 0 or -errno. */
static int fill_header(int fd)
{
	int error = allocate(fd, 0, FIRST_CHUNK);
	struct pt_recording_header *made =
		error ? NULL : map(fd, 0, sizeof(*made), &error);

	if (!made)
		return error;
	made->major = PT_RECORDING_MAJOR;
	made->minor = PT_RECORDING_MINOR;
	made->header_size = sizeof(*made);
	made->first_chunk = FIRST_CHUNK;
	made->unit = PT_RECORDING_PAGE;
	made->run_pid = pt_run_id.pid;
	made->run_time = pt_run_id.time;
	made->key = random_key();
	made->end = FIRST_CHUNK;
	made->next_process = 1;
	made->next_code = 1;
	made->next_file = 1;
	made->next_site = 1;
	atomic_thread_fence(memory_order_release);
	memcpy(made->magic, PT_RECORDING_MAGIC, PT_RECORDING_MAGIC_SIZE);
	header = made;
	return 0;
}

/* What a locked file is found to be. */
enum finding { FOUND_OURS, FOUND_NOTHING, FOUND_OTHER };

static enum finding look_at(int fd)
{
	static struct pt_recording_header found;
	struct stat status;

	if (fstat(fd, &status) == 0 && status.st_size == 0)
		return FOUND_NOTHING;
	if (pread(fd, &found, sizeof(found), 0) != sizeof(found) || !is_of_this_run(&found))
		return FOUND_OTHER;
	return FOUND_OURS;
}

/*
 * Takes a file of another run away. A recording whose name cannot be taken from it is left
 * alone: others may have it mapped. Returns 0, -EAGAIN: the file is to be opened anew; or
 * another -errno.
 */
static int take_away(int fd, const char *name)
{
	char magic[PT_RECORDING_MAGIC_SIZE] = "";

	if (unlink(name) == 0)
		return -EAGAIN;
	int error = -errno;
	if (pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	    memcmp(magic, PT_RECORDING_MAGIC, sizeof(magic)) == 0)
		return error;
	return ftruncate(fd, 0) == 0 ? fill_header(fd) : -errno;
}

/* Joins or makes the recording in a file that is open and locked. Returns 0, -EAGAIN
 * likewise, or another -errno. */
static int claim(int fd, const char *name)
{
	struct stat status, named;
	int error = 0;

	if (fstat(fd, &status) != 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (stat(name, &named) != 0 || !is_same(&status, &named))
		return -EAGAIN;
	identity = status;
	is_joined = false;
	switch (look_at(fd)) {
	case FOUND_OURS:
		is_joined = true;
		header = map(fd, 0, sizeof(*header), &error);
		return error;
	case FOUND_NOTHING:
		return fill_header(fd);
	default:
		return take_away(fd, name);
	}
}

/*
 * Locks the opened file, not for longer than others may take that are stopped meanwhile.
 * File systems without locks have none. Returns 0 or -EBUSY.
 */
static int lock(int fd)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct timespec nap = { .tv_nsec = NAP_NS };

	for (int naps = 0; naps < PATIENCE_NAPS; naps++) {
		if (fcntl(fd, F_OFD_SETLK, &all) == 0 ||
		    (errno != EAGAIN && errno != EACCES && errno != EINTR))
			return 0;
		nanosleep(&nap, NULL);
	}
	return -EBUSY;
}

static void unlock(int fd)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(fd, F_OFD_SETLK, &all);
}

/*
 * Returns the recording of this run that has stepped aside, if there is one, with its path
 * in PATH, or -1: what has its name now is the program's.
 */
static int open_old(void)
{
	char old[PATH_MAX];
	struct stat status;
	int fd = name_old(old) ? open(old, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY |
						   O_NONBLOCK) :
				 -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
	    status.st_uid == geteuid() && look_at(fd) == FOUND_OURS) {
		memcpy(path, old, strlen(old) + 1);
		return fd;
	}
	close(fd);
	return -1;
}

int pt_recording_file_open(const struct pt_output_request *request)
{
	struct pt_output_request own = *request;
	int error = -EAGAIN;

	own.resolved = path;
	for (int tries = 0; tries < MAX_TRIES && error == -EAGAIN; tries++) {
		int fd = pt_output_file_open(&own);
		if (fd < 0)
			return fd;
		error = lock(fd);
		int old = error == 0 && look_at(fd) != FOUND_OURS ? open_old() : -1;
		if (old >= 0) {
			close(fd);
			fd = old;
		}
		if (error == 0)
			error = claim(fd, path);
		unlock(fd);
		if (error == 0 && request->mode >= 0 && !is_joined)
			fchmod(fd, (mode_t)request->mode);
		if (error == 0)
			file = pt_stream_move_up(fd);
		else
			close(fd);
	}
	return error;
}

struct pt_recording_header *pt_recording_file_header(void)
{
	return header;
}

/* Returns the descriptor, which the program may have closed or put to other use: then
 * the file is opened anew by its name. */
static int use_file(void)
{
	struct stat status;

	if (fstat(file, &status) == 0 && is_same(&status, &identity))
		return file;
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0 || !is_same(&status, &identity)) {
		close(fd);
		return -ENOENT;
	}
	file = pt_stream_move_up(fd);
	return file;
}

/* Takes a piece of the file, if possible the one that there was no disk for. */
static uint64_t take_piece(uint32_t size)
{
	uint64_t piece = atomic_exchange(&spare, 0);

	if (piece % PT_RECORDING_PAGE * PT_RECORDING_PAGE >= size)
		return piece - piece % PT_RECORDING_PAGE;
	return atomic_fetch_add(&header->end, size);
}

static void keep_piece(uint64_t offset, uint32_t size)
{
	uint32_t pages = size / PT_RECORDING_PAGE;

	if (pages < PT_RECORDING_PAGE)
		spare = offset | pages;
}

struct pt_recording_chunk *pt_recording_file_add(const struct pt_recording_chunk *wanted,
						 uint32_t size, pt_recording_fill *fill,
						 const void *data, int *error)
{
	size = (size + PT_RECORDING_PAGE - 1) / PT_RECORDING_PAGE * PT_RECORDING_PAGE;
	int fd = use_file();
	if (fd < 0) {
		*error = fd;
		return NULL;
	}
	uint64_t offset = take_piece(size);
	*error = allocate(fd, offset, size);
	struct pt_recording_chunk *chunk =
		*error ? NULL : map(fd, offset, size, error);
	if (!chunk) {
		keep_piece(offset, size);
		return NULL;
	}
	*chunk = *wanted;
	chunk->key = 0;
	chunk->size = size;
	chunk->header_size = sizeof(*chunk);
	chunk->ticks = pt_ticks_now();
	chunk->time = pt_ticks_monotonic();
	if (fill)
		fill(chunk, data);
	atomic_store_explicit(&chunk->key, header->key + offset, memory_order_release);
	return chunk;
}

void pt_recording_file_unmap(struct pt_recording_chunk *chunk)
{
	uint64_t size = chunk->size;
	void *start = mapping_of(chunk, &size);

	munmap(start, size);
}

void pt_recording_file_trim(struct pt_recording_chunk *chunk, uint32_t used)
{
	uint64_t offset = atomic_load(&chunk->key) - header->key;
	uint64_t start = (offset + used + PT_RECORDING_PAGE - 1) / PT_RECORDING_PAGE *
			 PT_RECORDING_PAGE;
	uint64_t end = offset + chunk->size;
	int fd = start < end ? use_file() : -1;

	if (fd >= 0)
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start,
			  (off_t)(end - start));
}

bool pt_recording_file_step_aside(void)
{
	char old[PATH_MAX];

	if (!name_old(old) || rename(path, old) != 0)
		return false;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		      identity.st_mode & 0777);
	if (fd >= 0)
		close(fd);
	memcpy(path, old, strlen(old) + 1);
	return true;
}

void pt_recording_file_after_fork(void)
{
	spare = 0;
}

const char *pt_recording_file_path(void)
{
	return path;
}

void pt_recording_file_close(void)
{
	uint64_t size = sizeof(*header);

	if (header)
		munmap(mapping_of(header, &size), size);
	if (file >= 0)
		close(file);
	header = NULL;
	file = -1;
	spare = 0;
}
