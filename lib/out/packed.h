/* SPDX-License-Identifier: MIT */
/*
 * Writing an output in zstd frames. Each write adds to the last frame over its end, which
 * it writes anew: the file can be read at any time. But for the beginning, functions want
 * the turn (turn.h), and are then safe in signal handlers.
 */
#ifndef PT_PACKED_H
#define PT_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Takes all memory that packing needs. Returns whether that went well; else *PROBLEM is a
 * word on what is missing. GIL: not needed.
 */
bool pt_packed_start(int level, const char **problem);

/* Gives it back; the output is plain text from now on. GIL: not needed. */
void pt_packed_stop(void);

/* Returns whether the output is packed. */
bool pt_packed_is_on(void);

/* The next write begins a frame: the last one is not ours to go on with. */
void pt_packed_begin_frame(void);

/*
 * Writes DATA at *END, the end of the file, and moves that. What fails leaves the last
 * frame ended as it was, and *END is -1: not known. Returns 0 or -errno.
 */
int pt_packed_put(int fd, off_t *end, const char *data, size_t size);

#endif /* PT_PACKED_H */
