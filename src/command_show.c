/* SPDX-License-Identifier: MIT */
/* pytrace show: the events of a recording as a trace. */
#include "config.h"

#include "command.h"
#include "events.h"
#include "filter.h"
#include "pager.h"
#include "reader.h"
#include "trace/format.h"
#include "trace/render.h"
#include "trace/settings.h"
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How often a recording that grows is looked at, in ns. */
#define NAP 50000000

/* How long its beginning is waited for: 2 s. */
#define FIRST_NAPS 40

enum { OPTION_PID = 256, OPTION_THREAD, OPTION_TASK, OPTION_FROM, OPTION_TO, OPTION_DEPTH,
       OPTION_TIME, OPTION_COLOR, OPTION_FULL, OPTION_TASKS };

static const struct pt_option options[] = {
	{ 'i', "include", "RULES", "only this code, as PYTRACE_INCLUDE has it" },
	{ 'x', "exclude", "RULES", "not this code, as PYTRACE_EXCLUDE has it" },
	{ 'u', "under", "RULES", "only these functions and what they call" },
	{ 'e', "events", "LIST", "only these events, as PYTRACE_EVENTS has them" },
	{ 'F', "format", "FORMAT", "text, trace (as of python -m trace) or json" },
	{ 'f', "follow", NULL, "go on while the program runs" },
	{ OPTION_FULL, "full", NULL, "print every turn of what repeats" },
	{ OPTION_FROM, "from", "PLACE", "begin at FILE:LINE, or at a time in seconds" },
	{ OPTION_TO, "to", "PLACE", "end there" },
	{ OPTION_DEPTH, "depth", "N", "only so many levels of calls" },
	{ OPTION_PID, "pid", "PID", "only this process" },
	{ OPTION_THREAD, "thread", "NAME", "only threads of that name or number" },
	{ OPTION_TASK, "task", "NAME", "only asyncio tasks of that name" },
	{ OPTION_TIME, "time", "MODE", "print times: relative, delta, wall" },
	{ OPTION_TASKS, "tasks", NULL, "print the names of asyncio tasks" },
	{ OPTION_COLOR, "color", "WHEN", "auto, always, never" },
	{ 0, NULL, NULL, NULL },
};

/* What was asked for. */
struct request {
	struct pt_settings settings; /* events, time, color, depth */
	struct pt_filter filter;
	struct pt_buf include;
	struct pt_buf exclude;
	struct pt_buf under;
	bool has_events;
	bool is_filtered;
	bool is_full;
	bool follows;
	bool shows_tasks;
	const struct pt_format *format;
};

/* What on_event() needs. */
struct showing {
	struct pt_filter *filter; /* NULL: everything is shown */
	struct pt_view *view;
};

static bool on_event(void *data, struct pt_events_event *event)
{
	struct showing *showing = data;

	if (!showing->filter)
		return pt_view_show(showing->view, event);
	if (pt_filter_wants(showing->filter, event) && !pt_view_show(showing->view, event))
		return false;
	return !pt_filter_is_over(showing->filter);
}

/* Rules of several options are one list. */
static void add_rules(struct pt_buf *all, const char *text)
{
	if (all->size)
		pt_buf_add_string(all, ",");
	pt_buf_add_string(all, text);
}

static char *set_format(struct request *request, const char *name)
{
	struct pt_buf names = { 0 };

	request->format = pt_format_find(name);
	if (request->format)
		return NULL;
	for (size_t i = 0; pt_formats[i]; i++)
		pt_buf_add_format(&names, "%s%s", i ? ", " : "", pt_formats[i]->name);
	char *list = pt_buf_take(&names);
	char *message = pt_message("unknown format '%s' (expected %s)", name, list ? list : "");
	free(list);
	return message;
}

static char *set_pid(struct request *request, const char *text)
{
	char *end = NULL;
	long pid = strtol(text, &end, 10);

	if (pid <= 0 || *end)
		return pt_message("bad process '%s' (expected its number)", text);
	request->filter.pid = (uint32_t)pid;
	return NULL;
}

