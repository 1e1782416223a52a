/* SPDX-License-Identifier: MIT */
/*
 * The text of a main program that comes from no file: after "-c", or on standard input.
 */
#ifndef PT_PROGRAM_TEXT_H
#define PT_PROGRAM_TEXT_H

struct pt_source;

/*
 * Notes the command line, which is borrowed for the life of the process and may be NULL,
 * and the position of standard input. Call once. GIL: not needed.
 */
void pt_program_text_start(char *const *argv);

/* Returns the text after "-c" in ARGV, borrowed, or NULL. GIL: not needed. */
const char *pt_program_text_command(char *const *argv);

/*
 * Returns the text of the main program with that co_filename, "<string>" or "<stdin>",
 * which the caller frees; NULL if it is not known. Gives it out only once, as other code
 * has such names, too. Reads standard input if it is a regular file, without moving its
 * offset. FIRST_ARGUMENT is sys.argv[0]. GIL: not needed.
 */
struct pt_source *pt_program_text_take(const char *name, const char *first_argument);

#endif /* PT_PROGRAM_TEXT_H */
