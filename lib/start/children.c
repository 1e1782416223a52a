/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "start/children.h"

#include "base/fixed_text.h"
#include "base/log.h"
#include "base/util.h"
#include "out/journal.h"
#include "out/sink.h"
#include "trace/live.h"

#include <stdbool.h>
#include <stddef.h>

struct child {
	int pid;
	int signal;
};

/* Children whose lines could not be put in place, at most so many: a program that has no
 * descriptor left, say, gets some later. */
static struct child left[16];
static size_t left_count;

static void write_end(const struct child *child)
{
	struct pt_fixed_text text = { 0 };
	struct pt_place place;
	size_t written = 0;

	pt_live_add_end_of_child(&text, child->pid, child->signal);
	if (text.size && pt_sink_begin(&place) == 0) {
		pt_sink_put(text.text, text.size, true, &written);
		pt_sink_end();
	}
}

/* Returns whether nothing is left to be done. */
static bool take_over(const struct child *child)
{
	int found = pt_sink_recover_child(child->pid);

	if (found > 0)
		write_end(child);
	return found >= 0;
}

static void report(const struct child *child)
{
	struct pt_fixed_text text = { 0 };

	pt_fixed_add(&text, "cannot put lines in place that process ");
	pt_fixed_add_number(&text, (uint64_t)child->pid);
	pt_fixed_add(&text, ", which was killed, may have left in *.");
	pt_fixed_add_number(&text, (uint64_t)child->pid);
	pt_fixed_add(&text, "-*" PT_JOURNAL_SUFFIX);
	pt_log("%s", text.text);
}

void pt_children_killed(int pid, int signal)
{
	const struct child child = { pid, signal };

	if (take_over(&child))
		return;
	if (left_count < PT_ARRAY_SIZE(left))
		left[left_count++] = child;
	else
		report(&child);
}

void pt_children_end(void)
{
	for (size_t i = 0; i < left_count; i++) {
		if (!take_over(&left[i]))
			report(&left[i]);
	}
	left_count = 0;
}

void pt_children_forget(void)
{
	left_count = 0;
}
