/* SPDX-License-Identifier: MIT */
/* A clock that is cheap to read: of the processor, where it is one that time goes by. */
#ifndef PT_TICKS_H
#define PT_TICKS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __x86_64__
#include <x86intrin.h>
#endif

/* The processor's counter runs evenly and is the same on all cores. */
extern bool pt_ticks_are_counted;

/* Finds out about the counter; once per process. GIL: not needed. */
void pt_ticks_start(void);

/* How many low bits of a count are left out of recorded times: what remains is between 30
 * and 130 ns. GIL: not needed. */
unsigned int pt_ticks_shift(void);

/* Returns the time in ns, CLOCK_MONOTONIC. GIL: not needed; safe in signal handlers. */
static inline uint64_t pt_ticks_monotonic(void)
{
	struct timespec time = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Returns the count: of the processor, or ns. GIL: not needed; safe in signal handlers. */
static inline uint64_t pt_ticks_now(void)
{
#ifdef __x86_64__
	if (__builtin_expect(pt_ticks_are_counted, 1))
		return __rdtsc();
#elif defined(__aarch64__)
	if (__builtin_expect(pt_ticks_are_counted, 1)) {
		uint64_t count = 0;
		__asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
		return count;
	}
#endif
	return pt_ticks_monotonic();
}

#endif /* PT_TICKS_H */
