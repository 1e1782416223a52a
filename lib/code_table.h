/* SPDX-License-Identifier: MIT */
/* Records by code object, for free-threaded builds: read without a lock, never shrinks.
 */
#ifndef PT_CODE_TABLE_H
#define PT_CODE_TABLE_H

#include <stdbool.h>

#include "python.h"

struct pt_code;

/* Returns the record of OBJECT, or NULL. Takes no lock. GIL: held (or thread attached).
 */
struct pt_code *pt_code_table_find(PyObject *object);

/*
 * Adds the record of OBJECT and takes a reference to OBJECT, so that its address is not
 * used again. Returns false without memory, or when OBJECT has a record. GIL: held.
 */
bool pt_code_table_insert(PyObject *object, struct pt_code *record);

#endif /* PT_CODE_TABLE_H */
