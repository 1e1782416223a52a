/* SPDX-License-Identifier: MIT */
/* Each test runs in a process of its own: staging files are numbered from 0 in each. */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/lineage.h"
#include "out/output.h"
#include "out/run_id.h"
#include "out/sink.h"
#include "out/stage.h"
#include "out/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* What lines can use of a stage: its end is for what block copies write beyond them. */
#define ROOM PT_STAGE_SIZE

/* A user who may do nothing, for root to become. */
#define NOBODY 65534

/* Returns a new stage for the output "trace". */
static struct pt_stage *start_stage(void)
{
	pt_check_start_file(pt_check_path("trace"), true);
	return pt_stage_take();
}

static void close_all(void)
{
	pt_stage_leave_all(NULL, NULL);
	pt_stage_resume_all();
}

/* Frees a stage, and checks what the output has then. */
static void end_stage(struct pt_stage *stage, const char *text)
{
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_read("trace"), text);
}

/* The name of a staging file of this process for the output "trace". */
static const char *staged_name(unsigned int number)
{
	return pt_check_staged("trace", getpid(), number);
}

/* Checks that a staging file holds TEXT: its last bytes tell which part of it is text. */
static void check_staged(const char *path, const char *text)
{
	static char data[PT_JOURNAL_FILE_SIZE];
	size_t size = strlen(text);
	FILE *file = fopen(path, "rb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(data, 1, PT_JOURNAL_FILE_SIZE, file), PT_JOURNAL_FILE_SIZE);
	ck_assert_int_eq(getc(file), EOF);
	fclose(file);
	uint64_t flushed = 0;
	uint32_t used = 0;
	memcpy(&flushed, data + PT_JOURNAL_FILE_SIZE - 2 * sizeof(flushed), sizeof(flushed));
	memcpy(&used, data + PT_JOURNAL_FILE_SIZE - sizeof(flushed), sizeof(used));
	ck_assert_uint_eq(used - flushed, size);
	ck_assert_mem_eq(data + flushed, text, size);
}

/* Checks that a stage has no file, and that its lines get to the output anyway. */
static void check_private(const char *output)
{
	struct pt_stage *stage = pt_stage_take();
	struct stat status;

	pt_check_put(stage, "one\n");
	ck_assert_pstr_eq(stage->path, NULL);
	ck_assert_ptr_nonnull(stage->data);
	pt_check_put(stage, "two\n");
	pt_check_close(stage);
	ck_assert_int_eq(stat(output, &status), 0);
	if (S_ISREG(status.st_mode))
		ck_assert_str_eq(pt_check_read(output), "one\ntwo\n");
	ck_assert(pt_sink_is_alive());
}

static void check_private_file(const char *path)
{
	pt_check_start_file(path, true);
	check_private(path);
}

START_TEST(new_stage_has_nothing)
{
	struct pt_stage *stage = start_stage();

	ck_assert_ptr_null(stage->data);
	ck_assert_uint_eq(stage->limit, 0);
	pt_stage_flush_all();
	close_all();
	ck_assert(!pt_check_exists(staged_name(0)));
	pt_check_close(stage);
}
END_TEST

START_TEST(file_is_mapped)
{
	struct stat status;
	struct pt_stage *stage = start_stage();

	pt_check_put(stage, "one\n");
	ck_assert_pstr_eq(stage->path, staged_name(0));
	check_staged(staged_name(0), "one\n");
	pt_check_put(stage, "two\n");
	check_staged(staged_name(0), "one\ntwo\n");
	ck_assert_int_eq(stat(staged_name(0), &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0600);
	/* Its blocks are allocated: writing to them can meet no full disk. */
	ck_assert_int_ge(status.st_blocks * 512, PT_JOURNAL_FILE_SIZE);
	ck_assert_str_eq(pt_check_read("trace"), "");
	end_stage(stage, "one\ntwo\n");
}
END_TEST

START_TEST(journal_tells_the_process)
{
	struct pt_process self;
	struct pt_stage *stage = start_stage();
	struct stat status;

	pt_check_put(stage, "one\n");
	pt_lineage_self(&self);
	ck_assert_mem_eq(&stage->journal->process, &self, sizeof(self));
	ck_assert_uint_eq(stage->journal->run_pid, 1);
	ck_assert_uint_eq(stage->journal->run_time, pt_run_id.time);
	ck_assert_int_eq(stat("trace", &status), 0);
	ck_assert_uint_eq(stage->journal->place.device, status.st_dev);
	ck_assert_uint_eq(stage->journal->place.inode, status.st_ino);
	ck_assert_uint_eq(stage->journal->writing, 0);
	pt_check_close(stage);
}
END_TEST

/* After a flush there is no text, and the journal knows of no write. */
START_TEST(flush_ends_text)
{
	struct pt_stage *stage = start_stage();

	pt_check_put(stage, "one\n");
	pt_stage_flush_all();
	check_staged(staged_name(0), "");
	ck_assert_uint_eq(stage->journal->writing, 0);
	ck_assert_uint_eq(stage->journal->place.size, 0);
	/* Another process writes as well. */
	FILE *other = fopen("trace", "a");
	fputs("other\n", other);
	fclose(other);
	pt_check_put(stage, "2\n");
	check_staged(staged_name(0), "2\n");
	pt_stage_flush_all();
	check_staged(staged_name(0), "");
	ck_assert_uint_eq(stage->journal->place.size, 10);
	pt_stage_flush_all();
	ck_assert_str_eq(pt_check_read("trace"), "one\nother\n2\n");
	pt_check_close(stage);
}
END_TEST

/* What is staged already, how much room is asked for, and what must be flushed for it. */
static const struct {
	size_t used;
	size_t size;
	bool has_room;
	bool is_flushed;
} room_rows[] = {
	{ 0, 1, true, false },
	{ 0, ROOM, true, false },
	{ 0, ROOM + 1, false, false },
	{ 2, ROOM - 2, true, false },
	{ 2, ROOM - 1, true, true },
	{ 2, ROOM, true, true },
	{ 2, ROOM + 1, false, true },
	{ ROOM - 1, 1, true, false },
	{ ROOM - 1, 2, true, true },
	{ ROOM, 1, true, true },
};

START_TEST(room)
{
	size_t used = room_rows[_i].used;
	struct pt_stage *stage = start_stage();

	if (used) {
		memset(pt_stage_reserve(stage, used), '\n', used);
		pt_stage_commit(stage, used, true);
	}
	errno = PT_CHECK_ERRNO;
	char *found = pt_stage_reserve(stage, room_rows[_i].size);
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	size_t left = room_rows[_i].is_flushed ? 0 : used;
	ck_assert_ptr_eq(found, room_rows[_i].has_room ? stage->data + left : NULL);
	ck_assert_uint_eq(pt_check_waiting(stage), left);
	ck_assert_uint_eq(strlen(pt_check_read("trace")), used - left);
	pt_check_close(stage);
	ck_assert_uint_eq(strlen(pt_check_read("trace")), used);
}
END_TEST

START_TEST(two_stages)
{
	pt_check_start_file(pt_check_path("trace"), true);
	struct pt_stage *first = pt_stage_take();
	struct pt_stage *second = pt_stage_take();

	pt_check_put(first, "first\n");
	pt_check_put(second, "second\n");
	ck_assert_pstr_eq(first->path, staged_name(0));
	ck_assert_pstr_eq(second->path, staged_name(1));
	check_staged(staged_name(0), "first\n");
	check_staged(staged_name(1), "second\n");
	pt_stage_give(second);
	ck_assert_str_eq(pt_check_read("trace"), "second\n");
	check_staged(staged_name(0), "first\n");
	end_stage(first, "second\nfirst\n");
	ck_assert(!pt_check_exists(staged_name(0)));
	ck_assert(!pt_check_exists(staged_name(1)));
}
END_TEST

/* A thread has room when another one closes the stage: that memory is still there. */
START_TEST(close_between_reserve_and_commit)
{
	struct pt_stage *stage = start_stage();
	pt_check_put(stage, "one\n");
	char *place = pt_stage_reserve(stage, 4);
	close_all();
	memcpy(place, "two\n", 4);
	pt_stage_commit(stage, 4, true);
	ck_assert_ptr_nonnull(pt_stage_reserve(stage, ROOM));
	pt_check_close(stage);
	ck_assert(!pt_check_exists(staged_name(1)));
}
END_TEST

/* Enough for many flushes; valgrind takes its time. */
#define STEPS 30000

static atomic_bool is_over;

static void *write_lines(void *data)
{
	struct pt_stage *stage = data;
	char line[32];

	for (int i = 0; i < STEPS; i++) {
		int size = snprintf(line, sizeof(line), "%d\n", i);
		memcpy(pt_stage_reserve(stage, (size_t)size), line, (size_t)size);
		pt_stage_commit(stage, (size_t)size, true);
	}
	is_over = true;
	return NULL;
}

/* One thread makes lines, another one flushes or closes: each comes once, in order. */
START_TEST(other_thread_flushes)
{
	void (*const actions[])(void) = { pt_stage_flush_all, close_all };
	pthread_t thread;
	struct pt_stage *stage = start_stage();

	ck_assert_int_eq(pthread_create(&thread, NULL, write_lines, stage), 0);
	while (!is_over) {
		actions[_i]();
		sched_yield();
	}
	pthread_join(thread, NULL);
	pt_check_close(stage);
	FILE *file = fopen("trace", "r");
	char line[32];
	int count = 0;
	while (fgets(line, sizeof(line), file) && atoi(line) == count)
		count++;
	ck_assert_int_eq(count, STEPS);
	fclose(file);
}
END_TEST

/* What is written out in a signal handler, whatever the thread was doing. */
static void on_alarm(int signal)
{
	(void)signal;
	pt_stage_flush_all();
}

START_TEST(handler_flushes)
{
	struct itimerval timer = { { 0, 200 }, { 0, 200 } };
	struct pt_stage *stage = start_stage();

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < 20; i++)
		write_lines(stage);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	pt_check_close(stage);
	FILE *file = fopen("trace", "r");
	char line[32];
	int count = 0;
	while (fgets(line, sizeof(line), file) && atoi(line) == count % STEPS)
		count++;
	ck_assert_int_eq(count, 20 * STEPS);
	fclose(file);
}
END_TEST

/* A handler does not wait for the turn of a thread that it has interrupted. */
START_TEST(turn_is_refused_to_its_owner)
{
	struct pt_stage *stage = start_stage();

	pt_check_put(stage, "one\n");
	ck_assert(pt_turn_take());
	ck_assert(!pt_turn_take());
	pt_stage_flush_all();
	ck_assert_str_eq(pt_check_read("trace"), "");
	pt_turn_give();
	end_stage(stage, "one\n");
}
END_TEST

/* The last line knows how many events there were, and follows them. */
static void add_sum(struct pt_fixed_text *text, const struct pt_stage_sum *sum,
		    const void *data)
{
	pt_fixed_add(text, data);
	pt_fixed_add_number(text, sum->events);
	pt_fixed_add(text, "\n");
}

START_TEST(last_line)
{
	struct pt_stage *stage = start_stage();

	pt_check_put(stage, "one\n");
	pt_check_put(stage, "two\n");
	struct pt_stage_sum sum = pt_stage_end_all(add_sum, "end: ");
	ck_assert_uint_eq(sum.events, 2);
	ck_assert_uint_eq(sum.lost, 0);
	ck_assert_int_eq(sum.error, 0);
	ck_assert_ptr_null(pt_stage_reserve(stage, 4));
	ck_assert_str_eq(pt_check_read("trace"), "one\ntwo\nend: 2\n");
	ck_assert(!pt_check_exists(staged_name(0)));
}
END_TEST

/* A program that is slow has its lines in the file a second later. */
START_TEST(old_lines_are_written)
{
	struct pt_stage *stage = start_stage();

	pt_check_put(stage, "one\n");
	pt_check_put(stage, "two\n");
	ck_assert_str_eq(pt_check_read("trace"), "");
	usleep(1100000);
	pt_check_put(stage, "three\n");
	ck_assert_str_eq(pt_check_read("trace"), "one\ntwo\n");
	end_stage(stage, "one\ntwo\nthree\n");
}
END_TEST

START_TEST(close_takes_file_away)
{
	struct pt_stage *stage = start_stage();

	pt_check_put(stage, "one\n");
	close_all();
	ck_assert_str_eq(pt_check_read("trace"), "one\n");
	ck_assert(!pt_check_exists(staged_name(0)));
	/* Some code may run even then. */
	close_all();
	pt_check_put(stage, "two\n");
	check_staged(staged_name(1), "two\n");
	close_all();
	ck_assert(!pt_check_exists(staged_name(1)));
	ck_assert_str_eq(pt_check_read("trace"), "one\ntwo\n");
	pt_check_put(stage, "three\n");
	end_stage(stage, "one\ntwo\nthree\n");
}
END_TEST

/* Stages a line in a child, in a file of its own. */
static void use_in_child(struct pt_stage *stage)
{
	pt_stage_forget_all();
	ck_assert_ptr_null(stage->data);
	pt_check_put(stage, "of the child\n");
	ck_assert_int_eq(stage->journal->process.pid, getpid());
	char number[64];
	snprintf(number, sizeof(number), ".%d-", (int)getpid());
	ck_assert_ptr_nonnull(strstr(stage->path, number));
	check_staged(stage->path, "of the child\n");
	pt_check_close(stage);
	_exit(0);
}

START_TEST(forget_after_fork)
{
	int status = 0;
	struct pt_stage *stage = start_stage();

	pt_check_put(stage, "of the parent\n");
	pid_t child = fork();
	if (child == 0)
		use_in_child(stage);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(pt_check_read("trace"), "of the child\n");
	check_staged(staged_name(0), "of the parent\n");
	pt_check_put(stage, "more\n");
	end_stage(stage, "of the child\nof the parent\nmore\n");
}
END_TEST

/* What the process had staged outlives it. */
START_TEST(text_outlives_the_process)
{
	int status = 0;

	pt_check_start_file(pt_check_path("trace"), true);
	pid_t child = fork();
	if (child == 0) {
		/* What is lost is not lost memory. */
		static struct pt_stage *volatile stage;
		stage = pt_stage_take();
		pt_check_put(stage, "last words\n");
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	check_staged(pt_check_staged("trace", child, 0), "last words\n");
	ck_assert_str_eq(pt_check_read("trace"), "");
}
END_TEST

/* Names that are taken, as an earlier process with this pid may have left them. */
START_TEST(taken_name_is_left_alone)
{
	pt_check_start_file(pt_check_path("trace"), true);
	pt_check_write_text(staged_name(0), "taken");
	pt_check_make_directory(staged_name(1));
	ck_assert_int_eq(symlink("victim", staged_name(2)), 0);
	struct pt_stage *stage = pt_stage_take();
	pt_check_put(stage, "one\n");
	ck_assert_pstr_eq(stage->path, staged_name(3));
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_read(staged_name(0)), "taken");
	ck_assert(!pt_check_exists("victim"));
	ck_assert(!pt_check_exists(staged_name(3)));
	ck_assert_str_eq(pt_check_read("trace"), "one\n");
}
END_TEST

START_TEST(no_file_for_a_device)
{
	check_private_file("/dev/null");
}
END_TEST

START_TEST(no_file_for_a_fifo)
{
	ck_assert_int_eq(mkfifo("fifo", 0666), 0);
	ck_assert_int_ge(open("fifo", O_RDONLY | O_NONBLOCK), 0);
	check_private_file(pt_check_path("fifo"));
}
END_TEST

START_TEST(no_file_for_a_descriptor)
{
	struct pt_output output = { .fd = open("trace", O_WRONLY | O_CREAT, 0666) };

	pt_check_start_run(true);
	pt_sink_start(&output, true, 1, -1);
	check_private("trace");
}
END_TEST

/* The output is writable, but nothing can be created beside it. */
START_TEST(no_file_beside_a_link_of_proc)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 open("trace", O_WRONLY | O_CREAT, 0666));
	check_private_file(path);
}
END_TEST

