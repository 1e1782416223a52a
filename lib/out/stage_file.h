/* SPDX-License-Identifier: MIT */
/* The file beside the output that serves as a stage's memory. */
#ifndef PT_STAGE_FILE_H
#define PT_STAGE_FILE_H

#include <stdint.h>

struct pt_place;

/* Identifies a file, whatever its name. */
struct pt_stage_file {
	uint64_t device;
	uint64_t inode;
};

/*
 * Creates a staging file beside OUTPUT, whose device and inode are in PLACE, and maps it:
 * PT_JOURNAL_FILE_SIZE bytes, all zero except for the journal, which names this process,
 * its run and the output. If the file system allows, the file gets its name only when it
 * is complete. Returns the memory, and fills in *PATH, which the caller frees, and *FILE;
 * on failure NULL, and one line says why. GIL: not needed.
 */
char *pt_stage_file_map(const char *output, const struct pt_place *place, char **path,
			struct pt_stage_file *file);

/* Unmaps it. The file itself is not touched. GIL: not needed; safe in signal handlers. */
void pt_stage_file_unmap(char *data);

#endif /* PT_STAGE_FILE_H */
