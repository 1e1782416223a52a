/* SPDX-License-Identifier: MIT */
/*
 * Compressing text with zstd, block by block, so that the file is valid after each write.
 */
#ifndef PT_ZSTD_STREAM_H
#define PT_ZSTD_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct pt_buf;

/*
 * The last block of a frame: raw, of size 0 (RFC 8878, section 3.1.1.2). It follows every
 * write, and the next write overwrites it.
 */
#define PT_ZSTD_END "\x01\x00\x00"
#define PT_ZSTD_END_SIZE 3

#define PT_ZSTD_SUFFIX ".zst"

struct pt_zstd;

/*
 * Loads libzstd, which nothing else needs, and begins a frame. LEVEL is zstd's. Returns
 * NULL on failure, with the reason in *PROBLEM. GIL: not needed.
 */
struct pt_zstd *pt_zstd_new(int level, const char **problem);

/* Frees STREAM, which may be NULL. GIL: not needed. */
void pt_zstd_free(struct pt_zstd *stream);

/* Begins a new frame. GIL: not needed. */
void pt_zstd_restart(struct pt_zstd *stream);

/*
 * Appends to OUT the blocks of DATA and PT_ZSTD_END; the first call of a frame puts its
 * header in front. Returns false on failure. Allocates nothing unless OUT is too small.
 * GIL: not needed, but one thread at a time.
 */
bool pt_zstd_compress(struct pt_zstd *stream, const char *data, size_t size,
		      struct pt_buf *out);

/* Returns how many bytes compressing SIZE bytes takes at most. GIL: not needed. */
size_t pt_zstd_bound(size_t size);

/*
 * Writes DATA to FD as an uncompressed frame of its own, which needs neither libzstd nor
 * memory. ENDS_FRAME: the frame before it has lost its end, which is written first.
 * Returns 0 or -errno. GIL: not needed; safe in signal handlers.
 */
int pt_zstd_write_raw(int fd, bool ends_frame, const char *data, size_t size);

#endif /* PT_ZSTD_STREAM_H */
