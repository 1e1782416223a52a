/* SPDX-License-Identifier: MIT */
/* The subcommands of pytrace, one file each. */
#ifndef PT_COMMAND_H
#define PT_COMMAND_H

#include <stdbool.h>

#include "options.h"

struct pt_reader;

/* The exit status when something is wrong with what was asked, as that of diff. */
#define PT_STATUS_TROUBLE 2

/* A subcommand. */
struct pt_command {
	const char *name;
	const char *arguments;	 /* behind the options, for help */
	const char *summary;	 /* a few words */
	const char *description; /* a sentence or two */
	const struct pt_option *options;
	bool stops_at_word; /* options end where a program begins */
	/* ARGV[0] is the name. Returns the exit status. */
	int (*run)(int argc, char **argv);
};

extern const struct pt_command pt_command_compact;
extern const struct pt_command pt_command_info;
extern const struct pt_command pt_command_last;
extern const struct pt_command pt_command_record;
extern const struct pt_command pt_command_show;

/* Says what is wrong, in one line on stderr. Returns PT_STATUS_TROUBLE. */
int pt_command_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with a message that is to be freed; see pt_message(). */
int pt_command_fail_with(char *message);

/* Reads a number, called WHAT in messages. Returns false when it is none from LOW to HIGH:
 * it has been said what is wrong. */
bool pt_command_number(const char *text, const char *what, unsigned long low,
		       unsigned long high, unsigned long *number);

/* Opens the one recording that is named behind the options. NULL: it has been said what is
 * wrong. */
struct pt_reader *pt_command_open(const struct pt_command *command, int argc, char **argv);

/* Closes it, and tells of damage. Returns STATUS, or PT_STATUS_TROUBLE if there was any. */
int pt_command_close(struct pt_reader *reader, const char *path, int status);

#endif /* PT_COMMAND_H */
