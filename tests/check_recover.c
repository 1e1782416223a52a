/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "check_pytrace.h"
#include "lineage.h"
#include "recover.h"
#include "stage.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process leaves. */
struct left {
	struct pt_journal journal;
	const char *text;
	size_t text_size; /* 0: that of a string */
};

/* The journal of a process that is alive, or was a moment ago. */
static struct pt_journal journal_of(pid_t pid)
{
	uint64_t start = pt_lineage_start_time(pid);

	return (struct pt_journal){
		.pid = pid,
		.start_time = start ? start : pt_lineage_start_time(getpid()),
		.pid_namespace = pt_lineage_pid_namespace(),
	};
}

static void write_staged(const char *name, const struct left *left)
{
	char *data = calloc(1, PT_STAGE_FILE_SIZE);
	size_t size = left->text_size	 ? left->text_size :
		      left->text != NULL ? strlen(left->text) :
					   0;

	memcpy(data, left->text ? left->text : "", size);
	struct pt_journal journal = left->journal;
	atomic_store(&journal.used, size);
	memcpy(data + PT_STAGE_SIZE, &journal, sizeof(journal));
	pt_check_write(name, data, PT_STAGE_FILE_SIZE);
	free(data);
}

/* Leaves a text of a process. Returns the file's name. */
static const char *leave_of(pid_t pid, const char *output, unsigned int number,
			    const char *text)
{
	const struct left left = { .journal = journal_of(pid), .text = text };
	const char *name = pt_check_staged(output, pid, number);

	write_staged(name, &left);
	return name;
}

/* Leaves a text of a dead process for the output "trace". */
static const char *leave(const char *text)
{
	return leave_of(pt_check_dead_child(), "trace", 0, text);
}

static void recover(void)
{
	errno = PT_CHECK_ERRNO;
	pt_recover_output(pt_check_path("trace"));
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
}

/* Recovers: this is the output then, and the staging file of that name is gone. */
static void check_recovered(const char *name, const char *text)
{
	recover();
	ck_assert_str_eq(pt_check_read("trace"), text);
	ck_assert(!pt_check_exists(name));
}

/* Recovers: the output and the file of that name are as they were. */
static void check_untouched(const char *name, const char *text)
{
	recover();
	ck_assert_str_eq(pt_check_read("trace"), text);
	ck_assert(pt_check_exists(name));
}

/* What is left, and which part of it are whole lines. */
static const struct {
	const char *text;
	const char *appended;
} text_rows[] = {
	{ "", "" },
	{ "one\n", "one\n" },
	{ "one\ntwo\n", "one\ntwo\n" },
	{ "\n", "\n" },
	{ "\n\none\n\n", "\n\none\n\n" },
	/* The last line was being made. */
	{ "one", "" },
	{ "one\ntw", "one\n" },
	{ "one\ntwo\n ", "one\ntwo\n" },
	{ "\xc3\xa9\n\xff\n\xc3", "\xc3\xa9\n\xff\n" },
};

START_TEST(text_is_appended_once)
{
	char *expected = pt_format("old\n%s", text_rows[_i].appended);

	pt_check_write_text("trace", "old\n");
	const char *name = leave(text_rows[_i].text);
	check_recovered(name, expected);
	check_recovered(name, expected);
	free(expected);
}
END_TEST

/* A full stage, the last line whole or not. */
START_TEST(full_stage_is_appended)
{
	static char text[PT_STAGE_SIZE];
	struct left left = { .text = text, .text_size = sizeof(text) };
	pid_t pid = pt_check_dead_child();

	memset(text, 'x', sizeof(text));
	text[99] = '\n';
	text[PT_STAGE_SIZE - 1] = _i ? '\n' : 'x';
	left.journal = journal_of(pid);
	pt_check_write_text("trace", "");
	write_staged(pt_check_staged("trace", pid, 0), &left);
	recover();
	ck_assert_uint_eq(strlen(pt_check_read("trace")), _i ? PT_STAGE_SIZE : 100);
	ck_assert(!pt_check_exists(pt_check_staged("trace", pid, 0)));
}
END_TEST

#define TEXT "[1] a.py:1 a\n[1] a.py:2 bcd\n"

/*
 * A write was under way: what stands in the output behind its size before the write, what
 * the stage still holds, and what must be behind "old\n" afterwards.
 */
