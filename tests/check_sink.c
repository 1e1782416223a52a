/* SPDX-License-Identifier: MIT */
/* Each test runs in a process of its own: the sink starts once per process. */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/output.h"
#include "out/run_id.h"
#include "out/sink.h"
#include "out/stage.h"
#include "out/zstd_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define HUGE_SIZE ((size_t)1 << 20)
#define MAX_LINE 4096
#define MAX_FD 4096

static void start_descriptor(int fd)
{
	struct pt_output output = { .fd = fd };

	pt_check_start_run(true);
	pt_sink_start(&output, true, 1, -1);
}

/* A pipe whose reader gets each write by itself. Returns the reading end. */
static int start_pipe(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
	start_descriptor(ends[1]);
	return ends[0];
}

/* Checks that the next write to a pipe was EXPECTED; NULL: that there was none. */
static void check_packet(int fd, const char *expected)
{
	char line[MAX_LINE];
	ssize_t got = read(fd, line, sizeof(line) - 1);

	if (!expected) {
		ck_assert_int_lt(got, 0);
		ck_assert_int_eq(errno, EAGAIN);
		return;
	}
	ck_assert_int_ge(got, 0);
	line[got] = '\0';
	ck_assert_str_eq(line, expected);
}

START_TEST(file_is_written_at_flush)
{
	pt_check_write_text("trace", "old\n");
	pt_check_start_file("trace", true);
	ck_assert_str_eq(pt_check_read("trace"), "");
	struct pt_stage *stage = pt_stage_take();
	pt_check_put(stage, "one\n");
	pt_check_put(stage, "two\n");
	ck_assert_str_eq(pt_check_read("trace"), "");
	ck_assert_uint_eq(pt_check_waiting(stage), 8);
	pt_stage_flush_all();
	ck_assert_str_eq(pt_check_read("trace"), "one\ntwo\n");
	ck_assert_uint_eq(pt_check_waiting(stage), 0);
	pt_check_put(stage, "three\n");
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_read("trace"), "one\ntwo\nthree\n");
	ck_assert(pt_sink_is_alive());
	ck_assert(!pt_sink_is_terminal());
}
END_TEST

START_TEST(file_is_appended_to_by_descendants)
{
	pt_check_write_text("trace", "first\n");
	pt_check_start_file("trace", false);
	ck_assert(!pt_sink_is_terminal());
	struct pt_stage *stage = pt_stage_take();
	pt_check_put(stage, "second\n");
	pt_stage_flush_all();
	/* Another process writes as well. */
	FILE *other = fopen("trace", "a");
	fputs("other\n", other);
	fclose(other);
	pt_check_put(stage, "third\n");
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_read("trace"), "first\nsecond\nother\nthird\n");
}
END_TEST

/* A process that traces nothing leaves no file behind, unless it is the first one. */
START_TEST(file_is_made_when_needed)
{
	pt_check_start_file("trace", false);
	struct pt_stage *stage = pt_stage_take();
	pt_stage_flush_all();
	ck_assert_int_eq(access("trace", F_OK), -1);
	pt_check_put(stage, "line\n");
	ck_assert_str_eq(pt_check_read("trace"), "");
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_read("trace"), "line\n");
}
END_TEST

START_TEST(file_is_made_by_first_process)
{
	pt_check_start_file("trace", true);
	ck_assert_str_eq(pt_check_read("trace"), "");
}
END_TEST

START_TEST(missing_directories_are_made)
{
	struct pt_output output = { .fd = -1,
				    .path = strdup("a/b/c/trace"),
				    .in_directory = true };

	pt_check_start_run(true);
	pt_sink_start(&output, true, 1, -1);
	ck_assert_str_eq(pt_check_read("a/b/c/trace"), "");
	ck_assert(pt_sink_is_alive());
}
END_TEST

/* Programs rely on low numbers being theirs, and on exec closing all others. */
START_TEST(descriptor_is_out_of_the_way)
{
	int flags[MAX_FD];
	int found = 0;

	for (int fd = 0; fd < MAX_FD; fd++)
		flags[fd] = fcntl(fd, F_GETFD);
	pt_check_start_file("trace", true);
	for (int fd = 0; fd < MAX_FD; fd++) {
		int now = fcntl(fd, F_GETFD);
		if (now == flags[fd])
			continue;
		ck_assert_int_ge(fd, 16);
		ck_assert_int_eq(flags[fd], -1);
		ck_assert_int_eq(now, FD_CLOEXEC);
		found++;
	}
	ck_assert_int_eq(found, 1);
}
END_TEST

