/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/zstd_stream.h"

#include "base/util.h"
#include "out/repeats.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libzstd.so.1"

/* Constants of zstd.h; the experimental ones hold for FIRST to LAST_VERSION. */
#define PARAMETER_LEVEL 100
#define PARAMETER_WINDOW_LOG 101
#define PARAMETER_LONG_MATCHES 160
#define PARAMETER_LONG_MATCH_SIZE 162
#define PARAMETER_LONG_BUCKET_LOG 163
#define PARAMETER_FALLBACK 1014 /* ZSTD_c_enableSeqProducerFallback */
#define DIRECTIVE_FLUSH 1
#define RESET_SESSION 1
#define PRODUCER_ERROR ((size_t)-1)

/* The versions whose ZSTD_registerSequenceProducer() is known: 1.5.4 to 1.5.7. */
#define FIRST_VERSION 10504
#define LAST_VERSION 10507

/* Up to this level speed matters most: we find repeats ourselves. */
#define LAST_FAST_LEVEL 1

/* ZSTD_CCtx. */
struct context;

struct pt_zstd {
	struct context *context;
	struct pt_repeats *repeats; /* NULL: libzstd finds what repeats */
	size_t shown;		    /* bytes of the block that these have seen */
};

/* ZSTD_inBuffer and ZSTD_outBuffer. */
struct in_buffer {
	const void *data;
	size_t size;
	size_t position;
};

struct out_buffer {
	void *data;
	size_t size;
	size_t position;
};

/* ZSTD_sequenceProducer_F: splits a block into pieces. */
typedef size_t producer(void *state, struct pt_repeat *pieces, size_t capacity,
			const void *text, size_t size, const void *dictionary,
			size_t dictionary_size, int level, size_t window_size);

/* The functions of libzstd that we use; the last one is set when all are. */
static struct {
	void (*produce)(struct context *, void *, producer *); /* may be missing */
	struct context *(*create)(void);
	size_t (*destroy)(struct context *);
	size_t (*set)(struct context *, int, int);
	size_t (*reset)(struct context *, int);
	size_t (*compress)(struct context *, struct out_buffer *, struct in_buffer *,
			   int);
	size_t (*bound)(size_t);
	unsigned int (*version)(void);
	unsigned int (*is_error)(size_t);
} zstd;

/* The members of the table, by symbol. */
static const struct {
	const char *symbol;
	void **member;
} symbols[] = {
	{ "ZSTD_createCCtx", (void **)&zstd.create },
	{ "ZSTD_freeCCtx", (void **)&zstd.destroy },
	{ "ZSTD_CCtx_setParameter", (void **)&zstd.set },
	{ "ZSTD_CCtx_reset", (void **)&zstd.reset },
	{ "ZSTD_compressStream2", (void **)&zstd.compress },
	{ "ZSTD_compressBound", (void **)&zstd.bound },
	{ "ZSTD_versionNumber", (void **)&zstd.version },
	{ "ZSTD_isError", (void **)&zstd.is_error },
};

/* Fills the table once. Returns NULL, or the name of what is missing. */
static const char *open_library(void)
{
	void *handle = zstd.is_error ? NULL : dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (zstd.is_error)
		return NULL;
	if (!handle)
		return LIBRARY " is not installed";
	for (size_t i = 0; i < PT_ARRAY_SIZE(symbols); i++) {
		*symbols[i].member = dlsym(handle, symbols[i].symbol);
		if (!*symbols[i].member)
			return LIBRARY " is too old";
	}
	*(void **)&zstd.produce = dlsym(handle, "ZSTD_registerSequenceProducer");
	return NULL;
}

static producer find_repeats;

static size_t find_repeats(void *state, struct pt_repeat *pieces, size_t capacity,
			   const void *text, size_t size, const void *dictionary,
			   size_t dictionary_size, int level, size_t window_size)
{
	struct pt_zstd *stream = state;
	size_t count = pt_repeats_find(stream->repeats, text, size, pieces, capacity);
	(void)dictionary, (void)dictionary_size, (void)level, (void)window_size;

	stream->shown += size;
	return count ? count : PRODUCER_ERROR;
}

/* Takes over the search for repeats. Returns whether this libzstd allows that. */
static bool search_ourselves(struct pt_zstd *stream)
{
	if (zstd.version() < FIRST_VERSION || zstd.version() > LAST_VERSION ||
	    !zstd.produce ||
	    zstd.is_error(zstd.set(stream->context, PARAMETER_FALLBACK, 1)))
		return false;
	stream->repeats = pt_repeats_new();
	if (stream->repeats)
		zstd.produce(stream->context, stream, find_repeats);
	return stream->repeats;
}

/*
 * Programs do the same again and again, some megabytes of trace apart: long matches
 * shrink traces to a fifth, for half as much time more.
 */
static bool search_far(struct context *context)
{
	return !zstd.is_error(zstd.set(context, PARAMETER_LONG_MATCHES, 1)) &&
	       !zstd.is_error(zstd.set(context, PARAMETER_LONG_MATCH_SIZE, 256)) &&
	       !zstd.is_error(zstd.set(context, PARAMETER_LONG_BUCKET_LOG, 1));
}

