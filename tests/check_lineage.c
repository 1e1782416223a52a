/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/lineage.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process's own description of itself. */
static struct pt_process identity_of(pid_t (*start)(void))
{
	struct pt_process process;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = start();
	if (child == 0) {
		pt_lineage_self(&process);
		if (write(ends[1], &process, sizeof(process)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ends[0], &process, sizeof(process)), sizeof(process));
	close(ends[0]);
	close(ends[1]);
	ck_assert_int_eq(process.pid, child);
	return process;
}

static bool is_dead(const struct pt_process *process)
{
	struct pt_process self;

	pt_lineage_self(&self);
	errno = PT_CHECK_ERRNO;
	bool answer = pt_lineage_is_dead(process, &self);
	ck_assert_int_eq(errno, PT_CHECK_ERRNO);
	return answer;
}

START_TEST(child_dies)
{
	struct pt_process child = identity_of(fork);
	siginfo_t info;

	ck_assert_uint_ne(child.start_time, 0);
	ck_assert(!is_dead(&child));
	/* Dead, and not reaped yet. */
	ck_assert_int_eq(kill((pid_t)child.pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert(is_dead(&child));
	ck_assert_int_eq(waitpid((pid_t)child.pid, NULL, 0), child.pid);
	ck_assert(is_dead(&child));
}
END_TEST

/* Reasons to doubt that a pid means a process that is gone. */
static void doubt_namespace(struct pt_process *process)
{
	process->pid_namespace++;
}

static void doubt_unknown_namespace(struct pt_process *process)
{
	process->pid_namespace = 0;
}

static void doubt_boot(struct pt_process *process)
{
	process->boot[0] ^= 1;
}

static void doubt_pid(struct pt_process *process)
{
	process->pid = 0;
}

static void doubt_large_pid(struct pt_process *process)
{
	process->pid = (int64_t)1 << 32;
}

static void (*const doubts[])(struct pt_process *) = {
	doubt_namespace, doubt_unknown_namespace, doubt_boot, doubt_pid, doubt_large_pid,
};

START_TEST(in_doubt_alive)
{
	struct pt_process process = identity_of(fork);

	pt_check_end_child((pid_t)process.pid);
	ck_assert(is_dead(&process));
	doubts[_i](&process);
	ck_assert(!is_dead(&process));
}
END_TEST

/* The pid is in use again. If clocks differ, start times say nothing. */
START_TEST(pid_in_use_again)
{
	struct pt_process process = identity_of(fork);

	process.start_time--;
	ck_assert(is_dead(&process));
	process.time_namespace++;
	ck_assert(!is_dead(&process));
	process.time_namespace--;
	process.start_time = 0;
	ck_assert(!is_dead(&process));
	pt_check_end_child((pid_t)process.pid);
}
END_TEST

/* If all descriptors are in use, an existing process cannot be seen. */
START_TEST(no_descriptor_left)
{
	struct pt_process process = identity_of(fork);
	struct pt_process self;
	struct rlimit limit;

	process.start_time--;
	pt_lineage_self(&self);
	getrlimit(RLIMIT_NOFILE, &limit);
	rlim_t soft = limit.rlim_cur;
	limit.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &limit);
	bool answer = pt_lineage_is_dead(&process, &self);
	limit.rlim_cur = soft;
	setrlimit(RLIMIT_NOFILE, &limit);
	ck_assert(!answer);
	pt_check_end_child((pid_t)process.pid);
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

/* Returns the state of a process that /proc shows, which is that of its main thread. */
static char state_of(pid_t pid)
{
	char name[64];
	char state = '?';

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	sscanf(pt_check_read(name), "%*d (%*[^)]) %c", &state);
	return state;
}

START_TEST(without_main_thread)
{
	pid_t child = start_headless_child();
	struct pt_process process;
	siginfo_t info;

	while (state_of(child) != 'Z')
		sched_yield();
	pt_lineage_self(&process);
	process.pid = child;
	process.start_time = 0;
	ck_assert(!is_dead(&process));
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	ck_assert(is_dead(&process));
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

/* The name of a program precedes what is read, and may look like it. */
START_TEST(any_name)
{
	static const char *const names[] = { "a b",	 ")",	 ") Z 1",
					     "(x) Z",	 "a\nb", ") X) ",
					     "\xc3\xa9", "",	 "1 (a) R 2" };
	struct pt_process before;
	struct pt_process after;

	pt_lineage_self(&before);
	ck_assert_int_eq(prctl(PR_SET_NAME, names[_i]), 0);
	pt_lineage_self(&after);
	ck_assert_mem_eq(&after, &before, sizeof(before));
	ck_assert_uint_ne(before.pid_namespace, 0);
	ck_assert_uint_ne(before.time_namespace, 0);
}
END_TEST

Suite *pt_lineage_suite(void)
{
	Suite *suite = suite_create("lineage");
	TCase *tcase = tcase_create("processes");

	tcase_add_test(tcase, child_dies);
	tcase_add_loop_test(tcase, in_doubt_alive, 0, PT_ARRAY_SIZE(doubts));
	tcase_add_test(tcase, pid_in_use_again);
	tcase_add_test(tcase, no_descriptor_left);
	tcase_add_test(tcase, without_main_thread);
	tcase_add_loop_test(tcase, any_name, 0, 9);
	suite_add_tcase(suite, tcase);
	return suite;
}
