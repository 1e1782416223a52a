/* SPDX-License-Identifier: MIT */
/* Which events of a recording are looked at. */
#ifndef PT_FILTER_H
#define PT_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "code/rules.h"
#include "events.h"

/* A place in the program or in time where something begins or ends. */
struct pt_filter_point {
	enum { PT_POINT_NONE, PT_POINT_PLACE, PT_POINT_TIME } kind;
	const char *file; /* of which the end is enough, borrowed */
	int line;
	uint64_t time; /* ns since the run began */
	bool is_reached;
};

/* All zero, with .reader: everything is wanted. */
struct pt_filter {
	struct pt_reader *reader;
	struct pt_rules rules; /* with HAS_RULES: which code */
	struct pt_rules under; /* with HAS_UNDER: this code and what it calls */
	bool has_rules;
	bool has_under;
	uint32_t pid;	    /* 0: any */
	const char *thread; /* its name or number; NULL: any */
	const char *task;
	unsigned int depth; /* so many levels; 0: all */
	struct pt_filter_point from;
	struct pt_filter_point to;
	uint64_t begin; /* when the run began, ns of CLOCK_MONOTONIC */
};

/* Reads rules, in the language of PYTRACE_INCLUDE. Return NULL, or the message for the
 * user. May be called again to add some. */
char *pt_filter_include(struct pt_filter *filter, const char *text);
char *pt_filter_exclude(struct pt_filter *filter, const char *text);
char *pt_filter_under(struct pt_filter *filter, const char *text);

/* Reads FILE:LINE, or seconds. Returns NULL, or the message for the user. */
char *pt_filter_point(struct pt_filter_point *point, const char *text);

/*
 * Returns whether an event is wanted, and then sets its level and its caller's line to
 * those among what is wanted. All events have to come here, in order.
 */
bool pt_filter_wants(struct pt_filter *filter, struct pt_events_event *event);

/* Returns whether nothing more will be wanted. */
bool pt_filter_is_over(const struct pt_filter *filter);

/* Frees what is kept for a thread. */
void pt_filter_forget(struct pt_events_thread *thread);

void pt_filter_destroy(struct pt_filter *filter);

#endif /* PT_FILTER_H */
