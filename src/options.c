/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "options.h"

#include "base/util.h"
#include "command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No table is longer. */
#define MAX_OPTIONS 40

#define HELP_LETTER 'h'

static void print_help(const struct pt_command *command)
{
	printf("Usage: pytrace %s [OPTIONS] %s\n\n%s\n\nOptions:\n", command->name,
	       command->arguments, command->description);
	for (const struct pt_option *option = command->options; option->name; option++) {
		char form[64];
		snprintf(form, sizeof(form), "--%s%s%s", option->name,
			 option->argument ? "=" : "",
			 option->argument ? option->argument : "");
		if (option->letter < 256)
			printf("  -%c, %-22s %s\n", option->letter, form, option->help);
		else
			printf("      %-22s %s\n", form, option->help);
	}
	printf("  -h, %-22s %s\n", "--help", "print this");
}

/* The tables that getopt wants. */
struct tables {
	char letters[3 * MAX_OPTIONS];
	struct option options[MAX_OPTIONS + 2];
	const char *names[MAX_OPTIONS];
	size_t count;
};

static void make_tables(struct tables *tables, const struct pt_command *command)
{
	char *letter = tables->letters;

	*tables = (struct tables){ 0 };
	letter = tables->letters;
	*letter++ = command->stops_at_word ? '+' : ':';
	if (command->stops_at_word)
		*letter++ = ':';
	for (const struct pt_option *option = command->options;
	     option->name && tables->count < MAX_OPTIONS; option++) {
		int has_argument = option->argument ? required_argument : no_argument;
		tables->names[tables->count] = option->name;
		tables->options[tables->count++] = (struct option){
			option->name, has_argument, NULL, option->letter
		};
		if (option->letter >= 256)
			continue;
		*letter++ = (char)option->letter;
		if (option->argument)
			*letter++ = ':';
	}
	tables->options[tables->count] =
		(struct option){ "help", no_argument, NULL, HELP_LETTER };
	*letter++ = HELP_LETTER;
}

/* Says what is wrong with the word that getopt has just refused. */
static void refuse(const struct tables *tables, int answer, char **argv)
{
	const char *word = argv[optind - 1];

	if (answer == ':') {
		pt_command_fail("'%s' needs an argument", word);
		return;
	}
	if (strncmp(word, "--", 2) != 0) {
		pt_command_fail("unknown option '-%c'; --help tells them", optopt);
		return;
	}
	char *name = strndup(word + 2, strcspn(word + 2, "="));
	const char *near = name ? pt_nearest(name, tables->names, tables->count) : NULL;
	if (near)
		pt_command_fail("unknown option '--%s' (did you mean '--%s'?)", name, near);
	else
		pt_command_fail("unknown option '%s'; --help tells them", word);
	free(name);
}

int pt_options_next(const struct pt_command *command, int argc, char **argv,
		    const char **value)
{
	struct tables tables;

	make_tables(&tables, command);
	opterr = 0;
	int answer = getopt_long(argc, argv, tables.letters, tables.options, NULL);
	*value = optarg;
	if (answer == HELP_LETTER) {
		print_help(command);
		return PT_OPTION_HELP;
	}
	if (answer == '?' || answer == ':') {
		refuse(&tables, answer, argv);
		return PT_OPTION_BAD;
	}
	return answer;
}
