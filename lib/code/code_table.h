/* SPDX-License-Identifier: MIT */
/* Records by code object, where they are not code extras. Reading takes no lock. */
#ifndef PT_CODE_TABLE_H
#define PT_CODE_TABLE_H

#include <stdbool.h>

#include "python/python.h"

struct pt_code;

/*
 * Returns the record of OBJECT, or NULL. Takes the lock only if something is removed at
 * the same time. GIL: held (or thread attached).
 */
struct pt_code *pt_code_table_find(PyObject *object);

/*
 * Adds the record of OBJECT, which belongs to INTERPRETER. Returns false without memory,
 * or if OBJECT has a record. GIL: not needed.
 */
bool pt_code_table_insert(PyObject *object, PyInterpreterState *interpreter,
			  struct pt_code *record);

/* Removes the record of OBJECT and returns it, or NULL. GIL: not needed. */
struct pt_code *pt_code_table_remove(PyObject *object);

/*
 * Removes all records of INTERPRETER and hands them to DROP, under the lock. GIL: not
 * needed.
 */
void pt_code_table_remove_all(PyInterpreterState *interpreter,
			      void (*drop)(const void *object, struct pt_code *record));

#endif /* PT_CODE_TABLE_H */
