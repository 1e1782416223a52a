/* SPDX-License-Identifier: MIT */
/*
 * What processes that died have left in staging files: put where it belongs.
 *
 * Staging files are beside the output, in a directory that others may write to. One is
 * believed only if it is this user's, private, has no other name and was made for this
 * very output; it is read, never mapped. All functions want the turn (turn.h), and are
 * then safe in signal handlers.
 */
#ifndef PT_RECOVER_H
#define PT_RECOVER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Append to the output at PATH, which FD is open for and which other processes are kept
 * from, what dead processes have left for it, and take their staging files away: those of
 * this run, before this process has made one, for what has its pid is of the time before
 * exec, and then also those for other outputs in the directory; or those of earlier runs,
 * telling whether there were any.
 */
void pt_recover_run(const char *path, int fd);
bool pt_recover_old(const char *path, int fd);

/*
 * Completes what a process of this run was writing to the output when it was killed: the
 * end of the file is the beginning of its text. IS_LOCKED: nobody can be writing now, so it
 * is as good as dead if it does not look so yet.
 */
void pt_recover_torn(const char *path, int fd, bool is_locked);

/*
 * Does that for a process of this run that is known to be dead, whose output may also be
 * a file of its own in the directory of PATH. Returns whether there was anything.
 */
bool pt_recover_process(const char *path, int fd, pid_t pid);

/*
 * Returns 1 if a process has left anything that looks so, 0 if not, or -errno; believes
 * names.
 */
int pt_recover_has(const char *path, pid_t pid);

#endif /* PT_RECOVER_H */
