/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "run.h"

#include "backend.h"
#include "code.h"
#include "event.h"
#include "file.h"
#include "follow.h"
#include "format.h"
#include "interpreters.h"
#include "lineage.h"
#include "log.h"
#include "output.h"
#include "recover.h"
#include "rules.h"
#include "settings.h"
#include "sink.h"
#include "thread.h"
#include "tracer.h"
#include "value.h"
#include "zstd_stream.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Exit status for a bad setting under PYTRACE_STRICT: EX_CONFIG of sysexits.h. */
#define STATUS_BAD_SETTING 78

/* What LD_PRELOAD holds where this library is used. */
#define LIBRARY_NAME "libpytrace"

/* What stays of the settings and rules for the time of the process. */
static struct pt_settings settings;
static struct pt_rules rules;

/* The command line, borrowed from the process; NULL if not known. */
static char *const *command_line;

/* The pid of the first process of the run, and whether this is it, not by exec again. */
static long first_pid;
static bool is_first;

/* Whether the process has been started: not yet, well, or not well. */
static enum { NOT_STARTED, STARTED, FAILED } state;

/* Number of interpreters that were started, to know of a second one. */
static atomic_uint interpreter_count;

/* The one way to see what happens, see backend.h. */
static const struct pt_backend *backend;

static const struct pt_format *const formats[] = {
	[PT_FORMAT_ID_TEXT] = &pt_format_text,
	[PT_FORMAT_ID_TRACE] = &pt_format_trace,
};

static void export_output(void)
{
	const char *output = pt_settings_lookup(environ, "PYTRACE_OUTPUT");
	char *directory = output ? getcwd(NULL, 0) : NULL;
	char *absolute = directory ? pt_output_absolute(output, directory) : NULL;

	if (absolute && strcmp(absolute, output) != 0)
		setenv("PYTRACE_OUTPUT", absolute, 1);
	free(absolute);
	free(directory);
}

bool pt_run_prepare(char *const *argv)
{
	const char *run = pt_settings_lookup(environ, PT_SETTINGS_RUN);

	if (run && !pt_follow_wants_exec(environ))
		return false;
	char *pid = run ? NULL : pt_format("%d", (int)getpid());

	command_line = argv;
	is_first = !run;
	first_pid = run ? strtol(run, NULL, 10) : (long)getpid();
	if (pid)
		setenv(PT_SETTINGS_RUN, pid, 1);
	free(pid);
	export_output();
	pt_follow_export();
	pt_follow_start(environ);
	return true;
}

static void report(const char *line)
{
	pt_log("%s", line);
}

/* The same settings are wrong in all processes: the first one says so. */
static void report_problem(const char *line)
{
	if (is_first)
		report(line);
}

/* Reports a problem with a setting and frees its text. Returns the number of problems. */
static int report_setting(const char *name, char *message)
{
	if (!message)
		return 0;
	char *line = pt_format("%s: %s", name, message);
	report_problem(line ? line : message);
	free(line);
	free(message);
	return 1;
}

static int set_rules(void)
{
	const char *start = pt_file_places()->start;
	int problems = 0;

	free(pt_rules_set_include(&rules, "@user", start));
	problems += report_setting("PYTRACE_INCLUDE",
				   pt_rules_set_include(&rules, settings.include, start));
	problems += report_setting("PYTRACE_EXCLUDE",
				   pt_rules_set_exclude(&rules, settings.exclude, start));
	return problems;
}

static int find_output(struct pt_output *output)
{
	char *program = pt_output_program(command_line);
	char start_time[32] = "";
	char host[256] = "";
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	strftime(start_time, sizeof(start_time), "%Y%m%dT%H%M%S", &local);
	gethostname(host, sizeof(host) - 1);
	const struct pt_output_names names = {
		.pid = getpid(),
		.parent = getppid(),
		.program = program ? program : "python",
		.start_time = start_time,
		.host = host,
	};
	char *error = pt_output_parse(output, settings.output, &names);
	free(program);
	/* What has no place for a pid, or is one stream of bytes, cannot be shared. */
	if (!is_first && (!formats[settings.format]->has_prefix ||
			  pt_output_has_suffix(output, PT_ZSTD_SUFFIX)))
		pt_output_make_private(output, getpid());
	return report_setting("PYTRACE_OUTPUT", error);
}

