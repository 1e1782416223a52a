/* SPDX-License-Identifier: MIT */
/* PYTRACE_OUTPUT: what it means, and the name of the file. */
#ifndef PT_OUTPUT_H
#define PT_OUTPUT_H

#include <stdbool.h>

/* What the %-sequences of an output stand for. Strings are borrowed. */
struct pt_output_names {
	int pid;		/* %p */
	int parent;		/* %P */
	const char *program;	/* %e: the script's or program's base name */
	const char *start_time; /* %t: as 20261123T091500 */
	const char *host;	/* %h */
};

/* Where the trace goes: a descriptor or a file. */
struct pt_output {
	int fd;		   /* the descriptor, or -1 for a file */
	char *path;	   /* of the file, owned; else NULL */
	bool in_directory; /* ... of traces, which is created if missing */
	bool is_private;   /* the name holds the pid: no other process has the file */
};

/*
 * Reads TEXT ("stderr", "stdout", "fd:N", a file or a directory; see README) into OUTPUT.
 * Creates no directories. Returns NULL, or the message for the user (see pt_message());
 * then OUTPUT is stderr. GIL: not needed.
 */
char *pt_output_parse(struct pt_output *output, const char *text,
		      const struct pt_output_names *names);

/*
 * Gives a file a name of its own for the process PID: puts the pid before the suffix
 * ("trace.txt", "trace.1234.txt"), unless the name holds it already. Returns false
 * without memory. GIL: not needed.
 */
bool pt_output_make_private(struct pt_output *output, int pid);

/* Returns whether the name of the output ends in SUFFIX. GIL: not needed. */
bool pt_output_has_suffix(const struct pt_output *output, const char *suffix);

/* Frees what OUTPUT owns. GIL: not needed. */
void pt_output_destroy(struct pt_output *output);

/*
 * Returns TEXT in a form that means the same in a process with another current directory:
 * a path made absolute from DIRECTORY, anything else unchanged. The caller frees it; NULL
 * without memory. GIL: not needed.
 */
char *pt_output_absolute(const char *text, const char *directory);

/*
 * Returns the name that a command line gives a program, without directory and ".py": for
 * Python that of the script or of the module after "-m", else "python"; for other
 * programs their own. The caller frees it; NULL without memory. GIL: not needed.
 */
char *pt_output_program(char *const *argv);

#endif /* PT_OUTPUT_H */