START_TEST(pipe_gets_each_line)
{
	int fd = start_pipe();
	struct pt_stage *stage = pt_stage_take();

	pt_check_put(stage, "one\n");
	pt_check_put(stage, "two\nand more\n");
	size_t written = 0;
	ck_assert_int_eq(pt_check_write_out("three\n", 6, &written), 0);
	pt_check_put(stage, "four\n");
	pt_stage_flush_all();
	check_packet(fd, "one\n");
	check_packet(fd, "two\nand more\n");
	check_packet(fd, "three\n");
	check_packet(fd, "four\n");
	check_packet(fd, NULL);
	pt_check_close(stage);
	ck_assert(pt_sink_is_alive());
}
END_TEST

/* An output that is no regular file has a reader who waits, though it has a name. */
START_TEST(fifo_gets_each_line)
{
	ck_assert_int_eq(mkfifo("fifo", 0666), 0);
	int fd = open("fifo", O_RDONLY | O_NONBLOCK);
	pt_check_start_file("fifo", true);
	struct pt_stage *stage = pt_stage_take();

	pt_check_put(stage, "one\n");
	check_packet(fd, "one\n");
	pt_check_put(stage, "two\n");
	check_packet(fd, "two\n");
	pt_check_close(stage);
}
END_TEST

/* Fills stages over and over; nothing may be lost or torn. */
START_TEST(many_lines)
{
	size_t count = 30000;
	char line[32];

	pt_check_start_file("trace", true);
	struct pt_stage *stage = pt_stage_take();
	for (size_t i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "%zu\n", i);
		pt_check_put(stage, line);
	}
	pt_check_close(stage);
	const char *text = pt_check_read("trace");
	for (size_t i = 0; i < count; i++) {
		int length = snprintf(line, sizeof(line), "%zu\n", i);
		ck_assert_int_eq(strncmp(text, line, (size_t)length), 0);
		text += length;
	}
	ck_assert_str_eq(text, "");
}
END_TEST

/* Lines right at the size of a stage, and the first that none can hold. */
START_TEST(line_of_stage_size)
{
	pt_check_start_file("trace", true);
	struct pt_stage *stage = pt_stage_take();
	const size_t size = PT_STAGE_SIZE;

	pt_check_put(stage, "before\n");
	char *room = pt_stage_reserve(stage, size);
	ck_assert_ptr_nonnull(room);
	ck_assert_str_eq(pt_check_read("trace"), "before\n");
	memset(room, 'x', size - 1);
	room[size - 1] = '\n';
	pt_stage_commit(stage, size, true);
	pt_check_put(stage, "after\n");
	pt_stage_flush_all();
	const char *text = pt_check_read("trace");
	ck_assert_uint_eq(strlen(text), 7 + size + 6);
	ck_assert_str_eq(text + 7 + size - 2, "x\nafter\n");
	ck_assert_ptr_null(pt_stage_reserve(stage, size + 1));
	pt_check_close(stage);
}
END_TEST

START_TEST(oversized_line)
{
	char *line = malloc(HUGE_SIZE);
	struct stat status;

	memset(line, 'x', HUGE_SIZE);
	pt_check_start_file("trace", true);
	struct pt_stage *stage = pt_stage_take();
	pt_check_put(stage, "before\n");
	ck_assert_ptr_null(pt_stage_reserve(stage, HUGE_SIZE));
	line[HUGE_SIZE - 1] = '\n';
	pt_stage_put_large(stage, line, HUGE_SIZE);
	pt_check_put(stage, "after\n");
	pt_check_close(stage);
	ck_assert_int_eq(stat("trace", &status), 0);
	ck_assert_int_eq(status.st_size, 7 + HUGE_SIZE + 6);
	free(line);
}
END_TEST

START_TEST(forgotten_lines_are_not_written)
{
	pt_check_start_file("trace", true);
	struct pt_stage *stage = pt_stage_take();

	pt_check_put(stage, "of the parent\n");
	pt_stage_forget_all();
	pt_check_put(stage, "of the child\n");
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_read("trace"), "of the child\n");
	pt_stage_give(NULL);
}
END_TEST

