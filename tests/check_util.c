/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than a pipe holds, so that writes to it are cut short. */
#define LONG_SIZE ((size_t)1 << 20)

static char pattern_at(size_t index)
{
	return (char)('a' + index % 23);
}

START_TEST(buffer_grows)
{
	struct pt_buf buf = { 0 };

	for (size_t i = 0; i < 10000; i++) {
		char c = pattern_at(i);
		pt_buf_add(&buf, &c, 1);
		ck_assert_uint_ge(buf.capacity, buf.size);
	}
	ck_assert_uint_eq(buf.size, 10000);
	for (size_t i = 0; i < buf.size; i++)
		ck_assert_int_eq(buf.data[i], pattern_at(i));
	ck_assert(!buf.failed);
	pt_buf_destroy(&buf);
}
END_TEST

/* Each kind of append, right at the sizes where the buffer has to grow. */
START_TEST(buffer_appends)
{
	struct pt_buf buf = { 0 };

	pt_buf_add_fill(&buf, '-', (size_t)_i);
	pt_buf_add_string(&buf, "one");
	pt_buf_add_format(&buf, "<%d:%s>", 42, "two");
	pt_buf_add(&buf, "\0x", 2);
	ck_assert_uint_eq(buf.size, (size_t)_i + 3 + 8 + 2);
	for (int i = 0; i < _i; i++)
		ck_assert_int_eq(buf.data[i], '-');
	ck_assert_mem_eq(buf.data + _i, "one<42:two>\0x", 13);
	pt_buf_destroy(&buf);
}
END_TEST

START_TEST(buffer_formats_more_than_it_holds)
{
	struct pt_buf buf = { 0 };

	pt_buf_add_string(&buf, "x");
	pt_buf_add_format(&buf, "%0*d", 5000, 7);
	ck_assert_uint_eq(buf.size, 5001);
	char *text = pt_buf_take(&buf);
	ck_assert_uint_eq(strlen(text), 5001);
	ck_assert_str_eq(text + 4990, "00000000007");
	free(text);
}
END_TEST

