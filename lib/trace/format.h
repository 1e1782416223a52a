/* SPDX-License-Identifier: MIT */
/* What an output format is: events in, bytes out. One file per format. */
#ifndef PT_FORMAT_H
#define PT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct pt_buf;
struct pt_code_info;
struct pt_ending;
struct pt_event;
struct pt_fixed_text;

/* What a format needs to know of the run. */
struct pt_format_options {
	bool has_color;
	int minor; /* of the Python version 3.MINOR */
	const char *python; /* the whole version, as sys.version has it; or NULL */
};

/* What precedes the blanks that the tracer puts into a line. */
struct pt_head {
	size_t size;	    /* in bytes */
	unsigned int width; /* in columns, or PT_COLUMN_NONE, PT_COLUMN_BEYOND */
};

/* A format. Its functions append whole lines to OUT and call no Python. */
struct pt_format {
	const char *name;
	unsigned int events; /* set of enum pt_event_kind it can show */
	/* What event() gives for what happens at a line of code is the same each time but
	 * for the prefix, the blanks up to the column and the indentation by call level,
	 * which the caller adds: it is asked once. */
	bool is_steady;
	bool has_prefix;    /* process, thread and time in front of each line */
	bool tells_pid;	    /* several processes can share an output */
	bool needs_file;    /* shows only code whose globals have __file__ */
	bool omits_repeats; /* skips the first line of a class body after its call */
	/* Renders what stands before the first event of a process; or NULL. */
	void (*begin)(const struct pt_format_options *options, int pid, struct pt_buf *out);
	/* Renders an event. What stands before the blanks goes into HEAD, whose width is
	 * PT_COLUMN_NONE until it is set. */
	void (*event)(const struct pt_format_options *options,
		      const struct pt_event *event, struct pt_buf *out,
		      struct pt_head *head);
	/* Renders the end of a process; or NULL. Safe in signal handlers. */
	void (*end)(const struct pt_ending *ending, struct pt_fixed_text *out);
};

/* For people: where, then the source line, indented by call level. */
extern const struct pt_format pt_format_text;

/* Byte for byte what "python -m trace --trace" prints. */
extern const struct pt_format pt_format_trace;

/* For programs: JSON Lines, an object for each event; see doc/json.md. */
extern const struct pt_format pt_format_json;

/* All of them; the last one is NULL. */
extern const struct pt_format *const pt_formats[];

/* Returns the format of that name, or NULL. */
const struct pt_format *pt_format_find(const char *name);

#endif /* PT_FORMAT_H */
