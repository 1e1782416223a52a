/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/journal.h"
#include "out/lineage.h"
#include "out/recover.h"
#include "out/run_id.h"

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

/* The journal of a process that is alive, or was, for an output as it is now. */
static struct pt_journal journal_of(pid_t pid, const char *output)
{
	struct pt_journal journal = { .magic = PT_JOURNAL_MAGIC };
	struct stat status;

	pt_lineage_self(&journal.process);
	if (pid != getpid())
		journal.process.start_time = 0;
	journal.process.pid = pid;
	pt_check_start_run(true);
	journal.run_pid = pt_run_id.pid;
	journal.run_time = pt_run_id.time;
	if (stat(output, &status) == 0) {
		journal.place.device = status.st_dev;
		journal.place.inode = status.st_ino;
	}
	return journal;
}

static void write_staged(const char *name, const struct left *left)
{
	char *data = calloc(1, PT_JOURNAL_FILE_SIZE);
	size_t size = left->text_size	 ? left->text_size :
		      left->text != NULL ? strlen(left->text) :
					   0;

	memcpy(data, left->text ? left->text : "", size);
	struct pt_journal journal = left->journal;
	journal.state = size;
	memcpy(data + PT_JOURNAL_TEXT_SIZE, &journal, sizeof(journal));
	pt_check_write(name, data, PT_JOURNAL_FILE_SIZE);
	ck_assert_int_eq(chmod(name, 0600), 0);
	free(data);
}

/* Leaves a text of a process. Returns the file's name. */
static const char *leave_of(pid_t pid, const char *output, unsigned int number,
			    const char *text)
{
	const struct left left = { .journal = journal_of(pid, output), .text = text };
	const char *name = pt_check_staged(output, pid, number);

	write_staged(name, &left);
	return name;
}

/* Leaves a text of a dead process for the output "trace". */
static const char *leave(const char *text)
{
	return leave_of(pt_check_dead_child(), "trace", 0, text);
}

static int open_output(void)
{
	return open("trace", O_RDWR | O_APPEND | O_NONBLOCK | O_CLOEXEC);
}

static void recover(void)
{
	int fd = open_output();

	errno = PT_CHECK_ERRNO;
	pt_recover_run(pt_check_path("trace"), fd);
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	close(fd);
}

static bool recover_process(pid_t pid)
{
	int fd = open_output();

	errno = PT_CHECK_ERRNO;
	bool is_found = pt_recover_process(pt_check_path("trace"), fd, pid);
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	close(fd);
	return is_found;
}

static bool recover_old(void)
{
	int fd = open_output();

	pt_run_id.time++;
	bool is_found = pt_recover_old(pt_check_path("trace"), fd);
	pt_run_id.time--;
	close(fd);
	return is_found;
}

/* Recovers, and checks the output, and that the staging file of that name is gone. */
static void check_recovered(const char *name, const char *text)
{
	recover();
	ck_assert_str_eq(pt_check_read("trace"), text);
	ck_assert(!pt_check_exists(name));
}

/* Recovers, and checks that the output and the file of that name are unchanged. */
static void check_untouched(const char *name, const char *text)
{
	recover();
	ck_assert_str_eq(pt_check_read("trace"), text);
	ck_assert(pt_check_exists(name));
}

/* What is left. */
static const char *const text_rows[] = {
	"", "one\n", "one\ntwo\n", "\n", "\n\none\n\n", "\xc3\xa9\n\xff\n\xc3\n",
};

START_TEST(text_is_appended_once)
{
	char *expected = pt_format("old\n%s", text_rows[_i]);

	pt_check_write_text("trace", "old\n");
	const char *name = leave(text_rows[_i]);
	check_recovered(name, expected);
	check_recovered(name, expected);
	free(expected);
}
END_TEST

/* A stage as full as possible, part of which is in the output already. */
START_TEST(full_stage_is_appended)
{
	static char text[PT_JOURNAL_TEXT_SIZE];
	struct left left = { .text = text, .text_size = sizeof(text) };
	pid_t pid = pt_check_dead_child();

	memset(text, 'x', sizeof(text));
	text[99] = '\n';
	text[PT_JOURNAL_TEXT_SIZE - 1] = '\n';
	pt_check_write_text("trace", "");
	left.journal = journal_of(pid, "trace");
	left.journal.flushed = _i ? 100 : 0;
	write_staged(pt_check_staged("trace", pid, 0), &left);
	recover();
	ck_assert_uint_eq(strlen(pt_check_read("trace")),
			  PT_JOURNAL_TEXT_SIZE - left.journal.flushed);
	ck_assert(!pt_check_exists(pt_check_staged("trace", pid, 0)));
}
END_TEST

#define TEXT "[1] a.py:1 a\n[1] a.py:2 bcd\n"

