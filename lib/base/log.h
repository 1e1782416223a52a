/* SPDX-License-Identifier: MIT */
/* The library's own messages to the user: one line, one write, to stderr. */
#ifndef PT_LOG_H
#define PT_LOG_H

#include "base/util.h"

/*
 * Writes "libpytrace: MESSAGE\n" to file descriptor 2 in a single write, so that lines of
 * several processes do not mix. errno stays. GIL: not needed.
 */
void pt_log(const char *format, ...) PT_PRINTF(1, 2);

/*
 * Says, once, that memory ran out and at least one event is missing from the count. errno
 * stays. GIL: not needed.
 */
void pt_log_uncounted(void);

#endif /* PT_LOG_H */
