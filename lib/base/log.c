/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* Longer messages are cut: they must get out even without memory. */
#define MAX_MESSAGE 4096

void pt_log(const char *format, ...)
{
	static const char prefix[] = "libpytrace: ";
	int saved = errno;
	char line[MAX_MESSAGE];
	va_list args;

	size_t size = (size_t)snprintf(line, sizeof(line), "%s", prefix);
	va_start(args, format);
	int length = vsnprintf(line + size, sizeof(line) - size, format, args);
	va_end(args);
	if (length > 0)
		size += (size_t)length;
	if (size > sizeof(line) - 1)
		size = sizeof(line) - 1;
	line[size] = '\0';
	pt_clean_line(line);
	line[size++] = '\n';
	pt_write_all(STDERR_FILENO, line, size, NULL);
	errno = saved;
}

void pt_log_uncounted(void)
{
	static atomic_bool is_said;

	if (!atomic_exchange(&is_said, true))
		pt_log("out of memory; at least one event is missing that is not counted "
		       "as lost");
}
