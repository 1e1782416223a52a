/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "thread_name.h"

#include "python.h"
#include "util.h"

/* The Thread object of the current thread: threading._active[ident]. A new reference. */
static PyObject *find_thread(void)
{
	PyObject *modules = pt_py.PySys_GetObject("modules"); /* borrowed */
	PyObject *threading = modules ? pt_py.PyDict_GetItemString(modules, "threading") :
					NULL; /* borrowed */
	PyObject *active =
		threading ? pt_py.PyObject_GetAttrString(threading, "_active") : NULL;
	PyObject *thread = NULL;

	if (active && pt_python_is_exactly(active, pt_py.dict_type))
		thread = pt_py.PyObject_CallMethod(active, "get", "k",
						   pt_py.PyThread_get_thread_ident());
	pt_python_drop(active);
	if (!thread)
		pt_py.PyErr_Clear();
	return thread;
}

char *pt_thread_name(void)
{
	PyObject *thread = find_thread();
	char *name = thread ? pt_python_attr_text(thread, "_name") : NULL;

	pt_python_drop(thread);
	if (name)
		pt_clean_line(name);
	return name;
}
