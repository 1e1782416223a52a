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
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE (PT_STAGE_SIZE + sizeof(struct pt_journal))

/* What is looked for. */
struct search {
	const char *output; /* absolute */
	pid_t dead;	    /* 0: any process that is dead */
	bool wants_discard;
};

/* The pid in the name of a staging file, and the length of the output's name in it. */
static pid_t parse_name(const char *name, size_t *output_size)
{
	size_t size = strlen(name);
	size_t suffix = strlen(PT_STAGE_SUFFIX);

	if (size <= suffix || strcmp(name + size - suffix, PT_STAGE_SUFFIX) != 0)
		return 0;
	const char *dot = memrchr(name, '.', size - suffix);
	if (!dot || dot == name)
		return 0;
	*output_size = (size_t)(dot - name);
	return (pid_t)strtol(dot + 1, NULL, 10);
}

static bool is_dead(const struct pt_journal *journal, pid_t known_dead)
{
	if (journal->pid == known_dead)
		return true;
	if (journal->pid_namespace != pt_lineage_pid_namespace())
		return false;
	return pt_lineage_start_time((pid_t)journal->pid) != journal->start_time;
}

/* The part of the text that is whole lines. */
static size_t whole_lines(const char *text)
{
	size_t size = strnlen(text, PT_STAGE_SIZE);
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
 * How much of the text the output holds already: the process may have been killed in the
 * midst of writing it. The write began where the output ended then, or behind what others
 * have appended since; their lines begin with other pids.
 */
static size_t written_part(int fd, const struct pt_journal *journal, const char *text,
			   size_t size)
{
	struct stat status;
	const char *line_end = memchr(text, '\n', size);
	size_t first_line = line_end ? (size_t)(line_end - text) + 1 : size;
	size_t best = 0;

	if (fstat(fd, &status) != 0 || (uint64_t)status.st_size <= journal->output_size)
		return 0;
	size_t tail_size = (size_t)((uint64_t)status.st_size - journal->output_size);
	char *tail = malloc(tail_size);
	if (tail && pread(fd, tail, tail_size, (off_t)journal->output_size) ==
			    (ssize_t)tail_size) {
		for (char *p = tail; p && p < tail + tail_size;) {
			size_t rest = (size_t)(tail + tail_size - p);
			size_t same = common_prefix(p, rest, text, size);
			if (same >= first_line || same == rest) {
				best = same;
				break;
			}
			p = memchr(p, '\n', rest);
			p += p != NULL;
		}
	}
	free(tail);
	return best;
}

static int append_plain(int fd, const struct pt_journal *journal, const char *data,
			size_t size)
{
	size_t done = atomic_load(&journal->writing) ?
			      written_part(fd, journal, data, size) :
			      0;

	if (lseek(fd, 0, SEEK_END) < 0)
		return -errno;
	return pt_write_all(fd, data + done, size - done);
}

/*
 * Appends a frame of its own. What a write that was under way has left goes away: its
 * bytes are all in the text, and it may have taken the end from the frame before.
 */
static int append_packed(int fd, const struct pt_journal *journal, const char *data,
			 size_t size)
{
	const char *problem = NULL;
	struct pt_zstd *stream = pt_zstd_new(1, &problem);
	struct pt_buf out = { 0 };
	int error = -ENOSYS;

	if (!stream)
		return error;
	if (atomic_load(&journal->writing) && journal->output_size >= PT_ZSTD_END_SIZE) {
		pt_buf_add(&out, PT_ZSTD_END, PT_ZSTD_END_SIZE);
		if (ftruncate(fd, (off_t)journal->output_size - PT_ZSTD_END_SIZE) != 0)
			pt_buf_clear(&out);
	}
	if (pt_zstd_compress(stream, data, size, &out) && lseek(fd, 0, SEEK_END) >= 0)
		error = pt_write_all(fd, out.data, out.size);
	pt_zstd_free(stream);
	pt_buf_destroy(&out);
	return error;
}

/* Appends what a mapped staging file holds to its output. Returns whether all went well.
 */
static bool put_in_place(const char *data, const char *output)
{
	const struct pt_journal *journal = (const void *)(data + PT_STAGE_SIZE);
	size_t size = whole_lines(data);
	size_t name = strlen(output);
	size_t suffix = strlen(PT_ZSTD_SUFFIX);
	bool is_packed = name > suffix &&
			 strcmp(output + name - suffix, PT_ZSTD_SUFFIX) == 0;
	int fd = open(output,
		      O_RDWR | O_CLOEXEC | O_NOFOLLOW | (is_packed ? 0 : O_APPEND));

	if (fd < 0)
		return false;
	int error = 0;
	if (size)
		error = is_packed ? append_packed(fd, journal, data, size) :
				    append_plain(fd, journal, data, size);
	close(fd);
	return error == 0;
}

/* Looks at one staging file, of which nobody else is to take care at the same time. */
static void handle_locked(int fd, const char *path, const char *output,
			  const struct search *search)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || status.st_nlink == 0 ||
	    status.st_size != FILE_SIZE)
		return;
	char *data = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return;
	const struct pt_journal *journal = (const void *)(data + PT_STAGE_SIZE);
	if (is_dead(journal, search->dead) &&
	    (search->wants_discard || put_in_place(data, output)))
		unlink(path);
	munmap(data, FILE_SIZE);
}

static void handle_file(const char *directory, const char *name, size_t output_size,
			const struct search *search)
{
	char *path = pt_format("%s/%s", directory, name);
	char *output = pt_format("%s/%.*s", directory, (int)output_size, name);
	int fd = path && output ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

	if (fd >= 0) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			handle_locked(fd, path, output, search);
		close(fd);
	}
	free(path);
	free(output);
}

static bool look_for_files(const struct search *search)
{
	int saved = errno;
	bool is_found = false;
	const char *slash = strrchr(search->output, '/');
	char *directory = strndup(search->output, (size_t)(slash - search->output));
	DIR *listing = directory ? opendir(*directory ? directory : "/") : NULL;

	for (struct dirent *entry; listing && (entry = readdir(listing));) {
		size_t size = 0;
		pid_t pid = parse_name(entry->d_name, &size);
		bool is_ours = strncmp(entry->d_name, slash + 1, size) == 0 &&
			       slash[1 + size] == '\0';
		if (pid &&
		    (search->dead ? pid == search->dead : is_ours && pid != getpid())) {
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
