/* SPDX-License-Identifier: MIT */
/*
 * Before 3.12 asyncio's own functions for this are written in Python and must not run
 * here. What they use is in the module _asyncio, in C.
 */
#include "config.h"

#include "trace/task_name.h"

#include "base/util.h"
#include "python/python.h"
#include "python/value.h"

/* Returns _asyncio once it is ready: asyncio has found its Task by then. */
static PyObject *find_module(void)
{
	PyObject *tasks = pt_value_module("asyncio.tasks");
	PyObject *type = tasks ? pt_value_global(tasks, "_CTask") : NULL;
	PyObject *module = type ? pt_value_module("_asyncio") : NULL;

	pt_python_drop(type);
	pt_python_drop(tasks);
	return module;
}

/*
 * Calls a function of the module with OBJECT, or with nothing. Returns NULL if it is not
 * the interpreter's any more.
 */
static PyObject *call(PyObject *module, const char *name, PyObject *object)
{
	PyObject *function = pt_value_global(module, name);
	PyObject *result = NULL;

	if (function && pt_python_is_exactly(function, pt_py.function_type))
		result = pt_py.PyObject_CallFunctionObjArgs(function, object, NULL);
	pt_python_drop(function);
	return result;
}

/*
 * Returns the task that LOOP runs, a new reference; None or NULL if there is none. The
 * function that tells it (3.12+) uses the loop as a key before 3.14, as which it is called.
 */
static PyObject *task_of(PyObject *module, PyObject *loop)
{
	PyObject *tasks = pt_value_global(module, "_current_tasks");
	PyObject *task = NULL;

	if (pt_py.is_free_threaded || pt_py.minor >= 14)
		task = call(module, "current_task", loop);
	else if (tasks && pt_python_is_exactly(tasks, pt_py.dict_type))
		task = pt_value_item_of_object(tasks, loop);
	pt_python_drop(tasks);
	return task;
}

/*
 * Returns the task that this thread runs, a new reference; None or NULL if there is none.
 */
static PyObject *find_task(PyObject *module)
{
	PyObject *loop = call(module, "_get_running_loop", NULL);
	PyObject *task = loop && loop != pt_py.none ? task_of(module, loop) : NULL;

	pt_python_drop(loop);
	return task;
}

/* Tasks whose class is not derived from _asyncio's have no name. */
static PyObject *name_of(PyObject *module, PyObject *task)
{
	PyObject *type = pt_value_global(module, "Task");
	PyObject *method = type && pt_python_is_exactly(type, pt_py.type_type) ?
				   pt_value_of_type(type, "get_name") :
				   NULL;
	PyObject *name = NULL;

	if (method && pt_python_is_exactly(method, pt_py.method_type))
		name = pt_py.PyObject_CallFunctionObjArgs(method, task, NULL);
	pt_python_drop(method);
	pt_python_drop(type);
	return name;
}

char *pt_task_name(void)
{
	PyObject *module = find_module();
	PyObject *task = module ? find_task(module) : NULL;
	PyObject *name = task && task != pt_py.none ? name_of(module, task) : NULL;
	char *text = pt_python_take_text(name);

	pt_python_drop(task);
	pt_python_drop(module);
	pt_py.PyErr_Clear();
	if (text)
		pt_clean_line(text);
	return text;
}
