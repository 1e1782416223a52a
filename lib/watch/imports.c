/* SPDX-License-Identifier: MIT */
/*
 * Every module that is loaded passes through _load_unlocked(spec) of importlib, and every
 * search for one, successful or not, ends in __exit__(self, *args) of a module lock. Both
 * are Python code in all versions, and their arguments hold the rest.
 */
#include "config.h"

#include "watch/imports.h"

#include "base/log.h"
#include "base/util.h"
#include "code/code.h"
#include "code/file.h"
#include "python/exception.h"
#include "python/value.h"
#include "trace/event.h"
#include "trace/tracer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The code that asked for an import. */
struct importer {
	struct pt_code place; /* only its file is set, a reference */
	int line;
	bool is_traced;
};

/* Returns whether a file is part of what "import" itself runs. */
static bool is_import_system(const char *name)
{
	static const char package[] = "/importlib/__init__.py";

	return strncmp(name, "<frozen importlib", 17) == 0 ||
	       pt_has_suffix(name, strlen(name), package);
}

/* Looks at one frame. Returns whether it is the importer. */
static bool look_at(PyFrameObject *frame, struct importer *importer)
{
	PyObject *object = pt_python_frame_code(frame);
	struct pt_code *code = object ? pt_code_find(object) : NULL;
	char *name = object ? pt_python_attr_text(object, "co_filename") : NULL;
	bool is_found = name && !is_import_system(name);

	if (is_found) {
		importer->place.info.file = pt_file_get(name);
		importer->line = pt_py.PyFrame_GetLineNumber(frame);
		importer->is_traced = code && code->is_traced;
	}
	free(name);
	pt_python_drop(object);
	return is_found;
}

static void find_importer(struct importer *importer)
{
	PyFrameObject *frame = pt_python_step_out(pt_python_frame()); /* owned */

	while (frame && !look_at(frame, importer))
		frame = pt_python_step_out(frame);
	pt_python_drop(frame);
}

/*
 * Returns how a module's origin is shown: its whole path, which is the point of an import
 * event, or the kind of module in parentheses.
 */
static char *shown_origin(const char *origin)
{
	if (!origin)
		return strdup("(namespace)");
	if (*origin != '/')
		return pt_format("(%s)", origin);
	struct pt_file *file = pt_file_get(origin);
	char *shown = file ? pt_file_location(file) : strdup(origin);
	pt_file_release(file);
	return shown;
}

static void report(struct pt_thread *thread, const struct pt_code *code,
		   const struct importer *importer, const char *module,
		   const char *detail, bool is_failure)
{
	if (importer->place.info.file)
		code = &importer->place;
	pt_tracer_import(thread, code, importer->line, module, detail, is_failure);
}

/*
 * Returns an argument of the current frame, which has just been called: a new reference,
 * or NULL. Before 3.12 they come only as a dict, which nobody else has seen.
 */
static PyObject *argument(const char *name)
{
	PyObject *value = NULL;

	if (!pt_py.frame_variable) {
		PyObject *locals = pt_py.PyEval_GetLocals(); /* borrowed */
		return locals ? pt_value_item(locals, name) : NULL;
	}
	PyFrameObject *frame = pt_py.PyEval_GetFrame(); /* borrowed */
	PyObject *key = pt_python_name(name);
	if (frame && key)
		value = pt_py.frame_variable(frame, key);
	if (!value)
		pt_py.PyErr_Clear();
	pt_python_drop(key);
	return value;
}

/* _load_unlocked(spec) */
static void on_load(struct pt_thread *thread, const struct pt_code *code)
{
	struct importer importer = { .line = code->info.first_line };
	PyObject *spec = argument("spec");

	if (!spec)
		return;
	errno = 0;
	char *module = pt_value_attr_text(spec, "name");
	char *origin = pt_value_attr_text(spec, "origin");
	pt_python_drop(spec);
	find_importer(&importer);
	/* An unknown one would be mistaken for another. */
	if (errno == ENOMEM) {
		pt_log_uncounted();
		free(module);
		module = NULL;
	}
	char *shown = shown_origin(origin);
	bool is_wanted = module && pt_code_wants_module(module, origin);
	/* If untraced code asks for it, the module itself is the place to show. */
	if (is_wanted && !importer.is_traced && origin && *origin == '/') {
		pt_file_release(importer.place.info.file);
		importer =
			(struct importer){ .place.info.file = pt_file_get(origin), .line = 1 };
	}
	if (is_wanted || (module && importer.is_traced))
		report(thread, code, &importer, module, shown, false);
	pt_file_release(importer.place.info.file);
	free(module);
	free(origin);
	free(shown);
}

static char *failure_text(PyObject *exception)
{
	struct pt_exception_text text;

	pt_exception_describe(exception, &text);
	char *result = text.message ? pt_format("%s: %s", text.type, text.message) :
				      strdup(text.type);
	pt_exception_destroy(&text);
	return result;
}

/* __exit__(self, type, exception, traceback) of a module lock */
static void on_failure(struct pt_thread *thread, const struct pt_code *code,
		       PyObject *exception)
{
	struct importer importer = { .line = code->info.first_line };
	PyObject *self = argument("self");

	errno = 0;
	/* Before 3.11 __exit__ may belong to another class, which has no _name. */
	char *module = self ? pt_value_attr_text(self, "_name") : NULL;

	pt_python_drop(self);
	find_importer(&importer);
	if (errno == ENOMEM)
		pt_log_uncounted();
	if (module && (importer.is_traced || pt_code_wants_module(module, NULL))) {
		char *detail = failure_text(exception);
		report(thread, code, &importer, module, detail, true);
		free(detail);
	}
	pt_file_release(importer.place.info.file);
	free(module);
}

static void on_unlock(struct pt_thread *thread, const struct pt_code *code)
{
	PyObject *args = argument("args");
	PyObject *exception = args && pt_py.PyTuple_Size(args) == 3 ?
				      pt_py.PyTuple_GetItem(args, 1) :
				      NULL; /* borrowed */

	if (exception && exception != pt_py.none)
		on_failure(thread, code, exception);
	pt_python_drop(args);
}

void pt_imports_call(struct pt_thread *thread, const struct pt_code *code)
{
	int saved = errno;

	if (code->role == PT_ROLE_LOAD)
		on_load(thread, code);
	else if (code->role == PT_ROLE_UNLOCK)
		on_unlock(thread, code);
	pt_py.PyErr_Clear();
	errno = saved;
}
