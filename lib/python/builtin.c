/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "python/builtin.h"

#include "python/value.h"

#include <stdlib.h>

/*
 * Returns the docstring in a builtin function's PyMethodDef, with the signature in front
 * if it has one. The caller frees it; NULL if there is none.
 */
static char *doc_of(PyObject *function, const char *name)
{
	char *doc = pt_python_attr_text(function, "__doc__");
	char *signature = pt_python_attr_text(function, "__text_signature__");
	char *full = NULL;

	if (signature)
		full = pt_format("%s%s\n--\n\n%s", name, signature, doc ? doc : "");
	free(signature);
	if (!full)
		return doc;
	free(doc);
	return full;
}

/* Looks at the original. Returns whether ours can replace it. */
static bool read_original(struct pt_builtin *builtin, PyObject *module)
{
	PyObject *original = pt_value_global(module, builtin->names[0]);
	PyCFunction function = original ? pt_py.PyCFunction_GetFunction(original) : NULL;

	if (!function ||
	    pt_py.PyCFunction_GetFlags(original) != builtin->method.ml_flags) {
		pt_py.PyErr_Clear();
		pt_python_drop(original);
		return false;
	}
	/* Interpreters with a GIL of their own may start at the same time. */
	if (function != builtin->method.ml_meth && function != builtin->original)
		builtin->original = function;
	if (!builtin->method.ml_doc)
		builtin->method.ml_doc = doc_of(original, builtin->names[0]);
	pt_python_drop(original);
	return true;
}

bool pt_builtin_replace(struct pt_builtin *builtin)
{
	PyObject *module = pt_value_module(builtin->module);
	bool is_done = module && read_original(builtin, module);
	PyObject *name = is_done ? pt_value_global(module, "__name__") : NULL;
	PyObject *replacement =
		name ? pt_py.PyCFunction_NewEx(&builtin->method, module, name) : NULL;

	for (const char **each = builtin->names; replacement && *each; each++)
		is_done &= pt_python_set_attr(module, *each, replacement);
	if (!replacement)
		pt_py.PyErr_Clear();
	pt_python_drop(replacement);
	pt_python_drop(name);
	pt_python_drop(module);
	return is_done && replacement;
}
