/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "check_pytrace.h"
#include "out/journal.h"
#include "out/output.h"
#include "out/run_id.h"
#include "out/sink.h"
#include "out/stage.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_TEXT ((size_t)512 << 10)
#define MAX_PATHS 8
#define MAX_OPEN 16 /* descriptors that nftw() may use */

#define CAPTURE_FILE "captured-stderr"

/* AddressSanitizer asks for this; without it the function is never called. */
const char *__asan_default_options(void);

/* The parent of all directories of a test case. */
static char base[PATH_MAX];

/* Where the tests were started: "./check_pytrace" must still mean this program later. */
static int start_directory = -1;

/* See pt_check_directory(). */
static char directory[PATH_MAX];

/* See pt_check_path(). */
static char paths[MAX_PATHS][PATH_MAX];

/* The real stderr while it is captured. */
static int real_stderr = -1;

/* Running out of memory is tested, too: then malloc must return NULL, not abort. */
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

/* Runs once for a test case, in the process that forks the tests. */
static void make_base(void)
{
	const char *parent = getenv("TMPDIR");
	char real[PATH_MAX];

	ck_assert_ptr_nonnull(realpath(parent && *parent ? parent : "/tmp", real));
	int length = snprintf(base, sizeof(base), "%s/check_pytrace.XXXXXX", real);
	ck_assert_int_lt(length, (int)sizeof(base));
	ck_assert_ptr_nonnull(mkdtemp(base));
	start_directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(start_directory, 0);
}

static void remove_base(void)
{
	/* Without fork the last test has left us in there. */
	ck_assert_int_eq(fchdir(start_directory), 0);
	close(start_directory);
	ck_assert_int_eq(nftw(base, remove_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS), 0);
}

/* Runs before each test, in its process. */
static void enter_directory(void)
{
	int length = snprintf(directory, sizeof(directory), "%s/XXXXXX", base);

	ck_assert_int_lt(length, (int)sizeof(directory));
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

void pt_check_add_directory(TCase *tcase)
{
	tcase_add_unchecked_fixture(tcase, make_base, remove_base);
	tcase_add_checked_fixture(tcase, enter_directory, NULL);
}

const char *pt_check_directory(void)
{
	return directory;
}

const char *pt_check_path(const char *name)
{
	static unsigned int next;
	char *path = paths[next++ % MAX_PATHS];
	int length = snprintf(path, PATH_MAX, "%s/%s", directory, name);

	ck_assert_int_lt(length, PATH_MAX);
	return path;
}

/* Makes the directories that lead to PATH. */
static void make_parents(const char *path)
{
	char copy[PATH_MAX];

	ck_assert_uint_lt(strlen(path), sizeof(copy));
	strcpy(copy, path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0777);
		*slash = '/';
	}
}

void pt_check_write(const char *name, const void *bytes, size_t size)
{
	make_parents(name);
	FILE *file = fopen(name, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

void pt_check_write_text(const char *name, const char *text)
{
	pt_check_write(name, text, strlen(text));
}

void pt_check_make_directory(const char *name)
{
	make_parents(name);
	ck_assert_int_eq(mkdir(name, 0777), 0);
}

bool pt_check_mount_small(const char *options)
{
	uid_t user = getuid();

	if (unshare(CLONE_NEWNS) != 0) {
		if (unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0)
			return false;
		ck_assert_uint_ne(user, 0);
	}
	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	pt_check_make_directory("small");
	return mount("none", "small", "tmpfs", 0, options) == 0;
}

const char *pt_check_read(const char *name)
{
	static char text[MAX_TEXT];
	FILE *file = fopen(name, "rb");

	ck_assert_ptr_nonnull(file);
	size_t size = fread(text, 1, sizeof(text) - 1, file);
	ck_assert_int_eq(fclose(file), 0);
	text[size] = '\0';
	return text;
}

bool pt_check_exists(const char *name)
{
	struct stat status;

	return lstat(name, &status) == 0;
}

pid_t pt_check_start_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		for (;;)
			pause();
	}
	ck_assert_int_gt(child, 0);
	return child;
}

void pt_check_end_child(pid_t child)
{
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

pid_t pt_check_dead_child(void)
{
	pid_t child = pt_check_start_child();

	pt_check_end_child(child);
	return child;
}

/* A descendant finds a file that a process of its run has opened. */
static void mark(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		return;
	pt_run_id_mark(fd);
	close(fd);
}

void pt_check_start_file(const char *path, bool replaces)
{
	struct pt_output output = { .fd = -1, .path = strdup(path) };

	pt_check_start_run(replaces);
	if (!replaces)
		mark(path);
	pt_sink_start(&output, replaces, 1, -1);
	ck_assert_ptr_null(output.path);
}

void pt_check_start_run(bool is_first)
{
	static struct timespec now;

	/* Files that are there already are older. */
	if (!now.tv_sec)
		clock_gettime(CLOCK_REALTIME, &now);
	pt_run_id = (struct pt_run_id){ .pid = 1,
					.time = (uint64_t)now.tv_sec * 1000000000 +
						(uint64_t)now.tv_nsec,
					.python = is_first ? (uint64_t)getpid() : 1 };
}

uint64_t pt_check_waiting(const struct pt_stage *stage)
{
	return pt_journal_used(stage->journal->state) - stage->journal->flushed;
}

void pt_check_close(struct pt_stage *stage)
{
	pt_stage_leave_all(NULL, NULL);
	pt_stage_resume_all();
	pt_stage_give(stage);
}

int pt_check_write_out(const char *text, size_t size, size_t *written)
{
	struct pt_place place;
	int error = pt_sink_begin(&place);

	*written = 0;
	if (error)
		return error;
	error = pt_sink_put(text, size, true, written);
	pt_sink_end();
	return error;
}

void pt_check_put(struct pt_stage *stage, const char *line)
{
	size_t size = strlen(line);
	char *room = pt_stage_reserve(stage, size);

	ck_assert_ptr_nonnull(room);
	memcpy(room, line, size);
	pt_stage_commit(stage, size, true);
}

const char *pt_check_staged(const char *output, pid_t pid, unsigned int number)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%d-%u" PT_JOURNAL_SUFFIX, output, (int)pid,
		 number);
	return pt_check_path(name);
}

void pt_check_capture_stderr(void)
{
	int fd = open(CAPTURE_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);

	ck_assert_int_ge(fd, 0);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
	ck_assert_int_ge(real_stderr, 0);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
}

const char *pt_check_captured(void)
{
	ck_assert_int_eq(dup2(real_stderr, STDERR_FILENO), STDERR_FILENO);
	close(real_stderr);
	return pt_check_read(CAPTURE_FILE);
}
