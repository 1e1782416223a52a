/* SPDX-License-Identifier: MIT */
/*
 * A recording as it is read: its processes, files, code and sites. All that is in a file
 * is checked: it may be cut, be overwritten, or have been made by somebody else.
 */
#ifndef PT_READER_H
#define PT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code/code_info.h"
#include "out/recording.h"
#include "trace/event.h"

struct pt_events_thread;
struct pt_line;

/* A chunk, where it is in the file. */
struct pt_chunk_place {
	uint64_t offset; /* of its header */
	struct pt_recording_chunk header;
	uint32_t read; /* of definitions: so many bytes behind the header are known */
};

/* What view.c keeps for each process. */
struct pt_view_process {
	uint64_t events;  /* that have been shown */
	bool has_threads; /* more than one thread has been seen */
	bool has_begun;	  /* what stands before its events has been shown */
	struct pt_events_thread *first;
};

/* A process of the run. Strings are owned, and "" when nothing is known. */
struct pt_reader_process {
	uint32_t number;
	struct pt_chunk_place place;
	struct pt_recording_process facts;
	char *arguments; /* the command line, quoted for a shell */
	char *directory;
	char *executable;
	char *version; /* sys.version */
	char *library; /* version of libpytrace */
	char **settings; /* NAME=VALUE */
	size_t setting_count;
	bool has_events;
	uint32_t signal; /* that killed it, as its parent says; 0: none is known */
	bool is_told;	 /* its end has been shown */
	struct pt_view_process view;
};

/* A file and, once it is asked for, its text. */
struct pt_reader_file {
	struct pt_file *file;
	uint64_t hash; /* of its text; 0: none is known */
};

/* A code object. Its info's strings are owned. */
struct pt_reader_code {
	struct pt_code_info info;
	struct pt_reader_file *file;
	uint32_t number;
	uint32_t file_number;
	uint64_t tables; /* where the file has its bytecode; 0: not */
	bool has_text;	 /* the text has been looked for */
	signed char is_wanted; /* see filter.h; -1: not known yet */
	signed char is_under;  /* likewise */
};

/* What happens at a line of code. */
struct pt_reader_site {
	uint32_t number;
	struct pt_reader_code *code;
	uint32_t code_number; /* 0: there is no such site */
	int line;
	enum pt_mark mark;
	struct pt_line *rendered; /* owned; NULL: not yet */
};

/* Events in order, of one thread or of several that take turns: chunks by sequence. */
struct pt_reader_stream {
	struct pt_reader_process *process;
	uint32_t number;
	struct pt_chunk_place *chunks;
	size_t count;
};

struct pt_reader;

/*
 * Opens a recording. Returns NULL when it cannot be read as one, with *MESSAGE for the
 * user, to be freed.
 */
struct pt_reader *pt_reader_open(const char *path, char **message);

/* Closes it. NULL is allowed. */
void pt_reader_close(struct pt_reader *reader);

/* Reads what has come into the file since. Returns whether there was anything. */
bool pt_reader_update(struct pt_reader *reader);

/* Returns the header; borrowed. */
const struct pt_recording_header *pt_reader_header(const struct pt_reader *reader);

/* Return how many processes, or streams, there are, and one of them. */
size_t pt_reader_process_count(const struct pt_reader *reader);
struct pt_reader_process *pt_reader_process(struct pt_reader *reader, size_t index);
size_t pt_reader_stream_count(const struct pt_reader *reader);
struct pt_reader_stream *pt_reader_stream(struct pt_reader *reader, size_t index);

/* Return what has that number, or NULL. */
struct pt_reader_site *pt_reader_site(struct pt_reader *reader, uint32_t number);
struct pt_reader_code *pt_reader_code(struct pt_reader *reader, uint32_t number);
struct pt_reader_file *pt_reader_file(struct pt_reader *reader, uint32_t number);

/* Makes sure that the text of a file, if the recording has it, is in its struct pt_file. */
void pt_reader_load_text(struct pt_reader *reader, struct pt_reader_file *file);

/* Reads SIZE bytes from OFFSET; returns how many there are. */
size_t pt_reader_read(const struct pt_reader *reader, uint64_t offset, void *data,
		      size_t size);

/* Returns the data of a packed chunk, unpacked, to be freed, and its size, or NULL: it is
 * damaged. */
unsigned char *pt_reader_unpack(const struct pt_reader *reader,
				const struct pt_chunk_place *place, size_t *size);

/* Returns all data of a chunk, unpacked, to be freed, and its size, or NULL. */
unsigned char *pt_reader_chunk(const struct pt_reader *reader,
			       const struct pt_chunk_place *place, size_t *size);

/* A moment by both clocks. */
struct pt_reader_moment {
	uint64_t ticks;
	uint64_t time; /* ns, CLOCK_MONOTONIC */
};

/* Returns the time of ticks, in ns of CLOCK_MONOTONIC: that of the moment SINCE, which is
 * not long ago, and what has passed by the rate of the recording. */
uint64_t pt_reader_time(const struct pt_reader *reader,
			const struct pt_reader_moment *since, uint64_t ticks);

/* Learns of a moment, for the rate. */
void pt_reader_add_moment(struct pt_reader *reader, const struct pt_reader_moment *moment);

/* Returns whether the process is still running, as far as can be seen from here. */
bool pt_reader_is_running(const struct pt_reader_process *process);

/* Returns how the process ended, but for how many events are shown of it. */
struct pt_ending pt_reader_ending(const struct pt_reader_process *process);

/* Returns whether any process of the recording is running. */
bool pt_reader_is_any_running(struct pt_reader *reader);

/* Reads the facts of a process again, which may have ended since. */
void pt_reader_refresh(struct pt_reader *reader, struct pt_reader_process *process);

/* Damage that was met, in words, to be told at the end; NULL: none. Borrowed. */
const char *pt_reader_damage(const struct pt_reader *reader);

#endif /* PT_READER_H */
