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

#define FILE_SIZE (PT_STAGE_SIZE + sizeof(struct pt_journal))

/* The value that errno must still have afterwards. */
#define MARK 4711

/* What a process leaves. */
struct left {
	struct pt_journal journal;
	const char *text;
	size_t text_size; /* 0: that of a string */
};

/* A process that has been there and is no more. */
static pid_t dead_process(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	return child;
}

static pid_t live_process(void)
{
	pid_t child = fork();

	if (child == 0) {
		for (;;)
			pause();
	}
	return child;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

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
	char *data = calloc(1, FILE_SIZE);
	size_t size = left->text_size	 ? left->text_size :
		      left->text != NULL ? strlen(left->text) :
					   0;

	memcpy(data, left->text ? left->text : "", size);
	memcpy(data + PT_STAGE_SIZE, &left->journal, sizeof(left->journal));
	pt_check_write(name, data, FILE_SIZE);
	free(data);
}

/* Returns the name of a staging file; the next call but three reuses it. */
static const char *staged_name(const char *output, pid_t pid, unsigned int number)
{
	static char names[4][64];
	static unsigned int next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "%s.%d-%u.staged", output, (int)pid, number);
	return name;
}

/* Leaves a text of a dead process for the output "trace". Returns the file's name. */
static const char *leave(const char *text)
{
	pid_t pid = dead_process();
	const struct left left = { .journal = journal_of(pid), .text = text };
	const char *name = staged_name("trace", pid, 0);

	write_staged(name, &left);
	return name;
}

static void recover(void)
{
	errno = MARK;
	pt_recover_output(pt_check_path("trace"));
	ck_assert_int_eq(errno, MARK);
}

static bool exists(const char *name)
{
	struct stat status;

	return lstat(name, &status) == 0;
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
	recover();
	ck_assert_str_eq(pt_check_read("trace"), expected);
	ck_assert(!exists(name));
	recover();
	ck_assert_str_eq(pt_check_read("trace"), expected);
	free(expected);
}
END_TEST

/* A full stage, the last line whole or not. */
START_TEST(full_stage_is_appended)
{
	static char text[PT_STAGE_SIZE];
	struct left left = { .text = text, .text_size = sizeof(text) };
	pid_t pid = dead_process();

	memset(text, 'x', sizeof(text));
	text[99] = '\n';
	text[PT_STAGE_SIZE - 1] = _i ? '\n' : 'x';
	left.journal = journal_of(pid);
	pt_check_write_text("trace", "");
	write_staged(staged_name("trace", pid, 0), &left);
	recover();
	ck_assert_uint_eq(strlen(pt_check_read("trace")), _i ? PT_STAGE_SIZE : 100);
	ck_assert(!exists(staged_name("trace", pid, 0)));
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

START_TEST(write_under_way)
{
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = write_rows[_i].text };
	char *output = pt_format("old\n%s", write_rows[_i].behind);
	char *expected = pt_format("old\n%s", write_rows[_i].expected);

	left.journal.output_size = strlen("old\n");
	left.journal.writing = strlen(TEXT);
	pt_check_write_text("trace", output);
	write_staged(staged_name("trace", pid, 0), &left);
	recover();
	ck_assert_str_eq(pt_check_read("trace"), expected);
	ck_assert(!exists(staged_name("trace", pid, 0)));
	recover();
	ck_assert_str_eq(pt_check_read("trace"), expected);
	free(output);
	free(expected);
}
END_TEST

/* What the dead process wrote before is not what it was writing. */
START_TEST(write_under_way_of_same_lines)
{
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = TEXT };

	left.journal.output_size = strlen(TEXT);
	left.journal.writing = strlen(TEXT);
	pt_check_write_text("trace", TEXT);
	write_staged(staged_name("trace", pid, 0), &left);
	recover();
	ck_assert_str_eq(pt_check_read("trace"), TEXT TEXT);
}
END_TEST

/* Somebody has emptied the output, or put a shorter file in its place. */
START_TEST(write_under_way_to_a_shorter_file)
{
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = TEXT };

	left.journal.output_size = 1000;
	left.journal.writing = strlen(TEXT);
	pt_check_write_text("trace", "new\n");
	write_staged(staged_name("trace", pid, 0), &left);
	recover();
	ck_assert_str_eq(pt_check_read("trace"), "new\n" TEXT);
}
END_TEST

/* Others may have written much since: that need not be held in memory. */
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

