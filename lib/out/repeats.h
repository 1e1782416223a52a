/* SPDX-License-Identifier: MIT */
/*
 * Finding what a trace repeats, as programs run the same lines again and again.
 * Compressors look for repeats byte by byte; here they begin with a line and are long.
 */
#ifndef PT_REPEATS_H
#define PT_REPEATS_H

#include <stddef.h>

/* How far back repeats are found, and the most text that is handled at once. */
#define PT_REPEATS_WINDOW_LOG 23
#define PT_REPEATS_MAX_SIZE ((size_t)128 << 10)

struct pt_repeats;

/* A piece of text, laid out as ZSTD_Sequence of zstd.h. */
struct pt_repeat {
	unsigned int distance; /* how far back the repeated text is, in bytes */
	unsigned int literals; /* new bytes before the repeat */
	unsigned int length;   /* of the repeat; 0, with distance 0: the text ends */
	unsigned int unused;
};

/* Returns a state that has seen no text, or NULL without memory. GIL: not needed. */
struct pt_repeats *pt_repeats_new(void);

/* Frees a state; NULL is allowed. GIL: not needed. */
void pt_repeats_free(struct pt_repeats *repeats);

/* Forgets the text seen so far. GIL: not needed. */
void pt_repeats_restart(struct pt_repeats *repeats);

/*
 * Splits the next SIZE bytes, at most PT_REPEATS_MAX_SIZE, into pieces, the last of which
 * has no repeat, and remembers them. Returns the number of pieces; 0 if CAPACITY is not
 * at least two more than that, or if so much of the text is new that a search byte by
 * byte is better. GIL: not needed.
 */
size_t pt_repeats_find(struct pt_repeats *repeats, const char *text, size_t size,
		       struct pt_repeat *pieces, size_t capacity);

#endif /* PT_REPEATS_H */
