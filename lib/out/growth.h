/* SPDX-License-Identifier: MIT */
/* Allocating the blocks of a large, growing file ahead of what is written. */
#ifndef PT_GROWTH_H
#define PT_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From this size on. Up to PT_GROWTH_STEP bytes stay allocated past the end. */
#define PT_GROWTH_FROM ((uint64_t)8 << 20)
#define PT_GROWTH_STEP ((uint64_t)1 << 20)

/* All zero is a file that has not been looked at yet. */
struct pt_growth {
	uint64_t allocated; /* bytes that we have allocated */
	bool is_known;	    /* ... whether it helps on this file system */
	bool is_gain;
};

/*
 * Prepares for a write of MORE bytes to FD, whose file has SIZE bytes. Its size does not
 * change, and failure does no harm. errno may change. GIL: not needed.
 */
void pt_growth_prepare(struct pt_growth *growth, int fd, uint64_t size, size_t more);

#endif /* PT_GROWTH_H */