START_TEST(write_under_way_long_ago)
{
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = TEXT };
	struct stat status;
	const off_t huge = (off_t)3 << 30;

	left.journal.writing = strlen(TEXT);
	pt_check_write_text("trace", TEXT "[2] x\n");
	ck_assert_int_eq(truncate("trace", huge), 0);
	write_staged(staged_name("trace", pid, 0), &left);
	limit_memory(256 << 20);
	recover();
	ck_assert_int_eq(stat("trace", &status), 0);
	ck_assert_int_eq(status.st_size, huge);
	ck_assert(!exists(staged_name("trace", pid, 0)));
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
	ck_assert(exists(name));
	recover();
	ck_assert_str_eq(pt_check_read("trace"), "old\none\ntwo\nthree\n");
	ck_assert(!exists(name));
}
END_TEST

START_TEST(several_are_appended)
{
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };

	pt_check_write_text("trace", "");
	write_staged(staged_name("trace", pid, 0), &left);
	left.text = "two\n";
	write_staged(staged_name("trace", pid, 17), &left);
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
	struct left left = { .journal = journal_of(getpid()), .text = "before\n" };

	pt_check_write_text("trace", "");
	write_staged(staged_name("trace", getpid(), 0), &left);
	recover();
	ck_assert_str_eq(pt_check_read("trace"), "before\n");
	ck_assert(!exists(staged_name("trace", getpid(), 0)));
}
END_TEST

/* Where the name of the output is a link, the output is what it leads to. */
START_TEST(output_is_a_link)
{
	pt_check_write_text("target", "old\n");
	ck_assert_int_eq(symlink("target", "trace"), 0);
	const char *name = leave("one\n");
	recover();
	ck_assert_str_eq(pt_check_read("target"), "old\none\n");
	ck_assert(!exists(name));
}
END_TEST

/* Who the journal tells of, other than a dead process. */
enum owner { LIVE, OTHER_NAMESPACE, UNKNOWN_NAMESPACE, NO_JOURNAL, OWNERS };

/* Leaves a text whose owner must not be taken for dead. Returns its pid. */
static pid_t leave_of(enum owner owner)
{
	pid_t pid = owner == LIVE ? live_process() : dead_process();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };

	if (owner == OTHER_NAMESPACE)
		left.journal.pid_namespace++;
	if (owner == UNKNOWN_NAMESPACE)
		left.journal.pid_namespace = 0;
	if (owner == NO_JOURNAL)
		left = (struct left){ .text = "one\n" };
	write_staged(staged_name("trace", pid, 0), &left);
	return pid;
}

START_TEST(others_are_left_alone)
{
	pt_check_write_text("trace", "old\n");
	pid_t pid = leave_of((enum owner)_i);

	recover();
	pt_recover_discard(pt_check_path("trace"));
	ck_assert_str_eq(pt_check_read("trace"), "old\n");
	ck_assert(exists(staged_name("trace", pid, 0)));
	if (_i == LIVE)
		end_process(pid);
}
END_TEST

/* A pid means another process in another namespace, and one that lives is not dead. */
START_TEST(others_are_left_alone_by_pid)
{
	pt_check_write_text("trace", "old\n");
	pid_t pid = leave_of((enum owner)_i);

	pt_recover_process(pt_check_path("trace"), pid);
	ck_assert_str_eq(pt_check_read("trace"), "old\n");
	ck_assert(exists(staged_name("trace", pid, 0)));
	if (_i == LIVE)
		end_process(pid);
}
END_TEST

/* The pid is in use again, by a process that has started later. */
START_TEST(pid_is_in_use_again)
{
	pid_t pid = live_process();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };

	left.journal.start_time--;
	pt_check_write_text("trace", "");
	write_staged(staged_name("trace", pid, 0), &left);
	recover();
	ck_assert_str_eq(pt_check_read("trace"), "one\n");
	ck_assert(!exists(staged_name("trace", pid, 0)));
	end_process(pid);
}
END_TEST

/* Another process is at it. */
START_TEST(locked_file_is_left_alone)
{
	pt_check_write_text("trace", "");
	const char *name = leave("one\n");
	int fd = open(name, O_RDONLY);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	recover();
	ck_assert_str_eq(pt_check_read("trace"), "");
	ck_assert(exists(name));
	close(fd);
	recover();
	ck_assert_str_eq(pt_check_read("trace"), "one\n");
}
END_TEST

