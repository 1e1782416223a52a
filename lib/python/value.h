/* SPDX-License-Identifier: MIT */
/*
 * Reading the program's objects. Nothing here runs a line of Python code, whatever the
 * objects' classes do: no property, special method or hook of a class or module is
 * called. What cannot be read that way does not exist for us.
 */
#ifndef PT_VALUE_H
#define PT_VALUE_H

#include "python/python.h"

/* Below, names are literals, see pt_python_name(). */

/*
 * Returns what DICT, a dict or an instance of a derived class, has under NAME, bypassing
 * whatever the class defines: a new reference, or NULL. GIL: held.
 */
PyObject *pt_value_item(PyObject *dict, const char *name);

/* The same by KEY, an int. GIL: held. */
PyObject *pt_value_item_of_number(PyObject *dict, unsigned long key);

/* The same by the object KEY itself, not by an equal one. GIL: held. */
PyObject *pt_value_item_of_object(PyObject *dict, PyObject *key);

/* Returns the module under NAME in sys.modules, a new reference, or NULL. GIL: held. */
PyObject *pt_value_module(const char *name);

/* Returns a global variable of MODULE, a new reference, or NULL. GIL: held. */
PyObject *pt_value_global(PyObject *module, const char *name);

/*
 * Returns what the instance OBJECT itself, not its class, has under NAME: a new
 * reference, or NULL. GIL: held.
 */
PyObject *pt_value_attr(PyObject *object, const char *name);

/*
 * Returns its text, which the caller frees, if it is exactly a str, else NULL. GIL: held.
 */
char *pt_value_attr_text(PyObject *object, const char *name);

/*
 * Returns what TYPE or one of its bases has under NAME, unbound: a new reference, or
 * NULL. GIL: held.
 */
PyObject *pt_value_of_type(PyObject *type, const char *name);

/*
 * Returns an attribute that CLASS, one of the interpreter's, keeps outside the dict of
 * its instance OBJECT: a new reference, or NULL. It is NULL, too, if the class of OBJECT
 * defines something else by that name. GIL: held.
 */
PyObject *pt_value_field(PyObject *object, PyObject *class, const char *name);

#endif /* PT_VALUE_H */