/* The trace belongs to the stderr that the process was started with. */
START_TEST(stderr_is_kept)
{
	pt_check_capture_stderr();
	start_descriptor(STDERR_FILENO);
	struct pt_stage *stage = pt_stage_take();
	pt_check_put(stage, "one\n");
	int other = open("other", O_WRONLY | O_CREAT, 0666);
	dup2(other, STDERR_FILENO);
	pt_check_put(stage, "two\n");
	close(STDERR_FILENO);
	pt_check_put(stage, "three\n");
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_captured(), "one\ntwo\nthree\n");
	ck_assert_str_eq(pt_check_read("other"), "");
}
END_TEST

/* The first process of a run replaces what is there, even right after the last run. */
START_TEST(second_run_replaces)
{
	size_t written = 0;

	pt_check_start_file("trace", true);
	ck_assert_int_eq(pt_check_write_out("one\n", 4, &written), 0);
	pt_check_start_file("trace", true);
	ck_assert_str_eq(pt_check_read("trace"), "one\n");
	ck_assert(pt_sink_has_company());
	pt_run_id.time++;
	struct pt_output output = { .fd = -1, .path = strdup("trace") };
	pt_sink_start(&output, true, 1, -1);
	ck_assert_str_eq(pt_check_read("trace"), "");
}
END_TEST

/* Permissions of new files. */
START_TEST(mode)
{
	static const struct {
		int mode;
		mode_t expected;
	} rows[] = { { -1, 0640 }, { 0600, 0600 }, { 0666, 0666 } };
	struct pt_output output = { .fd = -1, .path = strdup("trace") };
	struct stat status;

	umask(0027);
	pt_check_start_run(true);
	pt_sink_start(&output, true, 1, rows[_i].mode);
	ck_assert_int_eq(stat("trace", &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, rows[_i].expected);
}
END_TEST

/* Whoever has deleted the file has no use for what is in it. */
START_TEST(deleted_file_is_made_anew)
{
	size_t written = 0;

	pt_check_start_file("trace", true);
	ck_assert_int_eq(pt_check_write_out("one\n", 4, &written), 0);
	ck_assert_int_eq(unlink("trace"), 0);
	ck_assert_int_eq(pt_check_write_out("two\n", 4, &written), 0);
	ck_assert_str_eq(pt_check_read("trace"), "two\n");
}
END_TEST

/* Paths that cannot be opened, and why. */
static const struct {
	const char *path;
	bool in_directory;
	const char *message;
} unopenable[] = {
	{ "missing/trace", false,
	  "cannot write to 'missing/trace': No such file or "
	  "directory" },
	{ "directory", false, "cannot write to 'directory': Is a directory" },
	{ "file/trace", false, "cannot write to 'file/trace': Not a directory" },
	{ "file/sub/trace", true, "cannot write to 'file/sub/trace': Not a directory" },
	{ "loop", false, "cannot write to 'loop': Too many levels of symbolic links" },
	{ "/proc/none/trace", true,
	  "cannot write to '/proc/none/trace': No such file or directory" },
};

/* The message comes at once in the first process, with the first line in others. */
static void check_fallback(size_t row, bool is_first)
{
	struct pt_output output = { .fd = -1,
				    .path = strdup(unopenable[row].path),
				    .in_directory = unopenable[row].in_directory };
	char expected[256];

	pt_check_make_directory("directory");
	pt_check_write_text("file", "");
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	snprintf(expected, sizeof(expected),
		 "libpytrace: PYTRACE_OUTPUT: %s; tracing to stderr\none\ntwo\n",
		 unopenable[row].message);
	pt_check_capture_stderr();
	pt_check_start_run(is_first);
	pt_sink_start(&output, is_first, 1, -1);
	struct pt_stage *stage = pt_stage_take();
	pt_check_put(stage, "one\n");
	pt_check_put(stage, "two\n");
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_captured(), expected);
	ck_assert(pt_sink_is_alive());
	ck_assert(pt_sink_is_shared());
}

START_TEST(fallback_of_first_process)
{
	check_fallback((size_t)_i, true);
}
END_TEST

START_TEST(fallback_of_descendant)
{
	check_fallback((size_t)_i, false);
}
END_TEST

/* After the fallback stderr gets each line when it comes, as always. */
START_TEST(fallback_is_not_buffered)
{
	pt_check_capture_stderr();
	pt_check_start_file("missing/trace", true);
	struct pt_stage *stage = pt_stage_take();
	pt_check_put(stage, "one\n");
	ck_assert_uint_eq(pt_check_waiting(stage), 0);
	ck_assert_ptr_nonnull(strstr(pt_check_captured(), "\none\n"));
	pt_check_close(stage);
}
END_TEST

