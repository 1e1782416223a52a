/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/command_line.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Options with an argument, which is the rest of the word or the next word. */
#define WITH_ARGUMENT "mcWX"

const char *pt_command_line_main(char *const *argv, char *kind)
{
	*kind = 0;
	if (!argv || !*argv)
		return NULL;
	for (argv++; *argv; argv++) {
		const char *option = *argv;

		if (option[0] != '-' || option[1] == '\0')
			return option;
		if (option[1] == '-') {
			if (strcmp(option, "--check-hash-based-pycs") == 0 && argv[1])
				argv++;
			continue;
		}
		/* Options may stand together, as in "-Bc". */
		const char *letter = option + strcspn(option, WITH_ARGUMENT);
		bool takes_next = letter[0] && !letter[1];
		if (*letter == 'm' || *letter == 'c') {
			*kind = *letter;
			return takes_next ? argv[1] : letter + 1;
		}
		if (takes_next && argv[1])
			argv++;
	}
	return NULL;
}
