/* SPDX-License-Identifier: MIT */
/* The rendered lines that records of code hold. */
#include "config.h"

#include "code.h"

#include "lock.h"

#include <stdlib.h>

/* Rendered lines of code that spans more lines than this are not kept. */
#define MAX_LINE_TABLE (1U << 22)

static void free_table(struct pt_line_table *table)
{
	for (unsigned int i = 0; table && i < table->count; i++)
		free(atomic_load(&table->lines[i]));
	while (table) {
		struct pt_line_table *previous = table->previous;
		free(table);
		table = previous;
	}
}

void pt_code_free_lines(struct pt_code *code)
{
	for (size_t i = 0; i < PT_MARK_COUNT; i++)
		free_table(atomic_load(&code->tables[i]));
}

/* Returns a table with room for INDEX, under the lock; NULL without memory. */
static struct pt_line_table *grown_table(struct pt_code *code, enum pt_mark mark,
					 unsigned int index)
{
	struct pt_line_table *table = atomic_load(&code->tables[mark]);

	if (table && index < table->count)
		return table;
	unsigned int count = table ? table->count * 2 : mark == PT_MARK_LINE ? 8 : 1;
	while (count <= index)
		count *= 2;
	struct pt_line_table *larger =
		calloc(1, sizeof(*larger) + count * sizeof(larger->lines[0]));
	if (!larger)
		return NULL;
	larger->count = count;
	for (unsigned int i = 0; table && i < table->count; i++)
		atomic_init(&larger->lines[i], atomic_load(&table->lines[i]));
	larger->previous = table;
	/* Under the GIL nobody can be reading the old one. */
	if (!pt_py.is_free_threaded) {
		larger->previous = NULL;
		free(table);
	}
	atomic_store_explicit(&code->tables[mark], larger, memory_order_release);
	return larger;
}

bool pt_code_set_line(struct pt_code *code, enum pt_mark mark, int line,
		      struct pt_line *text)
{
	unsigned int index = (unsigned int)line - (unsigned int)code->first_line;
	bool is_kept = false;

	if (index >= MAX_LINE_TABLE)
		return false;
	pt_lock();
	struct pt_line_table *table = grown_table(code, mark, index);
	if (table && !atomic_load(&table->lines[index])) {
		atomic_store_explicit(&table->lines[index], text, memory_order_release);
		is_kept = true;
	}
	pt_unlock();
	return is_kept;
}
