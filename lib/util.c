/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest word that is compared with known names. */
#define MAX_WORD 64

void pt_buf_destroy(struct pt_buf *buf)
{
	free(buf->data);
	*buf = (struct pt_buf) { 0 };
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
	while (capacity - buf->size < size)
		capacity *= 2;
	char *data = realloc(buf->data, capacity);
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
	*buf = (struct pt_buf) { 0 };
	return text;
}

int pt_write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, data, size);
		if (written < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		data += written;
		size -= (size_t)written;
	}
	return 0;
}

/* Number of single-character edits between two words of at most MAX_WORD characters. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int row[MAX_WORD + 1];
	size_t width = strlen(b);

	for (unsigned int j = 0; j <= width; j++)
		row[j] = j;
	for (unsigned int i = 0; a[i]; i++) {
		unsigned int diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < width; j++) {
			unsigned int best = diagonal + (a[i] != b[j]);
			diagonal = row[j + 1];
			if (diagonal + 1 < best)
				best = diagonal + 1;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			row[j + 1] = best;
		}
	}
	return row[width];
}

const char *pt_nearest(const char *word, const char *const *names, size_t count)
{
	size_t length = strlen(word);
	const char *nearest = NULL;
	/* A third of the word may be wrong, and never less than one letter. */
	unsigned int limit = (unsigned int)(length / 3 > 1 ? length / 3 : 1);

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
