/* SPDX-License-Identifier: MIT */
/*
 * The run: all processes that come from one command started with the library. Each of
 * them, Python or not, knows it by PYTRACE_RUN.
 */
#ifndef PT_RUN_ID_H
#define PT_RUN_ID_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The variable that identifies the run to its processes, see run_id.h. Set by the
 * library, not by users.
 */
#define PT_RUN_ID_VARIABLE "PYTRACE_RUN"

/* What PYTRACE_RUN says, as PID.TIME:PYTHON:FD:DEVICE:INODE:SESSION. */
struct pt_run_id {
	uint64_t pid;	 /* of the run's first process */
	uint64_t time;	 /* when it began; ns since 1970 */
	uint64_t python; /* pid of the first Python above us, or ours; 0: none */
	/* The stream that this one traces to, see stream.h; fd 0: it traces to a file. */
	uint64_t fd;
	uint64_t device;
	uint64_t inode;
	uint64_t session; /* that the stream belongs to */
};

/* This process's run. Zeros before pt_run_id_start(). */
extern struct pt_run_id pt_run_id;

/*
 * Reads PYTRACE_RUN, or begins a run with this process and sets it. Called before main(),
 * in every program. GIL: not needed.
 */
void pt_run_id_start(void);

/*
 * Puts pt_run_id into the environment of child processes. Returns false without memory.
 * GIL: not needed.
 */
bool pt_run_id_export(void);

/*
 * Reads such a text. Returns false, and fills ID with zeros, if it is not one. GIL: not
 * needed.
 */
bool pt_run_id_parse(struct pt_run_id *id, const char *text);

/*
 * Marks an open regular file as an output of this run, and tells whether it is. Where
 * there can be no extended attribute the time of the last change stands for it; in doubt
 * it is: lines of the run are not to be thrown away. GIL: not needed; safe in signal
 * handlers.
 */
void pt_run_id_mark(int fd);
bool pt_run_id_has_marked(int fd);

#endif /* PT_RUN_ID_H */
