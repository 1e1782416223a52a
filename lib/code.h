/* SPDX-License-Identifier: MIT */
/* One record per code object: its names, the verdict on it, its lines ready to copy. */
#ifndef PT_CODE_H
#define PT_CODE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "python.h"

struct pt_file;
struct pt_rules;

/* co_flags, from CPython's code.h; the same in all versions. */
#define PT_CODE_OPTIMIZED 0x0001
#define PT_CODE_GENERATOR 0x0020
#define PT_CODE_COROUTINE 0x0080
#define PT_CODE_ASYNC_GENERATOR 0x0200
#define PT_CODE_RESUMABLE \
	(PT_CODE_GENERATOR | PT_CODE_COROUTINE | PT_CODE_ASYNC_GENERATOR)

/* Code of the import system whose calls announce imports. */
enum pt_code_role {
	PT_ROLE_NONE,
	PT_ROLE_LOAD,	/* _load_unlocked(spec): a module is about to load */
	PT_ROLE_UNLOCK, /* __exit__() of a module lock: an import ended or failed */
};

/* Events at a line of code that look the same each time: each is rendered once. */
enum pt_mark {
	PT_MARK_LINE,
	PT_MARK_CALL,
	PT_MARK_RESUME,
	PT_MARK_RETURN,
	PT_MARK_UNWIND,
	PT_MARK_YIELD,
	PT_MARK_COUNT,
};

/*
 * Such an event, rendered: what comes before the blanks (see struct pt_head), and the
 * rest.
 */
struct pt_line {
	unsigned int head;
	unsigned int width; /* of the head */
	unsigned int size;  /* of head and rest together; 0: nothing is shown */
	char text[];	    /* and room for pt_copy_blocks() */
};

/*
 * A record's lines with one mark, from its first line on. When too small, a larger table
 * replaces it.
 */
struct pt_line_table {
	struct pt_line_table *previous; /* kept: another thread may still be reading it */
	unsigned int count;
	_Atomic(struct pt_line *) lines[];
};

/*
 * What is known of a code object. The fields that every event needs come first, close
 * together. Strings are owned.
 */
struct pt_code {
	PyObject *object; /* borrowed; owned in free-threaded builds */
	int first_line;
	bool is_traced;		/* the rules say yes */
	bool is_machinery;	/* part of importlib */
	atomic_bool is_watched; /* for the backend: its events are on */
	_Atomic(struct pt_line_table *) tables[PT_MARK_COUNT];
	struct pt_file *file; /* a reference */
	char *name;	      /* co_name */
	char *qualname;	      /* co_qualname, or its equivalent before 3.11 */
	char *module;	      /* base name of __file__ without suffix, or NULL */
	atomic_int
		base_indent; /* indentation of the body's first line; -1: unknown */
	unsigned int flags;  /* co_flags */
	unsigned int origin; /* set of enum pt_origin; 0: as the file */
	enum pt_code_role role;
	unsigned char *bytecode; /* of resumable code before 3.12, else NULL */
	size_t bytecode_size;
};

/* The record of all code that is neither traced nor has a role. */
extern struct pt_code pt_code_excluded;

/*
 * Stands for the record of code that the rules want but the format does not show while
 * its globals have no __file__: importlib's modules get theirs late. Such code is decided
 * anew each time.
 */
extern struct pt_code pt_code_deferred;

/* What decides about code. The pointers are borrowed for the life of the process. */
struct pt_code_policy {
	const struct pt_rules *rules;
	bool needs_file;      /* only code with __file__ in its globals is traced */
	bool wants_imports;   /* code with a role gets a record */
	bool wants_machinery; /* importlib's own code may be traced */
	bool wants_report;    /* PYTRACE_DEBUG=rules */
};

/* Sets the policy; once per process. GIL: not needed. */
void pt_code_start(const struct pt_code_policy *policy);

/*
 * Prepares the current interpreter for records. Returns 0, or -errno if its code objects
 * cannot have any. GIL: held.
 */
int pt_code_start_interpreter(void);

/* Returns the record of a code object, borrowed, or NULL if it has none. GIL: held. */
struct pt_code *pt_code_find(PyObject *object);

/*
 * Returns the record of the code object that the current frame runs, borrowed. The first
 * time, makes it and decides on it. Never NULL: code that cannot be recorded is excluded.
 * The caller has saved any pending exception. GIL: held.
 */
struct pt_code *pt_code_get(PyObject *object);

/* Returns the line if it has been rendered, else NULL. GIL: held. */
static inline const struct pt_line *pt_code_line(struct pt_code *code, enum pt_mark mark,
						 int line)
{
	struct pt_line_table *table =
		atomic_load_explicit(&code->tables[mark], memory_order_acquire);
	unsigned int index = (unsigned int)line - (unsigned int)code->first_line;

	if (!table || index >= table->count)
		return NULL;
	return atomic_load_explicit(&table->lines[index], memory_order_acquire);
}

/*
 * Keeps a rendered line, which the record then owns. Returns false if it cannot; then the
 * caller still owns the line. GIL: held.
 */
bool pt_code_set_line(struct pt_code *code, enum pt_mark mark, int line,
		      struct pt_line *text);

/* Frees all rendered lines of a record that dies. GIL: not needed. */
void pt_code_free_lines(struct pt_code *code);

/*
 * Returns whether the rules want a module as a whole. ORIGIN is that of its spec: a path,
 * "built-in", "frozen", or NULL for a namespace package. GIL: not needed.
 */
bool pt_code_wants_module(const char *module, const char *origin);

/*
 * Called for each code object with a record that dies; the record is freed next, unless
 * it is pt_code_excluded. The object's address is only for comparing. Set once.
 */
extern void (*pt_code_on_free)(const void *object, const struct pt_code *code);

#endif /* PT_CODE_H */
