/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "recover.h"

#include "lineage.h"
#include "stage.h"
#include "util.h"
#include "zstd_stream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Others append hardly more than this between a look at the size and the write. */
#define MAX_GAP ((size_t)1 << 20)

/* What is looked for. */
struct search {
	const char *output; /* absolute */
	pid_t dead;	    /* 0: any process that is dead */
	bool wants_discard;
};

/* Reads a number that stands between TEXT and END, nothing else. Returns -1 if none. */
static long parse_number(const char *text, const char *end)
{
	char *stop = NULL;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	long number = strtol(text, &stop, 10);
	return stop == end && errno == 0 ? number : -1;
}

/*
 * The pid in the name of a staging file, and the length of the output's name in it; 0 for
 * any other name.
 */
static pid_t parse_name(const char *name, size_t *output_size)
{
	size_t size = strlen(name);
	size_t suffix = strlen(PT_STAGE_SUFFIX);

	if (size <= suffix || strcmp(name + size - suffix, PT_STAGE_SUFFIX) != 0)
		return 0;
	const char *end = name + size - suffix;
	const char *dot = memrchr(name, '.', size - suffix);
	const char *dash = dot ? memchr(dot, '-', (size_t)(end - dot)) : NULL;
	if (!dash || dot == name || parse_number(dash + 1, end) < 0)
		return 0;
	long pid = parse_number(dot + 1, dash);
	*output_size = (size_t)(dot - name);
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/*
 * A number means a process only in its own namespace. Where it is ours, it is of the
 * image that this process had before exec: staging files of ours come after the search.
 */
static bool is_dead(const struct pt_journal *journal, pid_t known_dead)
{
	pid_t pid = (pid_t)journal->pid;

	if (pid <= 0 || journal->pid_namespace != pt_lineage_pid_namespace())
		return false;
	if (pid == getpid())
		return true;
	uint64_t start = pt_lineage_start_time(pid);
	return start != journal->start_time || (pid == known_dead && start == 0);
}

/* The part of the text that is whole lines. */
static size_t whole_lines(const char *text, size_t size)
{
	const char *end = memrchr(text, '\n', size);

	return end ? (size_t)(end - text) + 1 : 0;
}

static size_t common_prefix(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t size = 0;

	while (size < a_size && size < b_size && a[size] == b[size])
		size++;
	return size;
}

/*
 * How much of the text is in the tail of the output already. It begins where the tail
 * does, or behind what others have appended before; their lines begin with other pids.
 * What is cut off at the end can go on there. Where others have appended behind it, a
 * line that was cut off has to come again as a whole.
 */
static size_t find_written(const char *tail, size_t tail_size, const char *text,
			   size_t size)
{
	size_t first_line = (size_t)((const char *)memchr(text, '\n', size) - text) + 1;

	for (const char *p = tail; p < tail + tail_size && p <= tail + MAX_GAP; p++) {
		size_t rest = (size_t)(tail + tail_size - p);
		size_t same = common_prefix(p, rest, text, size);
		if (same == rest)
			return same;
		if (same >= first_line)
			return whole_lines(text, same);
		p = memchr(p, '\n', rest);
		if (!p)
			break;
	}
	return 0;
}

/* The process was killed in the midst of writing the text: how much of it was done? */
static size_t written_part(int fd, uint64_t file_size, const struct pt_journal *journal,
			   const char *text, size_t size)
{
	size_t tail_size = MAX_GAP + PT_STAGE_SIZE;
	size_t done = 0;

	if (file_size <= journal->output_size)
		return 0;
	if (file_size - journal->output_size < tail_size)
		tail_size = (size_t)(file_size - journal->output_size);
	char *tail = malloc(tail_size);
	if (tail &&
	    pread(fd, tail, tail_size, (off_t)journal->output_size) == (ssize_t)tail_size)
		done = find_written(tail, tail_size, text, size);
	free(tail);
	return done;
}

/*
 * Appends a frame of its own. What a write that was under way has left goes away: its
 * bytes are all in the text, and it may have taken the end from the frame before.
 */
static int append_packed(int fd, const struct pt_journal *journal, bool was_writing,
			 const char *text, size_t size)
{
	const char *problem = NULL;
	struct pt_zstd *stream = pt_zstd_new(1, &problem);
	struct pt_buf out = { 0 };
	int error = -ENOSYS;

	if (!stream)
		return error;
	if (was_writing && journal->output_size >= PT_ZSTD_END_SIZE) {
		pt_buf_add(&out, PT_ZSTD_END, PT_ZSTD_END_SIZE);
		if (ftruncate(fd, (off_t)journal->output_size - PT_ZSTD_END_SIZE) != 0)
			pt_buf_clear(&out);
	}
	if (pt_zstd_compress(stream, text, size, &out) && lseek(fd, 0, SEEK_END) >= 0)
		error = pt_write_all(fd, out.data, out.size, NULL);
	pt_zstd_free(stream);
	pt_buf_destroy(&out);
	return error;
}

/*
 * Appends whole lines to an output. The journal tells of it, as with any write: this may
 * be killed, or fail in the midst, and others have to go on. Returns whether it went
 * well.
 */
static bool append(int fd, bool is_packed, struct pt_journal *journal, const char *text,
		   size_t size)
{
	struct stat status;
	size_t done = 0;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	uint64_t file_size = (uint64_t)status.st_size;
	bool was_writing = atomic_load(&journal->writing);
	if (was_writing && !is_packed) {
		done = written_part(fd, file_size, journal, text, size);
	} else if (!was_writing) {
		journal->output_size = file_size;
		atomic_store(&journal->writing, size);
	}
	if (is_packed)
		return append_packed(fd, journal, was_writing, text, size) == 0;
	return pt_write_all(fd, text + done, size - done, NULL) == 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t size = strlen(name);
	size_t suffix_size = strlen(suffix);

	return size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0;
}

/* Appends what a mapped staging file holds to its output. Returns whether it went well.
 */
static bool put_in_place(char *data, const char *output, const struct search *search)
{
	struct pt_journal *journal = (void *)(data + PT_STAGE_SIZE);
	uint64_t used = atomic_load(&journal->used);
	size_t size = whole_lines(data, used < PT_STAGE_SIZE ? used : PT_STAGE_SIZE);
	bool is_packed = has_suffix(output, PT_ZSTD_SUFFIX);
	/* The user's own output may be a link; in a name that was found it is a trap. */
	int no_link = strcmp(output, search->output) == 0 ? 0 : O_NOFOLLOW;

	if (size == 0)
		return true;
	int fd = open(output, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | no_link |
				      (is_packed ? 0 : O_APPEND));
	if (fd < 0)
		return false;
	bool is_well = append(fd, is_packed, journal, data, size);
	close(fd);
	return is_well;
}

/* Looks at one staging file, of which nobody else is to take care at the same time. */
static void handle_locked(int fd, const char *path, const char *output,
			  const struct search *search)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink == 0 ||
	    status.st_size != PT_STAGE_FILE_SIZE)
		return;
	char *data =
		mmap(NULL, PT_STAGE_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return;
	if (is_dead((const void *)(data + PT_STAGE_SIZE), search->dead) &&
	    (search->wants_discard || put_in_place(data, output, search)))
		unlink(path);
	munmap(data, PT_STAGE_FILE_SIZE);
}