/* Descriptors to which nothing can be written. */
START_TEST(fallback_of_descriptor)
{
	static const int numbers[] = { 99, 98, 0 };
	int number = numbers[_i];
	char expected[128];

	ck_assert_int_eq(dup2(open("/dev/null", O_RDONLY), 98), 98);
	ck_assert_int_eq(dup2(98, 0), 0);
	snprintf(expected, sizeof(expected),
		 "libpytrace: PYTRACE_OUTPUT: cannot write to 'fd:%d': Bad file "
		 "descriptor; tracing to stderr\nline\n",
		 number);
	pt_check_capture_stderr();
	start_descriptor(number);
	struct pt_stage *stage = pt_stage_take();
	pt_check_put(stage, "line\n");
	pt_check_close(stage);
	ck_assert_str_eq(pt_check_captured(), expected);
	ck_assert(pt_sink_is_alive());
}
END_TEST

/* Daemons have no stderr: there is nobody to tell, and nowhere to write to. */
START_TEST(stderr_is_closed)
{
	int saved = dup(STDERR_FILENO);

	close(STDERR_FILENO);
	start_descriptor(STDERR_FILENO);
	int other = open("other", O_WRONLY | O_CREAT, 0666);
	ck_assert_int_eq(other, STDERR_FILENO);
	struct pt_stage *stage = pt_stage_take();
	ck_assert_ptr_null(pt_stage_reserve(stage, 5));
	dup2(saved, STDERR_FILENO);
	ck_assert_str_eq(pt_check_read("other"), "");
	ck_assert(!pt_sink_is_alive());
}
END_TEST

#define STOPPED(why) "libpytrace: cannot write the trace: " why "; tracing stops\n"

/* What is full now may have room later. */
START_TEST(full_device_is_passing)
{
	size_t written = 0;

	pt_check_start_file("/dev/full", true);
	ck_assert_int_eq(pt_check_write_out("line\n", 5, &written), -ENOSPC);
	ck_assert(pt_sink_is_passing(-ENOSPC));
	ck_assert(pt_sink_is_alive());
}
END_TEST

/* Nothing is left of a line that was cut. */
START_TEST(part_of_a_write)
{
	static const char text[] = "one\ntwo\nthree\nfour\n";
	struct rlimit limit = { 10, RLIM_INFINITY };
	size_t written = 0;

	pt_check_start_file("trace", true);
	/* No assertion in between: they write to a file, too. */
	setrlimit(RLIMIT_FSIZE, &limit);
	int error = pt_check_write_out(text, strlen(text), &written);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(error, -EFBIG);
	ck_assert_uint_eq(written, 8);
	ck_assert_str_eq(pt_check_read("trace"), "one\ntwo\n");
	ck_assert_int_eq(pt_check_write_out(text + 8, strlen(text) - 8, &written), 0);
	ck_assert_str_eq(pt_check_read("trace"), text);
}
END_TEST

/* A frame keeps its end when nothing can be put behind it, be that for ever. */
START_TEST(frame_ends_when_nothing_is_taken)
{
	const char *problem = NULL;
	struct pt_zstd *probe = pt_zstd_new(1, &problem);
	struct rlimit limit = { 0, RLIM_INFINITY };
	struct stat before, after;
	size_t written = 0;

	if (!probe)
		return; /* there is no libzstd */
	pt_zstd_free(probe);
	pt_check_start_file("trace.zst", true);
	ck_assert_int_eq(pt_check_write_out("one\n", 4, &written), 0);
	ck_assert_int_eq(stat("trace.zst", &before), 0);
	limit.rlim_cur = (rlim_t)before.st_size - PT_ZSTD_END_SIZE;
	setrlimit(RLIMIT_FSIZE, &limit);
	int error = pt_check_write_out("two\n", 4, &written);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(error, -EFBIG);
	ck_assert_uint_eq(written, 0);
	ck_assert_int_eq(stat("trace.zst", &after), 0);
	ck_assert_int_eq(after.st_size, before.st_size);
}
END_TEST

/* The child of fork goes on with the file that the parent has open behind a link. */
START_TEST(child_keeps_a_file_behind_a_link)
{
	struct pt_output output = { .fd = -1, .path = strdup("link") };
	size_t written = 0;

	ck_assert_int_eq(symlink("trace", "link"), 0);
	pt_check_start_file("link", true);
	ck_assert_int_eq(pt_check_write_out("one\n", 4, &written), 0);
	ck_assert_int_eq(rename("trace", "moved"), 0);
	pt_sink_restart(&output);
	ck_assert_int_eq(pt_check_write_out("two\n", 4, &written), 0);
	ck_assert_str_eq(pt_check_read("moved"), "one\ntwo\n");
}
END_TEST

