/* SPDX-License-Identifier: MIT */
/* What a Python command line runs. */
#ifndef PT_COMMAND_LINE_H
#define PT_COMMAND_LINE_H

/*
 * Returns what the command line ARGV, which may be NULL, runs, borrowed: the argument of
 * "-c" or "-m", for which *KIND is 'c' or 'm'; else the first argument that is no option,
 * "-" included, and *KIND is 0. NULL: it runs nothing. GIL: not needed.
 */
const char *pt_command_line_main(char *const *argv, char *kind);

#endif
