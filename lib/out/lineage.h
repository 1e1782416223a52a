/* SPDX-License-Identifier: MIT */
/* Telling processes apart by more than their pids: is one still the same, is it dead? */
#ifndef PT_LINEAGE_H
#define PT_LINEAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Identifies a process for ever. Pid and start time count only within the namespaces. */
struct pt_process {
	int64_t pid;
	uint64_t start_time; /* clock ticks since the system started; 0: not known */
	uint64_t pid_namespace;
	uint64_t time_namespace;
	unsigned char boot[16]; /* identifies the boot of the system; zeros: not known */
};

/* Fills in this process. GIL: not needed; safe in signal handlers. */
void pt_lineage_self(struct pt_process *process);

/*
 * Returns whether PROCESS is known to be dead, seen from SELF. In doubt (another system,
 * another namespace, no /proc) it counts as alive. GIL: not needed; safe in signal
 * handlers.
 */
bool pt_lineage_is_dead(const struct pt_process *process, const struct pt_process *self);

#endif /* PT_LINEAGE_H */
