/* SPDX-License-Identifier: MIT */
/* What records of code keep for their lines. */
#include "config.h"

#include "base/lock.h"
#include "code/code.h"

#include <stdlib.h>

/* Of code that is spread over more lines than this, nothing is kept. */
#define MAX_LINE_TABLE (1U << 22)

/* See pt_code_keep_numbers(). */
static bool keeps_numbers;

void pt_code_keep_numbers(void)
{
	keeps_numbers = true;
}

static void free_table(struct pt_site_table *table)
{
	for (unsigned int i = 0; !keeps_numbers && table && i < table->count; i++)
		free((void *)atomic_load(&table->sites[i]));
	while (table) {
		struct pt_site_table *previous = table->previous;
		free(table);
		table = previous;
	}
}

void pt_code_free_sites(struct pt_code *code)
{
	for (size_t i = 0; i < PT_MARK_COUNT; i++)
		free_table(atomic_load(&code->tables[i]));
}

/* Returns a table with room for INDEX, under the lock; NULL without memory. */
static struct pt_site_table *grown_table(struct pt_code *code, enum pt_mark mark,
					 unsigned int index)
{
	struct pt_site_table *table = atomic_load(&code->tables[mark]);

	if (table && index < table->count)
		return table;
	unsigned int count = table ? table->count * 2 : mark == PT_MARK_LINE ? 8 : 1;
	while (count <= index)
		count *= 2;
	struct pt_site_table *larger =
		calloc(1, sizeof(*larger) + count * sizeof(larger->sites[0]));
	if (!larger)
		return NULL;
	larger->count = count;
	for (unsigned int i = 0; table && i < table->count; i++)
		atomic_init(&larger->sites[i], atomic_load(&table->sites[i]));
	larger->previous = table;
	/* Under the GIL nobody can be reading the old one. */
	if (!pt_py.is_free_threaded) {
		larger->previous = NULL;
		free(table);
	}
	atomic_store_explicit(&code->tables[mark], larger, memory_order_release);
	return larger;
}

bool pt_code_set_site(struct pt_code *code, enum pt_mark mark, int line,
		      uintptr_t site)
{
	unsigned int index = (unsigned int)line - (unsigned int)code->info.first_line;
	bool is_kept = false;

	if (index >= MAX_LINE_TABLE)
		return false;
	pt_lock();
	struct pt_site_table *table = grown_table(code, mark, index);
	if (table && !atomic_load(&table->sites[index])) {
		atomic_store_explicit(&table->sites[index], site, memory_order_release);
		is_kept = true;
	}
	pt_unlock();
	return is_kept;
}
