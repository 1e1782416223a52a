/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/recover.h"

#include "base/fixed_text.h"
#include "base/util.h"
#include "out/journal.h"
#include "out/lineage.h"
#include "out/run_id.h"
#include "out/zstd_stream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Names of a directory are read in pieces of this size. */
#define LISTING_SIZE 8192

#define COMPARE_SIZE 4096

/* Which staging files to look for. */
enum kind {
	OF_THIS_RUN,
	OF_EARLIER_RUNS,
	OF_TORN_WRITE,
	OF_PROCESS,
};

struct search {
	enum kind kind;
	const char *base; /* name of the output in its directory */
	int output;	  /* open for it */
	int directory;
	pid_t dead; /* OF_PROCESS */
	bool is_locked;	  /* nobody can be writing to the output */
	bool wants_torn;  /* only what ends in mid-line */
	struct pt_process self;
	bool is_found;
};

/* A staging file that was opened. */
struct find {
	const char *name;
	size_t base_size; /* how much of it is the output's name */
	pid_t pid;	  /* as the name has it */
	int fd;
	struct pt_journal journal;
};

/* The text of a staging file; only whoever has the turn uses it. */
static char text[PT_JOURNAL_TEXT_SIZE];

/* Reads the number between START and END. Returns -1 if there is anything else. */
static long parse_number(const char *start, const char *end)
{
	long number = 0;

	if (start == end)
		return -1;
	for (; start < end; start++) {
		if (*start < '0' || *start > '9' || number > INT_MAX / 10)
			return -1;
		number = number * 10 + *start - '0';
	}
	return number;
}

/* Parses the name of a staging file. Returns false for any other name. */
static bool parse_name(const char *name, struct find *find)
{
	const size_t suffix = strlen(PT_JOURNAL_SUFFIX);
	size_t size = strlen(name);

	if (!pt_has_suffix(name, size, PT_JOURNAL_SUFFIX))
		return false;
	const char *end = name + size - suffix;
	const char *dot = memrchr(name, '.', size - suffix);
	const char *dash = dot ? memchr(dot, '-', (size_t)(end - dot)) : NULL;
	if (!dash || dot == name || parse_number(dash + 1, end) < 0)
		return false;
	long pid = parse_number(dot + 1, dash);
	find->name = name;
	find->base_size = (size_t)(dot - name);
	find->pid = (pid_t)pid;
	return pid > 0 && pid <= INT_MAX;
}

/* Returns whether a name is that of a staging file to look for. */
static bool is_wanted(const struct search *search, const struct find *find)
{
	if (search->kind == OF_PROCESS)
		return find->pid == search->dead;
	if (search->kind == OF_THIS_RUN)
		return true;
	return strncmp(find->name, search->base, find->base_size) == 0 &&
	       search->base[find->base_size] == '\0';
}

/* Returns whether it is a file that only this user can have written. */
static bool is_trusted(int fd, off_t size)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_uid == geteuid() && (status.st_mode & 077) == 0 &&
	       status.st_nlink == 1 && status.st_size == size;
}

/* Reads the journal. Returns whether it makes sense and names the process in the name. */
static bool read_journal(struct find *find)
{
	struct pt_journal *journal = &find->journal;

	if (pread(find->fd, journal, sizeof(*journal), (off_t)PT_JOURNAL_TEXT_SIZE) !=
	    (ssize_t)sizeof(*journal))
		return false;
	size_t used = pt_journal_used(journal->state);
	return journal->magic == PT_JOURNAL_MAGIC && journal->process.pid == find->pid &&
	       used <= PT_JOURNAL_TEXT_SIZE && journal->flushed <= PT_JOURNAL_TEXT_SIZE &&
	       journal->writing <= used;
}

static bool is_of_this_run(const struct pt_journal *journal)
{
	return journal->run_pid == pt_run_id.pid && journal->run_time == pt_run_id.time;
}

/* Returns whether the process is dead, or has become this one by exec. */
static bool is_dead(const struct search *search, const struct pt_journal *journal)
{
	const struct pt_process *process = &journal->process;
	bool is_self = process->pid == search->self.pid &&
		       process->start_time == search->self.start_time &&
		       process->pid_namespace == search->self.pid_namespace;

	if (is_self)
		return search->kind == OF_THIS_RUN;
	return pt_lineage_is_dead(process, &search->self);
}

static bool is_due(const struct search *search, const struct pt_journal *journal)
{
	if (is_of_this_run(journal) == (search->kind == OF_EARLIER_RUNS))
		return false;
	if (search->wants_torn && journal->writing <= journal->flushed)
		return false;
	/* A writer has the lock, and loses it a little before it is seen to be dead. */
	return (search->kind == OF_TORN_WRITE && search->is_locked &&
		journal->process.pid != search->self.pid) ||
	       is_dead(search, journal);
}