/* Takes an option. Returns NULL, or the message for the user. */
static char *take_option(struct request *request, int letter, const char *value)
{
	request->is_filtered |= letter != 'e' && letter != 'F' && letter != 'f' &&
				letter != OPTION_FULL && letter != OPTION_TIME &&
				letter != OPTION_COLOR && letter != OPTION_TASKS;
	switch (letter) {
	case 'i':
		add_rules(&request->include, value);
		return NULL;
	case 'x':
		add_rules(&request->exclude, value);
		return NULL;
	case 'u':
		add_rules(&request->under, value);
		return NULL;
	case 'e':
		request->has_events = true;
		return pt_settings_set(&request->settings, "PYTRACE_EVENTS", value);
	case 'F':
		return set_format(request, value);
	case 'f':
		request->follows = true;
		return NULL;
	case OPTION_FULL:
		request->is_full = true;
		return NULL;
	case OPTION_TASKS:
		request->shows_tasks = true;
		return NULL;
	case OPTION_FROM:
		return pt_filter_point(&request->filter.from, value);
	case OPTION_TO:
		return pt_filter_point(&request->filter.to, value);
	case OPTION_DEPTH:
		return pt_settings_set(&request->settings, "PYTRACE_DEPTH", value);
	case OPTION_PID:
		return set_pid(request, value);
	case OPTION_THREAD:
		request->filter.thread = value;
		return NULL;
	case OPTION_TASK:
		request->filter.task = value;
		return NULL;
	case OPTION_TIME:
		return pt_settings_set(&request->settings, "PYTRACE_TIME", value);
	default:
		return pt_settings_set(&request->settings, "PYTRACE_COLOR", value);
	}
}

/* Hands rules that were collected to the filter, and frees them. */
static char *set_rules(struct pt_filter *filter,
		       char *(*set)(struct pt_filter *, const char *), struct pt_buf *text)
{
	bool is_empty = text->size == 0;
	char *rules = NULL;
	char *message = NULL;

	pt_buf_add(text, "", 1);
	rules = pt_buf_take(text);
	if (!is_empty)
		message = rules ? set(filter, rules) : pt_no_memory;
	free(rules);
	return message;
}

static char *complete_filter(struct request *request)
{
	struct pt_filter *filter = &request->filter;
	char *message = set_rules(filter, pt_filter_include, &request->include);

	if (!message)
		message = set_rules(filter, pt_filter_exclude, &request->exclude);
	if (!message)
		message = set_rules(filter, pt_filter_under, &request->under);
	filter->depth = request->settings.depth;
	return message;
}

/* Reads the options. Returns -1, or the status to exit with. */
static int read_options(struct request *request, int argc, char **argv)
{
	const char *value = NULL;
	char *message = NULL;
	int letter = 0;

	while (!message && (letter = pt_options_next(&pt_command_show, argc, argv, &value)) !=
				   PT_OPTION_END) {
		if (letter == PT_OPTION_HELP)
			return EXIT_SUCCESS;
		if (letter == PT_OPTION_BAD)
			return PT_STATUS_TROUBLE;
		message = take_option(request, letter, value);
	}
	if (!message)
		message = complete_filter(request);
	return message ? pt_command_fail_with(message) : -1;
}

static size_t count_with_events(struct pt_reader *reader)
{
	size_t count = 0;

	for (size_t i = 0; i < pt_reader_process_count(reader); i++)
		count += pt_reader_process(reader, i)->has_events;
	return count;
}

/* Returns whether more may come: of a program that has just begun nothing is known yet. */
static bool may_grow(struct pt_reader *reader, int *naps)
{
	if (pt_reader_process_count(reader) == 0)
		return (*naps)++ < FIRST_NAPS;
	return pt_reader_is_any_running(reader);
}

/* What the recording says of how it is to be shown, where no option does. */
static void learn(struct showing *showing, struct request *request,
		  struct pt_reader *reader)
{
	struct pt_view *view = showing->view;