START_TEST(no_file_with_too_long_a_name)
{
	char name[252];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	check_private_file(pt_check_path(name));
}
END_TEST

START_TEST(no_file_in_unwritable_directory)
{
	char parent[PATH_MAX];

	pt_check_write_text("trace", "");
	pt_check_capture_stderr();
	ck_assert_int_eq(chmod("trace", 0666), 0);
	ck_assert_int_eq(chmod(".", 0555), 0);
	snprintf(parent, sizeof(parent), "%s", pt_check_directory());
	ck_assert_int_eq(chmod(dirname(parent), 0755), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(NOBODY), 0);
	check_private_file(pt_check_path("trace"));
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert(!pt_check_exists(staged_name(0)));
	/* Its lines may be lost now, which is said. */
	ck_assert_ptr_nonnull(strstr(pt_check_captured(),
				     "Permission denied; lines that wait are lost if the "
				     "process is killed\n"));
}
END_TEST

/* A disk that has no room for staging files: one try, and no SIGBUS. */
START_TEST(no_file_on_a_full_disk)
{
	if (!pt_check_mount_small("size=32k"))
		return;
	pt_check_start_file(pt_check_path("small/trace"), true);
	struct pt_stage *stage = pt_stage_take();
	/* The program's last errno must not look like a name that is taken. */
	errno = EEXIST;
	pt_check_put(stage, "one\n");
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_ptr_null(stage->path);
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_read("small/trace"), "one\n");
	ck_assert_int_eq(mount("none", "small", "tmpfs", MS_REMOUNT, "size=1m"), 0);
	stage = pt_stage_take();
	pt_check_put(stage, "two\n");
	ck_assert_ptr_nonnull(stage->path);
	ck_assert_ptr_nonnull(strstr(stage->path, "-1.staged"));
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_read("small/trace"), "one\ntwo\n");
}
END_TEST