/*
 * A write was under way: what stands in the output behind its size before the write, and
 * what must be behind "old\n" afterwards.
 */
static const struct {
	const char *behind;
	const char *expected;
} write_rows[] = {
	/* Nothing had been written, */
	{ "", TEXT },
	{ "[2] x\n", "[2] x\n" TEXT },
	{ "[2] x\n[2] y\n", "[2] x\n[2] y\n" TEXT },
	/* a part, */
	{ "[", TEXT },
	{ "[1] a.p", TEXT },
	{ "[1] a.py:1 a\n", TEXT },
	{ "[1] a.py:1 a\n[1] a.py:2 b", TEXT },
	{ "[1] a.py:1 a\n[1] a.py:2 bcd", TEXT },
	/* all of it. */
	{ TEXT, TEXT },
	/* Another process wrote behind it, */
	{ TEXT "[2] x\n", TEXT "[2] x\n" },
	{ TEXT "[2] x\n[3] y\n", TEXT "[2] x\n[3] y\n" },
	{ "[1] a.py:1 a\n[2] x\n", "[1] a.py:1 a\n[2] x\n[1] a.py:2 bcd\n" },
	/* which it should not do behind a part of a line: that comes whole once more. */
	{ "[1] a.py:1 a\n[1] a.py:2 b[2] x\n",
	  "[1] a.py:1 a\n[1] a.py:2 b[2] x\n[1] a.py:2 bcd\n" },
	{ "[1] a.p[2] x\n", "[1] a.p[2] x\n" TEXT },
};

/*
 * Leaves the staging file of a process that was writing TEXT to the output of that size.
 */
static const char *leave_write(size_t output_size)
{
	pid_t pid = pt_check_dead_child();
	struct left left = { .journal = journal_of(pid, "trace"), .text = TEXT };
	const char *name = pt_check_staged("trace", pid, 0);

	left.journal.place.size = output_size;
	left.journal.writing = strlen(TEXT);
	write_staged(name, &left);
	return name;
}

START_TEST(write_under_way)
{
	char *output = pt_format("old\n%s", write_rows[_i].behind);
	char *expected = pt_format("old\n%s", write_rows[_i].expected);

	pt_check_write_text("trace", output);
	const char *name = leave_write(strlen("old\n"));
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
	check_recovered(leave_write(strlen(TEXT)), TEXT TEXT);
}
END_TEST

