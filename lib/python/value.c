/* SPDX-License-Identifier: MIT */
/*
 * A look-up in a dict compares the key with others of the same hash, whose class may
 * define its own __eq__. So dicts of objects are read entry by entry. In a free-threaded
 * build others could change them meanwhile, so there we use the interpreter's own
 * look-up.
 */
#include "config.h"

#include "python/value.h"

/* Returns whether the type of OBJECT is TYPE or derived from it. */
static bool is_a(PyObject *object, PyTypeObject *type)
{
	PyObject *actual = pt_py.PyObject_Type(object);

	pt_python_drop(actual); /* the object keeps it alive */
	return pt_py.PyType_IsSubtype((PyTypeObject *)actual, type);
}

static PyObject *new_reference(PyObject *object)
{
	if (object)
		pt_py.Py_IncRef(object);
	return object;
}

/* The interpreter's own look-up. */
static PyObject *look_up(PyObject *dict, PyObject *key)
{
	PyObject *value = NULL;

	if (pt_py.dict_get_new)
		pt_py.dict_get_new(dict, key, &value);
	else
		value = new_reference(pt_py.PyDict_GetItemWithError(dict, key));
	if (!value)
		pt_py.PyErr_Clear();
	return value;
}

PyObject *pt_value_item_of_object(PyObject *dict, PyObject *key)
{
	PyObject *each = NULL, *value = NULL; /* borrowed */
	Py_ssize_t position = 0;

	if (pt_py.is_free_threaded)
		return look_up(dict, key);
	while (pt_py.PyDict_Next(dict, &position, &each, &value)) {
		if (each == key)
			return new_reference(value);
	}
	return NULL;
}

static PyObject *find_text(PyObject *dict, const char *text)
{
	PyObject *key = NULL, *value = NULL; /* borrowed */
	Py_ssize_t position = 0;

	while (pt_py.PyDict_Next(dict, &position, &key, &value)) {
		if (pt_python_is_exactly(key, pt_py.str_type) &&
		    pt_py.PyUnicode_CompareWithASCIIString(key, text) == 0)
			return new_reference(value);
	}
	return NULL;
}

PyObject *pt_value_item(PyObject *dict, const char *name)
{
	PyObject *key = is_a(dict, pt_py.dict_type) ? pt_python_name(name) : NULL;
	/* Nearly all keys are interned, and this is the fast way to find them. */
	PyObject *value = key ? pt_value_item_of_object(dict, key) : NULL;

	if (key && !value && !pt_py.is_free_threaded)
		value = find_text(dict, name);
	pt_python_drop(key);
	return value;
}

/* Returns whether OBJECT is exactly an int, and that number. */
static bool is_number(PyObject *object, unsigned long number)
{
	int overflow = 0;

	return pt_python_is_exactly(object, pt_py.int_type) &&
	       (unsigned long)pt_py.PyLong_AsLongLongAndOverflow(object, &overflow) ==
		       number &&
	       !overflow;
}

PyObject *pt_value_item_of_number(PyObject *dict, unsigned long number)
{
	PyObject *key = NULL, *value = NULL; /* borrowed, but the key that is looked up */
	Py_ssize_t position = 0;

	if (!is_a(dict, pt_py.dict_type))
		return NULL;
	if (pt_py.is_free_threaded) {
		key = pt_py.PyLong_FromLong((long)number);
		value = key ? look_up(dict, key) : NULL;
		pt_python_drop(key);
		return value;
	}
	while (pt_py.PyDict_Next(dict, &position, &key, &value)) {
		if (is_number(key, number))
			return new_reference(value);
	}
	return NULL;
}

PyObject *pt_value_module(const char *name)
{
	PyObject *modules = pt_py.PySys_GetObject("modules"); /* borrowed */
	PyObject *module = NULL;
	PyObject *key = pt_python_name(name);

	/*
	 * It may have thousands of entries, and only keys that are str are of use in it.
	 */
	if (modules && key && is_a(modules, pt_py.dict_type))
		module = look_up(modules, key);
	pt_python_drop(key);
	if (module && is_a(module, pt_py.module_type))
		return module;
	pt_python_drop(module);
	return NULL;
}

PyObject *pt_value_global(PyObject *module, const char *name)
{
	PyObject *dict = pt_py.PyModule_GetDict(module); /* borrowed */

	if (!dict)
		pt_py.PyErr_Clear();
	return dict ? pt_value_item(dict, name) : NULL;
}

PyObject *pt_value_attr(PyObject *object, const char *name)
{
	PyObject *dict = pt_py.PyObject_GenericGetDict(object, NULL);
	PyObject *value = NULL;

	if (!dict)
		pt_py.PyErr_Clear();
	else
		value = pt_value_item(dict, name);
	pt_python_drop(dict);
	return value;
}

char *pt_value_attr_text(PyObject *object, const char *name)
{
	return pt_python_take_text(pt_value_attr(object, name));
}

PyObject *pt_value_of_type(PyObject *type, const char *name)
{
	PyObject *key = pt_python_name(name);
	PyObject *value = NULL;

	if (key && pt_py.type_lookup_new)
		value = pt_py.type_lookup_new((PyTypeObject *)type, key);
	else if (key && pt_py.type_lookup)
		value = new_reference(pt_py.type_lookup((PyTypeObject *)type, key));
	pt_python_drop(key);
	if (!value)
		pt_py.PyErr_Clear();
	return value;
}

PyObject *pt_value_field(PyObject *object, PyObject *class, const char *name)
{
	PyObject *descriptor = pt_value_of_type(class, name);
	PyObject *type = pt_py.PyObject_Type(object);
	PyObject *own = pt_value_of_type(type, name);
	PyObject *key = pt_python_name(name);
	PyObject *value = NULL;

	if (key && descriptor && own == descriptor &&
	    (pt_python_is_exactly(descriptor, pt_py.member_type) ||
	     pt_python_is_exactly(descriptor, pt_py.getset_type)))
		value = pt_py.PyObject_GenericGetAttr(object, key);
	if (!value)
		pt_py.PyErr_Clear();
	pt_python_drop(key);
	pt_python_drop(own);
	pt_python_drop(type);
	pt_python_drop(descriptor);
	return value;
}
