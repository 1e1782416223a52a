/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "reader.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The start time of a process, in the kernel's clock ticks; 0: not known. */
static uint64_t start_time(uint32_t pid)
{
	char path[64];
	char text[1024] = "";
	unsigned long long time = 0;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	size_t size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	/* The name of the program may hold anything. */
	char *end = strrchr(text, ')');
	if (!end || sscanf(end + 1,
			   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
			   "%*d %*d %*d %*d %llu",
			   &time) != 1)
		return 0;
	return time;
}

bool pt_reader_is_running(const struct pt_reader_process *process)
{
	struct stat status;
	uint32_t pid = process->facts.pid;

	if (process->facts.end != PT_END_NONE || !pid)
		return false;
	if (stat("/proc/self/ns/pid", &status) != 0 ||
	    status.st_ino != process->facts.pid_namespace)
		return false;
	return start_time(pid) == process->facts.start_time;
}

static enum pt_ending_kind kind_of_end(const struct pt_reader_process *process)
{
	if (process->facts.end == PT_END_EXIT)
		return PT_ENDING_EXIT;
	if (process->facts.end == PT_END_EXEC)
		return PT_ENDING_EXEC;
	if (process->facts.end == PT_END_SIGNAL || process->signal)
		return PT_ENDING_SIGNAL;
	return pt_reader_is_running(process) ? PT_ENDING_RUNNING : PT_ENDING_UNKNOWN;
}

struct pt_ending pt_reader_ending(const struct pt_reader_process *process)
{
	const struct pt_recording_process *facts = &process->facts;

	return (struct pt_ending){
		.pid = (int)facts->pid,
		.kind = kind_of_end(process),
		.status = (int)(facts->end ? facts->end_status : process->signal),
		.program = facts->end_program,
		.lost = facts->lost,
	};
}

bool pt_reader_is_any_running(struct pt_reader *reader)
{
	for (size_t i = 0; i < pt_reader_process_count(reader); i++) {
		if (pt_reader_is_running(pt_reader_process(reader, i)))
			return true;
	}
	return false;
}