START_TEST(buffer_appends_nothing)
{
	struct pt_buf buf = { 0 };

	pt_buf_add(&buf, NULL, 0);
	pt_buf_add_string(&buf, "");
	pt_buf_add_fill(&buf, 'x', 0);
	pt_buf_add_format(&buf, "%s", "");
	ck_assert_uint_eq(buf.size, 0);
	ck_assert(!buf.failed);
	char *text = pt_buf_take(&buf);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

START_TEST(buffer_is_empty_after_take)
{
	struct pt_buf buf = { 0 };

	pt_buf_add_string(&buf, "first");
	char *first = pt_buf_take(&buf);
	ck_assert_ptr_null(buf.data);
	ck_assert_uint_eq(buf.size, 0);
	ck_assert_uint_eq(buf.capacity, 0);
	pt_buf_add_string(&buf, "second");
	char *second = pt_buf_take(&buf);
	ck_assert_str_eq(first, "first");
	ck_assert_str_eq(second, "second");
	free(first);
	free(second);
}
END_TEST

START_TEST(buffer_keeps_memory_when_cleared)
{
	struct pt_buf buf = { 0 };

	pt_buf_add_fill(&buf, 'x', 1000);
	const char *data = buf.data;
	size_t capacity = buf.capacity;
	pt_buf_clear(&buf);
	ck_assert_uint_eq(buf.size, 0);
	ck_assert_ptr_eq(buf.data, data);
	ck_assert_uint_eq(buf.capacity, capacity);
	pt_buf_destroy(&buf);
	ck_assert_ptr_null(buf.data);
	ck_assert_uint_eq(buf.capacity, 0);
}
END_TEST

START_TEST(buffer_reserves)
{
	struct pt_buf buf = { 0 };

	pt_buf_add_string(&buf, "abc");
	ck_assert(pt_buf_reserve(&buf, 100));
	ck_assert_uint_ge(buf.capacity - buf.size, 100);
	ck_assert_uint_eq(buf.size, 3);
	ck_assert_mem_eq(buf.data, "abc", 3);
	const char *data = buf.data;
	ck_assert(pt_buf_reserve(&buf, buf.capacity - buf.size));
	ck_assert_ptr_eq(buf.data, data);
	pt_buf_destroy(&buf);
}
END_TEST

/* No allocator has these. The last ones cannot even be reached by doubling. */
static const size_t impossible_sizes[] = {
	PTRDIFF_MAX,
	(size_t)PTRDIFF_MAX + 2,
	SIZE_MAX - 8,
	SIZE_MAX,
};

START_TEST(buffer_fails_for_good)
{
	struct pt_buf buf = { 0 };

	pt_buf_add_string(&buf, "abc");
	ck_assert(!pt_buf_reserve(&buf, impossible_sizes[_i]));
	ck_assert(buf.failed);
	ck_assert_uint_eq(buf.size, 3);
	ck_assert_mem_eq(buf.data, "abc", 3);
	pt_buf_add_string(&buf, "d");
	pt_buf_add_fill(&buf, 'e', 1);
	pt_buf_add_format(&buf, "%d", 1);
	ck_assert(!pt_buf_reserve(&buf, 1));
	ck_assert_uint_eq(buf.size, 3);
	ck_assert_ptr_null(pt_buf_take(&buf));
	ck_assert(!buf.failed);
	ck_assert_ptr_null(buf.data);
}
END_TEST

START_TEST(format_returns_the_string)
{
	char *text = pt_format("%s=%d%%", "name", -3);
	char *empty = pt_format("%s", "");
	char *wide = pt_format("%300s|", "x");

	ck_assert_str_eq(text, "name=-3%");
	ck_assert_str_eq(empty, "");
	ck_assert_uint_eq(strlen(wide), 301);
	free(text);
	free(empty);
	free(wide);
}
END_TEST

static const char *const names[] = { "line", "call", "return", "exception", "x", "" };

static const struct {
	const char *word;
	const char *nearest;
} nearest_rows[] = {
	{ "line", "line" },
	{ "lime", "line" },
	{ "lin", "line" },
	{ "lines", "line" },
	{ "calls", "call" },
	{ "cal", "call" },
	{ "retrun", "return" },
	{ "returned", "return" },
	{ "exeption", "exception" },
	{ "exceptions", "exception" },
	{ "excption s", "exception" },
	{ "Exception", "exception" },
	{ "x", "x" },
	{ "", NULL },
	{ "LINE", NULL },
	{ "lnei", NULL },
	{ "callback", NULL },
	{ "ret", NULL },
	{ "something else", NULL },
	{ "exexexexex", NULL },
	/* With its one letter changed, nothing is left of the word. */
	{ "y", NULL },
	{ "lineeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", NULL },
	{ "lineeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", NULL },
	{ "lineeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
	  NULL },
};

START_TEST(nearest_name)
{
	const char *nearest =
		pt_nearest(nearest_rows[_i].word, names, PT_ARRAY_SIZE(names));

	ck_assert_pstr_eq(nearest, nearest_rows[_i].nearest);
}
END_TEST

START_TEST(nearest_takes_the_nearest)
{
	static const char *const list[] = { "relativity", "relatives", "relative" };
	static const char *const equal[] = { "bat", "cat" };
	/* 70 letters are too many to compare; the other word is still found. */
	static const char *const huge[] = {
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"short"
	};

	ck_assert_pstr_eq(pt_nearest("relativ", list, 3), "relative");
	ck_assert_pstr_eq(pt_nearest("relatives", list, 3), "relatives");
	ck_assert_pstr_eq(pt_nearest("hat", equal, 2), "bat");
	ck_assert_pstr_eq(pt_nearest("shorts", huge, 2), "short");
	ck_assert_pstr_eq(pt_nearest("short", huge, 0), NULL);
}
END_TEST

static const struct {
	const char *path;
	const char *expected;
} path_rows[] = {
	{ "/", "" },
	{ "//", "" },
	{ "/.", "" },
	{ "/..", "" },
	{ "/../..", "" },
	{ "/../a", "/a" },
	{ "/a", "/a" },
	{ "/a/", "/a" },
	{ "/a//", "/a" },
	{ "/a/.", "/a" },
	{ "/a/./", "/a" },
	{ "/a/..", "" },
	{ "/a/../", "" },
	{ "//a//b", "/a/b" },
	{ "/a/./b/././c", "/a/b/c" },
	{ "/a/b/../c", "/a/c" },
	{ "/a/b/../../c", "/c" },
	{ "/a/b/../../../../c", "/c" },
	{ "/a/b/c/../..", "/a" },
	{ "/a/...", "/a/..." },
	{ "/a/..b", "/a/..b" },
	{ "/a/b..", "/a/b.." },
	{ "/a/.b/.", "/a/.b" },
	{ "/a/b./..", "/a" },
	{ "/a b/\xc3\xa9/../c", "/a b/c" },
	{ "", "" },
};

START_TEST(normalized_path)
{
	char path[64];

	strcpy(path, path_rows[_i].path);
	pt_normalize_path(path);
	ck_assert_str_eq(path, path_rows[_i].expected);
}
END_TEST

/* Counts the signals that have cut a write short. */
static volatile sig_atomic_t alarm_count;

static void on_alarm(int number)
{
	(void)number;
	alarm_count++;
}

/* Sends a signal each millisecond, which system calls do not survive. */
static void start_alarms(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval interval = { { 0, 1000 }, { 0, 1000 } };

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &interval, NULL), 0);
}

