/* SPDX-License-Identifier: MIT */
/* Signal handlers in C, which interrupt a program anywhere, even inside our code. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Number of children that a handler has reaped. */
volatile int reaped;

static const char *action;

static void handle(int number)
{
	static char *const arguments[] = { "true", NULL };
	int saved = errno;
	int status = 0;

	(void)number;
	if (strcmp(action, "exit") == 0) {
		_exit(7);
	} else if (strcmp(action, "raise") == 0) {
		signal(SIGTERM, SIG_DFL);
		raise(SIGTERM);
	} else if (strcmp(action, "kill") == 0) {
		kill(getpid(), SIGKILL);
	} else if (strcmp(action, "abort") == 0) {
		abort();
	} else if (strcmp(action, "exec") == 0) {
		execve("/bin/true", arguments, environ);
		_exit(99);
	} else {
		while (waitpid(-1, &status, WNOHANG) > 0)
			reaped++;
	}
	errno = saved;
}

/* Lets SIGNAL do WHAT; for SIGALRM after some microseconds. */
int install(int number, const char *what, long microseconds)
{
	struct sigaction handler = { .sa_handler = handle, .sa_flags = SA_RESTART };
	struct itimerval timer = { .it_value.tv_sec = microseconds / 1000000,
				   .it_value.tv_usec = microseconds % 1000000 };

	action = strdup(what);
	if (sigaction(number, &handler, NULL) != 0)
		return -1;
	return microseconds ? setitimer(ITIMER_REAL, &timer, NULL) : 0;
}
