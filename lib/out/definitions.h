/* SPDX-License-Identifier: MIT */
/* What events of a recording refer to by number: files, their text, code, sites. */
#ifndef PT_DEFINITIONS_H
#define PT_DEFINITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes. */
struct pt_bytes {
	const char *data;
	size_t size;
};

/* A file, as it is written down. Strings may be NULL. */
struct pt_file_definition {
	const char *name;  /* co_filename */
	const char *path;  /* absolute */
	const char *shown; /* as people see it */
	uint32_t flags;	   /* set of enum pt_origin, PT_FILE_ZIPPED */
	struct pt_bytes text; /* of the whole file; data NULL: there is none */
};

/* A code object. */
struct pt_code_definition {
	uint32_t file;
	uint32_t first_line;
	uint32_t flags; /* co_flags */
	const char *name;
	const char *qualname;
	const char *import_name; /* __name__ of its module, or NULL */
	const char *module; /* base name of __file__ without ending, or NULL */
	struct pt_bytes code;
	struct pt_bytes lines;	    /* co_linetable, before 3.10 co_lnotab */
	struct pt_bytes exceptions; /* co_exceptiontable */
};

/* A code object inside of another one. */
struct pt_outline_definition {
	uint32_t parent;
	uint32_t first_line;
	uint32_t flags;
	const char *name;
	const char *qualname; /* or NULL */
	struct pt_bytes lines;
};

/* Sets whether the text of files is stored; once per process. GIL: not needed. */
void pt_definitions_start(bool stores_source);

/*
 * Define something that events are about to refer to. They return its number, or 0 when
 * there is no room, which is then counted as events are. GIL: not needed; take the lock.
 */
uint32_t pt_definitions_file(const struct pt_file_definition *file);
uint32_t pt_definitions_code(const struct pt_code_definition *code);
uint32_t pt_definitions_site(uint32_t code, unsigned int mark, int line);
void pt_definitions_outline(const struct pt_outline_definition *outline);

/* Gives back what the last chunk does not use; for the end. Takes the lock. */
void pt_definitions_trim(void);

/* In the child after fork: what the parent has defined holds, its chunk is the parent's. */
void pt_definitions_after_fork(void);

#endif /* PT_DEFINITIONS_H */
