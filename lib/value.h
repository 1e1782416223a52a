/* SPDX-License-Identifier: MIT */
/*
 * Looks into objects of the program's. None of them runs a line of Python code, whatever
 * the classes of the objects do: no property, no special method, no hook of a class or a
 * module is called. What cannot be read in that way is not there.
 */
#ifndef PT_VALUE_H
#define PT_VALUE_H

#include "python.h"

/* In all that follows names are literals, see pt_python_name(). */

/*
 * Returns what DICT, a dict or of a class derived from it, has under NAME, past all that
 * the class defines: a new reference, or NULL. GIL: held.
 */
PyObject *pt_value_item(PyObject *dict, const char *name);

/* The same by KEY, an int. GIL: held. */
PyObject *pt_value_item_of_number(PyObject *dict, unsigned long key);

/* The same by the object KEY itself, not by one that is equal. GIL: held. */
PyObject *pt_value_item_of_object(PyObject *dict, PyObject *key);

/* Returns the module that sys.modules has under NAME, a new reference, or NULL. GIL: held.
 */
PyObject *pt_value_module(const char *name);

/* Returns a global variable of MODULE, a new reference, or NULL. GIL: held. */
PyObject *pt_value_global(PyObject *module, const char *name);

/*
 * Returns what the instance OBJECT itself has under NAME, not its class: a new reference,
 * or NULL. GIL: held.
 */
PyObject *pt_value_attr(PyObject *object, const char *name);

/* The text of it that the caller frees, if it is a str and nothing derived from it, else
 * NULL. GIL: held. */
char *pt_value_attr_text(PyObject *object, const char *name);

/* Returns what the classes that TYPE is made of have under NAME, as it stands there: a new
 * reference, or NULL. GIL: held. */
PyObject *pt_value_of_type(PyObject *type, const char *name);

/*
 * Returns an attribute that CLASS, one of the interpreter's, keeps outside of the dict of
 * its instances, of which OBJECT is one: a new reference, or NULL, also when the class of
 * OBJECT has something else by that name. GIL: held.
 */
PyObject *pt_value_field(PyObject *object, PyObject *class, const char *name);

#endif /* PT_VALUE_H */