	view->shows_pid |= count_with_events(reader) > 1;
	if (pt_reader_process_count(reader) == 0)
		return;
	const struct pt_reader_process *first = pt_reader_process(reader, 0);
	request->filter.begin = first->place.header.time;
	view->options.minor = (int)(first->facts.python >> 16 & 0xff);
	view->events = request->has_events ? request->settings.events :
					     first->facts.chosen;
	view->shows_task = request->shows_tasks || request->filter.task ||
			   first->facts.flags & PT_PROCESS_TASK;
}

/* Shows what comes until no process of the run is left. */
static bool follow(struct pt_reader *reader, struct pt_events *events,
		   struct request *request, struct showing *showing)
{
	const struct timespec nap = { .tv_nsec = NAP };
	bool goes_on = true;
	int naps = 0;

	while (goes_on && may_grow(reader, &naps)) {
		pt_reader_update(reader);
		learn(showing, request, reader);
		goes_on = pt_events_run(events, false, on_event, showing) &&
			  pt_view_flush(showing->view);
		nanosleep(&nap, NULL);
	}
	pt_reader_update(reader);
	return goes_on;
}

static void set_up_view(struct pt_view *view, const struct request *request,
			struct pt_reader *reader, bool has_pager)
{
	enum pt_color_mode color = request->settings.color;

	*view = (struct pt_view){
		.format = request->format ? request->format : &pt_format_text,
		.time = request->settings.time,
		.fd = STDOUT_FILENO,
		.reader = reader,
	};
	view->options.has_color = color == PT_COLOR_ALWAYS ||
				  (color == PT_COLOR_AUTO &&
				   (has_pager || isatty(STDOUT_FILENO)));
	/* What repeats has another time in each turn. */
	view->folds = !request->is_full && view->format->has_prefix &&
		      view->time <= PT_TIME_NONE;
}

static int show(struct request *request, struct pt_reader *reader)
{
	bool has_pager = !request->follows && pt_pager_start();
	struct pt_view view;
	struct pt_events *events = pt_events_new(reader);
	struct showing showing = { request->is_filtered ? &request->filter : NULL, &view };

	request->filter.reader = reader;
	set_up_view(&view, request, reader, has_pager);
	pt_render_start();
	bool goes_on = events;
	if (goes_on && request->follows)
		goes_on = follow(reader, events, request, &showing);
	learn(&showing, request, reader);
	if (goes_on)
		pt_events_run(events, true, on_event, &showing);
	pt_view_flush(&view);
	int error = view.error;
	pt_view_destroy(&view);
	pt_events_free(events);
	pt_pager_end();
	/* Whoever reads may have seen enough. */
	if (error && error != -EPIPE)
		return pt_command_fail("cannot write: %s", strerror(-error));
	return EXIT_SUCCESS;
}

/* A program that is followed may not have begun to write. */
static void wait_for_begin(const char *path)
{
	const struct timespec nap = { .tv_nsec = NAP };
	char first = 0;

	for (int naps = 0; naps < FIRST_NAPS && !first; naps++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0 && read(fd, &first, 1) == 1 && first)
			naps = FIRST_NAPS;
		else
			nanosleep(&nap, NULL);
		if (fd >= 0)
			close(fd);
	}
}

static int run(int argc, char **argv)
{
	char *nothing[] = { NULL };
	struct request request = { 0 };

	pt_settings_parse(&request.settings, nothing, NULL);
	int status = read_options(&request, argc, argv);
	if (status < 0 && request.follows && optind < argc)
		wait_for_begin(argv[optind]);
	struct pt_reader *reader =
		status < 0 ? pt_command_open(&pt_command_show, argc, argv) : NULL;
	if (reader)
		status = pt_command_close(reader, argv[optind], show(&request, reader));
	else if (status < 0)
		status = PT_STATUS_TROUBLE;
	pt_filter_destroy(&request.filter);
	pt_settings_destroy(&request.settings);
	return status;
}

const struct pt_command pt_command_show = {
	.name = "show",
	.arguments = "FILE",
	.summary = "print the events as a trace",
	.description = "Prints the events of a recording as the library would have done.",
	.options = options,
	.run = run,
};
