/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "zstd_stream.h"

#include "util.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libzstd.so.1"

/* Constants of zstd.h, part of its stable interface. */
#define PARAMETER_LEVEL 100
#define PARAMETER_WINDOW_LOG 101
#define PARAMETER_LONG_MATCHES 160
#define PARAMETER_LONG_MATCH_SIZE 162
#define PARAMETER_LONG_BUCKET_LOG 163
#define DIRECTIVE_FLUSH 1
#define RESET_SESSION 1

/* A context of libzstd is what our callers hold as a stream. */

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

/* The functions of libzstd that are used; the last one is set when all are. */
static struct {
	struct pt_zstd *(*create)(void);
	size_t (*destroy)(struct pt_zstd *);
	size_t (*set)(struct pt_zstd *, int, int);
	size_t (*reset)(struct pt_zstd *, int);
	size_t (*compress)(struct pt_zstd *, struct out_buffer *, struct in_buffer *,
			   int);
	size_t (*bound)(size_t);
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
	{ "ZSTD_isError", (void **)&zstd.is_error },
};

/* Fills the table once. Returns NULL, or a word on what is missing. */
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
	return NULL;
}

/*
 * A program does the same again and again, some megabytes of trace apart: long matches
 * make traces a fifth as large again, for half as much time more. A window of 2^23 bytes
 * is as large as decoders are obliged to take.
 */
static bool set_parameters(struct pt_zstd *stream, int level)
{
	return !zstd.is_error(zstd.set(stream, PARAMETER_LEVEL, level)) &&
	       !zstd.is_error(zstd.set(stream, PARAMETER_WINDOW_LOG, 23)) &&
	       !zstd.is_error(zstd.set(stream, PARAMETER_LONG_MATCHES, 1)) &&
	       !zstd.is_error(zstd.set(stream, PARAMETER_LONG_MATCH_SIZE, 256)) &&
	       !zstd.is_error(zstd.set(stream, PARAMETER_LONG_BUCKET_LOG, 1));
}

struct pt_zstd *pt_zstd_new(int level, const char **problem)
{
	*problem = open_library();
	if (*problem)
		return NULL;
	struct pt_zstd *stream = zstd.create();
	*problem = LIBRARY " refused to start";
	if (stream && !set_parameters(stream, level)) {
		zstd.destroy(stream);
		return NULL;
	}
	return stream;
}

void pt_zstd_free(struct pt_zstd *stream)
{
	if (stream)
		zstd.destroy(stream);
}

void pt_zstd_restart(struct pt_zstd *stream)
{
	zstd.reset(stream, RESET_SESSION);
}

bool pt_zstd_compress(struct pt_zstd *stream, const char *data, size_t size,
		      struct pt_buf *out)
{
	struct in_buffer in = { data, size, 0 };
	size_t left = 1;

	while (left != 0) {
		if (!pt_buf_reserve(out, zstd.bound(size) + PT_ZSTD_END_SIZE))
			return false;
		struct out_buffer to = { out->data + out->size, out->capacity - out->size,
					 0 };
		left = zstd.compress(stream, &to, &in, DIRECTIVE_FLUSH);
		if (zstd.is_error(left))
			return false;
		out->size += to.position;
	}
	pt_buf_add(out, PT_ZSTD_END, PT_ZSTD_END_SIZE);
	return !out->failed;
}
