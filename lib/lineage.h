/* SPDX-License-Identifier: MIT */
/* Who is who among processes: is one still the same, and which run does ours belong to.
 */
#ifndef PT_LINEAGE_H
#define PT_LINEAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Returns when a process was started, in clock ticks since the system was (field 22 of
 * proc_pid_stat(5)), or 0 when there is no such process or it is dead. GIL: not needed.
 */
uint64_t pt_lineage_start_time(pid_t pid);

/* Returns the number of the pid namespace of this process, 0 if unknown. GIL: not needed.
 */
uint64_t pt_lineage_pid_namespace(void);

/*
 * Returns whether the file at PATH was written since the run began. A run begins with the
 * topmost of this process's ancestors that has LIBRARY in its LD_PRELOAD, which need not
 * be Python ("sh -c 'python a.py; python b.py'"); false when there is none. GIL: not
 * needed.
 */
bool pt_lineage_is_file_of_run(const char *path, const char *library);

#endif /* PT_LINEAGE_H */
