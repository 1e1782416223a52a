/* SPDX-License-Identifier: MIT */
/* Options of subcommands: one table each, from which they are read and told. */
#ifndef PT_OPTIONS_H
#define PT_OPTIONS_H

#include <stddef.h>

/* An option. A table of them ends with one without a name. */
struct pt_option {
	int letter;	      /* a character; or a number above 255: it has no short form */
	const char *name;     /* behind "--" */
	const char *argument; /* its name in help; NULL: there is none */
	const char *help;
};

/* What pt_options_next() returns besides letters. */
#define PT_OPTION_END (-1)
#define PT_OPTION_BAD (-2)  /* it has been said what is wrong */
#define PT_OPTION_HELP (-3) /* help has been printed */

struct pt_command;

/*
 * Returns the letter of the next option, and its argument in *VALUE. At the end, optind of
 * getopt is the index of the first word that is none. "--help" and "-h" are known.
 */
int pt_options_next(const struct pt_command *command, int argc, char **argv,
		    const char **value);

#endif /* PT_OPTIONS_H */
