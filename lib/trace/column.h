/* SPDX-License-Identifier: MIT */
/* The column at which the text of all lines of the process begins. */
#ifndef PT_COLUMN_H
#define PT_COLUMN_H

#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>

/* The column grows no further; a longer place only pushes its own line. */
#define PT_COLUMN_LIMIT 48

/* Columns of indentation for each call level; deeper ones are not indented further. */
#define PT_COLUMN_INDENT 2
#define PT_COLUMN_LEVELS 100

/* No line needs more blanks. */
#define PT_COLUMN_BLANKS (PT_COLUMN_LIMIT + PT_COLUMN_INDENT * PT_COLUMN_LEVELS)

/* Instead of a width: no blanks follow, or only the indentation. */
#define PT_COLUMN_NONE UINT_MAX
#define PT_COLUMN_BEYOND (UINT_MAX - 1)

/*
 * The column. It only grows, and for lines that were rendered earlier as well: the blanks
 * are added when a line is written. Children made by fork continue with it.
 */
extern _Atomic unsigned int pt_column;

/*
 * Moves the column so that text can begin there after WIDTH columns and two blanks.
 * Returns WIDTH, or PT_COLUMN_BEYOND if that is past the limit. GIL: not needed.
 */
unsigned int pt_column_fit(size_t width);

/* Returns the number of blanks between WIDTH columns and the text at a call level, at
 * most PT_COLUMN_BLANKS. GIL: not needed. */
static inline size_t pt_column_blanks(unsigned int width, unsigned int level)
{
	unsigned int column = atomic_load_explicit(&pt_column, memory_order_relaxed);
	size_t levels = level < PT_COLUMN_LEVELS ? level : PT_COLUMN_LEVELS;

	if (__builtin_expect(width < column, 1))
		return column - width + PT_COLUMN_INDENT * levels;
	return width == PT_COLUMN_BEYOND ? PT_COLUMN_INDENT * levels : 0;
}

#endif /* PT_COLUMN_H */