/* Where no mark could be set, the next process of the run appends all the same. */
START_TEST(file_without_a_mark)
{
	size_t written = 0;

	pt_check_start_file("trace", true);
	removexattr("trace", "user.pytrace.run");
	ck_assert_int_eq(pt_check_write_out("one\n", 4, &written), 0);
	pt_check_start_file("trace", true);
	ck_assert_str_eq(pt_check_read("trace"), "one\n");
}
END_TEST

/* Where the parent could not compress, what its child makes is not called so, either. */
START_TEST(child_of_a_parent_without_libzstd)
{
	struct pt_output output = { .fd = -1, .path = strdup("trace.1.zst") };

	pt_check_start_file("trace", true);
	pt_sink_restart(&output);
	ck_assert_str_eq(pt_sink_path(), "trace.1");
}
END_TEST

/* More events than a stage holds, while nothing can be written: the rest is counted. */
START_TEST(lost_events_are_counted)
{
	struct rlimit limit = { 100, RLIM_INFINITY };
	const int count = 200000;
	uint64_t lost = 0;
	int error = 0;
	int put = 0;

	pt_check_start_file(pt_check_path("trace"), true);
	struct pt_stage *stage = pt_stage_take();
	/* The staging file is made before there is a limit. */
	pt_check_put(stage, "0\n");
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 1; i < count; i++) {
		char *room = pt_stage_reserve(stage, 2);
		if (room) {
			memcpy(room, "1\n", 2);
			pt_stage_commit(stage, 2, true);
			put++;
		}
	}
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	pt_stage_flush_all();
	usleep(200000);
	ck_assert_ptr_null(pt_stage_reserve(stage, 2));
	ck_assert(pt_stage_has_gap(stage, &lost, &error));
	ck_assert_int_eq(error, -EFBIG);
	ck_assert(!pt_stage_has_gap(stage, &lost, &error));
	ck_assert_uint_eq(lost, (uint64_t)(count - 1 - put));
	pt_check_put(stage, "2\n");
	struct pt_stage_sum sum = pt_stage_end_all(NULL, NULL);
	ck_assert_int_eq(sum.error, 0);
	ck_assert_uint_eq(sum.lost, lost);
	ck_assert_uint_eq(sum.events, (uint64_t)count + 1);
	ck_assert_uint_eq(strlen(pt_check_read("trace")), 2 * (sum.events - sum.lost));
}
END_TEST

/* The program closes all descriptors that it finds: what it opens then is its own. */
START_TEST(closed_descriptor)
{
	int fd = dup(open("trace", O_WRONLY | O_CREAT, 0666));
	struct pt_stage *stage = pt_stage_take();

	pt_check_capture_stderr();
	start_descriptor(fd);
	pt_check_put(stage, "one\n");
	close(fd);
	pt_check_put(stage, "two\n");
	for (int number = 500; number < 600; number++)
		close(number);
	int other = open("other", O_WRONLY | O_CREAT, 0666);
	for (int number = 500; number < 600; number++)
		dup2(other, number);
	char *room = pt_stage_reserve(stage, 6);
	if (room) {
		memcpy(room, "three\n", 6);
		pt_stage_commit(stage, 6, true);
	}
	ck_assert(!pt_sink_is_alive());
	ck_assert_str_eq(pt_check_captured(), STOPPED("Broken pipe"));
	ck_assert_str_eq(pt_check_read("trace"), "one\ntwo\n");
	ck_assert_str_eq(pt_check_read("other"), "");
}
END_TEST

/* The reader of the trace has gone. That must not end the program. */
START_TEST(reader_is_gone)
{
	pt_check_capture_stderr();
	int fd = start_pipe();
	struct pt_stage *stage = pt_stage_take();

	signal(SIGPIPE, SIG_DFL);
	pt_check_put(stage, "one\n");
	ck_assert(pt_sink_is_alive());
	close(fd);
	pt_check_put(stage, "two\n");
	ck_assert_ptr_null(pt_stage_reserve(stage, 6));
	pt_check_close(stage);
	ck_assert(!pt_sink_is_alive());
	ck_assert_str_eq(pt_check_captured(), STOPPED("Broken pipe"));
	ck_assert_ptr_eq(signal(SIGPIPE, SIG_DFL), SIG_DFL);
}
END_TEST