START_TEST(discard)
{
	pid_t live = live_process();
	struct left left = { .journal = journal_of(live), .text = "live\n" };

	pt_check_write_text("trace", "old\n");
	const char *name = leave("dead\n");
	write_staged(staged_name("trace", live, 0), &left);
	pid_t other = dead_process();
	left.journal = journal_of(other);
	write_staged(staged_name("other", other, 0), &left);
	errno = MARK;
	pt_recover_discard(pt_check_path("trace"));
	ck_assert_int_eq(errno, MARK);
	ck_assert(!exists(name));
	ck_assert(exists(staged_name("trace", live, 0)));
	ck_assert(exists(staged_name("other", other, 0)));
	ck_assert_str_eq(pt_check_read("trace"), "old\n");
	end_process(live);
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
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };
	char *name = place ? pt_format("%.*s%d%s", (int)(place - name_rows[_i]),
				       name_rows[_i], (int)pid, place + 3) :
			     strdup(name_rows[_i]);

	pt_check_write_text("trace", "old\n");
	write_staged(name, &left);
	recover();
	pt_recover_discard(pt_check_path("trace"));
	ck_assert(exists(name));
	ck_assert_str_eq(pt_check_read("trace"), "old\n");
	free(name);
}
END_TEST

/* What has the right name and is no staging file. */
static const size_t size_rows[] = { 0, 1, PT_STAGE_SIZE, FILE_SIZE - 1, FILE_SIZE + 1 };

START_TEST(wrong_size)
{
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };
	const char *name = staged_name("trace", pid, 0);

	pt_check_write_text("trace", "old\n");
	write_staged(name, &left);
	ck_assert_int_eq(truncate(name, (off_t)size_rows[_i]), 0);
	recover();
	ck_assert(exists(name));
	ck_assert_str_eq(pt_check_read("trace"), "old\n");
}
END_TEST

START_TEST(not_a_file)
{
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };
	const char *name = staged_name("trace", pid, 0);

	pt_check_write_text("trace", "old\n");
	write_staged("valid", &left);
	if (_i == 0)
		ck_assert_int_eq(mkdir(name, 0777), 0);
	else if (_i == 1)
		ck_assert_int_eq(mkfifo(name, 0666), 0);
	else
		ck_assert_int_eq(symlink(_i == 2 ? "valid" : "missing", name), 0);
	recover();
	pt_recover_process(pt_check_path("trace"), pid);
	pt_recover_discard(pt_check_path("trace"));
	ck_assert(exists(name));
	ck_assert(exists("valid"));
	ck_assert_str_eq(pt_check_read("trace"), "old\n");
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
	ck_assert(exists(name));
	ck_assert(!exists("missing"));
}
END_TEST

/* What a child has left is put in its place whatever output it had. */
START_TEST(process)
{
	pid_t pid = dead_process();
	pid_t other = dead_process();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };

	pt_check_write_text("trace", "");
	pt_check_write_text("a.trace", "");
	pt_check_write_text("b.1.trace", "old\n");
	write_staged(staged_name("a.trace", pid, 0), &left);
	left.text = "two\n";
	write_staged(staged_name("b.1.trace", pid, 3), &left);
	left.journal = journal_of(other);
	write_staged(staged_name("a.trace", other, 0), &left);
	errno = MARK;
	ck_assert(pt_recover_process(pt_check_path("trace"), pid));
	ck_assert(!pt_recover_process(pt_check_path("trace"), pid));
	ck_assert_int_eq(errno, MARK);
	ck_assert_str_eq(pt_check_read("trace"), "");
	ck_assert_str_eq(pt_check_read("a.trace"), "one\n");
	ck_assert_str_eq(pt_check_read("b.1.trace"), "old\ntwo\n");
	ck_assert(exists(staged_name("a.trace", other, 0)));
}
END_TEST

/* A link that somebody put there must not lead what we write elsewhere. */
START_TEST(process_with_output_that_is_a_link)
{
	pid_t pid = dead_process();
	struct left left = { .journal = journal_of(pid), .text = "one\n" };

	pt_check_write_text("victim", "old\n");
	ck_assert_int_eq(symlink("victim", "link"), 0);
	write_staged(staged_name("link", pid, 0), &left);
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
	ck_assert(!pt_recover_process(directory_rows[_i], dead_process()));
}
END_TEST

/* The whole way, with a real process that is killed. */
START_TEST(killed_process)
{
	pid_t child = fork();

	pt_check_write_text("trace", "");
	if (child == 0) {
		struct left left = { .journal = journal_of(getpid()), .text = "a\nb\n" };
		write_staged(staged_name("trace", getpid(), 0), &left);
		raise(SIGKILL);
	}
	siginfo_t info;
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	/* A zombie is dead, too. */
	recover();
	ck_assert_str_eq(pt_check_read("trace"), "a\nb\n");
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
	tcase_add_loop_test(tcase, others_are_left_alone_by_pid, 0, OWNERS);
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
