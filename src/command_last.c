/* SPDX-License-Identifier: MIT */
/* pytrace last: where each thread is, or was when the program ended. */
#include "config.h"

#include "code/file.h"
#include "code/source.h"
#include "command.h"
#include "events.h"
#include "reader_private.h"
#include "scan.h"
#include "trace/render.h"
#include "view.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_LINES 10
#define MAX_LINES 100000

static const struct pt_option options[] = {
	{ 'n', "lines", "N", "so many of each thread's last events (10)" },
	{ 0, NULL, NULL, NULL },
};

/* A thread, and the last events of it. */
struct tail {
	struct pt_events_event *events; /* a ring of COUNT, of which texts are owned */
	size_t count;
	size_t next;
	size_t used;
	const struct pt_scan_thread *thread;
	struct pt_events_thread *state; /* as it is at the end */
};

static void forget(struct pt_events_event *event)
{
	free((char *)(uintptr_t)event->name);
	free((char *)(uintptr_t)event->detail);
	*event = (struct pt_events_event){ 0 };
}

/* Keeps an event of the thread. */
static bool on_event(void *data, struct pt_events_event *event)
{
	struct tail *tail = data;

	if (!event->thread || event->thread->number != tail->thread->number ||
	    event->process != tail->thread->process)
		return true;
	tail->state = event->thread;
	if (event->kind == PT_EVENTS_STATE || event->kind == PT_EVENTS_LOST ||
	    tail->count == 0)
		return true;
	struct pt_events_event *place = &tail->events[tail->next];
	forget(place);
	*place = *event;
	place->name = event->name ? strdup(event->name) : NULL;
	place->detail = event->detail ? strdup(event->detail) : NULL;
	/* Where an import was asked for is known until the next event alone. */
	if (event->kind == PT_EVENTS_IMPORT)
		place->code = NULL;
	tail->next = (tail->next + 1) % tail->count;
	tail->used += tail->used < tail->count;
	return true;
}

/* Prints a text that came from a program: nothing in it shall control a terminal. */
static void print_clean(const char *before, const char *text, size_t size)
{
	char *copy = strndup(text, size);

	if (copy)
		pt_clean_line(copy);
	printf("%s%s", before, copy ? copy : "?");
	free(copy);
}

/* One line of a stack: the outermost first, as in Python's own. */
static void print_frame(struct pt_reader *reader, const struct pt_events_frame *frame)
{
	struct pt_reader_code *code = pt_reader_code(reader, frame->code);
	size_t size = 0;

	if (!code) {
		printf("    ?\n");
		return;
	}
	const char *shown = pt_file_shown(code->info.file, NULL);
	print_clean("    ", shown, strlen(shown));
	printf(":%d", frame->line);
	print_clean(" in ", code->info.qualname, strlen(code->info.qualname));
	putchar('\n');
	pt_reader_load_text(reader, code->file);
	const char *text = pt_source_line(code->file->file->source, frame->line, &size);
	if (!text)
		return;
	pt_source_indent(&text, &size);
	print_clean("        ", text, size);
	putchar('\n');
}

static void print_head(const struct pt_scan_thread *thread)
{
	printf("process %u, thread %d", thread->process->facts.pid, thread->tid);
	if (thread->name)
		printf(" %s", thread->name);
	if (pt_reader_is_running(thread->process))
		printf(", running");
	putchar('\n');
}

static void show_events(struct pt_reader *reader, const struct tail *tail)
{
	struct pt_view view = {
		.format = &pt_format_text,
		.events = PT_EVENT_ALL,
		.fd = STDOUT_FILENO,
		.reader = reader,
	};

	fflush(stdout);
	for (size_t i = 0; i < tail->used; i++) {
		size_t at = (tail->next + tail->count - tail->used + i) % tail->count;
		if (tail->events[at].kind != PT_EVENTS_IMPORT || tail->events[at].code)
			pt_view_show(&view, &tail->events[at]);
	}
	pt_view_flush(&view);
	pt_view_destroy(&view);
}

/* Reads the chunk where the thread was last, and prints what was there. */
static bool print_thread(struct pt_reader *reader, const struct pt_scan_thread *thread,
			 size_t count)
{
	struct tail tail = { .count = count, .thread = thread };
	struct pt_events *events = pt_events_new(reader);

	tail.events = calloc(count ? count : 1, sizeof(*tail.events));
	if (!events || !tail.events) {
		pt_events_free(events);
		free(tail.events);
		return false;
	}
	pt_events_run_from(events, thread->stream, thread->chunk, on_event, &tail);
	print_head(thread);
	show_events(reader, &tail);
	for (unsigned int i = 0; tail.state && i < tail.state->depth; i++) {
		if (i == 0)
			printf("  stack, outermost first:\n");
		print_frame(reader, &tail.state->frames[i]);
	}
	for (size_t i = 0; i < count; i++)
		forget(&tail.events[i]);
	free(tail.events);
	pt_events_free(events);
	return true;
}

static bool print_all(struct pt_reader *reader, size_t count)
{
	struct pt_scan scan;
	bool is_done = true;

	pt_scan(reader, &scan);
	pt_render_start();
	for (size_t i = 0; is_done && i < scan.count; i++) {
		if (i)
			putchar('\n');
		if (scan.threads[i].stream)
			is_done = print_thread(reader, &scan.threads[i], count);
	}
	pt_scan_destroy(&scan);
	return is_done;
}

static int run(int argc, char **argv)
{
	const char *value = NULL;
	unsigned long count = DEFAULT_LINES;
	int letter;

	while ((letter = pt_options_next(&pt_command_last, argc, argv, &value)) !=
	       PT_OPTION_END) {
		if (letter == PT_OPTION_HELP)
			return EXIT_SUCCESS;
		if (letter == PT_OPTION_BAD)
			return PT_STATUS_TROUBLE;
		if (!pt_command_number(value, "number", 0, MAX_LINES, &count))
			return PT_STATUS_TROUBLE;
	}
	struct pt_reader *reader = pt_command_open(&pt_command_last, argc, argv);
	if (!reader)
		return PT_STATUS_TROUBLE;
	int status = print_all(reader, count) ? EXIT_SUCCESS :
						pt_command_fail("out of memory");
	return pt_command_close(reader, argv[optind], status);
}

const struct pt_command pt_command_last = {
	.name = "last",
	.arguments = "FILE",
	.summary = "print where each thread is, or was at the end",
	.description = "Prints each thread's last events and its open calls.",
	.options = options,
	.run = run,
};
