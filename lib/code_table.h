/* SPDX-License-Identifier: MIT */
/* Records by code object, where they are not code extras: read without a lock. */
#ifndef PT_CODE_TABLE_H
#define PT_CODE_TABLE_H

#include <stdbool.h>

#include "python.h"

struct pt_code;

/*
 * Returns the record of OBJECT, or NULL. Takes no lock as long as nothing is taken out at
 * the same time. GIL: held (or thread attached).
 */
struct pt_code *pt_code_table_find(PyObject *object);

/*
 * Adds the record of OBJECT, which belongs to INTERPRETER. Returns false without memory,
 * or when OBJECT has a record. GIL: not needed.
 */
bool pt_code_table_insert(PyObject *object, PyInterpreterState *interpreter,
			  struct pt_code *record);

/* Takes the record of OBJECT out and returns it, or NULL. GIL: not needed. */
struct pt_code *pt_code_table_remove(PyObject *object);

/* Takes out and hands to DROP all that belongs to INTERPRETER. GIL: not needed. */
void pt_code_table_remove_all(PyInterpreterState *interpreter,
			      void (*drop)(const void *object, struct pt_code *record));

#endif /* PT_CODE_TABLE_H */
