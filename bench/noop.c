/* SPDX-License-Identifier: MIT */
/*
 * The floor for "make bench": gets in as libpytrace does, asks for the events that it
 * asks for, and does nothing with them. All code is watched.
 *
 * With PT_BENCH_COUNTS=FILE it counts them, and writes lines and calls there at the end.
 */
#include "config.h"

#include <Python.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOOL_ID 4

/* It is loaded into interpreters of any version: nothing but functions is used. */
#undef PyCFunction_NewEx /* in newer headers a macro for what 3.8 does not have */
#undef Py_INCREF
#undef Py_DECREF
#pragma GCC poison Py_INCREF Py_DECREF

typedef PyObject *callback(PyObject *self, PyObject *const *args, Py_ssize_t count);

/* The replaced init function. */
static PyObject *(*original_init)(void);

/* Objects and functions whose names or places depend on the version. */
static PyObject *none;
static PyObject *disable;
static Py_ssize_t (*request_extra)(void (*)(void *));
static int (*get_extra)(PyObject *, Py_ssize_t, void **);
static int (*set_extra)(PyObject *, Py_ssize_t, void *);
static Py_ssize_t extra_index;
static long local_events;
static long global_events;

/* What has been counted, if it is. */
static long lines;
static long calls;
static const char *counts_path;

static void write_counts(void)
{
	FILE *file = fopen(counts_path, "w");

	if (!file)
		return;
	fprintf(file, "%ld %ld\n", lines, calls);
	fclose(file);
}

static void call_monitoring(const char *name, PyObject *args)
{
	PyObject *function = PyObject_GetAttrString(PySys_GetObject("monitoring"), name);
	PyObject *result = PyObject_Call(function, args, NULL);

	Py_DecRef(function);
	Py_DecRef(args);
	if (!result)
		PyErr_Print();
	Py_DecRef(result);
}

static void watch(PyObject *code)
{
	set_extra(code, extra_index, &lines);
	call_monitoring("set_local_events",
			Py_BuildValue("(iOl)", TOOL_ID, code, local_events));
}

/* None and DISABLE are immortal where these are used (3.12). */
static PyObject *on_start(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	void *is_watched = NULL;

	(void)self, (void)count;
	if (get_extra(args[0], extra_index, &is_watched) == 0 && !is_watched)
		watch(args[0]);
	return none;
}

static PyObject *on_event(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	(void)self, (void)args, (void)count;
	return none;
}

static PyObject *on_jump(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	PyCodeObject *code = (PyCodeObject *)args[0];
	long from = PyLong_AsLong(args[1]);
	long to = PyLong_AsLong(args[2]);

	(void)self, (void)count;
	if (to > from ||
	    PyCode_Addr2Line(code, (int)from) != PyCode_Addr2Line(code, (int)to))
		return disable;
	lines++;
	return none;
}

static PyObject *count_start(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	calls++;
	return on_start(self, args, count);
}

static PyObject *count_resume(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	calls++;
	return on_event(self, args, count);
}

static PyObject *count_line(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	lines++;
	return on_event(self, args, count);
}

/* An event, and what is called for it when counting and else. */
struct handler {
	const char *name;
	int is_local;
	callback *function;
	callback *counting;
	PyMethodDef method;
};

static struct handler handlers[] = {
	{ "PY_START", 1, on_start, count_start, { 0 } },
	{ "PY_RESUME", 1, on_event, count_resume, { 0 } },
	{ "PY_RETURN", 1, on_event, on_event, { 0 } },
	{ "PY_YIELD", 1, on_event, on_event, { 0 } },
	{ "LINE", 1, on_event, count_line, { 0 } },
	{ "JUMP", 1, on_jump, on_jump, { 0 } },
	{ "PY_UNWIND", 0, on_event, on_event, { 0 } },
	{ "PY_THROW", 0, on_event, count_resume, { 0 } },
	{ "RAISE", 0, on_event, on_event, { 0 } },
};

