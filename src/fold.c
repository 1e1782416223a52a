/* SPDX-License-Identifier: MIT */
/*
 * An event that came before may begin another turn of what has followed it then. As long
 * as the events are those of that turn they are kept back. What is still alike when a turn
 * is over is counted; where it is not, the last whole turn and what came of the next one
 * are shown.
 */
#include "config.h"

#include "fold.h"

#include <stdlib.h>

/* Events that are remembered: two of the longest turns. A power of 2. */
#define HISTORY (2U * PT_FOLD_LONGEST)

/* Where an event was last. A power of 2. */
#define PLACES 4096U

struct pt_fold {
	uint64_t count; /* events that have come */
	uint64_t history[HISTORY];
	struct {
		uint64_t key;
		uint64_t at; /* one more than its number; 0: nowhere */
	} places[PLACES];
	uint64_t period; /* events in a turn; 0: nothing is kept back */
	uint64_t kept;	 /* events that are */
};

struct pt_fold *pt_fold_new(void)
{
	return calloc(1, sizeof(struct pt_fold));
}

void pt_fold_free(struct pt_fold *fold)
{
	free(fold);
}

static uint64_t event(const struct pt_fold *fold, uint64_t number)
{
	return fold->history[number % HISTORY];
}

static void remember(struct pt_fold *fold, uint64_t key)
{
	size_t place = (size_t)(key * 0x9e3779b97f4a7c15U >> 52) % PLACES;

	fold->history[fold->count % HISTORY] = key;
	fold->count++;
	fold->places[place].key = key;
	fold->places[place].at = fold->count;
}

/* Returns how many events ago KEY came last; 0: never, or too long ago. */
static uint64_t distance(const struct pt_fold *fold, uint64_t key)
{
	size_t place = (size_t)(key * 0x9e3779b97f4a7c15U >> 52) % PLACES;
	uint64_t at = fold->places[place].at;

	if (!at || fold->places[place].key != key)
		return 0;
	uint64_t passed = fold->count - (at - 1);
	return passed <= PT_FOLD_LONGEST ? passed : 0;
}

/* Shows the last COUNT events that were kept back. */
static void show_last(const struct pt_fold *fold, uint64_t count,
		      const struct pt_fold_output *output)
{
	for (uint64_t i = fold->count - count; i < fold->count; i++)
		output->show(output->data, event(fold, i));
}

void pt_fold_flush(struct pt_fold *fold, const struct pt_fold_output *output)
{
	uint64_t turns = fold->period ? fold->kept / fold->period : 0;
	uint64_t rest = fold->period ? fold->kept % fold->period : 0;

	if (turns > 1)
		output->tell(output->data, event(fold, fold->count - rest - fold->period),
			     turns - 1);
	show_last(fold, rest + (turns ? fold->period : 0), output);
	fold->period = 0;
	fold->kept = 0;
}

bool pt_fold_take(struct pt_fold *fold, uint64_t key, const struct pt_fold_output *output)
{
	if (fold->period && event(fold, fold->count - fold->period) != key)
		pt_fold_flush(fold, output);
	if (!fold->period)
		fold->period = distance(fold, key);
	bool is_kept = fold->period;
	remember(fold, key);
	if (is_kept)
		fold->kept++;
	return !is_kept;
}
