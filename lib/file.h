/* SPDX-License-Identifier: MIT */
/* The files that code comes from: paths, how they are shown, where they belong. */
#ifndef PT_FILE_H
#define PT_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct pt_source;

/* One value of co_filename. Lives until the process ends; strings are owned. */
struct pt_file {
	char *name;	     /* as in co_filename */
	char *path;	     /* absolute and normalized; NULL: not a file ("<string>") */
	char *real;	     /* PATH with symbolic links resolved; NULL when PATH is */
	char *shown;	     /* for people: relative to the start directory if below it */
	size_t shown_width;  /* of that, in characters */
	unsigned int origin; /* set of enum pt_origin, without script and project */
	struct pt_source *source; /* read on first use, see pt_file_source() */
	bool is_reported;	  /* PYTRACE_DEBUG=rules has named it */
	struct pt_file *next;
};

/* What is known of the run, to tell the user's files from others. Strings are owned. */
struct pt_places {
	char *start;	   /* current directory at start, absolute; "" is the root */
	char *stdlib;	   /* directory (or zip file) of the standard library, or NULL */
	char *real_stdlib; /* the same with symbolic links resolved */
	char *script;  /* real path of the main script, NULL: not known yet, or none */
	char *project; /* real path of its directory, or the start one; NULL likewise */
};

/*
 * Takes the current directory as the start directory, or the root if that is gone. Call
 * once. Returns 0 or -ENOMEM. GIL: not needed.
 */
int pt_file_start(void);

/* The places of this run; never NULL. Strings are borrowed. */
const struct pt_places *pt_file_places(void);

/*
 * Sets the directory of the standard library unless it is known. Returns 0, or -ENOMEM:
 * then it is not known. GIL: held.
 */
int pt_file_set_stdlib(const char *directory);

/* Sets the main script unless it is known. GIL: held. */
void pt_file_set_script(const char *path);

/* Sets the project's directory unless it is known. GIL: held. */
void pt_file_set_project(const char *directory);

/*
 * Returns the file of that co_filename, borrowed, or NULL without memory. The same name
 * gives the same file. Safe to call from several threads. GIL: not needed.
 */
struct pt_file *pt_file_get(const char *name);

/* Returns the set of enum pt_origin of FILE as far as it is known now. GIL: not needed.
 */
unsigned int pt_file_origin(const struct pt_file *file);

/* Returns whether NAME is that of no file: "<string>", "<frozen os>". GIL: not needed. */
bool pt_file_is_synthetic(const char *name);

/* Returns FILE's text, borrowed; reads it the first time. NULL without memory. */
struct pt_source *pt_file_source(struct pt_file *file);

#endif /* PT_FILE_H */
