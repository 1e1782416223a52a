/* SPDX-License-Identifier: MIT */
/* What an output format is: events in, bytes out. One file per format. */
#ifndef PT_FORMAT_H
#define PT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct pt_buf;
struct pt_code_info;
struct pt_event;

/* What a format needs to know of the run. */
struct pt_format_options {
	bool has_color;
	int minor; /* of the Python version 3.MINOR */
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
	bool has_prefix;     /* the tracer puts process, thread and time in front */
	bool needs_file;     /* shows only code whose globals have __file__ */
	bool omits_repeats;  /* skips the first line of a class body after its call */
	/*
	 * Renders a line event, once for each line of a code object. The tracer adds what
	 * changes each time: the prefix in front and, after HEAD, the blanks up to the
	 * column and the indentation by call level. HEAD->width is PT_COLUMN_NONE until
	 * it is set.
	 */
	void (*line)(const struct pt_format_options *options, const struct pt_code_info *code,
		     int line, struct pt_buf *out, struct pt_head *head);
	/*
	 * Renders any other event, also without its indentation. Calls, returns and
	 * yields are rendered once for each line of a code object, too.
	 */
	void (*event)(const struct pt_format_options *options,
		      const struct pt_event *event, struct pt_buf *out,
		      struct pt_head *head);
};

/* For people: where, then the source line, indented by call level. */
extern const struct pt_format pt_format_text;

/* Byte for byte what "python -m trace --trace" prints. */
extern const struct pt_format pt_format_trace;

#endif /* PT_FORMAT_H */
