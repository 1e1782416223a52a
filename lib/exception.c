/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "exception.h"

#include <stdlib.h>
#include <string.h>

/* Longer messages are cut. In bytes. */
#define MAX_MESSAGE 300

/* How deep tuples in the arguments are looked into. */
#define MAX_NESTING 3

/* Returns whether str() and repr() of VALUE run no Python code. */
static bool is_plain(PyObject *value, int nesting)
{
	if (value == pt_py.none || pt_python_is_exactly(value, pt_py.str_type) ||
	    pt_python_is_exactly(value, pt_py.int_type) ||
	    pt_python_is_exactly(value, pt_py.bytes_type) ||
	    pt_python_is_exactly(value, pt_py.float_type) ||
	    pt_python_is_exactly(value, pt_py.bool_type))
		return true;
	if (!pt_python_is_exactly(value, pt_py.tuple_type) || nesting == MAX_NESTING)
		return false;
	Py_ssize_t count = pt_py.PyTuple_Size(value);
	for (Py_ssize_t i = 0; i < count; i++) {
		if (!is_plain(pt_py.PyTuple_GetItem(value, i), nesting + 1))
			return false;
	}
	return true;
}

/*
 * Reads an attribute past the type of the object, which may define properties: by the
 * descriptor that CLASS has. Returns a new reference or NULL.
 */
static PyObject *read_slot(PyObject *object, PyObject *class, PyObject *type,
			   const char *name)
{
	PyObject *descriptor = pt_py.PyObject_GetAttrString(class, name);
	PyObject *value = NULL;

	if (descriptor)
		value = pt_py.PyObject_CallMethod(descriptor, "__get__", "OO", object,
						  type);
	pt_python_drop(descriptor);
	if (!value)
		pt_py.PyErr_Clear();
	return value;
}

static bool is_slot_plain(PyObject *object, PyObject *class, PyObject *type,
			  const char *name)
{
	PyObject *value = read_slot(object, class, type, name);
	bool is_safe = value && is_plain(value, 0);

	pt_python_drop(value);
	return is_safe;
}

/* Returns whether TYPE's method is written in C. */
static bool is_builtin_method(PyObject *type, PyObject *wrapper_type, const char *name)
{
	PyObject *method = pt_py.PyObject_GetAttrString(type, name);
	bool is_builtin = method &&
			  pt_python_is_exactly(method, (PyTypeObject *)wrapper_type);

	if (!method)
		pt_py.PyErr_Clear();
	pt_python_drop(method);
	return is_builtin;
}

/* Returns whether str(EXCEPTION) runs no Python code. */
static bool has_safe_text(PyObject *exception, PyObject *type)
{
	PyObject *base = *pt_py.exc_base;
	PyObject *os_error = *pt_py.exc_os_error;
	PyObject *metatype = pt_py.PyObject_Type(type);
	PyObject *base_metatype = pt_py.PyObject_Type(base);
	PyObject *base_str = pt_py.PyObject_GetAttrString(base, "__str__");
	PyObject *wrapper_type = base_str ? pt_py.PyObject_Type(base_str) : NULL;

	/* A metaclass of the program's could answer for the class. */
	bool is_safe = wrapper_type && metatype == base_metatype &&
		       is_builtin_method(type, wrapper_type, "__str__") &&
		       is_slot_plain(exception, base, type, "args");
	if (is_safe &&
	    pt_py.PyType_IsSubtype((PyTypeObject *)type, (PyTypeObject *)os_error))
		is_safe = is_slot_plain(exception, os_error, type, "filename") &&
			  is_slot_plain(exception, os_error, type, "filename2") &&
			  is_slot_plain(exception, os_error, type, "strerror");
	pt_python_drop(wrapper_type);
	pt_python_drop(base_str);
	pt_python_drop(base_metatype);
	pt_python_drop(metatype);
	return is_safe;
}

/* Cuts the message at its first line end, or where it is too long. */
static void shorten(char *message)
{
	size_t size = strcspn(message, "\r\n");

	if (size > MAX_MESSAGE) {
		size = MAX_MESSAGE;
		/* Not in the midst of a character. */
		while (size && ((unsigned char)message[size] & 0xc0) == 0x80)
			size--;
	}
	message[size] = '\0';
}

void pt_exception_describe(PyObject *exception, struct pt_exception_text *text)
{
	PyObject *type = pt_py.PyObject_Type(exception);

	text->type = pt_py.PyExceptionClass_Name(type);
	text->message = NULL;
	if (has_safe_text(exception, type)) {
		PyObject *message = pt_py.PyObject_Str(exception);
		text->message = pt_python_text(message);
		pt_python_drop(message);
	}
	pt_py.PyErr_Clear();
	if (text->message)
		shorten(text->message);
	pt_python_drop(type);
}

void pt_exception_destroy(struct pt_exception_text *text)
{
	free(text->message);
	text->message = NULL;
}
