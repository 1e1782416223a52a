/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/column.h"

#define FIRST_COLUMN 16 /* room for "test_shop.py:12" */
#define COLUMN_STEP 8
#define GAP 2 /* least number of blanks between place and text */

/* See column.h. */
_Atomic unsigned int pt_column = FIRST_COLUMN;

unsigned int pt_column_fit(size_t width)
{
	unsigned int column = atomic_load_explicit(&pt_column, memory_order_relaxed);

	if (width + GAP > PT_COLUMN_LIMIT)
		return PT_COLUMN_BEYOND;
	unsigned int wanted =
		(unsigned int)(width + GAP + COLUMN_STEP - 1) / COLUMN_STEP * COLUMN_STEP;
	while (column < wanted &&
	       !atomic_compare_exchange_weak(&pt_column, &column, wanted))
		;
	return (unsigned int)width;
}
