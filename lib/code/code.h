/* SPDX-License-Identifier: MIT */
/* One record per code object: its names, the verdict on it, what is kept for its lines.
 */
#ifndef PT_CODE_H
#define PT_CODE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code/code_info.h"
#include "python/python.h"

struct pt_rules;

/* Code of the import system whose calls tell of imports. */
enum pt_code_role {
	PT_ROLE_NONE,
	PT_ROLE_LOAD,	/* _load_unlocked(spec): a module is about to be loaded */
	PT_ROLE_UNLOCK, /* __exit__() of a module lock: an import ended, well or not */
};

/*
 * What is kept for each line of code and one mark, from the code's first line on: in a
 * recording the number of the site, else a struct pt_line (render.h); 0: nothing yet. Replaced by a
 * larger one when too small.
 */
struct pt_site_table {
	struct pt_site_table *previous; /* kept: another thread may still be reading it */
	unsigned int count;
	_Atomic(uintptr_t) sites[];
};

/* What is known of a code object; first, close together, what each event needs. */
struct pt_code {
	bool is_traced;		/* the rules say yes */
	bool is_machinery;	/* part of importlib */
	atomic_bool is_watched; /* for the backend: its events are on */
	atomic_uint number;	/* in a recording; 0: not defined yet */
	_Atomic(struct pt_site_table *) tables[PT_MARK_COUNT];
	struct pt_code_info info;
	PyObject *object;    /* borrowed; owned in free-threaded builds */
	unsigned int origin; /* set of enum pt_origin; 0: that of the file */
	enum pt_code_role role;
	unsigned char *bytecode; /* of resumable code before 3.12, else NULL */
	size_t bytecode_size;
};

/* The record of all code that is neither traced nor has a role. */
extern struct pt_code pt_code_excluded;

/*
 * Stands for the record of code that the rules want and the format does not show as long
 * as its globals have no __file__: importlib's modules get theirs late. It is asked about
 * again each time.
 */
extern struct pt_code pt_code_deferred;

/* What decides about code. The pointers are borrowed for the time of the process. */
struct pt_code_policy {
	const struct pt_rules *rules;
	bool needs_file;      /* only code with __file__ in its globals is traced */
	bool wants_imports;   /* code with a role is kept */
	bool wants_machinery; /* importlib's own code may be traced */
	bool wants_report;    /* PYTRACE_DEBUG=rules */
};

/* Sets the policy; once per process. GIL: not needed. */
void pt_code_start(const struct pt_code_policy *policy);

/*
 * Prepares the current interpreter for records. Returns 0, or -errno when records cannot
 * be attached to its code objects. GIL: held.
 */
int pt_code_start_interpreter(void);

/* Returns the record of a code object, borrowed, or NULL if it has none. GIL: held. */
struct pt_code *pt_code_find(PyObject *object);

/*
 * Returns the record of the code object that the current frame runs, borrowed; makes and
 * decides it the first time. Never NULL: what cannot be recorded is excluded. Any pending
 * exception must have been saved. GIL: held.
 */
struct pt_code *pt_code_get(PyObject *object);

/* Returns what is kept for a line, see struct pt_site_table; 0: nothing. GIL: held. */
static inline uintptr_t pt_code_site(struct pt_code *code, enum pt_mark mark, int line)
{
	struct pt_site_table *table =
		atomic_load_explicit(&code->tables[mark], memory_order_acquire);
	unsigned int index = (unsigned int)line - (unsigned int)code->info.first_line;

	if (!table || index >= table->count)
		return 0;
	return atomic_load_explicit(&table->sites[index], memory_order_acquire);
}

/*
 * Keeps something for a line, which the record then owns. Returns false when it could not
 * be kept; it is still the caller's. GIL: held.
 */
bool pt_code_set_site(struct pt_code *code, enum pt_mark mark, int line, uintptr_t site);

/* What is kept are numbers, not lines to be freed; once per process. */
void pt_code_keep_numbers(void);

/* Frees what a record, which dies, keeps for its lines. GIL: not needed. */
void pt_code_free_sites(struct pt_code *code);

/*
 * Returns whether the rules want a module as a whole. ORIGIN is that of its spec: a path,
 * "built-in", "frozen", or NULL for a namespace package. GIL: not needed.
 */
bool pt_code_wants_module(const char *module, const char *origin);

/*
 * Is told of each code object with a record that dies, the latter being about to be freed
 * unless it is pt_code_excluded. The object's address is only for comparing. Set once.
 */
extern void (*pt_code_on_free)(const void *object, const struct pt_code *code);

#endif /* PT_CODE_H */