static void handle_file(const char *directory, const char *name, size_t output_size,
			const struct search *search)
{
	char *path = pt_format("%s/%s", directory, name);
	char *output = pt_format("%s/%.*s", directory, (int)output_size, name);
	int fd = -1;

	/* What has such a name may be anything: a FIFO would have us wait. */
	if (path && output)
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			handle_locked(fd, path, output, search);
		close(fd);
	}
	free(path);
	free(output);
}

/* Returns whether a staging file of that name is looked for. */
static bool is_wanted(const struct search *search, const char *name, size_t output_size,
		      pid_t pid)
{
	const char *output = strrchr(search->output, '/') + 1;

	if (search->dead)
		return pid == search->dead;
	return strncmp(name, output, output_size) == 0 && output[output_size] == '\0';
}

static bool look_for_files(const struct search *search)
{
	int saved = errno;
	bool is_found = false;
	const char *slash = strrchr(search->output, '/');
	char *directory =
		slash ? strndup(search->output, (size_t)(slash - search->output)) : NULL;
	DIR *listing = directory ? opendir(*directory ? directory : "/") : NULL;

	for (struct dirent *entry; listing && (entry = readdir(listing));) {
		size_t size = 0;
		pid_t pid = parse_name(entry->d_name, &size);
		if (pid && is_wanted(search, entry->d_name, size, pid)) {
			handle_file(directory, entry->d_name, size, search);
			is_found = true;
		}
	}
	if (listing)
		closedir(listing);
	free(directory);
	errno = saved;
	return is_found;
}

void pt_recover_output(const char *output)
{
	const struct search search = { .output = output };

	look_for_files(&search);
}

bool pt_recover_process(const char *output, pid_t pid)
{
	const struct search search = { .output = output, .dead = pid };

	return look_for_files(&search);
}

void pt_recover_discard(const char *output)
{
	const struct search search = { .output = output, .wants_discard = true };

	look_for_files(&search);
}
