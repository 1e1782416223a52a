/* SPDX-License-Identifier: MIT */
/*
 * Programs that run code from no file put its text into linecache.cache, for tracebacks
 * to show: IPython and its kernel, attrs, and from 3.13 on Python's own prompt. An entry
 * is (size, mtime, lines, name), or has one element while nobody has read it. All of this
 * may be something else, or change meanwhile: we only look into exact modules, dicts,
 * tuples, lists and strs, by functions that return new references.
 */
#include "config.h"

#include "code/linecache.h"

#include "base/util.h"
#include "code/source.h"
#include "python/python.h"

#include <stdbool.h>
#include <string.h>

/* Longer texts are skipped: no human typed them. */
#define MAX_SIZE (64U << 20)

/* Returns DICT[KEY], a new reference, or NULL. Takes over KEY. Leaves no exception. */
static PyObject *look_up(PyObject *dict, PyObject *key)
{
	PyObject *value = NULL;

	if (dict && key && pt_python_is_exactly(dict, pt_py.dict_type))
		value = pt_py.PyObject_GetItem(dict, key);
	if (!value)
		pt_py.PyErr_Clear();
	pt_python_drop(key);
	return value;
}

static PyObject *look_up_text(PyObject *dict, const char *key)
{
	return look_up(dict, pt_py.Py_BuildValue("s", key));
}

/* Returns a variable of the module linecache if that is loaded, a new reference. */
static PyObject *variable(const char *name)
{
	PyObject *modules = pt_py.PySys_GetObject("modules"); /* borrowed */
	PyObject *module = look_up_text(modules, "linecache");
	PyObject *value = NULL;

	if (module && pt_python_is_exactly(module, pt_py.module_type))
		value = look_up_text(pt_py.PyModule_GetDict(module), name);
	pt_python_drop(module);
	return value;
}

/* Adds item INDEX of LINES. Returns false at the end, or if it is no line. */
static bool add_line(PyObject *lines, Py_ssize_t index, struct pt_buf *text)
{
	PyObject *line = pt_py.PySequence_GetItem(lines, index);
	Py_ssize_t size = 0;
	const char *data = line && pt_python_is_exactly(line, pt_py.str_type) ?
				   pt_py.PyUnicode_AsUTF8AndSize(line, &size) :
				   NULL;

	if (data) {
		while (size > 0 && (data[size - 1] == '\n' || data[size - 1] == '\r'))
			size--;
		pt_buf_add(text, data, (size_t)size);
		pt_buf_add(text, "\n", 1);
	} else {
		pt_py.PyErr_Clear();
	}
	pt_python_drop(line);
	return data && text->size <= MAX_SIZE;
}

static struct pt_source *join(PyObject *lines)
{
	struct pt_source *source = NULL;
	struct pt_buf text = { 0 };

	for (Py_ssize_t i = 0; add_line(lines, i, &text); i++)
		;
	if (text.size && !text.failed)
		source = pt_source_from_text(text.data, text.size);
	pt_buf_destroy(&text);
	return source;
}

/* The text of an entry, which is taken over. */
static struct pt_source *text_of(PyObject *entry)
{
	struct pt_source *source = NULL;

	if (entry && pt_python_is_exactly(entry, pt_py.tuple_type) &&
	    pt_py.PyTuple_Size(entry) == 4) {
		PyObject *lines = pt_py.PyTuple_GetItem(entry, 2); /* borrowed */
		if (lines && pt_python_is_exactly(lines, pt_py.list_type))
			source = join(lines);
	}
	pt_python_drop(entry);
	return source;
}

struct pt_source *pt_linecache_find(const char *name, int first_line)
{
	PyObject *type = NULL;
	PyObject *value = NULL;
	PyObject *traceback = NULL;

	/* Any code may have that name, whatever 3.13.0 files under it. */
	if (!pt_py.minor || strcmp(name, "<string>") == 0)
		return NULL;
	pt_py.PyErr_Fetch(&type, &value, &traceback);
	PyObject *cache = variable("cache");
	struct pt_source *source = cache ? text_of(look_up_text(cache, name)) : NULL;
	PyObject *typed = source || !first_line || pt_py.minor < 13 ?
				  NULL :
				  variable("_interactive_cache");
	if (typed) {
		PyObject *key =
			pt_py.Py_BuildValue("(ssi)", name, "<module>", first_line);
		source = text_of(look_up(typed, key));
	}
	pt_python_drop(typed);
	pt_python_drop(cache);
	pt_py.PyErr_Restore(type, value, traceback);
	return source;
}
