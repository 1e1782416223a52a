/* SPDX-License-Identifier: MIT */
/* Runs of events that repeat: the first and the last turn are shown, the others counted. */
#ifndef PT_FOLD_H
#define PT_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer turns are not recognized, in events. */
#define PT_FOLD_LONGEST 8192

struct pt_fold;

/* What a fold does with its events. */
struct pt_fold_output {
	/* Shows an event again, of which only its key is known. */
	void (*show)(void *data, uint64_t key);
	/* Shows that the turn which was begun by KEY came COUNT more times. */
	void (*tell)(void *data, uint64_t key, uint64_t count);
	void *data;
};

/* Makes a fold for the events of one thread; NULL without memory. */
struct pt_fold *pt_fold_new(void);
void pt_fold_free(struct pt_fold *fold);

/*
 * Takes the next event. KEY stands for all that is shown of it. Returns whether it is to
 * be shown now; else it is kept back, and is shown or told of later.
 */
bool pt_fold_take(struct pt_fold *fold, uint64_t key, const struct pt_fold_output *output);

/* What was kept back is shown: what comes next is no event of this thread, or not alike. */
void pt_fold_flush(struct pt_fold *fold, const struct pt_fold_output *output);

#endif /* PT_FOLD_H */
