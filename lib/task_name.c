/* SPDX-License-Identifier: MIT */
/*
 * asyncio's own functions for this are written in Python before 3.12, and must not run
 * here: what they are made of is in the module _asyncio, in C.
 */
#include "config.h"

#include "task_name.h"

#include "python.h"
#include "util.h"

/* Returns a module that the program has loaded, borrowed, or NULL. */
static PyObject *find_module(const char *name)
{
	PyObject *modules = pt_py.PySys_GetObject("modules"); /* borrowed */

	return modules ? pt_py.PyDict_GetItemString(modules, name) : NULL;
}

/* Returns _asyncio.Task once the module is ready: asyncio has found it by then. */
static PyObject *find_type(void)
{
	PyObject *tasks = find_module("asyncio.tasks"); /* borrowed */

	return tasks ? pt_py.PyObject_GetAttrString(tasks, "_CTask") : NULL;
}

/* Returns the task that LOOP runs, a new reference; None or NULL if there is none. */
static PyObject *task_of(PyObject *module, PyObject *loop)
{
	if (pt_py.minor >= 12)
		return pt_py.PyObject_CallMethod(module, "current_task", "O", loop);
	PyObject *tasks = pt_py.PyObject_GetAttrString(module, "_current_tasks");
	PyObject *task = tasks ? pt_py.PyObject_CallMethod(tasks, "get", "O", loop) :
				 NULL;

	pt_python_drop(tasks);
	return task;
}

/* Returns the task that this thread runs, a new reference; None or NULL likewise. */
static PyObject *find_task(void)
{
	PyObject *module = find_module("_asyncio"); /* borrowed */
	PyObject *loop =
		module ? pt_py.PyObject_CallMethod(module, "_get_running_loop", NULL) :
			 NULL;
	PyObject *task = loop && loop != pt_py.none ? task_of(module, loop) : NULL;

	pt_python_drop(loop);
	return task;
}

char *pt_task_name(void)
{
	PyObject *type = find_type();
	PyObject *task = type ? find_task() : NULL;
	/* Tasks of other classes, unless derived from it, have no name. */
	PyObject *name = task && task != pt_py.none ?
				 pt_py.PyObject_CallMethod(type, "get_name", "O", task) :
				 NULL;
	char *text = name ? pt_python_text(name) : NULL;

	pt_python_drop(name);
	pt_python_drop(task);
	pt_python_drop(type);
	pt_py.PyErr_Clear();
	if (text)
		pt_clean_line(text);
	return text;
}