/* Returns whether FD is open for the output that the journal is about. */
static bool is_its_output(const struct pt_journal *journal, int fd, struct stat *status)
{
	return fstat(fd, status) == 0 && S_ISREG(status->st_mode) &&
	       status->st_dev == journal->place.device &&
	       status->st_ino == journal->place.inode;
}

/* Returns how many bytes of the output, from OFFSET on, equal those of PART. */
static size_t same_size(int fd, off_t offset, const char *part, size_t size)
{
	char found[COMPARE_SIZE];
	size_t same = 0;

	while (same < size) {
		size_t step = size - same < sizeof(found) ? size - same : sizeof(found);
		ssize_t got = pread(fd, found, step, offset + (off_t)same);
		for (ssize_t i = 0; i < got; i++, same++) {
			if (found[i] != part[same])
				return same;
		}
		if (got <= 0)
			break;
	}
	return same;
}

/*
 * The process was killed while writing: returns how much of the text is there. It begins
 * where the journal says. What others wrote after a part of it begins a line.
 */
static size_t written_size(int fd, off_t file_size, const struct pt_journal *journal)
{
	const char *start = text + journal->flushed;
	off_t offset = (off_t)journal->place.size;

	if (journal->writing <= journal->flushed || offset > file_size)
		return 0;
	size_t same = same_size(fd, offset, start, journal->writing - journal->flushed);
	bool is_at_end = offset + (off_t)same == file_size;
	return is_at_end ? same : pt_whole_lines(start, same);
}

/*
 * Notes in the staging file what is about to be written, as its process would: we may be
 * killed, too, and the next process must continue. One write: all of it or nothing.
 */
static bool note_write(struct find *find, uint64_t size)
{
	struct pt_journal *journal = &find->journal;
	const size_t start = offsetof(struct pt_journal, place);
	const size_t length = offsetof(struct pt_journal, state) - start;

	struct pt_quiet quiet;

	journal->place.size = size;
	journal->writing = pt_journal_used(journal->state);
	pt_quiet_begin(&quiet);
	bool is_noted = pwrite(find->fd, (const char *)journal + start, length,
			       (off_t)(PT_JOURNAL_TEXT_SIZE + start)) == (ssize_t)length;
	pt_quiet_end(&quiet, is_noted ? 0 : -errno);
	return is_noted;
}

/* Appends what waits to a plain text output. Returns whether that worked. */
static bool append_text(struct find *find, int fd, off_t file_size)
{
	struct pt_journal *journal = &find->journal;
	size_t used = pt_journal_used(journal->state);

	journal->flushed += written_size(fd, file_size, journal);
	if (journal->flushed >= used)
		return true;
	if (!note_write(find, (uint64_t)file_size) || lseek(fd, 0, SEEK_END) < 0)
		return false;
	return pt_write_all(fd, text + journal->flushed, used - journal->flushed, NULL) ==
	       0;
}

/*
 * Appends what waits to a compressed output. First removes what an unfinished write has
 * left: its bytes are all in the text, and it may have overwritten the end of the frame
 * before, which gets it back. The text becomes an uncompressed frame.
 */
static bool append_packed(struct find *find, int fd, off_t file_size)
{
	struct pt_journal *journal = &find->journal;
	size_t used = pt_journal_used(journal->state);
	off_t size = (off_t)journal->place.size;
	bool was_writing = journal->writing > journal->flushed && size <= file_size;
	bool has_end = was_writing && size >= PT_ZSTD_END_SIZE;

	if (journal->flushed >= used)
		return true;
	if (was_writing && ftruncate(fd, has_end ? size - PT_ZSTD_END_SIZE : size) != 0)
		return false;
	return note_write(find, (uint64_t)(was_writing ? size : file_size)) &&
	       lseek(fd, 0, SEEK_END) >= 0 &&
	       pt_zstd_write_raw(fd, has_end, text + journal->flushed,
				 used - journal->flushed) == 0;
}

static bool is_packed(const struct find *find)
{
	return pt_has_suffix(find->name, find->base_size, PT_ZSTD_SUFFIX);
}

