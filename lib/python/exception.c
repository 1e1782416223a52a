/* SPDX-License-Identifier: MIT */
/*
 * Builds what str() gives from the parts of the exception, if its class leaves that to
 * one of the interpreter's. str() itself would call the __str__ of the parts, warn of
 * bytes under "python -b", and run signal handlers, whose exceptions would be lost.
 */
#include "config.h"

#include "python/exception.h"

#include "base/util.h"
#include "python/message.h"
#include "python/value.h"

#include <stdlib.h>
#include <string.h>

/* Adds what BaseException.__str__ gives. */
static void add_arguments(struct pt_message *message, PyObject *exception)
{
	PyObject *args = pt_value_field(exception, *pt_py.exc_base, "args");
	Py_ssize_t count = args && pt_python_is_exactly(args, pt_py.tuple_type) ?
				   pt_py.PyTuple_Size(args) :
				   -1;

	if (count < 0)
		pt_message_add_gap(message);
	else if (count == 1)
		pt_message_add_str(message, pt_py.PyTuple_GetItem(args, 0));
	else if (count > 1)
		pt_message_add_repr(message, args);
	pt_python_drop(args);
}

/* KeyError */
static void add_key(struct pt_message *message, PyObject *exception)
{
	PyObject *args = pt_value_field(exception, *pt_py.exc_base, "args");
	bool is_single = args && pt_python_is_exactly(args, pt_py.tuple_type) &&
			 pt_py.PyTuple_Size(args) == 1;

	if (is_single)
		pt_message_add_repr(message, pt_py.PyTuple_GetItem(args, 0));
	else
		add_arguments(message, exception);
	pt_python_drop(args);
}

/* ImportError */
static void add_import(struct pt_message *message, PyObject *exception)
{
	PyObject *text = pt_value_field(exception, *pt_py.exc_import_error, "msg");

	if (text && pt_python_is_exactly(text, pt_py.str_type))
		pt_message_add_str(message, text);
	else
		add_arguments(message, exception);
	pt_python_drop(text);
}

/* Returns whether there is a value; fields of exceptions that are not set are None. */
static bool is_set(PyObject *value)
{
	return value && value != pt_py.none;
}

static void add_error_number(struct pt_message *message, PyObject *number, PyObject *text)
{
	pt_message_add(message, "[Errno ");
	pt_message_add_str(message, number);
	pt_message_add(message, "] ");
	pt_message_add_str(message, text);
}

/* OSError */
static void add_os_error(struct pt_message *message, PyObject *exception)
{
	PyObject *class = *pt_py.exc_os_error;
	PyObject *number = pt_value_field(exception, class, "errno");
	PyObject *text = pt_value_field(exception, class, "strerror");
	PyObject *name = pt_value_field(exception, class, "filename");
	PyObject *other_name = pt_value_field(exception, class, "filename2");

	if (is_set(name) || (is_set(number) && is_set(text)))
		add_error_number(message, number, text);
	else
		add_arguments(message, exception);
	if (is_set(name)) {
		pt_message_add(message, ": ");
		pt_message_add_repr(message, name);
	}
	if (is_set(name) && is_set(other_name)) {
		pt_message_add(message, " -> ");
		pt_message_add_repr(message, other_name);
	}
	pt_python_drop(other_name);
	pt_python_drop(name);
	pt_python_drop(text);
	pt_python_drop(number);
}

/* Adds the last part of the path NAME, a str. */
static void add_base_name(struct pt_message *message, PyObject *name)
{
	char *path = pt_python_text(name);

	if (path)
		pt_message_add(message, pt_base_name(path));
	free(path);
}

/* SyntaxError: "what (file, line n)" */
static void add_syntax_error(struct pt_message *message, PyObject *exception)
{
	PyObject *class = *pt_py.exc_syntax_error;
	PyObject *text = pt_value_field(exception, class, "msg");
	PyObject *name = pt_value_field(exception, class, "filename");
	PyObject *line = pt_value_field(exception, class, "lineno");
	bool has_name = name && pt_python_is_exactly(name, pt_py.str_type);
	bool has_line = line && pt_python_is_exactly(line, pt_py.int_type);

	pt_message_add_str(message, text);
	if (has_name || has_line)
		pt_message_add(message, " (");
	if (has_name)
		add_base_name(message, name);
	if (has_line) {
		pt_message_add(message, has_name ? ", line " : "line ");
		pt_message_add_str(message, line);
	}
	if (has_name || has_line)
		pt_message_add(message, ")");
	pt_python_drop(line);
	pt_python_drop(name);
	pt_python_drop(text);
}

