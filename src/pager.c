/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "pager.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pager;

static const char *find_command(void)
{
	const char *command = getenv("PYTRACE_PAGER");

	if (!command)
		command = getenv("PAGER");
	if (!command)
		command = "less";
	return *command && strcmp(command, "cat") != 0 ? command : NULL;
}

/* In the child: less ends by itself where all fits on the screen, and shows colors. */
static void run_pager(const char *command, const int pipe_fds[2])
{
	dup2(pipe_fds[0], STDIN_FILENO);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	setenv("LESS", "FRX", 0);
	execlp("sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

bool pt_pager_start(void)
{
	const char *command = isatty(STDOUT_FILENO) ? find_command() : NULL;
	int fds[2];

	if (!command || pipe(fds) != 0)
		return false;
	pager = fork();
	if (pager == 0)
		run_pager(command, fds);
	if (pager > 0)
		dup2(fds[1], STDOUT_FILENO);
	close(fds[0]);
	close(fds[1]);
	/* Whoever has seen enough ends the pager, and so us, by a write that fails. */
	signal(SIGPIPE, SIG_IGN);
	return pager > 0;
}

void pt_pager_end(void)
{
	if (pager <= 0)
		return;
	close(STDOUT_FILENO);
	waitpid(pager, NULL, 0);
	pager = 0;
}
