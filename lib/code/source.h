/* SPDX-License-Identifier: MIT */
/* The text of a source file, line by line, as UTF-8. */
#ifndef PT_SOURCE_H
#define PT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct pt_source;

/* What tells whether a file has changed. All zero: there is no regular file. */
struct pt_source_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified; /* its content */
	struct timespec changed;  /* its content, name, mode or owner */
};

/*
 * Reads a file. Its encoding is that of its byte order mark or of its PEP 263 comment,
 * else UTF-8; line ends are "\n", "\r\n" and "\r". A file that is missing, not regular or
 * impossible to decode has no lines, which is no error; nor is a PATH of NULL. A path
 * into a zip file is read from there. Returns NULL without memory. GIL: not needed.
 */
struct pt_source *pt_source_read(const char *path);

/* The same from bytes in memory. GIL: not needed. */
struct pt_source *pt_source_parse(const char *bytes, size_t size);

/* The same from text that is UTF-8, whatever encoding it names. GIL: not needed. */
struct pt_source *pt_source_from_text(const char *text, size_t size);

/* Fills in STAMP for PATH, which may be NULL. GIL: not needed. */
void pt_source_stamp(const char *path, struct pt_source_stamp *stamp);

/* Returns whether two stamps are of one file, unchanged. GIL: not needed. */
bool pt_source_is_same(const struct pt_source_stamp *a, const struct pt_source_stamp *b);

/* Frees SOURCE, which may be NULL. GIL: not needed. */
void pt_source_free(struct pt_source *source);

/*
 * Returns the text of a line (counted from 1) without its line end, borrowed, and its
 * length in *SIZE; NULL when there is no such line. GIL: not needed.
 */
const char *pt_source_line(const struct pt_source *source, int line, size_t *size);

/*
 * Moves *TEXT and *SIZE past the indentation of a line and returns its width in columns:
 * tabs go to multiples of 8 and a form feed starts over, as in Python. GIL: not needed.
 */
size_t pt_source_indent(const char **text, size_t *size);

/* Returns whether the text was read from a zip file. GIL: not needed. */
bool pt_source_is_zipped(const struct pt_source *source);

/* Returns the whole text, borrowed, and its length in *SIZE: UTF-8, each line with "\n".
 * GIL: not needed. */
const char *pt_source_text(const struct pt_source *source, size_t *size);

/* Returns the number of lines. GIL: not needed. */
int pt_source_line_count(const struct pt_source *source);

#endif /* PT_SOURCE_H */
