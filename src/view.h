/* SPDX-License-Identifier: MIT */
/* Events of a recording as lines of a format. */
#ifndef PT_VIEW_H
#define PT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "events.h"
#include "trace/format.h"
#include "trace/settings.h"

/* How events are shown. */
struct pt_view {
	const struct pt_format *format;
	struct pt_format_options options;
	enum pt_time_mode time;
	unsigned int events; /* set of enum pt_event_kind */
	bool shows_task;
	bool shows_pid;	 /* of more than one process are there lines */
	bool folds;	 /* repeated runs of lines are shown twice and counted */
	struct pt_reader *reader;
	int fd;
	struct pt_buf out; /* not written yet */
	int error;	   /* of writing, -errno; 0: none */
	/* What was shown last. */
	struct pt_events_thread *thread;
	unsigned int epoch;
};

/* Shows an event. Returns false when nothing can be written any more. */
bool pt_view_show(struct pt_view *view, const struct pt_events_event *event);

/* Shows what was kept back, and writes it. Returns false likewise. */
bool pt_view_flush(struct pt_view *view);

/* Frees what the view owns; that is not the reader. */
void pt_view_destroy(struct pt_view *view);

#endif /* PT_VIEW_H */