/* Reads slowly what pattern_at() says, and nothing else. Returns an exit status. */
static int read_pattern(int fd)
{
	char bytes[16384];
	size_t total = 0;
	ssize_t got = 0;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			if (bytes[i] != pattern_at(total++))
				return 1;
		}
		usleep(1000);
	}
	return total == LONG_SIZE ? 0 : 2;
}

START_TEST(write_survives_signals)
{
	static char data[LONG_SIZE];
	int ends[2];
	int status = -1;

	for (size_t i = 0; i < LONG_SIZE; i++)
		data[i] = pattern_at(i);
	ck_assert_int_eq(pipe(ends), 0);
	pid_t reader = fork();
	if (reader == 0) {
		close(ends[1]);
		_exit(read_pattern(ends[0]));
	}
	close(ends[0]);
	start_alarms();
	ck_assert_int_eq(pt_write_all(ends[1], data, LONG_SIZE, NULL), 0);
	close(ends[1]);
	while (waitpid(reader, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(status, 0);
	ck_assert_int_gt(alarm_count, 0);
}
END_TEST

START_TEST(write_fails)
{
	int full = open("/dev/full", O_WRONLY);
	int readable = open("/dev/null", O_RDONLY);
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pt_write_all(-1, "x", 1, NULL), -EBADF);
	ck_assert_int_eq(pt_write_all(readable, "x", 1, NULL), -EBADF);
	ck_assert_int_eq(pt_write_all(full, "x", 1, NULL), -ENOSPC);
	ck_assert_int_eq(pt_write_all(ends[1], "x", 1, NULL), -EPIPE);
	ck_assert_int_eq(pt_write_all(-1, "", 0, NULL), 0);
	close(full);
	close(readable);
	close(ends[1]);
}
END_TEST

START_TEST(base_name)
{
	ck_assert_str_eq(pt_base_name("/x/shop.py"), "shop.py");
	ck_assert_str_eq(pt_base_name("shop.py"), "shop.py");
	ck_assert_str_eq(pt_base_name("x/"), "");
}
END_TEST

START_TEST(suffix)
{
	ck_assert(pt_has_suffix("a.py", 4, ".py"));
	ck_assert(!pt_has_suffix(".py", 3, ".py"));
	ck_assert(!pt_has_suffix("y", 1, ".py"));
	ck_assert(!pt_has_suffix("a.pyc", 5, ".py"));
	ck_assert(pt_has_suffix("a.pyc", 4, ".py"));
}
END_TEST

START_TEST(whole_lines)
{
	ck_assert_uint_eq(pt_whole_lines("", 0), 0);
	ck_assert_uint_eq(pt_whole_lines("ab", 2), 0);
	ck_assert_uint_eq(pt_whole_lines("a\nb\nc", 5), 4);
	ck_assert_uint_eq(pt_whole_lines("a\nb\nc", 3), 2);
}
END_TEST

static TCase *buffer_case(void)
{
	TCase *tcase = tcase_create("buffer");

	tcase_add_test(tcase, buffer_grows);
	tcase_add_loop_test(tcase, buffer_appends, 45, 70);
	tcase_add_test(tcase, buffer_formats_more_than_it_holds);
	tcase_add_test(tcase, buffer_appends_nothing);
	tcase_add_test(tcase, buffer_is_empty_after_take);
	tcase_add_test(tcase, buffer_keeps_memory_when_cleared);
	tcase_add_test(tcase, buffer_reserves);
	tcase_add_loop_test(tcase, buffer_fails_for_good, 0,
			    PT_ARRAY_SIZE(impossible_sizes));
	tcase_add_test(tcase, format_returns_the_string);
	return tcase;
}

Suite *pt_util_suite(void)
{
	Suite *suite = suite_create("util");
	TCase *names_case = tcase_create("names");
	TCase *write_case = tcase_create("write");

	suite_add_tcase(suite, buffer_case());
	tcase_add_loop_test(names_case, nearest_name, 0, PT_ARRAY_SIZE(nearest_rows));
	tcase_add_test(names_case, nearest_takes_the_nearest);
	tcase_add_loop_test(names_case, normalized_path, 0, PT_ARRAY_SIZE(path_rows));
	tcase_add_test(names_case, base_name);
	tcase_add_test(names_case, suffix);
	tcase_add_test(names_case, whole_lines);
	suite_add_tcase(suite, names_case);
	tcase_add_test(write_case, write_survives_signals);
	tcase_add_test(write_case, write_fails);
	suite_add_tcase(suite, write_case);
	return suite;
}
