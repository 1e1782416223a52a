/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/ticks.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CLOCK_SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* Of ns: 64 ns remain. */
#define NANOSECOND_SHIFT 6

/* Of a counter of 1 to 4 GHz: 32 to 128 ns remain. */
#define COUNTER_SHIFT 7

/* See ticks.h. */
bool pt_ticks_are_counted;

/* The kernel has found out whether the counter can be trusted: then it is its own clock. */
static bool kernel_counts_by(const char *name)
{
	char text[32] = "";
	int fd = open(CLOCK_SOURCE, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	return size > 0 && strncmp(text, name, strlen(name)) == 0;
}

void pt_ticks_start(void)
{
#ifdef __x86_64__
	pt_ticks_are_counted = kernel_counts_by("tsc");
#elif defined(__aarch64__)
	pt_ticks_are_counted = kernel_counts_by("arch_sys_counter");
#endif
}

unsigned int pt_ticks_shift(void)
{
#ifdef __aarch64__
	/* These count 1 to 100 million times a second, or 1000 million. */
	if (pt_ticks_are_counted) {
		uint64_t frequency = 0;
		unsigned int shift = 0;
		__asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
		while ((frequency >> shift) > 30000000)
			shift++;
		return shift;
	}
#endif
	return pt_ticks_are_counted ? COUNTER_SHIFT : NANOSECOND_SHIFT;
}