static const struct {
	const char *behind;
	const char *text;
	const char *expected;
} write_rows[] = {
	/* Nothing had been written, */
	{ "", TEXT, TEXT },
	{ "[2] x\n", TEXT, "[2] x\n" TEXT },
	{ "[2] x\n[2] y\n", TEXT, "[2] x\n[2] y\n" TEXT },
	/* a part, */
	{ "[", TEXT, TEXT },
	{ "[1] a.p", TEXT, TEXT },
	{ "[1] a.py:1 a\n", TEXT, TEXT },
	{ "[1] a.py:1 a\n[1] a.py:2 b", TEXT, TEXT },
	{ "[1] a.py:1 a\n[1] a.py:2 bcd", TEXT, TEXT },
	/* all of it. */
	{ TEXT, TEXT, TEXT },
	/* Another process wrote between the look at the size and the write, */
	{ "[2] x\n[1] a.p", TEXT, "[2] x\n" TEXT },
	{ "[2] x\n[1] a.py:1 a\n", TEXT, "[2] x\n" TEXT },
	{ "[2] x\n" TEXT, TEXT, "[2] x\n" TEXT },
	/* or behind it, */
	{ TEXT "[2] x\n", TEXT, TEXT "[2] x\n" },
	{ TEXT "[2] x\n[3] y\n", TEXT, TEXT "[2] x\n[3] y\n" },
	{ "[1] a.py:1 a\n[2] x\n", TEXT, "[1] a.py:1 a\n[2] x\n[1] a.py:2 bcd\n" },
	/* or both. */
	{ "[2] w\n" TEXT "[2] x\n", TEXT, "[2] w\n" TEXT "[2] x\n" },
	/* A line that was cut there stays cut, and comes whole once more. */
	{ "[1] a.py:1 a\n[1] a.py:2 b[2] x\n", TEXT,
	  "[1] a.py:1 a\n[1] a.py:2 b[2] x\n[1] a.py:2 bcd\n" },
	{ "[1] a.p[2] x\n", TEXT, "[1] a.p[2] x\n" TEXT },
	/* All was written, and the stage was being cleared. */
	{ TEXT, "", TEXT },
	{ TEXT "[2] x\n", "", TEXT "[2] x\n" },
	{ TEXT, "[1] a.py:1 a\n", TEXT },
	{ TEXT "[2] x\n", "[1] a.py:1 a\n[1] a", TEXT "[2] x\n" },
};

/* Leaves what a process had that was writing TEXT to the output of that size. */
static const char *leave_write(size_t output_size, const char *text)
{
	pid_t pid = pt_check_dead_child();
	struct left left = { .journal = journal_of(pid), .text = text };
	const char *name = pt_check_staged("trace", pid, 0);

	left.journal.output_size = output_size;
	left.journal.writing = strlen(TEXT);
	write_staged(name, &left);
	return name;
}

START_TEST(write_under_way)
{
	char *output = pt_format("old\n%s", write_rows[_i].behind);
	char *expected = pt_format("old\n%s", write_rows[_i].expected);

	pt_check_write_text("trace", output);
	const char *name = leave_write(strlen("old\n"), write_rows[_i].text);
	check_recovered(name, expected);
	check_recovered(name, expected);
	free(output);
	free(expected);
}
END_TEST

/* What the dead process wrote before is not what it was writing. */
START_TEST(write_under_way_of_same_lines)
{
	pt_check_write_text("trace", TEXT);
	check_recovered(leave_write(strlen(TEXT), TEXT), TEXT TEXT);
}
END_TEST

/* Somebody has emptied the output, or put a shorter file in its place. */
START_TEST(write_under_way_to_a_shorter_file)
{
	pt_check_write_text("trace", "new\n");
	check_recovered(leave_write(1000, TEXT), "new\n" TEXT);
}
END_TEST

/* Sanitizers need more address space than any limit would leave them. */
static void limit_memory(rlim_t size)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct rlimit limit = { size, size };

	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
#else
	(void)size;
#endif
}

