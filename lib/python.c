/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "python.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_MINOR 8
#define NEWEST_MINOR 15

/* See python.h. */
struct pt_python pt_py;

/* One member of the table: its symbol (or two to choose from) and where it goes. */
struct symbol {
	const char *name;
	const char *other_name;
	size_t offset;
	bool is_required;
};

static const struct symbol symbols[] = {
#define ENTRY(function) { #function, NULL, offsetof(struct pt_python, function), true },
	PT_PYTHON_FUNCTIONS(ENTRY)
#undef ENTRY
#define ENTRY(result, member, parameters, name, other, required) \
	{ name, other, offsetof(struct pt_python, member), required },
		PT_PYTHON_VARIANTS(ENTRY)
#undef ENTRY
#define ENTRY(type, member, name) \
	{ name, NULL, offsetof(struct pt_python, member), true },
			PT_PYTHON_OBJECTS(ENTRY)
#undef ENTRY
};

int pt_python_minor(void *handle)
{
	const char *(*get_version)(void) =
		(const char *(*)(void))dlsym(handle, "Py_GetVersion");
	int major = 0;
	int minor = 0;

	if (!get_version || sscanf(get_version(), "%d.%d", &major, &minor) != 2 ||
	    major != 3)
		return 0;
	return minor;
}

static const char *bind_symbols(void *handle)
{
	for (size_t i = 0; i < PT_ARRAY_SIZE(symbols); i++) {
		const struct symbol *symbol = &symbols[i];
		void *address = dlsym(handle, symbol->name);

		if (!address && symbol->other_name)
			address = dlsym(handle, symbol->other_name);
		if (!address && symbol->is_required)
			return symbol->name;
		memcpy((char *)&pt_py + symbol->offset, &address, sizeof(address));
	}
	return NULL;
}

int pt_python_bind(void *handle, const char **missing)
{
	int minor = pt_python_minor(handle);

	if (minor < OLDEST_MINOR)
		return -ENOTSUP;
	*missing = bind_symbols(handle);
	if (*missing)
		return -ENOSYS;
	pt_py.minor = minor;
	pt_py.is_newer = minor > NEWEST_MINOR;
	/* Exported by free-threaded builds alone (3.13 to 3.15). */
	pt_py.is_free_threaded = dlsym(handle, "_Py_DecRefShared") != NULL;
	pt_py.has_monitoring = minor >= 12;
	pt_py.has_qualname = minor >= 11;
	pt_py.has_frame_api = pt_py.frame_code && pt_py.frame_back;
	pt_py.has_resume = minor >= 11;
	return 0;
}

/*
 * A file name may hold bytes that are not UTF-8; Python keeps them as lone surrogates.
 * Those that stand for no byte are shown as stderr shows them.
 */
static char *file_system_text(PyObject *object)
{
	char *bytes = NULL;
	Py_ssize_t size = 0;
	char *copy = NULL;

	pt_py.PyErr_Clear();
	PyObject *encoded = pt_py.PyUnicode_EncodeFSDefault(object);
	if (!encoded) {
		pt_py.PyErr_Clear();
		encoded = pt_py.PyObject_CallMethod(object, "encode", "ss", "utf-8",
						    "backslashreplace");
	}
	if (encoded && pt_py.PyBytes_AsStringAndSize(encoded, &bytes, &size) == 0)
		copy = strndup(bytes, (size_t)size);
	pt_python_drop(encoded);
	return copy;
}

char *pt_python_text(PyObject *object)
{
	Py_ssize_t size = 0;
	char *copy = NULL;

	if (!object)
		return NULL;
	const char *text = pt_py.PyUnicode_AsUTF8AndSize(object, &size);
	if (text)
		copy = strndup(text, (size_t)size);
	else
		copy = file_system_text(object);
	if (!copy)
		pt_py.PyErr_Clear();
	return copy;
}

char *pt_python_attr_text(PyObject *object, const char *name)
{
	PyObject *value = pt_py.PyObject_GetAttrString(object, name);
	char *text = NULL;

	if (!value)
		pt_py.PyErr_Clear();
	else if (pt_python_is_exactly(value, pt_py.str_type))
		text = pt_python_text(value);
	pt_python_drop(value);
	return text;
}

long pt_python_attr_long(PyObject *object, const char *name, long fallback)
{
	PyObject *value = pt_py.PyObject_GetAttrString(object, name);

	if (!value) {
		pt_py.PyErr_Clear();
		return fallback;
	}
	long number = pt_py.PyLong_AsLong(value);
	pt_python_drop(value);
	if (number == -1)
		pt_py.PyErr_Clear();
	return number;
}

bool pt_python_is_exactly(PyObject *object, PyTypeObject *type)
{
	PyObject *actual = pt_py.PyObject_Type(object);

	pt_python_drop(actual); /* the object keeps it alive */
	return actual == (PyObject *)type;
}

PyObject *pt_python_frame_code(PyFrameObject *frame)
{
	if (pt_py.has_frame_api)
		return pt_py.frame_code(frame);
	PyObject *code = pt_py.PyObject_GetAttrString((PyObject *)frame, "f_code");
	if (!code)
		pt_py.PyErr_Clear();
	return code;
}

PyFrameObject *pt_python_frame_back(PyFrameObject *frame)
{
	if (pt_py.has_frame_api)
		return pt_py.frame_back(frame);
	PyObject *back = pt_py.PyObject_GetAttrString((PyObject *)frame, "f_back");
	if (!back)
		pt_py.PyErr_Clear();
	if (back == pt_py.none) {
		pt_python_drop(back);
		return NULL;
	}
	return (PyFrameObject *)back;
}
