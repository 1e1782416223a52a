/* SPDX-License-Identifier: MIT */
/* Small helpers that every module may use: a growing buffer, a patient write, near names.
 */
#ifndef PT_UTIL_H
#define PT_UTIL_H

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#define PT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define PT_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Marks what the shared object exports: everything else is hidden. */
#define PT_EXPORT __attribute__((visibility("default")))

/* A branch that only the first event of its kind, or a failure, takes. */
#define PT_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/*
 * A buffer of bytes that grows as they are appended. All zero is an empty buffer. If
 * memory runs out, the buffer stays as it was, `failed` is set and later appends do
 * nothing: callers check once, at the end.
 */
struct pt_buf {
	char *data;
	size_t size;	 /* bytes in use; no NUL is counted */
	size_t capacity; /* bytes allocated */
	bool failed;
};

/* Frees the bytes and makes the buffer empty again. GIL: not needed. */
void pt_buf_destroy(struct pt_buf *buf);

/* Empties the buffer and keeps its memory. GIL: not needed. */
void pt_buf_clear(struct pt_buf *buf);

/* Makes room for SIZE more bytes. Returns false without memory. GIL: not needed. */
bool pt_buf_reserve(struct pt_buf *buf, size_t size);

/* Append bytes, a string, one character COUNT times, formatted text. GIL: not needed. */
void pt_buf_add(struct pt_buf *buf, const char *data, size_t size);
void pt_buf_add_string(struct pt_buf *buf, const char *text);
void pt_buf_add_fill(struct pt_buf *buf, char c, size_t count);
void pt_buf_add_format(struct pt_buf *buf, const char *format, ...) PT_PRINTF(2, 3);

/*
 * Hands the text over as a NUL-terminated string that the caller frees, and leaves an
 * empty buffer. Returns NULL when memory ran out at any point. GIL: not needed.
 */
char *pt_buf_take(struct pt_buf *buf);

/*
 * Writes all of DATA to FD, continuing after signals and short writes and once the
 * descriptor is ready again. Returns 0 or -errno; what was written before an error stays
 * written. Sets *WRITTEN, if WRITTEN is not NULL, to that number of bytes. Causes no
 * SIGPIPE and no SIGXFSZ. GIL: not needed.
 */
int pt_write_all(int fd, const char *data, size_t size, size_t *written);

/*
 * Between these calls the thread gets no SIGPIPE and no SIGXFSZ. A signal caused in
 * between by what failed with ERROR (-errno, or 0) is discarded. GIL: not needed.
 */
struct pt_quiet {
	sigset_t mask;
	sigset_t pending;
};
void pt_quiet_begin(struct pt_quiet *quiet);
void pt_quiet_end(const struct pt_quiet *quiet, int error);

/*
 * Returns the one of the COUNT strings in NAMES that the mistyped WORD most likely means,
 * or NULL if none is near. GIL: not needed.
 */
const char *pt_nearest(const char *word, const char *const *names, size_t count);

/* Returns what follows the last slash of PATH, or all of it. GIL: not needed. */
const char *pt_base_name(const char *path);

/*
 * Returns whether the SIZE bytes of TEXT end in SUFFIX and are longer than it. GIL: not
 * needed.
 */
bool pt_has_suffix(const char *text, size_t size, const char *suffix);

/* Returns the length of the whole lines at the start of TEXT. GIL: not needed. */
size_t pt_whole_lines(const char *text, size_t size);

/*
 * Removes "/./", "//", "/../" and a trailing slash from the absolute PATH, in place,
 * without looking at files. The root becomes "". GIL: not needed.
 */
void pt_normalize_path(char *path);

/*
 * Returns the length of the UTF-8 character at TEXT, 0 if there is none (RFC 3629,
 * section 4): overlong forms, surrogates and anything above U+10FFFF are none. GIL: not
 * needed.
 */
size_t pt_utf8_length(const char *text, size_t size);

/*
 * Returns how many of the SIZE bytes of TEXT to show when at most LIMIT may be: a
 * character is shown as a whole or not at all. GIL: not needed.
 */
size_t pt_utf8_cut(const char *text, size_t size, size_t limit);

/* Returns the number of characters of UTF-8 text. GIL: not needed. */
size_t pt_utf8_width(const char *text);

/* Replaces control characters in TEXT by spaces, so that it is one line. GIL: not needed.
 */
void pt_clean_line(char *text);

/* Size of the blocks that pt_copy_blocks() copies. */
#define PT_COPY_BLOCK 64

/*
 * Copies SIZE bytes and returns the end of the copy. It copies whole blocks: up to
 * PT_COPY_BLOCK bytes more than asked for are read and written.
 */
static inline char *pt_copy_blocks(char *to, const char *from, size_t size)
{
	memcpy(to, from, PT_COPY_BLOCK);
	for (size_t i = PT_COPY_BLOCK; PT_UNLIKELY(i < size); i += PT_COPY_BLOCK)
		memcpy(to + i, from + i, PT_COPY_BLOCK);
	return to + size;
}

/* Like asprintf, but returns the string, or NULL without memory. The caller frees it. */
char *pt_format(const char *format, ...) PT_PRINTF(1, 2);

/*
 * Formats a message for the user. Never NULL: without memory it is pt_no_memory, which
 * says so. Free it only by pt_message_free(). GIL: not needed.
 */
char *pt_message(const char *format, ...) PT_PRINTF(1, 2);
void pt_message_free(char *message);
extern char pt_no_memory[];

#endif /* PT_UTIL_H */
