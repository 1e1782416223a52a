/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "await.h"

#include "code.h"
#include "util.h"

#include <stddef.h>

/* What RESUME has in its argument: where the frame was left, by "yield from" or await. */
#define RESUME_PLACE 3
#define RESUME_AFTER_YIELD_FROM 2
#define RESUME_AFTER_AWAIT 3

/*
 * Instructions, by the minor version from 3.8 on; 0: none. The one that asks what is
 * awaited for more is YIELD_FROM before 3.11, then SEND; that of 3.15 has no event.
 * RESUME follows the place where frames wait. Since 3.12 the answer to an exception that
 * is thrown into what is awaited comes there (CLEANUP_THROW takes it).
 */
static const struct {
	unsigned char send;
	unsigned char resume;
} instructions[] = {
	{ 72, 0 },    { 72, 0 },    { 72, 0 },	  { 123, 0 },
	{ 123, 151 }, { 104, 149 }, { 106, 128 }, { 0, 128 },
};

/* Returns whether the instruction at an offset of the bytes is an await. */
static bool is_await(const unsigned char *bytes, size_t size, long offset)
{
	size_t version = (size_t)(pt_py.minor - 8);

	if (offset < 0 || (size_t)offset >= size ||
	    version >= PT_ARRAY_SIZE(instructions))
		return false;
	if (instructions[version].send && bytes[offset] == instructions[version].send)
		return true;
	const unsigned char *next = bytes + offset + 2;
	if (!instructions[version].resume || (size_t)offset + 4 > size ||
	    next[0] != instructions[version].resume)
		return false;
	int place = next[1] & RESUME_PLACE;
	return place == RESUME_AFTER_YIELD_FROM || place == RESUME_AFTER_AWAIT;
}

/* The same of code whose bytes are not at hand. */
static bool is_await_of(PyObject *object, long offset)
{
	PyObject *bytes = pt_py.PyObject_GetAttrString(object, "co_code");
	char *data = NULL;
	Py_ssize_t size = 0;
	bool is_found = false;

	if (bytes && pt_py.PyBytes_AsStringAndSize(bytes, &data, &size) == 0)
		is_found = is_await((unsigned char *)data, (size_t)size, offset);
	else
		pt_py.PyErr_Clear();
	pt_python_drop(bytes);
	return is_found;
}

bool pt_await_is_over(const struct pt_code *code, long offset, PyObject *exception)
{
	if (!(code->flags & PT_CODE_RESUMABLE))
		return false;
	PyObject *type = pt_py.PyObject_Type(exception);
	bool is_stop = pt_py.PyType_IsSubtype((PyTypeObject *)type,
					      (PyTypeObject *)*pt_py.exc_stop);
	pt_python_drop(type);
	if (!is_stop)
		return false;
	return code->bytecode ? is_await(code->bytecode, code->bytecode_size, offset) :
				is_await_of(code->object, offset);
}
