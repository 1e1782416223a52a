/* SPDX-License-Identifier: MIT */
/* The file of a recording, which the processes of a run share: its chunks. */
#ifndef PT_RECORDING_FILE_H
#define PT_RECORDING_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "out/recording.h"

struct pt_output_request;

/*
 * Opens the recording of this run, or makes it: a file of another run is replaced, and
 * whoever still writes to that goes on undisturbed. Returns 0 or -errno: -EINVAL for what
 * is no regular file, -ENODEV where files cannot be mapped shared. GIL: not needed.
 */
int pt_recording_file_open(const struct pt_output_request *request);

/* Returns the beginning of the file, mapped for the time of the process; NULL: none is
 * open. GIL: not needed; safe in signal handlers. */
struct pt_recording_header *pt_recording_file_header(void);

/* Puts data into a chunk before anybody can see it. */
typedef void pt_recording_fill(struct pt_recording_chunk *chunk, const void *data);

/*
 * Adds a chunk of SIZE bytes, which is rounded up, and maps it. *CHUNK is what its header
 * gets; size, offset and clock are filled in. Behind its header it is all zero, or what
 * FILL, which may be NULL, makes of DATA. Returns it, or NULL, and then *ERROR is -errno.
 * GIL: not needed.
 */
struct pt_recording_chunk *pt_recording_file_add(const struct pt_recording_chunk *chunk,
						 uint32_t size, pt_recording_fill *fill,
						 const void *data, int *error);

/* Unmaps a chunk; what has been written to it stays. GIL: not needed. */
void pt_recording_file_unmap(struct pt_recording_chunk *chunk);

/* Gives back the blocks of a chunk behind its first USED bytes. GIL: not needed. */
void pt_recording_file_trim(struct pt_recording_chunk *chunk, uint32_t used);

/* Returns whether PATH, seen from DIRECTORY (see openat), leads to the file. GIL: not
 * needed; safe in signal handlers. */
bool pt_recording_file_is_at(int directory, const char *path);

/* Returns whether the name that the file was opened by still leads to it. GIL: not needed.
 */
bool pt_recording_file_is_there(void);

/*
 * The program is about to empty the file, which others have mapped: touching what is not
 * there is a SIGBUS. The recording goes on under its name with ".old" behind it, and an
 * empty file takes its place. Returns whether that went well. GIL: not needed; safe in
 * signal handlers.
 */
bool pt_recording_file_step_aside(void);

/* Returns the path of the file, borrowed. GIL: not needed. */
const char *pt_recording_file_path(void);

/* In the child after fork: pieces of the file are not shared. */
void pt_recording_file_after_fork(void);

/* Appends a byte to what others may be reading: what it belongs to was stored before. */
static inline void pt_recording_publish(unsigned char *at, unsigned char byte)
{
	__atomic_store_n(at, byte, __ATOMIC_RELEASE);
}

/* Closes the file without a trace of it; for tests. */
void pt_recording_file_close(void);

#endif /* PT_RECORDING_FILE_H */