/* A window of 2^23 bytes is the largest that decoders must accept. */
static bool set_parameters(struct pt_zstd *stream, int level)
{
	struct context *context = stream->context;

	return !zstd.is_error(zstd.set(context, PARAMETER_LEVEL, level)) &&
	       !zstd.is_error(
		       zstd.set(context, PARAMETER_WINDOW_LOG, PT_REPEATS_WINDOW_LOG)) &&
	       ((level <= LAST_FAST_LEVEL && search_ourselves(stream)) ||
		search_far(context));
}

/* Makes libzstd allocate now: later there may be no memory. */
static bool warm_up(struct pt_zstd *stream)
{
	static const char some[] = "some text\n";
	struct pt_buf out = { 0 };
	bool is_done = pt_zstd_compress(stream, some, strlen(some), &out);

	pt_buf_destroy(&out);
	pt_zstd_restart(stream);
	return is_done;
}

struct pt_zstd *pt_zstd_new(int level, const char **problem)
{
	*problem = open_library();
	if (*problem)
		return NULL;
	struct pt_zstd *stream = calloc(1, sizeof(*stream));
	*problem = LIBRARY " refused to start";
	if (stream)
		stream->context = zstd.create();
	if (stream && stream->context && set_parameters(stream, level) &&
	    warm_up(stream))
		return stream;
	pt_zstd_free(stream);
	return NULL;
}

void pt_zstd_free(struct pt_zstd *stream)
{
	if (!stream)
		return;
	if (stream->context)
		zstd.destroy(stream->context);
	pt_repeats_free(stream->repeats);
	free(stream);
}

void pt_zstd_restart(struct pt_zstd *stream)
{
	zstd.reset(stream->context, RESET_SESSION);
	if (stream->repeats)
		pt_repeats_restart(stream->repeats);
}

/* libzstd looks for no repeats in a few bytes, but distances count them. */
static void show_rest(struct pt_zstd *stream, const char *data, size_t size)
{
	if (stream->repeats && stream->shown < size)
		pt_repeats_find(stream->repeats, data + stream->shown,
				size - stream->shown, NULL, 0);
}

/* Appends to OUT the blocks of DATA. */
static bool compress(struct pt_zstd *stream, const char *data, size_t size,
		     struct pt_buf *out)
{
	struct in_buffer in = { data, size, 0 };
	size_t left = 1;

	stream->shown = 0;
	while (left != 0) {
		if (!pt_buf_reserve(out, zstd.bound(size) + PT_ZSTD_END_SIZE))
			return false;
		struct out_buffer to = { out->data + out->size, out->capacity - out->size,
					 0 };
		left = zstd.compress(stream->context, &to, &in, DIRECTIVE_FLUSH);
		if (zstd.is_error(left))
			return false;
		out->size += to.position;
	}
	show_rest(stream, data, size);
	return true;
}

/* Returns the size of the next block: whole lines, unless one is longer than a block. */
static size_t block_size(const char *data, size_t size)
{
	if (size <= PT_REPEATS_MAX_SIZE)
		return size;
	const char *end = memrchr(data, '\n', PT_REPEATS_MAX_SIZE);
	return end ? (size_t)(end - data) + 1 : PT_REPEATS_MAX_SIZE;
}

bool pt_zstd_compress(struct pt_zstd *stream, const char *data, size_t size,
		      struct pt_buf *out)
{
	while (size) {
		size_t block = block_size(data, size);
		if (!compress(stream, data, block, out))
			return false;
		data += block;
		size -= block;
	}
	pt_buf_add(out, PT_ZSTD_END, PT_ZSTD_END_SIZE);
	return !out->failed;
}

size_t pt_zstd_bound(size_t size)
{
	/* Blocks may be as small as a line, and each has its own bound. */
	return 2 * zstd.bound(size) + PT_ZSTD_END_SIZE;
}

/* Magic number, and a header that says: one window of 2^17 bytes, size not known. */
static const char raw_frame[] = "\x28\xb5\x2f\xfd\x00\x38";

#define RAW_BLOCK_SIZE ((size_t)128 << 10)

/* RFC 8878, section 3.1.1.2: a block's header has "last", its type and its size. */
static int write_raw_block(int fd, const char *data, size_t size)
{
	unsigned int number = (unsigned int)size << 3;
	const char header[] = { (char)number, (char)(number >> 8), (char)(number >> 16) };
	int error = pt_write_all(fd, header, sizeof(header), NULL);

	return error ? error : pt_write_all(fd, data, size, NULL);
}

int pt_zstd_write_raw(int fd, bool ends_frame, const char *data, size_t size)
{
	int error = 0;

	if (ends_frame)
		error = pt_write_all(fd, PT_ZSTD_END, PT_ZSTD_END_SIZE, NULL);
	if (!error)
		error = pt_write_all(fd, raw_frame, sizeof(raw_frame) - 1, NULL);
	for (size_t at = 0; at < size && !error; at += RAW_BLOCK_SIZE)
		error = write_raw_block(fd, data + at,
					size - at < RAW_BLOCK_SIZE ? size - at :
								     RAW_BLOCK_SIZE);
	return error ? error : pt_write_all(fd, PT_ZSTD_END, PT_ZSTD_END_SIZE, NULL);
}