/* Others may have written much since: that need not be held in memory. */
START_TEST(write_under_way_long_ago)
{
	const char *name = leave_write(0, TEXT);
	struct stat status;
	const off_t huge = (off_t)3 << 30;

	pt_check_write_text("trace", TEXT "[2] x\n");
	ck_assert_int_eq(truncate("trace", huge), 0);
	limit_memory(256 << 20);
	recover();
	ck_assert_int_eq(stat("trace", &status), 0);
	ck_assert_int_eq(status.st_size, huge);
	ck_assert(!pt_check_exists(name));
	ck_assert_int_eq(truncate("trace", 0), 0);
}
END_TEST

/* The output takes no more in the midst of it; later it does. */
START_TEST(output_meets_a_limit)
{
	struct rlimit limit = { 10, RLIM_INFINITY };

	pt_check_write_text("trace", "old\n");
	const char *name = leave("one\ntwo\nthree\n");
	const char *output = pt_check_path("trace");
	/* No assertion in between: they write to a file, too. */
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_DFL);
	pt_recover_output(output);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_str_eq(pt_check_read("trace"), "old\none\ntw");
	ck_assert(pt_check_exists(name));
	check_recovered(name, "old\none\ntwo\nthree\n");
}
END_TEST

START_TEST(several_are_appended)
{
	pid_t pid = pt_check_dead_child();

	pt_check_write_text("trace", "");
	leave_of(pid, "trace", 0, "one\n");
	leave_of(pid, "trace", 17, "two\n");
	leave("three\n");
	recover();
	const char *text = pt_check_read("trace");
	ck_assert_uint_eq(strlen(text), strlen("one\ntwo\nthree\n"));
	ck_assert_ptr_nonnull(strstr(text, "one\n"));
	ck_assert_ptr_nonnull(strstr(text, "two\n"));
	ck_assert_ptr_nonnull(strstr(text, "three\n"));
}
END_TEST

/* An old image of this process, before exec, has the same pid and the same start. */
START_TEST(own_pid_before_exec)
{
	pt_check_write_text("trace", "");
	check_recovered(leave_of(getpid(), "trace", 0, "before\n"), "before\n");
}
END_TEST

/* Where the name of the output is a link, the output is what it leads to. */
START_TEST(output_is_a_link)
{
	pt_check_write_text("target", "old\n");
	ck_assert_int_eq(symlink("target", "trace"), 0);
	check_recovered(leave("one\n"), "old\none\n");
	ck_assert_str_eq(pt_check_read("target"), "old\none\n");
}
END_TEST

/* Who the journal tells of, other than a dead process. */
enum owner { LIVE, OTHER_NAMESPACE, UNKNOWN_NAMESPACE, NO_JOURNAL, OWNERS };

/* Leaves a text whose owner must not be taken for dead. Returns its pid. */
static pid_t leave_of_owner(enum owner owner)
{
	pid_t pid = owner == LIVE ? pt_check_start_child() : pt_check_dead_child();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };

	if (owner == OTHER_NAMESPACE)
		left.journal.pid_namespace++;
	if (owner == UNKNOWN_NAMESPACE)
		left.journal.pid_namespace = 0;
	if (owner == NO_JOURNAL)
		left = (struct left){ .text = "one\n" };
	write_staged(pt_check_staged("trace", pid, 0), &left);
	return pid;
}

/* A pid means another process in another namespace, and one that lives is not dead. */
START_TEST(others_are_left_alone)
{
	pt_check_write_text("trace", "old\n");
	pid_t pid = leave_of_owner((enum owner)_i);

	pt_recover_process(pt_check_path("trace"), pid);
	pt_recover_discard(pt_check_path("trace"));
	check_untouched(pt_check_staged("trace", pid, 0), "old\n");
	if (_i == LIVE)
		pt_check_end_child(pid);
}
END_TEST

/* The pid is in use again, by a process that has started later. */
START_TEST(pid_is_in_use_again)
{
	pid_t pid = pt_check_start_child();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };

	left.journal.start_time--;
	pt_check_write_text("trace", "");
	write_staged(pt_check_staged("trace", pid, 0), &left);
	check_recovered(pt_check_staged("trace", pid, 0), "one\n");
	pt_check_end_child(pid);
}
END_TEST

/* Another process is at it. */
START_TEST(locked_file_is_left_alone)
{
	pt_check_write_text("trace", "");
	const char *name = leave("one\n");
	int fd = open(name, O_RDONLY);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	check_untouched(name, "");
	close(fd);
	check_recovered(name, "one\n");
}
END_TEST

