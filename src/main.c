/* SPDX-License-Identifier: MIT */
/* The command pytrace: what is to be known of a recording. */
#include "config.h"

#include "base/util.h"
#include "command.h"
#include "reader.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pt_command *const commands[] = {
	&pt_command_record, &pt_command_show,	 &pt_command_last,
	&pt_command_info,   &pt_command_compact,
};

int pt_command_fail(const char *format, ...)
{
	va_list arguments;

	fputs("pytrace: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return PT_STATUS_TROUBLE;
}

int pt_command_fail_with(char *message)
{
	pt_command_fail("%s", message);
	pt_message_free(message);
	return PT_STATUS_TROUBLE;
}

bool pt_command_number(const char *text, const char *what, unsigned long low,
		       unsigned long high, unsigned long *number)
{
	char *end = NULL;

	*number = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && *number >= low &&
	    *number <= high)
		return true;
	pt_command_fail("bad %s '%s' (expected %lu to %lu)", what, text, low, high);
	return false;
}

struct pt_reader *pt_command_open(const struct pt_command *command, int argc, char **argv)
{
	char *message = NULL;

	if (optind + 1 != argc) {
		pt_command_fail("%s: expected %s", command->name,
				optind < argc ? "one FILE" : "a FILE");
		return NULL;
	}
	struct pt_reader *reader = pt_reader_open(argv[optind], &message);
	if (!reader)
		pt_command_fail_with(message ? message : pt_no_memory);
	return reader;
}

int pt_command_close(struct pt_reader *reader, const char *path, int status)
{
	const char *damage = pt_reader_damage(reader);

	if (damage)
		status = pt_command_fail("%s is damaged: %s; what can be read is shown",
					 path, damage);
	pt_reader_close(reader);
	return status;
}

static int help(FILE *out)
{
	fputs("Usage: pytrace COMMAND [OPTIONS] ...\n\nCommands:\n", out);
	for (size_t i = 0; i < PT_ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'pytrace COMMAND --help' tells its options.\n", out);
	return out == stderr ? PT_STATUS_TROUBLE : EXIT_SUCCESS;
}

static int fail_unknown(const char *word)
{
	const char *names[PT_ARRAY_SIZE(commands)];

	for (size_t i = 0; i < PT_ARRAY_SIZE(commands); i++)
		names[i] = commands[i]->name;
	const char *near = pt_nearest(word, names, PT_ARRAY_SIZE(names));
	if (near)
		return pt_command_fail("unknown command '%s' (did you mean '%s'?)", word,
				       near);
	return pt_command_fail("unknown command '%s'; 'pytrace --help' tells them", word);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return help(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		puts("pytrace " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < PT_ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i]->name, argv[1]) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	}
	return fail_unknown(argv[1]);
}