static void start_tracer(bool is_descendant)
{
	const struct pt_format *format = formats[settings.format];

	pt_tracer_start(&settings, format, is_descendant);
	unsigned int events = pt_tracer_events();
	const struct pt_code_policy policy = {
		.rules = &rules,
		.needs_file = format->needs_file,
		.wants_imports = events & PT_EVENT_IMPORT,
		.wants_machinery = events & ~(unsigned int)PT_EVENT_IMPORT,
		.wants_report = settings.debug & PT_DEBUG_RULES,
	};
	pt_code_start(&policy);
	pt_code_on_free = pt_thread_forget_code;
	pt_thread_start();
	if (pt_py.is_free_threaded)
		pt_thread_use_own_stages();
}

static void flush_at_exit(void)
{
	pt_thread_flush_all();
}

/* Reads the settings and opens the output. Returns whether there is anything to trace. */
static bool configure(void)
{
	struct pt_output output;
	int problems = pt_settings_parse(&settings, environ, report_problem);

	if (problems < 0) {
		report("out of memory; not tracing");
		return false;
	}
	pt_file_start();
	problems += set_rules();
	problems += find_output(&output);
	if (problems && settings.strict)
		_exit(STATUS_BAD_SETTING);
	if (settings.mode == PT_MODE_HELP && is_first)
		pt_settings_help(&settings, report);
	if (settings.mode == PT_MODE_OFF) {
		pt_output_destroy(&output);
		return false;
	}
	/* The first Python of a run may have brothers before it. */
	bool replaces =
		is_first &&
		!(output.path && pt_lineage_is_file_of_run(output.path, LIBRARY_NAME));
	pt_sink_start(&output, replaces, settings.zstd_level);
	return true;
}

static bool bind_python(void *handle)
{
	const char *missing = NULL;
	int error = pt_python_bind(handle, &missing);

	if (!error && pt_py.is_newer && settings.debug)
		pt_log("start: Python 3.%d is newer than this library", pt_py.minor);
	if (error == -ENOSYS)
		pt_log("this Python has no %s; not tracing", missing);
	return !error;
}

static bool start_process(void *handle)
{
	if (!configure() || !bind_python(handle))
		return false;
	start_tracer(first_pid != (long)getpid());
	backend = pt_py.has_monitoring ? &pt_backend_monitoring : &pt_backend_settrace;
	return true;
}

/* The standard library is where the package "encodings" comes from: it is always there.
 */
static void find_stdlib(void)
{
	PyObject *module = pt_value_module("encodings");
	PyObject *file = module ? pt_value_global(module, "__file__") : NULL;
	char *path = file ? pt_python_text(file) : NULL;

	for (int i = 0; path && i < 2; i++) {
		char *slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	}
	if (path)
		pt_file_set_stdlib(path);
	free(path);
	pt_python_drop(file);
	pt_python_drop(module);
}

/* Watches the current interpreter unless that is done already. */
static void watch_interpreter(void)
{
	const char *reason = "no room for data in code objects";

	if (backend->is_watching())
		return;
	find_stdlib();
	if (interpreter_count++ > 0 && pt_py.minor >= 12)
		pt_thread_use_own_stages();
	if (pt_code_start_interpreter() != 0 || backend->start(&reason) != 0) {
		pt_log("%s; not tracing", reason);
		return;
	}
	pt_py.Py_AtExit(flush_at_exit);
	if (settings.debug & PT_DEBUG_START)
		pt_log("start: Python 3.%d%s by %s", pt_py.minor,
		       pt_py.is_free_threaded ? " (free-threaded)" : "", backend->name);
}

void pt_run_start_interpreter(void *handle)
{
	int saved = errno;

	if (state == NOT_STARTED)
		state = start_process(handle) ? STARTED : FAILED;
	if (state != STARTED)
		;
	else if (!backend->is_watching())
		watch_interpreter();
	else
		/* 3.13 and later call in the main interpreter for a new one (gh-117953).
		 */
		pt_interpreters_visit_new(watch_interpreter);
	errno = saved;
}

void pt_run_after_fork(void)
{
	struct pt_output output;

	if (state != STARTED)
		return;
	pt_thread_after_fork();
	pt_tracer_after_fork();
	is_first = false;
	find_output(&output);
	pt_sink_restart(&output);
	if (settings.follow == PT_FOLLOW_NONE)
		pt_sink_stop();
}

void pt_run_after_child(void)
{
	if (state == STARTED && settings.follow != PT_FOLLOW_NONE)
		pt_tracer_show_pid();
}

void pt_run_end(const char *how, int status)
{
	int saved = errno;

	if (state == STARTED) {
		pt_thread_close_all();
		pt_tracer_write_end(how, status, is_first);
	}
	errno = saved;
}

void pt_run_child_killed(int pid, int signal)
{
	int saved = errno;

	if (state == STARTED && pt_sink_path() && pt_recover_process(pt_sink_path(), pid))
		pt_tracer_write_end_of_child(pid, signal);
	errno = saved;
}
