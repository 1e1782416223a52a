/* SPDX-License-Identifier: MIT */
/* The file that a stage's memory is, beside the output. */
#ifndef PT_STAGE_FILE_H
#define PT_STAGE_FILE_H

#include <stdint.h>

struct pt_place;

/* A file, whatever its name. */
struct pt_stage_file {
	uint64_t device;
	uint64_t inode;
};

/*
 * Makes a staging file beside OUTPUT, whose device and inode PLACE tells, and maps it:
 * PT_JOURNAL_FILE_SIZE bytes of zeros but for the journal, which names this process, its
 * run and the output. Where the file system can do that, it gets its name when all this
 * is in it. Returns the memory, puts the file's path, to be freed, in *PATH and tells which
 * file it is; NULL when there is no such file to be had, and one line says why. GIL: not needed.
 */
char *pt_stage_file_map(const char *output, const struct pt_place *place, char **path,
			struct pt_stage_file *file);

/* Unmaps it. The file itself is not touched. GIL: not needed; safe in signal handlers. */
void pt_stage_file_unmap(char *data);

#endif /* PT_STAGE_FILE_H */
