/* SPDX-License-Identifier: MIT */
/* pytrace info: what a recording holds. */
#include "config.h"

#include "base/util.h"
#include "command.h"
#include "reader_private.h"
#include "scan.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const struct pt_option options[] = {
	{ 0, NULL, NULL, NULL },
};

/* Prints a number with a space between each three digits. */
static const char *grouped(uint64_t number, char out[32])
{
	char digits[32];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	char *to = out;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return out;
}

static void print_time(uint64_t time)
{
	time_t seconds = (time_t)(time / 1000000000);
	struct tm local = { 0 };
	char text[64];

	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &local);
	printf("  began      %s\n", text);
}

static void print_ending(const struct pt_reader_process *process)
{
	const struct pt_ending ending = pt_reader_ending(process);
	uint64_t begin = process->place.header.time;

	printf("  ended      ");
	switch (ending.kind) {
	case PT_ENDING_EXIT:
		printf("exited with %d", ending.status);
		break;
	case PT_ENDING_SIGNAL:
		printf("killed by signal %d", ending.status);
		break;
	case PT_ENDING_EXEC:
		printf("became %s", ending.program);
		break;
	case PT_ENDING_RUNNING:
		printf("still running");
		break;
	case PT_ENDING_UNKNOWN:
		printf("not told: killed, or the system stopped");
		break;
	}
	if (process->facts.end_time > begin)
		printf(", after %.3f s", (double)(process->facts.end_time - begin) / 1e9);
	putchar('\n');
}

static void print_threads(const struct pt_scan *scan,
			  const struct pt_reader_process *process)
{
	char number[32];

	for (size_t i = 0; i < scan->count; i++) {
		const struct pt_scan_thread *thread = &scan->threads[i];
		if (thread->process != process)
			continue;
		printf("  thread     %d", thread->tid);
		if (thread->name)
			printf(" %s", thread->name);
		printf(": %s events", grouped(thread->events, number));
		if (thread->exceptions)
			printf(", %s exceptions", grouped(thread->exceptions, number));
		if (thread->imports)
			printf(", %s imports", grouped(thread->imports, number));
		putchar('\n');
	}
}

static void print_process(const struct pt_scan *scan,
			  const struct pt_reader_process *process)
{
	const struct pt_recording_process *facts = &process->facts;
	char number[32];

	printf("process %u: %s\n", facts->pid, process->arguments);
	printf("  python     %.*s, %s\n", (int)strcspn(process->version, " "),
	       process->version, process->executable);
	printf("  directory  %s\n", process->directory);
	printf("  parent     %u%s\n", facts->parent_pid,
	       facts->forked_from ? ", by fork" : "");
	for (size_t i = 0; i < process->setting_count; i++) {
		if (process->settings[i] && strncmp(process->settings[i], "PYTRACE_RUN", 11))
			printf("  setting    %s\n", process->settings[i]);
	}
	print_time(facts->real_time);
	print_ending(process);
	print_threads(scan, process);
	printf("  lost       %s events\n", grouped(facts->lost, number));
}

static size_t count_items(const struct pt_numbered *all)
{
	size_t count = 0;

	for (size_t i = 0; i < all->count; i++)
		count += all->items[i] != NULL;
	return count;
}

static void print_summary(struct pt_reader *reader, const struct pt_scan *scan)
{
	struct stat status = { 0 };
	char a[32], b[32], c[32];

	fstat(reader->fd, &status);
	printf("recording, format %u.%u: %s bytes, %s on the disk\n", reader->header.major,
	       reader->header.minor, grouped((uint64_t)status.st_size, a),
	       grouped((uint64_t)status.st_blocks * 512, b));
	printf("  processes  %s\n", grouped(pt_reader_process_count(reader), a));
	printf("  files      %s, %s functions and modules ran\n",
	       grouped(count_items(&reader->files), a),
	       grouped(count_items(&reader->codes), b));
	printf("  events     %s, %s of them lines, in %s bytes", grouped(scan->events, a),
	       grouped(scan->lines, b), grouped(scan->bytes, c));
	if (scan->lines)
		printf(" (%.2f a line)", (double)scan->bytes / (double)scan->lines);
	putchar('\n');
}

static int run(int argc, char **argv)
{
	const char *value = NULL;
	int letter = pt_options_next(&pt_command_info, argc, argv, &value);
	struct pt_scan scan;

	if (letter == PT_OPTION_HELP)
		return EXIT_SUCCESS;
	if (letter == PT_OPTION_BAD)
		return PT_STATUS_TROUBLE;
	struct pt_reader *reader = pt_command_open(&pt_command_info, argc, argv);
	if (!reader)
		return PT_STATUS_TROUBLE;
	pt_scan(reader, &scan);
	print_summary(reader, &scan);
	for (size_t i = 0; i < pt_reader_process_count(reader); i++)
		print_process(&scan, pt_reader_process(reader, i));
	pt_scan_destroy(&scan);
	return pt_command_close(reader, argv[optind], EXIT_SUCCESS);
}

const struct pt_command pt_command_info = {
	.name = "info",
	.arguments = "FILE",
	.summary = "print what a recording holds",
	.description = "Prints the processes, threads and events of a recording.",
	.options = options,
	.run = run,
};
