/* SPDX-License-Identifier: MIT */
/* The text of code that comes from no file, as the module linecache has it. */
#ifndef PT_LINECACHE_H
#define PT_LINECACHE_H

struct pt_source;

/*
 * Returns the text that linecache holds under that co_filename, which the caller frees,
 * or NULL: none, or the module is not loaded. From 3.13 on it also knows what was typed
 * at a prompt, by FIRST_LINE of the module's code; 0: do not ask for that. Runs no Python
 * code and keeps a pending exception. GIL: held.
 */
struct pt_source *pt_linecache_find(const char *name, int first_line);

#endif /* PT_LINECACHE_H */
