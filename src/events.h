/* SPDX-License-Identifier: MIT */
/* The events of a recording, in order. */
#ifndef PT_EVENTS_H
#define PT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader.h"
#include "trace/event.h"

/* A frame that is open. */
struct pt_events_frame {
	uint32_t code; /* its number */
	int line;
};

struct pt_filter_frames;
struct pt_fold;

/* A thread, as it is at the event. Strings are owned; NULL: none is known. */
struct pt_events_thread {
	struct pt_reader_process *process;
	uint32_t number;
	int tid;
	char *name;
	char *task;
	unsigned int renamed; /* how often these two have changed */
	struct pt_events_frame *frames; /* from the outermost */
	unsigned int depth;
	unsigned int capacity;
	struct pt_events_thread *next; /* of the same process */
	/* What others keep for it: filter.c, fold.c and, to be freed with free(), view.c. */
	void *data;
	struct pt_filter_frames *filter;
	struct pt_fold *fold;
};

enum pt_events_kind {
	PT_EVENTS_SITE,	     /* what happens at a line of code */
	PT_EVENTS_EXCEPTION,
	PT_EVENTS_IMPORT,
	PT_EVENTS_NOTE,	     /* DETAIL: about the trace itself */
	PT_EVENTS_LOST,	     /* COUNT events are missing */
	PT_EVENTS_STATE,     /* the thread's frames are not what the events tell */
	PT_EVENTS_END,	     /* nothing more comes of PROCESS */
};

/* An event. Pointers are borrowed until the next one. */
struct pt_events_event {
	enum pt_events_kind kind;
	struct pt_reader_process *process;
	struct pt_events_thread *thread; /* NULL at the end */
	struct pt_reader_site *site;
	const struct pt_code_info *code; /* of the running frame, or of what imports */
	struct pt_reader_file *file; /* of CODE; set for what is no site */
	int line;
	unsigned int level; /* of the running frame, from 0 */
	int caller_line;    /* that the frame around it is at; 0: there is none */
	uint64_t time;	    /* ns, CLOCK_MONOTONIC: of the last event that has one */
	bool has_time;	    /* it is this event's */
	bool is_failure;    /* import */
	const char *name;   /* exception: its type; import: the module */
	const char *detail; /* or NULL */
	uint64_t count;
};

/* What is done with an event. Returns false to end. */
typedef bool pt_events_function(void *data, struct pt_events_event *event);

struct pt_events;

/* Begins at the start of the recording. NULL without memory. */
struct pt_events *pt_events_new(struct pt_reader *reader);
void pt_events_free(struct pt_events *events);

/*
 * Hands the events that are there to FUNCTION, in the order of time as far as it is
 * known; each thread's own order is kept. May be called again when there are more. AT_END:
 * there will not be more, and processes are to be ended. Returns false when FUNCTION did.
 */
bool pt_events_run(struct pt_events *events, bool at_end, pt_events_function *function,
		   void *data);


/* Hands over the events of one stream from a chunk on, of which it has the index. The
 * frames of a thread are known from its state there on. */
bool pt_events_run_from(struct pt_events *events, struct pt_reader_stream *stream,
			size_t chunk, pt_events_function *function, void *data);

#endif /* PT_EVENTS_H */