static void register_handler(struct handler *handler, PyObject *events)
{
	PyObject *bit = PyObject_GetAttrString(events, handler->name);
	callback *function = counts_path ? handler->counting : handler->function;

	handler->method = (PyMethodDef){ "noop", (PyCFunction)(void (*)(void))function,
					 METH_FASTCALL, NULL };
	call_monitoring("register_callback",
			Py_BuildValue("(iON)", TOOL_ID, bit,
				      PyCFunction_NewEx(&handler->method, NULL, NULL)));
	if (handler->is_local)
		local_events |= PyLong_AsLong(bit);
	if (!handler->is_local || handler->function == on_start)
		global_events |= PyLong_AsLong(bit);
	Py_DecRef(bit);
}

static void start_monitoring(PyObject *monitoring)
{
	PyObject *events = PyObject_GetAttrString(monitoring, "events");

	request_extra = (Py_ssize_t(*)(void (*)(void *)))dlsym(
		RTLD_DEFAULT, "PyUnstable_Eval_RequestCodeExtraIndex");
	get_extra = (int (*)(PyObject *, Py_ssize_t,
			     void **))dlsym(RTLD_DEFAULT, "PyUnstable_Code_GetExtra");
	set_extra = (int (*)(PyObject *, Py_ssize_t,
			     void *))dlsym(RTLD_DEFAULT, "PyUnstable_Code_SetExtra");
	extra_index = request_extra(NULL);
	none = (PyObject *)dlsym(RTLD_DEFAULT, "_Py_NoneStruct");
	disable = PyObject_GetAttrString(monitoring, "DISABLE");
	call_monitoring("use_tool_id", Py_BuildValue("(is)", TOOL_ID, "noop"));
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		register_handler(&handlers[i], events);
	call_monitoring("set_events", Py_BuildValue("(il)", TOOL_ID, global_events));
	Py_DecRef(events);
}

static int trace(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
	(void)self, (void)frame, (void)what, (void)arg;
	return 0;
}

static int count_trace(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
	(void)self, (void)frame, (void)arg;
	lines += what == PyTrace_LINE;
	calls += what == PyTrace_CALL;
	return 0;
}

/* _thread.start_new_thread(function, args): the new thread is watched first. */
static PyObject *original_start;

static PyObject *run_thread(PyObject *bound, PyObject *args)
{
	PyEval_SetTrace(counts_path ? count_trace : trace, NULL);
	PyObject *function = PyTuple_GetItem(bound, 0);
	PyObject *own = PyTuple_GetItem(bound, 1);
	(void)args;
	return PyObject_Call(function, own, NULL);
}

static PyMethodDef run_method = { "run", run_thread, METH_VARARGS, NULL };

static PyObject *start_thread(PyObject *self, PyObject *args)
{
	PyObject *run = PyCFunction_NewEx(&run_method, args, NULL);
	PyObject *call = Py_BuildValue("(N())", run);
	PyObject *result = PyObject_Call(original_start, call, NULL);

	(void)self;
	Py_DecRef(call);
	return result;
}

static PyMethodDef start_method = { "start_new_thread", start_thread, METH_VARARGS,
				    NULL };

static void start_settrace(void)
{
	PyObject *module = PyDict_GetItemString(PySys_GetObject("modules"), "_thread");

	original_start = PyObject_GetAttrString(module, "start_new_thread");
	PyObject_SetAttrString(module, "start_new_thread",
			       PyCFunction_NewEx(&start_method, NULL, NULL));
	PyEval_SetTrace(counts_path ? count_trace : trace, NULL);
}

static PyObject *init_hooked_module(void)
{
	PyObject *module = original_init();
	PyObject *monitoring = PySys_GetObject("monitoring");

	counts_path = getenv("PT_BENCH_COUNTS");
	if (counts_path)
		atexit(write_counts);
	if (monitoring)
		start_monitoring(monitoring);
	else
		start_settrace();
	return module;
}

__attribute__((constructor)) static void on_load(void)
{
	struct _inittab **table =
		(struct _inittab **)dlsym(RTLD_DEFAULT, "PyImport_Inittab");

	for (struct _inittab *entry = table ? *table : NULL; entry && entry->name;
	     entry++) {
		if (strcmp(entry->name, "_codecs") == 0) {
			original_init = entry->initfunc;
			entry->initfunc = init_hooked_module;
			return;
		}
	}
}
