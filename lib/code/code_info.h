/* SPDX-License-Identifier: MIT */
/* What is known of code by itself, without the interpreter: all that formats see. */
#ifndef PT_CODE_INFO_H
#define PT_CODE_INFO_H

#include <stdatomic.h>

struct pt_file;

/* co_flags, from CPython's code.h; the same in all versions. */
#define PT_CODE_OPTIMIZED 0x0001
#define PT_CODE_GENERATOR 0x0020
#define PT_CODE_COROUTINE 0x0080
#define PT_CODE_ITERABLE_COROUTINE 0x0100
#define PT_CODE_ASYNC_GENERATOR 0x0200
#define PT_CODE_RESUMABLE \
	(PT_CODE_GENERATOR | PT_CODE_COROUTINE | PT_CODE_ASYNC_GENERATOR)
#define PT_CODE_ASYNC \
	(PT_CODE_COROUTINE | PT_CODE_ITERABLE_COROUTINE | PT_CODE_ASYNC_GENERATOR)

/* What happens at a line of code and looks the same each time. The numbers are those of
 * recordings, and stay. */
enum pt_mark {
	PT_MARK_LINE,
	PT_MARK_CALL,
	PT_MARK_RESUME,
	PT_MARK_RETURN,
	PT_MARK_UNWIND,
	PT_MARK_YIELD,
	PT_MARK_COUNT,
};

/* A code object. Strings are owned by whoever has the record around it. */
struct pt_code_info {
	int first_line;
	unsigned int flags; /* co_flags */
	/* Indentation of the body's first line, in columns; -1: not known yet. */
	atomic_int base_indent;
	struct pt_file *file; /* a reference */
	char *name;	      /* co_name */
	char *qualname;	      /* co_qualname, or its equal before 3.11 */
	char *import_name;    /* __name__ of its module, or NULL */
	char *module;	      /* base name of __file__ without ending, or NULL */
};

#endif /* PT_CODE_INFO_H */
