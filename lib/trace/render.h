/* SPDX-License-Identifier: MIT */
/* From an event to a line of a format, in the process or from a recording. */
#ifndef PT_RENDER_H
#define PT_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "code/code_info.h"
#include "trace/column.h"
#include "trace/event.h"
#include "trace/format.h"

/* A kind of event at a line of code, rendered: what stands before the blanks (see struct
 * pt_head), and the rest. */
struct pt_line {
	unsigned int head;
	unsigned int width; /* of the head */
	unsigned int size;  /* of head and rest together; 0: nothing is shown */
	char text[];	    /* and room for pt_copy_blocks() */
};

/* The blanks that lines need, as long as pt_copy_blocks() reads. */
extern char pt_render_blanks[PT_COLUMN_BLANKS + PT_COPY_BLOCK];

/* Fills them in; once per process. */
void pt_render_start(void);

/* Returns the kind of event that a mark is one of, and that it is chosen by: a resume with
 * the yields, so that what was left is gone on with, or with the calls in a format that
 * knows no yields. */
enum pt_event_kind pt_render_kind(enum pt_mark mark);
enum pt_event_kind pt_render_choice(const struct pt_format *format, enum pt_mark mark);

/* Returns the event that a mark at a line of code is. */
struct pt_event pt_render_event(const struct pt_code_info *code, enum pt_mark mark, int line);

/*
 * Renders what looks the same each time. Returns NULL without memory; to be freed. GIL:
 * held in a process that has Python.
 */
struct pt_line *pt_render_mark(const struct pt_format *format,
			       const struct pt_format_options *options,
			       struct pt_code_info *code, enum pt_mark mark, int line);

/*
 * Returns whether a line is the first one of a class body, or of type parameters, whose
 * text has just been shown: a class statement is a line of the code around it, CALLER_LINE
 * (0: none that is shown), then a call, and then that line again.
 */
bool pt_render_is_repeat(const struct pt_code_info *code, int line, int caller_line);

/* The level at which a call, or the end of one, stands: that of its caller's lines. */
static inline unsigned int pt_render_outer(unsigned int level)
{
	return level ? level - 1 : 0;
}

/* Copies a line with INDENT blanks, and up to PT_COPY_BLOCK bytes more. Returns the end. */
static inline char *pt_render_copy(char *out, const char *text, size_t head, size_t size,
				   size_t indent)
{
	out = pt_copy_blocks(out, text, head);
	out = pt_copy_blocks(out, pt_render_blanks, indent);
	return pt_copy_blocks(out, text + head, size - head);
}

#endif /* PT_RENDER_H */