static bool is_field_str(PyObject *exception, PyObject *class, const char *name)
{
	PyObject *value = pt_value_field(exception, class, name);
	bool is_str = value && pt_python_is_exactly(value, pt_py.str_type);

	pt_python_drop(value);
	return is_str;
}

/* UnicodeError: str() reads only these, and they have the types that it expects. */
static void add_unicode_error(struct pt_message *message, PyObject *exception,
			      PyObject *class)
{
	PyObject *object = pt_value_field(exception, class, "object");
	PyObject *text = NULL;

	if (object &&
	    (pt_python_is_exactly(object, pt_py.str_type) ||
	     pt_python_is_exactly(object, pt_py.bytes_type)) &&
	    (class == *pt_py.exc_translate_error ||
	     is_field_str(exception, class, "encoding")) &&
	    is_field_str(exception, class, "reason"))
		text = pt_py.PyObject_Str(exception);
	if (!text)
		pt_py.PyErr_Clear();
	pt_message_add_str(message, text);
	pt_python_drop(text);
	pt_python_drop(object);
}

static void add_decode_error(struct pt_message *message, PyObject *exception)
{
	add_unicode_error(message, exception, *pt_py.exc_decode_error);
}

static void add_encode_error(struct pt_message *message, PyObject *exception)
{
	add_unicode_error(message, exception, *pt_py.exc_encode_error);
}

static void add_translate_error(struct pt_message *message, PyObject *exception)
{
	add_unicode_error(message, exception, *pt_py.exc_translate_error);
}

/* ExceptionGroup (3.11+): "what (2 sub-exceptions)" */
static void add_group(struct pt_message *message, PyObject *exception)
{
	PyObject *class = *pt_py.exc_group;
	PyObject *text = pt_value_field(exception, class, "message");
	PyObject *members = pt_value_field(exception, class, "exceptions");
	bool is_tuple = members && pt_python_is_exactly(members, pt_py.tuple_type);
	long count = is_tuple ? (long)pt_py.PyTuple_Size(members) : 0;

	pt_message_add_str(message, text);
	pt_message_add(message, " (");
	pt_message_add_number(message, count);
	pt_message_add(message, count == 1 ? " sub-exception)" : " sub-exceptions)");
	pt_python_drop(members);
	pt_python_drop(text);
}

/* A class of the interpreter's that defines its own __str__. */
struct kind {
	PyObject **class;
	void (*add)(struct pt_message *message, PyObject *exception);
};

/* Returns the __str__ of the class TYPE. */
static void (*find_kind(PyObject *type))(struct pt_message *, PyObject *)
{
	const struct kind kinds[] = {
		{ pt_py.exc_base, add_arguments },
		{ pt_py.exc_attribute_error, add_arguments },
		{ pt_py.exc_name_error, add_arguments },
		{ pt_py.exc_key_error, add_key },
		{ pt_py.exc_os_error, add_os_error },
		{ pt_py.exc_import_error, add_import },
		{ pt_py.exc_syntax_error, add_syntax_error },
		{ pt_py.exc_decode_error, add_decode_error },
		{ pt_py.exc_encode_error, add_encode_error },
		{ pt_py.exc_translate_error, add_translate_error },
		{ pt_py.exc_group, add_group },
	};
	PyObject *own = pt_value_of_type(type, "__str__");
	void (*add)(struct pt_message *, PyObject *) = NULL;

	for (size_t i = 0; own && !add && i < PT_ARRAY_SIZE(kinds); i++) {
		PyObject *method = kinds[i].class ?
					   pt_value_of_type(*kinds[i].class, "__str__") :
					   NULL;
		if (method == own)
			add = kinds[i].add;
		pt_python_drop(method);
	}
	pt_python_drop(own);
	return add;
}

void pt_exception_describe(PyObject *exception, struct pt_exception_text *text)
{
	PyObject *type = pt_py.PyObject_Type(exception);
	void (*add)(struct pt_message *, PyObject *) = find_kind(type);
	struct pt_message message = { .size = 0 };

	text->type = pt_py.PyExceptionClass_Name(type);
	text->message = NULL;
	if (add) {
		add(&message, exception);
		text->message = pt_message_end(&message);
	}
	pt_py.PyErr_Clear();
	pt_python_drop(type);
}

void pt_exception_destroy(struct pt_exception_text *text)
{
	free(text->message);
	text->message = NULL;
}
