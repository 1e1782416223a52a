/* SPDX-License-Identifier: MIT */
/* The files that code comes from: their paths, how they are shown, where they belong. */
#ifndef PT_FILE_H
#define PT_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "code/source.h"

/*
 * One value of co_filename, with the text as it was when code of that name was first
 * seen. Lives at least as long as somebody holds a reference; strings are owned.
 */
struct pt_file {
	char *name;	     /* as in co_filename */
	char *path;	     /* absolute and normalized; NULL: not a file ("<string>") */
	char *real;	     /* PATH with symbolic links resolved; NULL when PATH is */
	_Atomic(char *) shown; /* made on first use, see pt_file_shown() */
	size_t shown_width;  /* of that, in characters */
	unsigned int origin; /* set of enum pt_origin, without script and project */
	bool is_reported;    /* PYTRACE_DEBUG=rules has named it */
	bool is_seen;	     /* rule_report.c knows of it */
	atomic_uint number;  /* in a recording; 0: not defined yet */
	/* What file_table.c keeps, under the lock. */
	struct pt_source *source;      /* NULL: no text, or not read yet */
	struct pt_source_stamp stamp;  /* of the file that was read */
	bool is_read;		       /* PATH has been looked at */
	bool is_registered;	       /* the text comes from linecache */
	bool is_listed;		       /* its name leads to it: the current version */
	unsigned int references;
	struct pt_file *next;	       /* in the table */
	struct pt_file *newer, *older; /* in the list of those without references */
};

/* What is known of the run, to tell the user's files from others. Strings are owned. */
struct pt_places {
	char *start;	   /* current directory at start, absolute; "" is the root */
	char *stdlib;	   /* directory (or zip file) of the standard library, or NULL */
	char *real_stdlib; /* the same with symbolic links resolved */
	char *script;  /* real path of the main script; NULL: unknown or none */
	char *project; /* real path of its directory, or of the start; or NULL */
};

/*
 * Notes the current directory as the start directory; the root if that is gone. Call
 * once. Returns 0 or -ENOMEM. GIL: not needed.
 */
int pt_file_start(void);

/* Returns the places of this run, never NULL. Strings are borrowed. */
const struct pt_places *pt_file_places(void);

/*
 * Sets the directory of the standard library unless it is known. Returns 0, or -ENOMEM,
 * and then it stays unknown. GIL: held.
 */
int pt_file_set_stdlib(const char *directory);

/* Sets the main script unless it is known. GIL: held. */
void pt_file_set_script(const char *path);

/* Sets the project's directory unless it is known. GIL: held. */
void pt_file_set_project(const char *directory);

/*
 * Describes the file of that name; NULL without memory. Only for file_table.c, like the
 * next one. GIL: not needed.
 */
struct pt_file *pt_file_new(const char *name);

/* Frees FILE, which may be NULL, and its source. GIL: not needed. */
void pt_file_free(struct pt_file *file);

/*
 * Returns the file of that co_filename, a new reference, or NULL without memory. A name
 * gives the same file as long as there are references and pt_file_renew() finds no
 * change. Safe to call from several threads. GIL: not needed.
 */
struct pt_file *pt_file_get(const char *name);

/* Returns another reference to FILE. GIL: not needed. */
struct pt_file *pt_file_share(struct pt_file *file);

/* Gives a reference back; NULL is allowed. GIL: not needed. */
void pt_file_release(struct pt_file *file);

/*
 * Takes a reference and returns one to FILE as it is now. If the file has changed since
 * its text was read, that is a new version, to which the name leads from now on; whoever
 * holds the old one keeps its text. Costs one stat(). GIL: not needed.
 */
struct pt_file *pt_file_renew(struct pt_file *file);

/*
 * Takes a reference and SOURCE, and returns a version of FILE with that text, to which
 * the name does not lead. Returns FILE itself without memory. GIL: not needed.
 */
struct pt_file *pt_file_with_source(struct pt_file *file, struct pt_source *source);

/*
 * Returns the set of enum pt_origin of FILE, as far as it is known now. GIL: not needed.
 */
unsigned int pt_file_origin(const struct pt_file *file);

/*
 * Returns whether PATH is below a directory where the system installs (not /usr/local,
 * not /usr/src), unless PATH is below DIRECTORY, which may be NULL, and DIRECTORY is part
 * of the same one. GIL: not needed.
 */
bool pt_file_is_systems(const char *path, const char *directory);

/* Returns whether NAME stands for no file: "<string>", "<frozen os>". GIL: not needed. */
bool pt_file_is_synthetic(const char *name);

/*
 * Returns where FILE is: its path, relative to the start directory if below it, or its
 * name if it is no file. The caller frees it; NULL without memory. GIL: not needed.
 */
char *pt_file_location(const struct pt_file *file);

/*
 * Returns how FILE is shown to people, borrowed, never NULL: its location. Installed
 * packages and the standard library lose their root, unless what is left is the name of a
 * file below the start directory. Sets *WIDTH, if WIDTH is not NULL, to the number of
 * characters. GIL: not needed.
 */
const char *pt_file_shown(struct pt_file *file, size_t *width);

/*
 * Returns FILE's text, borrowed for as long as the caller holds its reference; reads it
 * the first time. NULL if there is none, or no memory. GIL: held in a process that has
 * Python.
 */
struct pt_source *pt_file_source(struct pt_file *file);

#endif /* PT_FILE_H */
