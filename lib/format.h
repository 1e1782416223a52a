/* SPDX-License-Identifier: MIT */
/* What an output format is: events in, bytes out. One file per format. */
#ifndef PT_FORMAT_H
#define PT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct pt_buf;
struct pt_code;
struct pt_event;

/* What a format needs to know of the run. */
struct pt_format_options {
	bool has_color;
	int minor; /* of the Python version 3.MINOR */
};

/* A format. The functions append to OUT whole lines, and call no Python. */
struct pt_format {
	const char *name;
	unsigned int events; /* set of enum pt_event_kind that it can show */
	bool has_prefix;     /* the tracer puts process, thread and time in front */
	bool needs_file;     /* shows only code whose globals have __file__ */
	unsigned int indent; /* columns of indentation for each call level */
	/*
	 * Renders a line event, once for each line of a code object: what changes from
	 * one time to the next is put in by the tracer, namely the prefix in front, and
	 * the indentation by call level after the first *HEAD bytes.
	 */
	void (*line)(const struct pt_format_options *options, const struct pt_code *code,
		     int line, struct pt_buf *out, size_t *head);
	/*
	 * Renders any other event, likewise without its indentation. Calls, returns and
	 * yields are rendered once for each line of a code object, too.
	 */
	void (*event)(const struct pt_format_options *options,
		      const struct pt_event *event, struct pt_buf *out, size_t *head);
};

/* For people: where, then the source line, indented by call level. */
extern const struct pt_format pt_format_text;

/* Byte for byte what "python -m trace --trace" prints. */
extern const struct pt_format pt_format_trace;

#endif /* PT_FORMAT_H */
