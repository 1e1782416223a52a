/* SPDX-License-Identifier: MIT */
/* What happened in the traced program: all that backends and formats share. */
#ifndef PT_EVENT_H
#define PT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct pt_code_info;

/* Kinds of events. They are bits so that a set of them is an unsigned int. */
enum pt_event_kind {
	PT_EVENT_LINE = 1 << 0,	  /* a line is about to run */
	PT_EVENT_CALL = 1 << 1,	  /* code is entered */
	PT_EVENT_RETURN = 1 << 2, /* code is left, by return or by an exception */
	PT_EVENT_YIELD = 1 << 3,  /* a generator or coroutine is left, or gone on with */
	PT_EVENT_EXCEPTION =
		1 << 4, /* an exception was raised in, or passes through, code */
	PT_EVENT_IMPORT = 1 << 5, /* a module is being loaded, or could not be */
};

#define PT_EVENT_ALL                                                        \
	(PT_EVENT_LINE | PT_EVENT_CALL | PT_EVENT_RETURN | PT_EVENT_YIELD | \
	 PT_EVENT_EXCEPTION | PT_EVENT_IMPORT)

/* One event. All pointers are borrowed for the time that a format looks at it. */
struct pt_event {
	enum pt_event_kind kind;
	const struct pt_code_info *code; /* what ran; of an import, what imports */
	int line;	 /* 1-based line in the file of CODE; 0 unknown */
	bool is_resume;	 /* call: a suspended generator goes on */
	bool is_unwind;	 /* return: an exception leaves the frame */
	bool is_failure; /* import: the module could not be loaded */
	const char *name;   /* exception: its type; import: the module */
	const char *detail; /* exception: its message; import: the origin; else NULL */
	/* Where and when it happened; for formats that are not steady. */
	unsigned int level; /* of the running frame among those traced, from 0 */
	int pid;
	int tid;
	const char *thread; /* its name; NULL: none is known */
	const char *task;   /* NULL: it runs none, or none is known */
	int64_t time;	    /* ns since 1970; 0: not known */
};

/* How a process ended. */
struct pt_ending {
	int pid;
	bool shows_pid; /* there are other processes */
	bool is_child;	/* its parent tells of it: nothing but the signal is known */
	enum pt_ending_kind {
		PT_ENDING_EXIT,
		PT_ENDING_SIGNAL,
		PT_ENDING_EXEC,
		PT_ENDING_RUNNING,
		PT_ENDING_UNKNOWN
	} kind;
	int status;	     /* exit status, or number of the signal */
	const char *program; /* of exec */
	uint64_t events;     /* that were to be shown */
	uint64_t lost;	     /* of them */
};

#endif /* PT_EVENT_H */
