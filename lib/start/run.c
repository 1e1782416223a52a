/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "start/run.h"

#include "base/environment.h"
#include "base/log.h"
#include "code/code.h"
#include "code/file.h"
#include "code/program_text.h"
#include "code/rule_report.h"
#include "code/rules.h"
#include "out/output.h"
#include "out/output_file.h"
#include "out/run_id.h"
#include "out/sink.h"
#include "out/stage.h"
#include "out/stream.h"
#include "out/zstd_stream.h"
#include "python/interpreters.h"
#include "python/value.h"
#include "start/children.h"
#include "start/follow.h"
#include "start/lifecycle.h"
#include "trace/event.h"
#include "trace/format.h"
#include "trace/live.h"
#include "trace/record.h"
#include "trace/settings.h"
#include "trace/thread.h"
#include "trace/tracer.h"
#include "watch/backend.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Exit status for a bad setting under PYTRACE_STRICT: EX_CONFIG of sysexits.h. */
#define STATUS_BAD_SETTING 78

#define NO_MEMORY "out of memory; not tracing"

/* The settings and rules, for the life of the process. */
static struct pt_settings settings;
static struct pt_rules rules;

/* The command line, borrowed from the process; NULL if not known. */
static char *const *command_line;

/*
 * Whether this is the first Python of the run or of its part of it, and not after exec.
 */
static bool is_first;

/* Another Python of the run is an ancestor of this one. */
static bool is_descendant;

/* Whether the process has been started: not yet, successfully, or not. */
static enum { NOT_STARTED, STARTED, FAILED } state;

/* Number of interpreters started, to notice a second one. */
static atomic_uint interpreter_count;

/* The one source of events, see backend.h. */
static const struct pt_backend *backend;

/* Events go into a recording, to this output. */
static bool is_recording;
static struct pt_output recording;

/* How events are shown, if they are not recorded. */
static const struct pt_format *format_of(const struct pt_settings *from)
{
	return from->format < PT_FORMAT_FIRST ? &pt_format_text :
						pt_formats[from->format - PT_FORMAT_FIRST];
}
/* Returns false without memory. */
static bool export_output(void)
{
	const char *output = pt_environment_value(environ, "PYTRACE_OUTPUT");

	if (!output)
		return true;
	char *directory = getcwd(NULL, 0);
	char *absolute = directory ? pt_output_absolute(output, directory) : NULL;
	/* A directory that is gone has no name. */
	bool is_done = directory ? absolute != NULL : errno != ENOMEM;

	if (absolute && strcmp(absolute, output) != 0)
		is_done = setenv("PYTRACE_OUTPUT", absolute, 1) == 0;
	free(absolute);
	free(directory);
	return is_done;
}

/* Keeps the stream of the trace as it is now, for children, too. */
static void keep_stream(void)
{
	const struct pt_output_names names = { .program = "", .start_time = "", .host = "" };
	const char *text = pt_environment_value(environ, "PYTRACE_OUTPUT");
	struct pt_output output;

	pt_message_free(pt_output_parse(&output, text ? text : "", &names));
	if (!output.path)
		pt_stream_open(output.fd);
	pt_output_destroy(&output);
}

bool pt_run_prepare(char *const *argv)
{
	uint64_t python = pt_run_id.python;

	if (python && !pt_follow_wants_exec(environ))
		return false;
	command_line = argv;
	is_first = !python;
	is_descendant = python && python != (uint64_t)getpid();
	if (is_first)
		pt_run_id.python = (uint64_t)getpid();
	keep_stream();
	/* Children that think they are the first would replace the output. */
	if ((is_first && !pt_run_id_export()) || !export_output()) {
		pt_log(NO_MEMORY);
		return false;
	}
	pt_follow_export();
	pt_follow_start(environ);
	return true;
}

static void report(const char *line)
{
	pt_log("%s", line);
}

