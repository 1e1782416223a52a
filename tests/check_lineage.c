/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "check_pytrace.h"
#include "lineage.h"
#include "util.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A library that nobody preloads. */
#define LIBRARY "libmark-of-the-test"

START_TEST(start_time_of_a_child)
{
	uint64_t own = pt_lineage_start_time(getpid());
	pid_t child = pt_check_start_child();
	uint64_t start = pt_lineage_start_time(child);
	siginfo_t info;

	ck_assert_uint_ne(own, 0);
	ck_assert_uint_ge(start, own);
	ck_assert_uint_eq(pt_lineage_start_time(child), start);
	/* Dead, and not reaped yet. */
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	ck_assert_uint_eq(pt_lineage_start_time(child), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_uint_eq(pt_lineage_start_time(child), 0);
}
END_TEST

static void *wait_for_signal(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* A child whose main thread ends, and another one does not. */
static pid_t start_headless_child(void)
{
	pthread_t thread;
	pid_t child = fork();

	if (child == 0) {
		if (pthread_create(&thread, NULL, wait_for_signal, NULL) != 0)
			_exit(1);
		pthread_exit(NULL);
	}
	ck_assert_int_gt(child, 0);
	return child;
}

/* Returns what /proc shows of the state of a process, that is of its main thread. */
static char state_of(pid_t pid)
{
	char name[64];
	char state = '?';

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	sscanf(pt_check_read(name), "%*d (%*[^)]) %c", &state);
	return state;
}

START_TEST(start_time_without_main_thread)
{
	pid_t child = start_headless_child();
	siginfo_t info;

	while (state_of(child) != 'Z')
		sched_yield();
	ck_assert_uint_ge(pt_lineage_start_time(child), pt_lineage_start_time(getpid()));
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	ck_assert_uint_eq(pt_lineage_start_time(child), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(start_time_of_nobody)
{
	static const pid_t pids[] = { 0, -1, 0x7fffffff };

	ck_assert_uint_eq(pt_lineage_start_time(pids[_i]), 0);
}
END_TEST

/* The name of a program stands in front of what is read, and may look like it. */
START_TEST(start_time_behind_any_name)
{
	static const char *const names[] = { "a b",	 ")",	 ") Z 1",
					     "(x) Z",	 "a\nb", ") X) ",
					     "\xc3\xa9", "",	 "1 (a) R 2" };
	uint64_t start = pt_lineage_start_time(getpid());

	ck_assert_int_eq(prctl(PR_SET_NAME, names[_i]), 0);
	ck_assert_uint_eq(pt_lineage_start_time(getpid()), start);
}
END_TEST

/* Ticks are since the system was started, time of day is not. */
START_TEST(start_time_is_in_ticks)
{
	struct timespec up;
	pid_t child = pt_check_start_child();
	double ticks = (double)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &up);
	double age = (double)up.tv_sec + (double)up.tv_nsec / 1e9 -
		     (double)pt_lineage_start_time(child) / ticks;
	ck_assert_double_lt(age, 3);
	ck_assert_double_gt(age, -0.1);
	pt_check_end_child(child);
}
END_TEST

START_TEST(pid_namespace)
{
	int ends[2];
	uint64_t of_child = 0;

	ck_assert_int_eq(pipe(ends), 0);
	if (fork() == 0) {
		of_child = pt_lineage_pid_namespace();
		_exit(write(ends[1], &of_child, sizeof(of_child)) < 0);
	}
	ck_assert_int_eq(read(ends[0], &of_child, sizeof(of_child)), sizeof(of_child));
	ck_assert_uint_ne(of_child, 0);
	ck_assert_uint_eq(pt_lineage_pid_namespace(), of_child);
}
END_TEST

/*
 * What the environment of the ancestors was when they were started: the last row is that
 * of the parent. What has been written, seconds from now on; and what is the answer.
 */
static const struct {
	const char *environments[3];
	double written;
	bool is_of_run;
} run_rows[] = {
	{ { "A=1" }, 0, false },
	{ { "LD_PRELOAD=/x/" LIBRARY ".so" }, 0, true },
	{ { "LD_PRELOAD=/x/" LIBRARY ".so" }, -1000, false },
	{ { "LD_PRELOAD=" LIBRARY }, 0, true },
	{ { "LD_PRELOAD=/a.so:/x/" LIBRARY ".so" }, 0, true },
	{ { "LD_PRELOAD=/a.so " LIBRARY ".so" }, 0, true },
	{ { "LD_PRELOAD=/a.so" }, 0, false },
	{ { "LD_PRELOAD=" }, 0, false },
	{ { "OLD_PRELOAD=" LIBRARY }, 0, false },
	{ { "LD_PRELOADED=" LIBRARY }, 0, false },
	{ { "A=LD_PRELOAD=" LIBRARY }, 0, false },
	/* Only an unbroken line of ancestors counts. */
	{ { "LD_PRELOAD=" LIBRARY, "LD_PRELOAD=" LIBRARY, "LD_PRELOAD=" LIBRARY },
	  0,
	  true },
	{ { "LD_PRELOAD=" LIBRARY, "LD_PRELOAD=" LIBRARY, "A=1" }, 0, false },
	{ { "A=1", "LD_PRELOAD=" LIBRARY, "LD_PRELOAD=" LIBRARY }, 0, true },
};

/* Puts a text in the place of the environment that this process was started with. */
static void set_initial_environment(const char *text)
{
	static size_t size; /* of what stood there before the first time */
	char *start = environ[0];

	for (size_t i = 0; environ[i] == start + size; i++)
		size += strlen(environ[i]) + 1;
	if (size <= strlen(text))
		_exit(2);
	memset(start, 0, size);
	strcpy(start, text);
}

/* Goes down one generation for each environment; the last one gives the answer. */
static int ask_descendant(const char *const *environments, size_t count)
{
	int status = 0;

	if (count == 0)
		return pt_lineage_is_file_of_run(pt_check_path("trace"), LIBRARY);
	pid_t child = fork();
	if (child == 0) {
		if (*environments)
			set_initial_environment(*environments);
		_exit(ask_descendant(environments + 1, count - 1));
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One more generation below those, which has no environment of its own. */
static int ask_child(const char *const *environments, size_t count)
{
	const char *all[4] = { NULL };

	for (size_t i = 0; i < count; i++)
		all[i] = environments[i];
	return ask_descendant(all, count + 1);
}

START_TEST(file_of_run)
{
	struct timespec times[2];
	size_t count = 0;

	/* A tick is up to 10 ms, and a run has begun before it writes. */
	pt_check_write_text("trace", "");
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec += run_rows[_i].written < 0 ? (time_t)run_rows[_i].written : 5;
	times[1] = times[0];
	ck_assert_int_eq(utimensat(AT_FDCWD, "trace", times, 0), 0);
	while (count < 3 && run_rows[_i].environments[count])
		count++;
	ck_assert_int_eq(ask_child(run_rows[_i].environments, count),
			 run_rows[_i].is_of_run);
}
END_TEST

START_TEST(missing_file_is_of_no_run)
{
	static const char *const environments[] = { "LD_PRELOAD=" LIBRARY };

	ck_assert_int_eq(ask_child(environments, 1), false);
}
END_TEST

START_TEST(without_a_run_no_file_is_of_it)
{
	pt_check_write_text("trace", "");
	ck_assert(!pt_lineage_is_file_of_run(pt_check_path("trace"), LIBRARY));
}
END_TEST

Suite *pt_lineage_suite(void)
{
	Suite *suite = suite_create("lineage");
	TCase *tcase = tcase_create("processes");

	tcase_add_test(tcase, start_time_of_a_child);
	tcase_add_test(tcase, start_time_without_main_thread);
	tcase_add_loop_test(tcase, start_time_of_nobody, 0, 3);
	tcase_add_loop_test(tcase, start_time_behind_any_name, 0, 9);
	tcase_add_test(tcase, start_time_is_in_ticks);
	tcase_add_test(tcase, pid_namespace);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("run");
	tcase_set_tags(tcase, "environ"); /* see valgrind.py */
	pt_check_add_directory(tcase);
	tcase_add_loop_test(tcase, file_of_run, 0, PT_ARRAY_SIZE(run_rows));
	tcase_add_test(tcase, missing_file_is_of_no_run);
	tcase_add_test(tcase, without_a_run_no_file_is_of_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