/* Somebody has emptied the output, or put a shorter file in its place. */
START_TEST(write_under_way_to_a_shorter_file)
{
	pt_check_write_text("trace", "new\n");
	check_recovered(leave_write(1000), "new\n" TEXT);
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

/* Others may have written much since: that must not need memory. */
START_TEST(write_under_way_long_ago)
{
	struct stat status;
	const off_t huge = (off_t)3 << 30;

	pt_check_write_text("trace", TEXT "[2] x\n");
	const char *name = leave_write(0);
	ck_assert_int_eq(truncate("trace", huge), 0);
	limit_memory(256 << 20);
	recover();
	ck_assert_int_eq(stat("trace", &status), 0);
	ck_assert_int_eq(status.st_size, huge);
	ck_assert(!pt_check_exists(name));
	ck_assert_int_eq(truncate("trace", 0), 0);
}
END_TEST

/* The output stops taking data halfway; later it takes more. */
START_TEST(output_meets_a_limit)
{
	struct rlimit limit = { 10, RLIM_INFINITY };

	pt_check_write_text("trace", "old\n");
	const char *name = leave("one\ntwo\nthree\n");
	const char *output = pt_check_path("trace");
	int fd = open_output();
	/* No assertion in between: they write to a file, too. */
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_DFL);
	pt_recover_run(output, fd);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_str_eq(pt_check_read("trace"), "old\n");
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

/* If the name of the output is a link, the output is what it leads to. */
START_TEST(output_is_a_link)
{
	pt_check_write_text("target", "old\n");
	ck_assert_int_eq(symlink("target", "trace"), 0);
	check_recovered(leave("one\n"), "old\none\n");
	ck_assert_str_eq(pt_check_read("target"), "old\none\n");
}
END_TEST

/* Whom the journal names, other than a dead process. */
enum owner {
	LIVE,
	OTHER_NAMESPACE,
	OTHER_SYSTEM,
	OTHER_RUN,
	OTHER_OUTPUT,
	OTHER_PID,
	OTHER_LAYOUT,
	TOO_MUCH_FLUSHED,
	TOO_MUCH_WRITING,
	NO_JOURNAL,
	OWNERS,
};

/* Leaves a text whose owner must not be taken for dead. Returns its pid. */
static pid_t leave_of_owner(enum owner owner)
{
	pid_t pid = owner == LIVE ? pt_check_start_child() : pt_check_dead_child();
	struct left left = { .journal = journal_of(pid, "trace"), .text = "one\n" };

	if (owner == OTHER_NAMESPACE)
		left.journal.process.pid_namespace++;
	if (owner == OTHER_SYSTEM)
		left.journal.process.boot[3] ^= 1;
	if (owner == OTHER_RUN)
		left.journal.run_pid++;
	if (owner == OTHER_OUTPUT)
		left.journal.place.inode++;
	if (owner == OTHER_PID)
		left.journal.process.pid = 1;
	if (owner == OTHER_LAYOUT)
		left.journal.magic++;
	if (owner == TOO_MUCH_FLUSHED)
		left.journal.flushed = PT_JOURNAL_TEXT_SIZE + 1;
	if (owner == TOO_MUCH_WRITING)
		left.journal.writing = 1000;
	if (owner == NO_JOURNAL)
		left = (struct left){ .text = "one\n" };
	write_staged(pt_check_staged("trace", pid, 0), &left);
	return pid;
}

/* In another namespace a pid means another process, and a live process is not dead. */
START_TEST(others_are_left_alone)
{
	pt_check_write_text("trace", "old\n");
	pid_t pid = leave_of_owner((enum owner)_i);

	recover_process(pid);
	if (_i != OTHER_RUN)
		recover_old();
	check_untouched(pt_check_staged("trace", pid, 0), "old\n");
	if (_i == LIVE)
		pt_check_end_child(pid);
}
END_TEST

/* The pid is in use again, by a process that has started later. */
START_TEST(pid_is_in_use_again)
{
	pid_t pid = pt_check_start_child();

	pt_check_write_text("trace", "");
	struct left left = { .journal = journal_of(pid, "trace"), .text = "one\n" };
	left.journal.process.start_time = 1;
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

/* What an earlier run has left: that of others and of its other outputs stays. */
START_TEST(earlier_run)
{
	pid_t live = pt_check_start_child();

	pt_check_write_text("trace", "old\n");
	const char *name = leave("dead\n");
	const char *living = leave_of(live, "trace", 0, "live\n");
	const char *other = leave_of(pt_check_dead_child(), "other", 0, "dead\n");
	ck_assert(recover_old());
	ck_assert(!recover_old());
	ck_assert(!pt_check_exists(name));
	ck_assert(pt_check_exists(living));
	ck_assert(pt_check_exists(other));
	ck_assert_str_eq(pt_check_read("trace"), "old\ndead\n");
	pt_check_end_child(live);
}
END_TEST

/* What a stranger can do to somebody's file: its mode, its other names. */
START_TEST(file_is_not_private)
{
	pt_check_write_text("trace", "old\n");
	const char *name = leave("one\n");
	if (_i < 2)
		ck_assert_int_eq(chmod(name, _i ? 0640 : 0604), 0);
	else if (_i == 2)
		ck_assert_int_eq(link(name, "other-name"), 0);
	else if (geteuid() == 0)
		ck_assert_int_eq(chown(name, 65534, 65534), 0);
	else
		return;
	check_untouched(name, "old\n");
}
END_TEST

/* A process was killed while it wrote: only its text completes the line. */
START_TEST(torn_write_is_completed)
{
	pt_check_write_text("trace", "old\n[1] a.py:1 a\n[1] a.p");
	const char *other = leave("other\n");
	const char *name = leave_write(strlen("old\n"));
	int fd = open_output();
	pt_recover_torn(pt_check_path("trace"), fd, false);
	close(fd);
	ck_assert_str_eq(pt_check_read("trace"), "old\n" TEXT);
	ck_assert(!pt_check_exists(name));
	ck_assert(pt_check_exists(other));
}
END_TEST

/* A compressed output gets a frame, and a write that was under way goes away. */
START_TEST(compressed)
{
	static const char frame[] = "\x28\xb5\x2f\xfd\x00\x38\x20\x00\x00" "one\n"
				    "\x01\x00\x00";
	static const char old[] = "older frame \x01\x00\x00";
	const size_t size = sizeof(old) - 1;
	pid_t pid = pt_check_dead_child();
	char data[64];

	memcpy(data, old, size);
	memcpy(data + size - 3, "partial", 7);
	pt_check_write("a.zst", data, _i ? size + 4 : size);
	struct left left = { .journal = journal_of(pid, "a.zst"), .text = "one\n" };
	left.journal.place.size = _i ? size : 0;
	left.journal.writing = _i ? 4 : 0;
	if (_i == 0)
		pt_check_write("a.zst", old, size);
	left.journal.place.inode = journal_of(pid, "a.zst").place.inode;
	write_staged(pt_check_staged("a.zst", pid, 0), &left);
	ck_assert(recover_process(pid));
	const char *text = pt_check_read("a.zst");
	ck_assert_mem_eq(text, old, size);
	ck_assert_mem_eq(text + size, frame, sizeof(frame) - 1);
}
END_TEST

/* Names that are not staging files of "trace"; PID stands for that of a dead process. */
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
	pt_check_write_text("trace", "old\n");
	struct left left = { .journal = journal_of(pid, "trace"), .text = "one\n" };
	char *name = place ? pt_format("%.*s%d%s", (int)(place - name_rows[_i]),
				       name_rows[_i], (int)pid, place + 3) :
			     strdup(name_rows[_i]);

	write_staged(name, &left);
	recover_old();
	check_untouched(name, "old\n");
	free(name);
}
END_TEST

/* Files that have the right name and are not staging files. */
static const size_t size_rows[] = { 0, 1, PT_JOURNAL_TEXT_SIZE, PT_JOURNAL_FILE_SIZE - 1,
				    PT_JOURNAL_FILE_SIZE + 1 };

START_TEST(wrong_size)
{
	pt_check_write_text("trace", "old\n");
	const char *name = leave("one\n");
	ck_assert_int_eq(truncate(name, (off_t)size_rows[_i]), 0);
	check_untouched(name, "old\n");
}
END_TEST

START_TEST(not_a_file)
{
	pid_t pid = pt_check_dead_child();
	const char *name = pt_check_staged("trace", pid, 0);

	pt_check_write_text("trace", "old\n");
	struct left left = { .journal = journal_of(pid, "trace"), .text = "one\n" };
	write_staged("valid", &left);
	if (_i == 0)
		ck_assert_int_eq(mkdir(name, 0777), 0);
	else if (_i == 1)
		ck_assert_int_eq(mkfifo(name, 0666), 0);
	else
		ck_assert_int_eq(symlink(_i == 2 ? "valid" : "missing", name), 0);
	recover_process(pid);
	recover_old();
	check_untouched(name, "old\n");
	ck_assert(pt_check_exists("valid"));
}
END_TEST

/* What the output may be so that nothing can be appended. */
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

/* What a child has left is put in place, whatever output it had. */
START_TEST(process)
{
	pid_t pid = pt_check_dead_child();

	pt_check_write_text("trace", "");
	pt_check_write_text("a.trace", "");
	pt_check_write_text("b.1.trace", "old\n");
	leave_of(pid, "a.trace", 0, "one\n");
	leave_of(pid, "b.1.trace", 3, "two\n");
	const char *other = leave_of(pt_check_dead_child(), "a.trace", 0, "two\n");
	ck_assert(pt_recover_has(pt_check_path("trace"), pid));
	ck_assert(recover_process(pid));
	ck_assert(!recover_process(pid));
	ck_assert(!pt_recover_has(pt_check_path("trace"), pid));
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
	recover_process(pid);
	ck_assert_str_eq(pt_check_read("victim"), "old\n");
}
END_TEST

/* Outputs below a missing directory, or without any directory. */
static const char *const directory_rows[] = { "/missing/trace", "/proc/none/trace",
					      "/trace-of-nobody", "trace", "" };

START_TEST(no_directory)
{
	pid_t dead = pt_check_dead_child();

	pt_recover_run(directory_rows[_i], -1);
	ck_assert_int_eq(pt_recover_has(directory_rows[_i], dead), 0);
	ck_assert(!pt_recover_old(directory_rows[_i], -1));
	ck_assert(!pt_recover_process(directory_rows[_i], -1, dead));
}
END_TEST

/* One that cannot be looked at may have anything in it. */
START_TEST(directory_of_somebody_else)
{
	pt_check_make_directory("private");
	ck_assert_int_eq(chmod("private", 0), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	int has = pt_recover_has("private/trace", 1);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_lt(has, 0);
}
END_TEST

/* The whole sequence, with a real process that is killed. */
START_TEST(killed_process)
{
	pt_check_write_text("trace", "");
	pt_check_start_run(true);
	pid_t child = fork();
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
	tcase_add_test(tcase, earlier_run);
	tcase_add_test(tcase, torn_write_is_completed);
	tcase_add_loop_test(tcase, compressed, 0, 2);
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
	tcase_add_loop_test(tcase, file_is_not_private, 0, 4);
	tcase_add_test(tcase, output_meets_a_limit);
	tcase_add_loop_test(tcase, name_is_of_none, 0, PT_ARRAY_SIZE(name_rows));
	tcase_add_loop_test(tcase, wrong_size, 0, PT_ARRAY_SIZE(size_rows));
	tcase_add_loop_test(tcase, not_a_file, 0, 4);
	tcase_add_loop_test(tcase, output_takes_nothing, 0, PT_ARRAY_SIZE(output_rows));
	tcase_add_test(tcase, process_with_output_that_is_a_link);
	tcase_add_test(tcase, directory_of_somebody_else);
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
