/* SPDX-License-Identifier: MIT */
/* pytrace record: runs a program with the library, which records it. */
#include "config.h"

#include "base/util.h"
#include "command.h"
#include "out/recording.h"
#include "out/run_id.h"
#include "trace/settings.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_OUTPUT "run" PT_RECORDING_SUFFIX
#define LIBRARY "libpytrace.so"

/* As a shell has them: a program that cannot be run, and one that is not there. */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

enum { OPTION_DEPTH = 256, OPTION_NO_TIME, OPTION_NO_SOURCE, OPTION_FOLLOW, OPTION_STRICT };

static const struct pt_option options[] = {
	{ 'o', "output", "FILE", "record to that file (" DEFAULT_OUTPUT ")" },
	{ 'i', "include", "RULES", "what is recorded, see PYTRACE_INCLUDE" },
	{ 'x', "exclude", "RULES", "what of it is not, see PYTRACE_EXCLUDE" },
	{ 'e', "events", "LIST", "see PYTRACE_EVENTS" },
	{ OPTION_DEPTH, "depth", "N", "only so many levels of calls" },
	{ OPTION_FOLLOW, "follow", "WHICH", "child processes: all, fork, none, force" },
	{ OPTION_NO_TIME, "no-time", NULL, "no times" },
	{ OPTION_NO_SOURCE, "no-source", NULL, "no text of the source files" },
	{ OPTION_STRICT, "strict", NULL, "run nothing if a setting is wrong" },
	{ 0, NULL, NULL, NULL },
};

/* The signals that are passed on. */
static const int forwarded[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
				 SIGUSR1, SIGUSR2, SIGWINCH };

static pid_t child;

/* What the terminal sends it sends to the whole group: the child has it already. */
static void forward(int signal, siginfo_t *info, void *context)
{
	int saved = errno;
	(void)context;

	if (child > 0 && info->si_code <= 0)
		kill(child, signal);
	errno = saved;
}

static void watch_signals(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_RESTART };

	action.sa_sigaction = forward;
	for (size_t i = 0; i < PT_ARRAY_SIZE(forwarded); i++) {
		struct sigaction before;
		sigaction(forwarded[i], NULL, &before);
		if (before.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	}
}

/* The library is beside the command, where it was built, or in a lib directory next to the
 * command's. Returns its absolute path, to be freed, or NULL. */
static char *find_library(void)
{
	static const char *const places[] = { LIBRARY, "../lib/" LIBRARY, "../lib64/" LIBRARY };
	char self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	for (size_t i = 0; size > 0 && i < PT_ARRAY_SIZE(places); i++) {
		self[size] = '\0';
		char *slash = strrchr(self, '/');
		char *path = pt_format("%.*s/%s", (int)(slash - self), self, places[i]);
		char *real = path ? realpath(path, NULL) : NULL;
		free(path);
		if (real)
			return real;
	}
	return realpath(PT_LIBDIR "/" LIBRARY, NULL);
}

/* Puts the library in front of what is preloaded already. */
static bool set_preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *value = others && *others ? pt_format("%s %s", library, others) :
					  strdup(library);
	bool is_set = value && setenv("LD_PRELOAD", value, 1) == 0;

	free(value);
	return is_set;
}

/* The variable that an option sets. */
static const char *variable_of(int letter)
{
	switch (letter) {
	case 'o':
		return "PYTRACE_OUTPUT";
	case 'i':
		return "PYTRACE_INCLUDE";
	case 'x':
		return "PYTRACE_EXCLUDE";
	case 'e':
		return "PYTRACE_EVENTS";
	case OPTION_DEPTH:
		return "PYTRACE_DEPTH";
	case OPTION_FOLLOW:
		return "PYTRACE_FOLLOW";
	case OPTION_NO_TIME:
		return "PYTRACE_TIME";
	case OPTION_NO_SOURCE:
		return "PYTRACE_SOURCE";
	default:
		return "PYTRACE_STRICT";
	}
}

/* Checks and sets what an option asks for. Returns NULL, or the message for the user. */
static char *apply(struct pt_settings *settings, int letter, const char *value)
{
	const char *name = variable_of(letter);

	if (letter == OPTION_NO_TIME)
		value = "none";
	else if (letter == OPTION_NO_SOURCE)
		value = "0";
	else if (letter == OPTION_STRICT)
		value = "1";
	char *message = pt_settings_set(settings, name, value);
	if (!message && setenv(name, value, 1) != 0)
		message = pt_no_memory;
	return message;
}