/* Whatever goes wrong, the program's errno is as it was. */
START_TEST(errno_is_kept)
{
	static const char *const paths[] = { "/dev/full", "trace", "missing/trace" };

	pt_check_capture_stderr();
	pt_check_start_file(paths[_i], false);
	struct pt_stage *stage = pt_stage_take();
	char *line = calloc(1, HUGE_SIZE);
	errno = PT_CHECK_ERRNO;
	pt_check_put(stage, "line\n");
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	ck_assert_ptr_null(pt_stage_reserve(stage, HUGE_SIZE));
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	pt_stage_put_large(stage, line, HUGE_SIZE);
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	pt_stage_flush_all();
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	pt_check_captured();
	pt_check_close(stage);
	free(line);
}
END_TEST

START_TEST(private_output_is_not_shared)
{
	struct pt_output output = { .fd = -1,
				    .path = strdup("trace"),
				    .is_private = true };

	pt_check_start_run(true);
	pt_sink_start(&output, true, 1, -1);
	ck_assert(!pt_sink_is_shared());
}
END_TEST

START_TEST(other_output_is_shared)
{
	pt_check_start_file("trace", true);
	ck_assert(pt_sink_is_shared());
}
END_TEST

START_TEST(terminal)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(grantpt(fd), 0);
	ck_assert_int_eq(unlockpt(fd), 0);
	pt_check_start_file(ptsname(fd), true);
	ck_assert(pt_sink_is_terminal());
}
END_TEST

static TCase *good_case(void)
{
	TCase *tcase = tcase_create("good");

	pt_check_add_directory(tcase);
	tcase_add_test(tcase, file_is_written_at_flush);
	tcase_add_test(tcase, file_is_appended_to_by_descendants);
	tcase_add_test(tcase, file_is_made_when_needed);
	tcase_add_test(tcase, file_is_made_by_first_process);
	tcase_add_test(tcase, missing_directories_are_made);
	tcase_add_test(tcase, descriptor_is_out_of_the_way);
	tcase_add_test(tcase, pipe_gets_each_line);
	tcase_add_test(tcase, fifo_gets_each_line);
	tcase_add_test(tcase, many_lines);
	tcase_add_test(tcase, line_of_stage_size);
	tcase_add_test(tcase, oversized_line);
	tcase_add_test(tcase, forgotten_lines_are_not_written);
	tcase_add_test(tcase, private_output_is_not_shared);
	tcase_add_test(tcase, other_output_is_shared);
	tcase_add_test(tcase, terminal);
	tcase_add_test(tcase, stderr_is_kept);
	tcase_add_test(tcase, second_run_replaces);
	tcase_add_loop_test(tcase, mode, 0, 3);
	tcase_add_test(tcase, deleted_file_is_made_anew);
	return tcase;
}

static TCase *bad_case(void)
{
	TCase *tcase = tcase_create("bad");

	pt_check_add_directory(tcase);
	tcase_add_loop_test(tcase, fallback_of_first_process, 0,
			    PT_ARRAY_SIZE(unopenable));
	tcase_add_loop_test(tcase, fallback_of_descendant, 0, PT_ARRAY_SIZE(unopenable));
	tcase_add_test(tcase, fallback_is_not_buffered);
	tcase_add_loop_test(tcase, fallback_of_descriptor, 0, 3);
	tcase_add_test(tcase, stderr_is_closed);
	tcase_add_test(tcase, full_device_is_passing);
	tcase_add_test(tcase, lost_events_are_counted);
	tcase_add_test(tcase, child_keeps_a_file_behind_a_link);
	tcase_add_test(tcase, file_without_a_mark);
	tcase_add_test(tcase, frame_ends_when_nothing_is_taken);
	tcase_add_test(tcase, child_of_a_parent_without_libzstd);
	tcase_add_test(tcase, part_of_a_write);
	tcase_add_test(tcase, closed_descriptor);
	tcase_add_test(tcase, reader_is_gone);
	tcase_add_loop_test(tcase, errno_is_kept, 0, 3);
	return tcase;
}

Suite *pt_sink_suite(void)
{
	Suite *suite = suite_create("sink");

	suite_add_tcase(suite, good_case());
	suite_add_tcase(suite, bad_case());
	return suite;
}
