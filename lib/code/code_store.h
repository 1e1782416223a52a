/* SPDX-License-Identifier: MIT */
/* Which record belongs to which code object, for as long as the object lives. */
#ifndef PT_CODE_STORE_H
#define PT_CODE_STORE_H

#include <stdbool.h>

#include "python/python.h"

struct pt_code;

/*
 * Called when a code object dies, whose address is only for comparing; owns the record.
 */
typedef void pt_code_death(const void *object, struct pt_code *record);

/* Prepares the current interpreter. Returns 0 or -errno. GIL: held. */
int pt_code_store_start(pt_code_death *on_death);

/* Returns the record of a code object, borrowed, or NULL if it has none. GIL: held. */
struct pt_code *pt_code_store_find(PyObject *object);

/*
 * Gives a code object its record. Returns false if it has one already, or without memory.
 * GIL: held.
 */
bool pt_code_store_add(PyObject *object, struct pt_code *record);

#endif /* PT_CODE_STORE_H */