/* The same settings are wrong in all processes: only the first one says so. */
static void report_problem(const char *line)
{
	if (is_first)
		report(line);
}

/*
 * Reports a problem with a setting and frees its text. Returns the number of problems, or
 * -ENOMEM.
 */
static int report_setting(const char *name, char *message)
{
	if (!message)
		return 0;
	if (message == pt_no_memory)
		return -ENOMEM;
	char *line = pt_format("%s: %s", name, message);
	report_problem(line ? line : message);
	free(line);
	pt_message_free(message);
	return 1;
}

/* Returns the sum of two numbers of problems, or -ENOMEM if one of them is that. */
static int sum(int problems, int more)
{
	return problems < 0 || more < 0 ? -ENOMEM : problems + more;
}

static int set_rules(void)
{
	const char *start = pt_file_places()->start;
	char *initial = pt_rules_set_include(&rules, "@user", start);
	char *include = pt_rules_set_include(&rules, settings.include, start);
	char *exclude = pt_rules_set_exclude(&rules, settings.exclude, start);

	int problems = sum(report_setting("PYTRACE_INCLUDE", initial),
			   sum(report_setting("PYTRACE_INCLUDE", include),
			       report_setting("PYTRACE_EXCLUDE", exclude)));

	return sum(problems, pt_rule_report_start(&rules, start,
						  pt_environment_value(environ, "HOME"),
						  report_problem));
}

/* Returns the number of problems, or -ENOMEM; then OUTPUT is to be destroyed. */
static int find_output(struct pt_output *output)
{
	char *program = pt_output_program(command_line);
	bool is_complete = program;
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
	is_recording = settings.format == PT_FORMAT_RECORD ||
		       (settings.format == PT_FORMAT_AUTO &&
			pt_output_has_suffix(output, PT_RECORDING_SUFFIX));
	/*
	 * Outputs without a place for a pid, or that are one stream of bytes, are not
	 * shared.
	 */
	if (!is_first && !is_recording && (!format_of(&settings)->tells_pid ||
			  pt_output_has_suffix(output, PT_ZSTD_SUFFIX)))
		is_complete &= pt_output_make_private(output, getpid());
	return sum(report_setting("PYTRACE_OUTPUT", error), is_complete ? 0 : -ENOMEM);
}

/* An event lets other threads run while it waits. */
static void *begin_pause(void)
{
	return pt_py.PyEval_SaveThread();
}

static void end_pause(void *thread)
{
	pt_py.PyEval_RestoreThread(thread);
}

static const struct pt_pause python_pause = { begin_pause, end_pause };

/* Opens the recording. Returns false, with a message, when that fails. */
static bool start_recording(void)
{
	const struct pt_output_request request = {
		.path = recording.path,
		.mode = settings.file_mode < 0 ? 0600 : settings.file_mode,
		.is_generated = recording.is_private,
		.makes_directories = recording.in_directory,
	};

	pt_tracer_start_recording(&settings);
	int error = recording.path ? pt_record_start(&settings, &request, is_first) :
				     -EINVAL;
	if (error == -EINVAL)
		pt_log("PYTRACE_OUTPUT: a recording needs a regular file, which '%s' is "
		       "not; not tracing",
		       settings.output);
	else if (error)
		pt_log("PYTRACE_OUTPUT: cannot record to '%s': %s; not tracing",
		       recording.path, strerror(-error));
	return !error;
}

/* Shows events as they happen. */
static void start_live(const struct pt_format *format)
{
	pt_tracer_start(&settings, format);
	pt_live_start(&settings, format, is_descendant);
	pt_python_on_finalize = pt_stage_flush_all;
	pt_stage_start(&python_pause);
}