/* A recording that would be replaced without having been named is kept. */
static bool has_kept_old;

static void keep_old(void)
{
	has_kept_old = access(DEFAULT_OUTPUT, F_OK) == 0 &&
		       rename(DEFAULT_OUTPUT, DEFAULT_OUTPUT ".old") == 0;
}

static _Noreturn void run_program(char **argv)
{
	execvp(argv[0], argv);
	int error = errno;
	pt_command_fail("cannot run '%s': %s", argv[0], strerror(error));
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

/* Waits for the end of the child; when it stops, so do we. Returns its wait status. */
static int wait_for_child(void)
{
	int status = 0;

	for (;;) {
		pid_t pid = waitpid(child, &status, WUNTRACED);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0 || !WIFSTOPPED(status))
			return status;
		raise(SIGSTOP);
		kill(child, SIGCONT);
	}
}

/* Ends as the program did. */
static int end_like(int status)
{
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	/* Its core is the one that is wanted. */
	const struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

/* Says why there is no recording. */
static void check_output(const char *output, const struct timespec *begin)
{
	struct stat status;

	if (strchr(output, '%') || output[strlen(output) - 1] == '/')
		return;
	if (stat(output, &status) == 0 && status.st_mtim.tv_sec >= begin->tv_sec)
		return;
	if (has_kept_old)
		rename(DEFAULT_OUTPUT ".old", DEFAULT_OUTPUT);
	pt_command_fail("nothing was recorded: no Python ran, or one that cannot be traced "
			"(PYTRACE_DEBUG=start tells more)");
}

static int run_and_wait(char **argv)
{
	struct timespec begin = { 0 };

	clock_gettime(CLOCK_REALTIME, &begin);
	watch_signals();
	child = fork();
	if (child < 0)
		return pt_command_fail("cannot fork: %s", strerror(errno));
	if (child == 0)
		run_program(argv);
	int status = wait_for_child();
	if (!(WIFEXITED(status) && (WEXITSTATUS(status) == STATUS_NOT_FOUND ||
				    WEXITSTATUS(status) == STATUS_CANNOT_RUN)))
		check_output(getenv("PYTRACE_OUTPUT"), &begin);
	return end_like(status);
}

/* Sets the environment up for the program. Returns NULL, or the message for the user. */
static char *prepare(bool has_output)
{
	char *library = find_library();
	char *message = NULL;

	if (!library)
		message = pt_message("cannot find " LIBRARY " beside this command or in "
				     "%s",
				     PT_LIBDIR);
	else if (strpbrk(library, " :"))
		message = pt_message("the path of the library has a blank or a colon, which "
				     "LD_PRELOAD cannot hold: %s",
				     library);
	else if (!set_preload(library) || setenv("PYTRACE_FORMAT", "record", 1) != 0 ||
		 (!has_output && setenv("PYTRACE_OUTPUT", DEFAULT_OUTPUT, 1) != 0))
		message = pt_no_memory;
	free(library);
	unsetenv(PT_RUN_ID_VARIABLE);
	if (!has_output)
		keep_old();
	return message;
}

static int run(int argc, char **argv)
{
	char *nothing[] = { NULL };
	struct pt_settings settings;
	const char *value = NULL;
	char *message = NULL;
	bool has_output = false;
	int letter = 0;

	pt_settings_parse(&settings, nothing, NULL);
	while (!message && (letter = pt_options_next(&pt_command_record, argc, argv,
						     &value)) != PT_OPTION_END) {
		if (letter == PT_OPTION_HELP)
			return EXIT_SUCCESS;
		if (letter == PT_OPTION_BAD)
			return PT_STATUS_TROUBLE;
		has_output |= letter == 'o';
		message = apply(&settings, letter, value);
	}
	pt_settings_destroy(&settings);
	if (!message && optind >= argc)
		return pt_command_fail("record: expected a program to run");
	if (!message)
		message = prepare(has_output);
	return message ? pt_command_fail_with(message) : run_and_wait(argv + optind);
}

const struct pt_command pt_command_record = {
	.name = "record",
	.arguments = "[--] PROGRAM [ARGUMENTS]",
	.summary = "run a program and record it",
	.description = "Runs a program with the library. Status, signals and output are its own.",
	.options = options,
	.stops_at_word = true,
	.run = run,
};
