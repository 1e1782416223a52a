/* SPDX-License-Identifier: MIT */
/*
 * asyncio's own functions for this are written in Python before 3.12, and must not run
 * here: what they are made of is in the module _asyncio, in C.
 */
#include "config.h"

#include "task_name.h"

#include "python.h"
#include "util.h"

/* Returns the module if the program has loaded it, borrowed, or NULL. */
static PyObject *find_module(void)
{
	PyObject *modules = pt_py.PySys_GetObject("modules"); /* borrowed */

	return modules ? pt_py.PyDict_GetItemString(modules, "_asyncio") : NULL;
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

/* Returns what _asyncio.Task.get_name says of TASK, also if that is of a class derived
 * from it; NULL if it is none. */
static PyObject *name_of(PyObject *module, PyObject *task)
{
	PyObject *type = pt_py.PyObject_GetAttrString(module, "Task");
	PyObject *name = type ? pt_py.PyObject_CallMethod(type, "get_name", "O", task) :
				NULL;

	pt_python_drop(type);
	return name;
}

char *pt_task_name(void)
{
	PyObject *module = find_module(); /* borrowed */
	PyObject *loop =
		module ? pt_py.PyObject_CallMethod(module, "_get_running_loop", NULL) :
			 NULL;
	PyObject *task = loop && loop != pt_py.none ? task_of(module, loop) : NULL;
	PyObject *name = task && task != pt_py.none ? name_of(module, task) : NULL;
	char *text = name ? pt_python_text(name) : NULL;

	pt_python_drop(name);
	pt_python_drop(task);
	pt_python_drop(loop);
	pt_py.PyErr_Clear();
	if (text)
		pt_clean_line(text);
	return text;
}
