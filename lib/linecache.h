/* SPDX-License-Identifier: MIT */
/* The text of code that is in no file, as the module linecache has it. */
#ifndef PT_LINECACHE_H
#define PT_LINECACHE_H

struct pt_source;

/*
 * Returns the text that linecache holds under that co_filename, to be freed by the
 * caller, or NULL: none, or the module is not loaded. From 3.13 on it knows
 * what was typed at a prompt by FIRST_LINE of the code of a module as well; 0: do not ask.
 * Runs no Python code, and leaves a pending exception as it is. GIL: held.
 */
struct pt_source *pt_linecache_find(const char *name, int first_line);

#endif /* PT_LINECACHE_H */
