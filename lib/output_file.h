/* SPDX-License-Identifier: MIT */
/* Opening an output by its name, where others may have put something of theirs. */
#ifndef PT_OUTPUT_FILE_H
#define PT_OUTPUT_FILE_H

#include <stdbool.h>

/* What is to be opened. */
struct pt_output_request {
	const char *path;	/* borrowed */
	int mode;		/* permissions of a new file; -1: what the umask leaves */
	bool is_generated;	/* the name is ours, not the user's: it is no link */
	bool makes_directories; /* missing ones on the way */
	bool may_wait;		/* for the reader of a FIFO */
	bool is_appended;	/* all writes go to the end */
	char *resolved;		/* gets the path behind links, PATH_MAX bytes; or NULL */
};

/*
 * Opens an output for writing, and makes it if there is none. In a directory that others
 * can write to, what they have put there is refused with -EPERM: a link of theirs, a file
 * that has another owner or other names. A FIFO without a reader is -ENXIO unless it may
 * be waited for. Returns the descriptor or -errno. GIL: not needed; safe in signal
 * handlers.
 */
int pt_output_file_open(const struct pt_output_request *request);

/* Renames a file to its name with ".old" behind it. Returns whether that went well. */
bool pt_output_file_keep_old(const char *path);

#endif /* PT_OUTPUT_FILE_H */
