/* SPDX-License-Identifier: MIT */
/* The text of a main program that is in no file: after "-c", or on standard input. */
#ifndef PT_PROGRAM_TEXT_H
#define PT_PROGRAM_TEXT_H

struct pt_source;

/*
 * Takes note of the command line, which is borrowed for the time of the process and may
 * be NULL, and of where standard input stands. Call once. GIL: not needed.
 */
void pt_program_text_start(char *const *argv);

/* Returns the text after "-c" in ARGV, borrowed, or NULL. GIL: not needed. */
const char *pt_program_text_command(char *const *argv);

/*
 * Returns the text of the main program of that co_filename, "<string>" or "<stdin>", to
 * be freed by the caller; NULL when it is not known. It is given out once: other code
 * has such names, too. Standard input is read when it is a regular file, and its offset
 * does not move. FIRST_ARGUMENT is sys.argv[0]. GIL: not needed.
 */
struct pt_source *pt_program_text_take(const char *name, const char *first_argument);

#endif /* PT_PROGRAM_TEXT_H */
