/* SPDX-License-Identifier: MIT */
/* Opening an output by its name, where others may have put files. */
#ifndef PT_OUTPUT_FILE_H
#define PT_OUTPUT_FILE_H

#include <stdbool.h>

/* What is to be opened. */
struct pt_output_request {
	const char *path;	/* borrowed */
	int mode;		/* permissions of a new file; -1: by the umask */
	bool is_generated;	/* the name is ours, not the user's: links are refused */
	bool makes_directories; /* missing ones on the way */
	bool may_wait;		/* for the reader of a FIFO */
	bool is_appended;	/* all writes go to the end */
	char *resolved;		/* PATH_MAX bytes for the path after links, or NULL */
};

/*
 * Opens an output for writing and creates it if there is none. In a directory that others
 * can write to, refuses with -EPERM what they may have put there: a link of theirs, a
 * file with another owner or more than one name. A FIFO without a reader gives -ENXIO
 * unless waiting is allowed. Returns the descriptor or -errno. GIL: not needed; safe in
 * signal handlers.
 */
int pt_output_file_open(const struct pt_output_request *request);

/*
 * Renames a file to its name with ".old" appended. Returns whether that worked. GIL: not
 * needed.
 */
bool pt_output_file_keep_old(const char *path);

#endif /* PT_OUTPUT_FILE_H */