/* Opens the output that the name of a staging file gives: no link, nobody else's. */
static int open_output(const struct search *search, const struct find *find)
{
	struct pt_fixed_text name = { 0 };
	struct stat status;
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

	if (find->base_size >= sizeof(name.text))
		return -1;
	memcpy(name.text, find->name, find->base_size);
	int fd = openat(search->directory, name.text, flags);
	if (fd >= 0 && (fstat(fd, &status) != 0 || status.st_uid != geteuid() ||
			status.st_nlink != 1)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool put_in_place(const struct search *search, struct find *find)
{
	struct stat status;
	bool is_own = strncmp(find->name, search->base, find->base_size) == 0 &&
		      search->base[find->base_size] == '\0';
	int fd = is_own ? search->output : open_output(search, find);
	bool is_well = false;

	if (fd < 0)
		return false;
	if (is_its_output(&find->journal, fd, &status))
		is_well = (is_packed(find) ? append_packed : append_text)(find, fd,
									  status.st_size);
	if (!is_own)
		close(fd);
	return is_well;
}

/* Handles one staging file, which nobody else may handle at the same time. */
static void handle(struct search *search, struct find *find)
{
	if (!is_trusted(find->fd, (off_t)PT_JOURNAL_FILE_SIZE) || !read_journal(find) ||
	    !is_due(search, &find->journal) ||
	    pread(find->fd, text, sizeof(text), 0) != (ssize_t)sizeof(text))
		return;
	if (!put_in_place(search, find))
		return;
	search->is_found = true;
	unlinkat(search->directory, find->name, 0);
}

static void open_and_handle(struct search *search, struct find *find)
{
	/* Such a name may lead to anything: a FIFO would make us wait. */
	find->fd = openat(search->directory, find->name,
			  O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (find->fd < 0)
		return;
	if (flock(find->fd, LOCK_EX | LOCK_NB) == 0)
		handle(search, find);
	close(find->fd);
}

/*
 * Calls VISIT for each staging file that is looked for, until it returns false. Returns 0
 * or -errno.
 */
static int each_name(struct search *search,
		     bool (*visit)(struct search *search, struct find *find))
{
	_Alignas(struct dirent64) char listing[LISTING_SIZE];
	long size = 0;

	while ((size = syscall(SYS_getdents64, search->directory, listing,
			       sizeof(listing))) > 0) {
		for (long at = 0; at < size;) {
			struct dirent64 *entry = (void *)(listing + at);
			struct find find = { .fd = -1 };
			at += entry->d_reclen;
			if (parse_name(entry->d_name, &find) && is_wanted(search, &find) &&
			    !visit(search, &find))
				return 0;
		}
	}
	return size < 0 ? -errno : 0;
}

/* Opens the directory of the output. Returns false when there is none. */
static bool open_search(struct search *search, const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t size = slash ? (size_t)(slash - path) : 0;

	if (size >= sizeof(directory)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(directory, path, size);
	directory[size] = '\0';
	search->base = pt_base_name(path);
	search->directory = open(!slash ? "." : size ? directory : "/",
				 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return search->directory >= 0;
}

static bool put_back(struct search *search, struct find *find)
{
	open_and_handle(search, find);
	return true;
}

/* What ends in mid-line comes first: anything else would land after that. */
static bool look_for(struct search *search, const char *path)
{
	int saved = errno;

	if (open_search(search, path)) {
		pt_lineage_self(&search->self);
		search->wants_torn = true;
		each_name(search, put_back);
		search->wants_torn = false;
		if (search->kind != OF_TORN_WRITE && lseek(search->directory, 0, SEEK_SET) == 0)
			each_name(search, put_back);
		close(search->directory);
	}
	errno = saved;
	return search->is_found;
}

void pt_recover_run(const char *path, int fd)
{
	struct search search = { .kind = OF_THIS_RUN, .output = fd };

	look_for(&search, path);
}

bool pt_recover_old(const char *path, int fd)
{
	struct search search = { .kind = OF_EARLIER_RUNS, .output = fd };

	return look_for(&search, path);
}

void pt_recover_torn(const char *path, int fd, bool is_locked)
{
	struct search search = { .kind = OF_TORN_WRITE,
				 .output = fd,
				 .is_locked = is_locked };

	look_for(&search, path);
}

bool pt_recover_process(const char *path, int fd, pid_t pid)
{
	struct search search = { .kind = OF_PROCESS, .output = fd, .dead = pid };

	return look_for(&search, path);
}

static bool note(struct search *search, struct find *find)
{
	(void)find;
	search->is_found = true;
	return false;
}

int pt_recover_has(const char *path, pid_t pid)
{
	struct search search = { .kind = OF_PROCESS, .dead = pid };
	int saved = errno;
	int error = 0;

	if (open_search(&search, path)) {
		error = each_name(&search, note);
		close(search.directory);
	} else if (errno != ENOENT) {
		error = -errno;
	}
	errno = saved;
	return search.is_found ? 1 : error;
}
