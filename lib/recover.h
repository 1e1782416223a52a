/* SPDX-License-Identifier: MIT */
/* What processes that died have left in staging files: put where it belongs. */
#ifndef PT_RECOVER_H
#define PT_RECOVER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Looks in the directory of OUTPUT, an absolute path, for staging files. Those that a
 * dead process has left for the same output are appended to it and taken away; with PID,
 * those of that process (which must be known to be dead) for any output in the directory.
 * Whatever cannot be done is left as it is. The second returns whether there was
 * anything. errno is left as it was. The first is for when this process has no staging
 * file yet: those with its own pid are of the time before exec. GIL: not needed.
 */
void pt_recover_output(const char *output);
bool pt_recover_process(const char *output, pid_t pid);

/* Takes away what dead processes have left for OUTPUT, which is to be replaced. */
void pt_recover_discard(const char *output);

#endif /* PT_RECOVER_H */
