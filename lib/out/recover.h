/* SPDX-License-Identifier: MIT */
/*
 * Putting what dead processes have left in staging files where it belongs.
 *
 * Staging files are beside the output, in a directory that others may write to. One is
 * trusted only if it is this user's, private, has no other name and was made for this
 * very output; it is read, never mapped. All functions need the turn (turn.h), and with
 * it are safe in signal handlers. GIL: not needed.
 */
#ifndef PT_RECOVER_H
#define PT_RECOVER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Append what dead processes have left for the output at PATH, which is open as FD and
 * locked against other processes, and remove their staging files. pt_recover_run() takes
 * those of this run, also for other outputs in the directory; call it before this process
 * has made a staging file, as one with its pid must come from before exec.
 * pt_recover_old() takes those of earlier runs, and returns whether there were any.
 */
void pt_recover_run(const char *path, int fd);
bool pt_recover_old(const char *path, int fd);

/*
 * Completes what a process of this run was writing to the output when it was killed: the
 * file ends with the beginning of its text. IS_LOCKED: nobody can be writing now, so the
 * process counts as dead even if it does not look so yet.
 */
void pt_recover_torn(const char *path, int fd, bool is_locked);

/*
 * Puts in place what a process of this run, known to be dead, has left; its output may
 * also be a file of its own in the directory of PATH. Returns whether there was anything.
 */
bool pt_recover_process(const char *path, int fd, pid_t pid);

/*
 * Returns 1 if a process has left anything that looks so, 0 if not, or -errno; believes
 * names.
 */
int pt_recover_has(const char *path, pid_t pid);

#endif /* PT_RECOVER_H */
