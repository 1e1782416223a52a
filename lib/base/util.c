/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The longest word compared with known names. */
#define MAX_WORD 64

void pt_buf_destroy(struct pt_buf *buf)
{
	free(buf->data);
	*buf = (struct pt_buf){ 0 };
}

void pt_buf_clear(struct pt_buf *buf)
{
	buf->size = 0;
	buf->failed = false;
}

bool pt_buf_reserve(struct pt_buf *buf, size_t size)
{
	if (buf->failed)
		return false;
	if (buf->capacity - buf->size >= size)
		return true;

	size_t capacity = buf->capacity ? buf->capacity : 64;
	while (capacity - buf->size < size && capacity <= PTRDIFF_MAX / 2)
		capacity *= 2;
	char *data = capacity - buf->size < size ? NULL : realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void pt_buf_add(struct pt_buf *buf, const char *data, size_t size)
{
	if (size == 0 || !pt_buf_reserve(buf, size))
		return;
	memcpy(buf->data + buf->size, data, size);
	buf->size += size;
}

void pt_buf_add_string(struct pt_buf *buf, const char *text)
{
	pt_buf_add(buf, text, strlen(text));
}

void pt_buf_add_fill(struct pt_buf *buf, char c, size_t count)
{
	if (count == 0 || !pt_buf_reserve(buf, count))
		return;
	memset(buf->data + buf->size, c, count);
	buf->size += count;
}

static void add_vformat(struct pt_buf *buf, const char *format, va_list args)
{
	va_list measure;

	va_copy(measure, args);
	int size = vsnprintf(NULL, 0, format, measure);
	va_end(measure);
	if (size < 0 || !pt_buf_reserve(buf, (size_t)size + 1))
		return;
	vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
	buf->size += (size_t)size;
}

void pt_buf_add_format(struct pt_buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_vformat(buf, format, args);
	va_end(args);
}

char *pt_buf_take(struct pt_buf *buf)
{
	pt_buf_add(buf, "", 1);
	if (buf->failed) {
		pt_buf_destroy(buf);
		return NULL;
	}
	char *text = buf->data;
	*buf = (struct pt_buf){ 0 };
	return text;
}

/* Writes all of DATA, waiting if the descriptor does not block. */
static int write_all(int fd, const char *data, size_t size, size_t *done)
{
	while (*done < size) {
		ssize_t written = write(fd, data + *done, size - *done);
		if (written >= 0) {
			*done += (size_t)written;
		} else if (errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };
			poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

static void fill_write_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGPIPE);
	sigaddset(signals, SIGXFSZ);
}

void pt_quiet_begin(struct pt_quiet *quiet)
{
	sigset_t signals;

	fill_write_signals(&signals);
	sigemptyset(&quiet->pending);
	pthread_sigmask(SIG_BLOCK, &signals, &quiet->mask);
	if (sigismember(&quiet->mask, SIGPIPE) || sigismember(&quiet->mask, SIGXFSZ))
		sigpending(&quiet->pending);
}

void pt_quiet_end(const struct pt_quiet *quiet, int error)
{
	const struct timespec no_time = { 0 };
	sigset_t signals;

	fill_write_signals(&signals);
	/* Discard the signal that our own write raised, and none from before. */
	if ((error == -EPIPE && !sigismember(&quiet->pending, SIGPIPE)) ||
	    (error == -EFBIG && !sigismember(&quiet->pending, SIGXFSZ)))
		sigtimedwait(&signals, NULL, &no_time);
	pthread_sigmask(SIG_SETMASK, &quiet->mask, NULL);
}

int pt_write_all(int fd, const char *data, size_t size, size_t *written)
{
	struct pt_quiet quiet;
	size_t done = 0;

	pt_quiet_begin(&quiet);
	int error = write_all(fd, data, size, &done);
	pt_quiet_end(&quiet, error);
	if (written)
		*written = done;
	return error;
}

/*
 * Number of edits between two words of at most MAX_WORD characters: one character added,
 * removed or replaced, or two swapped.
 */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned char cost[MAX_WORD + 1][MAX_WORD + 1];
	size_t height = strlen(a);
	size_t width = strlen(b);

	for (size_t i = 0; i <= height; i++) {
		for (size_t j = 0; j <= width; j++) {
			unsigned int best = (unsigned int)(i > j ? i : j);
			if (i && j) {
				best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
				if (cost[i - 1][j] + 1U < best)
					best = cost[i - 1][j] + 1U;
				if (cost[i][j - 1] + 1U < best)
					best = cost[i][j - 1] + 1U;
			}
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && cost[i - 2][j - 2] + 1U < best)
				best = cost[i - 2][j - 2] + 1U;
			cost[i][j] = (unsigned char)best;
		}
	}
	return cost[height][width];
}