static bool start_tracer(void)
{
	const struct pt_format *format = is_recording ? NULL : format_of(&settings);

	if (is_recording && !start_recording())
		return false;
	if (is_recording)
		pt_python_on_finalize = pt_record_trim;
	else
		start_live(format);
	unsigned int events = pt_tracer_events();
	const struct pt_code_policy policy = {
		.rules = &rules,
		.needs_file = format && format->needs_file,
		.wants_imports = events & PT_EVENT_IMPORT,
		.wants_machinery = events & ~(unsigned int)PT_EVENT_IMPORT,
		.wants_report = settings.debug & PT_DEBUG_RULES,
	};
	pt_code_start(&policy);
	pt_code_on_free = pt_thread_forget_code;
	pt_thread_start(is_recording);
	if (pt_py.is_free_threaded)
		pt_thread_use_own_outputs();
	return true;
}

/* Reads the settings. Returns the number of problems, or -ENOMEM. */
static int read_settings(struct pt_output *output)
{
	int problems = pt_settings_parse(&settings, environ, report_problem);

	if (problems >= 0)
		problems = sum(problems, pt_file_start());
	if (problems >= 0)
		problems = sum(problems, set_rules());
	return problems < 0 ? problems : sum(problems, find_output(output));
}

/* Reads the settings and opens the output. Returns whether there is anything to trace. */
static bool configure(void)
{
	struct pt_output output = { 0 };
	int problems = read_settings(&output);

	if (problems < 0) {
		report(NO_MEMORY);
		pt_output_destroy(&output);
		return false;
	}
	pt_program_text_start(command_line);
	if (problems && settings.strict)
		_exit(STATUS_BAD_SETTING);
	if (settings.mode == PT_MODE_HELP && is_first)
		pt_settings_help(&settings, report);
	if (settings.mode == PT_MODE_OFF) {
		pt_output_destroy(&output);
		return false;
	}
	if (is_recording)
		recording = output;
	else
		pt_sink_start(&output, is_first, settings.zstd_level,
			      settings.file_mode);
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
	if (!configure() || !bind_python(handle) || !start_tracer())
		return false;
	pt_lifecycle_start(is_first, is_recording);
	backend = pt_py.has_monitoring ? &pt_backend_monitoring : &pt_backend_settrace;
	return true;
}

/*
 * The standard library is where the package "encodings" comes from: it is always there.
 * Returns 0 or -ENOMEM.
 */
static int find_stdlib(void)
{
	int error = 0;
	errno = 0;
	PyObject *module = pt_value_module("encodings");
	PyObject *file = module ? pt_value_global(module, "__file__") : NULL;
	char *path = file ? pt_python_text(file) : NULL;
	if (!path && errno == ENOMEM)
		error = -ENOMEM;

	for (int i = 0; path && i < 2; i++) {
		char *slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	}
	if (path)
		error = pt_file_set_stdlib(path);
	free(path);
	pt_python_drop(file);
	pt_python_drop(module);
	return error;
}

/* Watches the current interpreter, unless it is watched already. */
static void watch_interpreter(void)
{
	const char *reason = "no room for data in code objects";

	if (backend->is_watching())
		return;
	if (find_stdlib() != 0) {
		report(NO_MEMORY);
		return;
	}
	if (interpreter_count++ > 0 && pt_py.minor >= 12)
		pt_thread_use_own_outputs();
	if (pt_code_start_interpreter() != 0 || backend->start(&reason) != 0) {
		pt_log("%s; not tracing", reason);
		return;
	}
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
		/*
		 * 3.13 and later call us in the main interpreter for a new one
		 * (gh-117953).
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
	pt_children_forget();
	is_first = false;
	pt_lifecycle_after_fork();
	if (is_recording) {
		if (settings.follow == PT_FOLLOW_NONE)
			pt_sink_stop(0);
		return;
	}
	pt_live_after_fork();
	if (find_output(&output) < 0) {
		/* What the parent has open does not belong to this process. */
		report(NO_MEMORY);
		pt_output_destroy(&output);
		pt_sink_stop(0);
		return;
	}
	pt_sink_restart(&output);
	if (settings.follow == PT_FOLLOW_NONE)
		pt_sink_stop(0);
}
