/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/thread_name.h"

#include "base/util.h"
#include "python/python.h"
#include "python/value.h"

/* The Thread object of the current thread: threading._active[ident]. A new reference. */
static PyObject *find_thread(void)
{
	PyObject *threading = pt_value_module("threading");
	PyObject *active = threading ? pt_value_global(threading, "_active") : NULL;
	PyObject *thread =
		active ? pt_value_item_of_number(active,
						 pt_py.PyThread_get_thread_ident()) :
			 NULL;

	pt_python_drop(active);
	pt_python_drop(threading);
	return thread;
}

char *pt_thread_name(void)
{
	PyObject *thread = find_thread();
	char *name = thread ? pt_value_attr_text(thread, "_name") : NULL;

	pt_python_drop(thread);
	if (name)
		pt_clean_line(name);
	return name;
}