START_TEST(discard)
{
	pid_t live = pt_check_start_child();

	pt_check_write_text("trace", "old\n");
	const char *name = leave("dead\n");
	const char *living = leave_of(live, "trace", 0, "live\n");
	const char *other = leave_of(pt_check_dead_child(), "other", 0, "dead\n");
	errno = PT_CHECK_ERRNO;
	pt_recover_discard(pt_check_path("trace"));
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	ck_assert(!pt_check_exists(name));
	ck_assert(pt_check_exists(living));
	ck_assert(pt_check_exists(other));
	ck_assert_str_eq(pt_check_read("trace"), "old\n");
	pt_check_end_child(live);
}
END_TEST

/* Names that are no staging file of "trace"; PID stands for that of a dead process. */
static const char *const name_rows[] = {
	"trace.staged",
	"trace..staged",
	"trace.-0.staged",
	"trace.x-0.staged",
	"trace.0-0.staged",
	"trace.-PID-0.staged",
	"trace.PID.staged",
	"trace.PIDx-0.staged",
	"trace.PID-x.staged",
	"trace.PID-0x.staged",
	"trace. PID-0.staged",
	"trace.+PID-0.staged",
	"trace.PID-0",
	"trace.PID-0.staged.bak",
	"trace.PID-0.stage",
	"trace.99999999999999999999-0.staged",
	"trace.4294967297-0.staged",
	".PID-0.staged",
	"PID-0.staged",
	".staged",
	"other.PID-0.staged",
	"trace2.PID-0.staged",
	"trac.PID-0.staged",
	"trace.x.PID-0.staged",
};

START_TEST(name_is_of_none)
{
	const char *place = strstr(name_rows[_i], "PID");
	pid_t pid = pt_check_dead_child();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };
	char *name = place ? pt_format("%.*s%d%s", (int)(place - name_rows[_i]),
				       name_rows[_i], (int)pid, place + 3) :
			     strdup(name_rows[_i]);

	pt_check_write_text("trace", "old\n");
	write_staged(name, &left);
	pt_recover_discard(pt_check_path("trace"));
	check_untouched(name, "old\n");
	free(name);
}
END_TEST

/* What has the right name and is no staging file. */
static const size_t size_rows[] = { 0, 1, PT_STAGE_SIZE, PT_STAGE_FILE_SIZE - 1,
				    PT_STAGE_FILE_SIZE + 1 };

START_TEST(wrong_size)
{
	const char *name = leave("one\n");

	pt_check_write_text("trace", "old\n");
	ck_assert_int_eq(truncate(name, (off_t)size_rows[_i]), 0);
	check_untouched(name, "old\n");
}
END_TEST

START_TEST(not_a_file)
{
	pid_t pid = pt_check_dead_child();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };
	const char *name = pt_check_staged("trace", pid, 0);

	pt_check_write_text("trace", "old\n");
	write_staged("valid", &left);
	if (_i == 0)
		ck_assert_int_eq(mkdir(name, 0777), 0);
	else if (_i == 1)
		ck_assert_int_eq(mkfifo(name, 0666), 0);
	else
		ck_assert_int_eq(symlink(_i == 2 ? "valid" : "missing", name), 0);
	pt_recover_process(pt_check_path("trace"), pid);
	pt_recover_discard(pt_check_path("trace"));
	check_untouched(name, "old\n");
	ck_assert(pt_check_exists("valid"));
}
END_TEST

/* What the output is when nothing can be appended to it. */
static const char *const output_rows[] = { "missing", "directory", "fifo", "full" };

START_TEST(output_takes_nothing)
{
	pt_check_make_directory("directory");
	ck_assert_int_eq(mkfifo("fifo", 0666), 0);
	ck_assert_int_eq(symlink("/dev/full", "full"), 0);
	ck_assert_int_eq(symlink(output_rows[_i], "trace"), 0);
	const char *name = leave("one\n");
	recover();
	ck_assert(pt_check_exists(name));
	ck_assert(!pt_check_exists("missing"));
}
END_TEST

