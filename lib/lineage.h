/* SPDX-License-Identifier: MIT */
/* Processes, told apart beyond their pids: is one still the same, is it dead? */
#ifndef PT_LINEAGE_H
#define PT_LINEAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A process, for ever. Its pid and start time count within the namespaces alone. */
struct pt_process {
	int64_t pid;
	uint64_t start_time; /* clock ticks since the system was started; 0: not known */
	uint64_t pid_namespace;
	uint64_t time_namespace;
	unsigned char boot[16]; /* which start of which system; zeros: not known */
};

/* Fills in who this process is. GIL: not needed; safe in signal handlers. */
void pt_lineage_self(struct pt_process *process);

/*
 * Returns whether PROCESS is known to be dead, seen from SELF. In doubt (another system,
 * another namespace, no /proc) it is alive. GIL: not needed; safe in signal handlers.
 */
bool pt_lineage_is_dead(const struct pt_process *process, const struct pt_process *self);

#endif /* PT_LINEAGE_H */