const char *pt_nearest(const char *word, const char *const *names, size_t count)
{
	size_t length = strlen(word);
	const char *nearest = NULL;
	/*
	 * A third of the word may be wrong, or one letter of a short one, but not all of
	 * it.
	 */
	unsigned int limit = (unsigned int)(length / 3 > 1 ? length / 3 : length > 1);

	if (length == 0 || length > MAX_WORD)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (*names[i] == '\0' || strlen(names[i]) > MAX_WORD)
			continue;
		unsigned int distance = edit_distance(word, names[i]);
		if (distance > limit)
			continue;
		nearest = names[i];
		if (distance == 0)
			break;
		limit = distance - 1;
	}
	return nearest;
}

char *pt_format(const char *format, ...)
{
	struct pt_buf buf = { 0 };
	va_list args;

	va_start(args, format);
	add_vformat(&buf, format, args);
	va_end(args);
	return pt_buf_take(&buf);
}

/* See util.h. */
char pt_no_memory[] = "out of memory";

char *pt_message(const char *format, ...)
{
	struct pt_buf buf = { 0 };
	va_list args;

	va_start(args, format);
	add_vformat(&buf, format, args);
	va_end(args);
	char *text = pt_buf_take(&buf);
	return text ? text : pt_no_memory;
}

void pt_message_free(char *message)
{
	if (message != pt_no_memory)
		free(message);
}

void pt_normalize_path(char *path)
{
	char *out = path;

	for (const char *in = path; *in;) {
		size_t length = strcspn(in + 1, "/");

		if (length == 2 && strncmp(in, "/..", 3) == 0) {
			while (out > path && *--out != '/')
				;
		} else if (length > 0 && !(length == 1 && in[1] == '.')) {
			memmove(out, in, length + 1);
			out += length + 1;
		}
		in += length + 1;
	}
	*out = '\0';
}

void pt_clean_line(char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c == 0x7f)
			*text = ' ';
	}
}

const char *pt_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool pt_has_suffix(const char *text, size_t size, const char *suffix)
{
	size_t length = strlen(suffix);

	return size > length && memcmp(text + size - length, suffix, length) == 0;
}

size_t pt_whole_lines(const char *text, size_t size)
{
	const char *end = memrchr(text, '\n', size);

	return end ? (size_t)(end - text) + 1 : 0;
}

size_t pt_utf8_length(const char *bytes, size_t size)
{
	const unsigned char *text = (const unsigned char *)bytes;
	static const struct {
		unsigned char low, high, next_low, next_high;
		size_t length;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; size && i < PT_ARRAY_SIZE(forms); i++) {
		size_t length = forms[i].length;
		if (*text < forms[i].low || *text > forms[i].high)
			continue;
		if (length > size)
			return 0;
		if (length > 1 &&
		    (text[1] < forms[i].next_low || text[1] > forms[i].next_high))
			return 0;
		for (size_t j = 2; j < length; j++) {
			if ((text[j] & 0xc0) != 0x80)
				return 0;
		}
		return length;
	}
	return 0;
}

size_t pt_utf8_cut(const char *text, size_t size, size_t limit)
{
	if (size <= limit)
		return size;
	/* The character at the limit began at most three bytes before it. */
	for (size_t start = limit; start > 0 && limit - start < 4; start--) {
		if (((unsigned char)text[start] & 0xc0) != 0x80)
			return start;
	}
	return limit < 4 ? 0 : limit;
}

size_t pt_utf8_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}