/* What a child has left is put in its place whatever output it had. */
START_TEST(process)
{
	pid_t pid = pt_check_dead_child();

	pt_check_write_text("trace", "");
	pt_check_write_text("a.trace", "");
	pt_check_write_text("b.1.trace", "old\n");
	leave_of(pid, "a.trace", 0, "one\n");
	leave_of(pid, "b.1.trace", 3, "two\n");
	const char *other = leave_of(pt_check_dead_child(), "a.trace", 0, "two\n");
	errno = PT_CHECK_ERRNO;
	ck_assert(pt_recover_process(pt_check_path("trace"), pid));
	ck_assert(!pt_recover_process(pt_check_path("trace"), pid));
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	ck_assert_str_eq(pt_check_read("trace"), "");
	ck_assert_str_eq(pt_check_read("a.trace"), "one\n");
	ck_assert_str_eq(pt_check_read("b.1.trace"), "old\ntwo\n");
	ck_assert(pt_check_exists(other));
}
END_TEST

/* A link that somebody put there must not lead what we write elsewhere. */
START_TEST(process_with_output_that_is_a_link)
{
	pid_t pid = pt_check_dead_child();

	pt_check_write_text("victim", "old\n");
	ck_assert_int_eq(symlink("victim", "link"), 0);
	leave_of(pid, "link", 0, "one\n");
	pt_recover_process(pt_check_path("trace"), pid);
	ck_assert_str_eq(pt_check_read("victim"), "old\n");
}
END_TEST

/* Outputs below a directory that is not there, or without any directory. */
static const char *const directory_rows[] = { "/missing/trace", "/proc/none/trace",
					      "/trace-of-nobody", "trace", "" };

START_TEST(no_directory)
{
	pt_recover_output(directory_rows[_i]);
	pt_recover_discard(directory_rows[_i]);
	ck_assert(!pt_recover_process(directory_rows[_i], pt_check_dead_child()));
}
END_TEST

/* The whole way, with a real process that is killed. */
START_TEST(killed_process)
{
	pid_t child = fork();

	pt_check_write_text("trace", "");
	if (child == 0) {
		leave_of(getpid(), "trace", 0, "a\nb\n");
		raise(SIGKILL);
	}
	siginfo_t info;
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	/* A zombie is dead, too. */
	check_recovered(pt_check_staged("trace", child, 0), "a\nb\n");
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

static TCase *good_case(void)
{
	TCase *tcase = tcase_create("good");

	pt_check_add_directory(tcase);
	tcase_add_loop_test(tcase, text_is_appended_once, 0, PT_ARRAY_SIZE(text_rows));
	tcase_add_loop_test(tcase, full_stage_is_appended, 0, 2);
	tcase_add_loop_test(tcase, write_under_way, 0, PT_ARRAY_SIZE(write_rows));
	tcase_add_test(tcase, write_under_way_of_same_lines);
	tcase_add_test(tcase, write_under_way_to_a_shorter_file);
	tcase_add_test(tcase, write_under_way_long_ago);
	tcase_add_test(tcase, several_are_appended);
	tcase_add_test(tcase, own_pid_before_exec);
	tcase_add_test(tcase, output_is_a_link);
	tcase_add_test(tcase, pid_is_in_use_again);
	tcase_add_test(tcase, discard);
	tcase_add_test(tcase, process);
	tcase_add_test(tcase, killed_process);
	return tcase;
}

static TCase *bad_case(void)
{
	TCase *tcase = tcase_create("bad");

	pt_check_add_directory(tcase);
	tcase_add_loop_test(tcase, others_are_left_alone, 0, OWNERS);
	tcase_add_test(tcase, locked_file_is_left_alone);
	tcase_add_test(tcase, output_meets_a_limit);
	tcase_add_loop_test(tcase, name_is_of_none, 0, PT_ARRAY_SIZE(name_rows));
	tcase_add_loop_test(tcase, wrong_size, 0, PT_ARRAY_SIZE(size_rows));
	tcase_add_loop_test(tcase, not_a_file, 0, 4);
	tcase_add_loop_test(tcase, output_takes_nothing, 0, PT_ARRAY_SIZE(output_rows));
	tcase_add_test(tcase, process_with_output_that_is_a_link);
	tcase_add_loop_test(tcase, no_directory, 0, PT_ARRAY_SIZE(directory_rows));
	return tcase;
}

Suite *pt_recover_suite(void)
{
	Suite *suite = suite_create("recover");

	suite_add_tcase(suite, good_case());
	suite_add_tcase(suite, bad_case());
	return suite;
}
