/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "watch/await.h"

#include "base/util.h"
#include "code/code.h"

#include <stddef.h>

/* The argument of RESUME: how the frame came there. */
#define RESUME_PLACE 3
#define RESUME_AT_START 0
#define RESUME_AFTER_YIELD_FROM 2
#define RESUME_AFTER_AWAIT 3

/*
 * Instructions, by the minor version from 3.8 on; 0: none. The one that sends into what
 * is awaited is YIELD_FROM before 3.11, then SEND; that of 3.15 has no event. RESUME
 * follows the place where frames wait. Since 3.12 the answer to an exception thrown into
 * what is awaited arrives there (CLEANUP_THROW takes it).
 */
static const struct instructions {
	unsigned char send;
	unsigned char resume;
} instructions[] = {
	{ 72, 0 },    { 72, 0 },    { 72, 0 },	  { 123, 0 },
	{ 123, 151 }, { 104, 149 }, { 106, 128 }, { 0, 128 },
};

/* The instructions of this version; all zero for an unknown one. */
static struct instructions known(void)
{
	size_t version = (size_t)(pt_py.minor - 8);

	return version < PT_ARRAY_SIZE(instructions) ? instructions[version] :
						       (struct instructions){ 0, 0 };
}

/*
 * How the frame came to where it waits at an offset, by the argument of the RESUME there;
 * -1 if there is none.
 */
static int place_of(const unsigned char *bytes, size_t size, long offset)
{
	unsigned char resume = known().resume;

	if (offset < -2 || (size_t)(offset + 4) > size || !resume ||
	    bytes[offset + 2] != resume)
		return -1;
	return bytes[offset + 3] & RESUME_PLACE;
}

static bool is_await(const unsigned char *bytes, size_t size, long offset)
{
	unsigned char send = known().send;
	int place = place_of(bytes, size, offset);

	if (offset < 0 || (size_t)offset >= size)
		return false;
	return (send && bytes[offset] == send) || place == RESUME_AFTER_YIELD_FROM ||
	       place == RESUME_AFTER_AWAIT;
}

/* The offset is that of RESUME itself since 3.13. */
static bool is_yield_or_await(const unsigned char *bytes, size_t size, long offset)
{
	return place_of(bytes, size, offset) > RESUME_AT_START ||
	       place_of(bytes, size, offset - 2) > RESUME_AT_START;
}

/* Looks at the instruction of a code object at an offset. */
static bool ask(PyObject *object, long offset,
		bool (*question)(const unsigned char *bytes, size_t size, long offset))
{
	PyObject *bytes = pt_python_attr(object, "co_code");
	char *data = NULL;
	Py_ssize_t size = 0;
	bool answer = false;

	if (bytes && pt_py.PyBytes_AsStringAndSize(bytes, &data, &size) == 0)
		answer = question((unsigned char *)data, (size_t)size, offset);
	else
		pt_py.PyErr_Clear();
	pt_python_drop(bytes);
	return answer;
}

bool pt_await_has_begun(PyObject *object, long offset)
{
	return !known().resume || ask(object, offset, is_yield_or_await);
}

bool pt_await_is_over(const struct pt_code *code, long offset, PyObject *exception)
{
	if (!(code->info.flags & PT_CODE_RESUMABLE))
		return false;
	PyObject *type = pt_py.PyObject_Type(exception);
	bool is_stop = pt_py.PyType_IsSubtype((PyTypeObject *)type,
					      (PyTypeObject *)*pt_py.exc_stop);
	pt_python_drop(type);
	if (!is_stop)
		return false;
	return code->bytecode ? is_await(code->bytecode, code->bytecode_size, offset) :
				ask(code->object, offset, is_await);
}
