/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/packed.h"

#include "base/util.h"
#include "out/journal.h"
#include "out/zstd_stream.h"

#include <errno.h>
#include <unistd.h>

/* What the frames come from; NULL: the output is plain text. */
static struct pt_zstd *stream;

/* The last frame is ours to go on with. */
static bool has_frame;

/* Compressed bytes on their way. */
static struct pt_buf packed;

bool pt_packed_start(int level, const char **problem)
{
	stream = pt_zstd_new(level, problem);
	/* Later there may be no way to get memory, as in a signal handler. */
	if (stream && pt_buf_reserve(&packed, pt_zstd_bound(PT_JOURNAL_TEXT_SIZE)))
		return true;
	pt_packed_stop();
	return false;
}

void pt_packed_stop(void)
{
	pt_zstd_free(stream);
	stream = NULL;
}

bool pt_packed_is_on(void)
{
	return stream;
}

void pt_packed_begin_frame(void)
{
	has_frame = false;
	if (stream)
		pt_zstd_restart(stream);
}

/* Writes at OFFSET, and tells how much of that is done. Returns 0 or -errno. */
static int put_at(int fd, off_t offset, const char *data, size_t size, size_t *written)
{
	if (lseek(fd, offset, SEEK_SET) < 0)
		return -errno;
	return pt_write_all(fd, data, size, written);
}

/*
 * A write from START on has failed: the frame is ended there again. If nothing was written
 * it has its end still, which is left alone: it might not be taken a second time.
 */
static void take_back(int fd, off_t start, size_t written)
{
	if (written && ftruncate(fd, start) == 0 && has_frame)
		put_at(fd, start, PT_ZSTD_END, PT_ZSTD_END_SIZE, &written);
	pt_packed_begin_frame();
}

int pt_packed_put(int fd, off_t *end, const char *data, size_t size)
{
	off_t start = *end - (has_frame ? PT_ZSTD_END_SIZE : 0);
	size_t written = 0;
	int error = -ENOMEM;

	pt_buf_clear(&packed);
	if (pt_zstd_compress(stream, data, size, &packed))
		error = put_at(fd, start, packed.data, packed.size, &written);
	if (error) {
		take_back(fd, start, written);
		*end = -1;
		return error;
	}
	*end = start + (off_t)packed.size;
	has_frame = true;
	return 0;
}