/* The file is open for writing, but everything else has become read-only. */
START_TEST(no_file_on_a_read_only_disk)
{
	if (!pt_check_mount_small("size=1m"))
		return;
	pt_check_write_text("small/trace", "");
	ck_assert_int_eq(mount("small/trace", "small/trace", "none", MS_BIND, NULL), 0);
	const unsigned long read_only = MS_REMOUNT | MS_BIND | MS_RDONLY;
	ck_assert_int_eq(mount("none", "small", "none", read_only, NULL), 0);
	check_private_file(pt_check_path("small/trace"));
}
END_TEST

/* The staging file already meets the limit; that may raise no signal. */
START_TEST(no_file_above_size_limit)
{
	struct rlimit limit = { 10000, 10000 };

	signal(SIGXFSZ, SIG_DFL);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	check_private_file(pt_check_path("trace"));
	ck_assert(!pt_check_exists(staged_name(0)));
}
END_TEST

START_TEST(errno_is_kept)
{
	struct pt_stage *stage = start_stage();

	pt_check_write_text(staged_name(0), "taken");
	errno = PT_CHECK_ERRNO;
	pt_check_put(stage, "one\n");
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	pt_stage_flush_all();
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	pt_check_close(stage);
}
END_TEST

static TCase *good_case(void)
{
	TCase *tcase = tcase_create("good");

	pt_check_add_directory(tcase);
	tcase_add_test(tcase, new_stage_has_nothing);
	tcase_add_test(tcase, file_is_mapped);
	tcase_add_test(tcase, journal_tells_the_process);
	tcase_add_test(tcase, flush_ends_text);
	tcase_add_loop_test(tcase, room, 0, PT_ARRAY_SIZE(room_rows));
	tcase_add_test(tcase, two_stages);
	tcase_add_loop_test(tcase, other_thread_flushes, 0, 2);
	tcase_add_test(tcase, handler_flushes);
	tcase_add_test(tcase, turn_is_refused_to_its_owner);
	tcase_add_test(tcase, last_line);
	tcase_add_test(tcase, old_lines_are_written);
	tcase_add_test(tcase, close_takes_file_away);
	tcase_add_test(tcase, close_between_reserve_and_commit);
	tcase_add_test(tcase, forget_after_fork);
	tcase_add_test(tcase, text_outlives_the_process);
	tcase_add_test(tcase, taken_name_is_left_alone);
	tcase_add_test(tcase, errno_is_kept);
	return tcase;
}

static TCase *bad_case(void)
{
	TCase *tcase = tcase_create("bad");

	pt_check_add_directory(tcase);
	tcase_add_test(tcase, no_file_for_a_device);
	tcase_add_test(tcase, no_file_for_a_fifo);
	tcase_add_test(tcase, no_file_for_a_descriptor);
	tcase_add_test(tcase, no_file_beside_a_link_of_proc);
	tcase_add_test(tcase, no_file_with_too_long_a_name);
	tcase_add_test(tcase, no_file_in_unwritable_directory);
	tcase_add_test(tcase, no_file_on_a_full_disk);
	tcase_add_test(tcase, no_file_on_a_read_only_disk);
	tcase_add_test(tcase, no_file_above_size_limit);
	return tcase;
}

Suite *pt_stage_suite(void)
{
	Suite *suite = suite_create("stage");

	suite_add_tcase(suite, good_case());
	suite_add_tcase(suite, bad_case());
	return suite;
}
