/* SPDX-License-Identifier: MIT */
/*
 * Replaces _thread.start_new_thread(function, args[, kwargs]) in the module by a builtin
 * that looks the same and calls the original, with a function of ours that calls back and
 * then does what the program asked for.
 */
#include "config.h"

#include "watch/thread_hook.h"

#include "python/builtin.h"
#include "python/python.h"

/* See pt_thread_hook_install(). */
static void (*on_thread_start)(void);

/*
 * Reports an exception that ends a thread in the interpreter's own words: the program's
 * function raised it, not ours.
 */
static PyObject *end_thread(PyObject *function, PyObject *result)
{
	if (result)
		return result;
	if (pt_py.PyErr_ExceptionMatches(*pt_py.exc_system_exit) ||
	    !pt_py.write_unraisable)
		return NULL;
	pt_py.write_unraisable("in thread started by", function);
	pt_py.Py_IncRef(pt_py.none);
	return pt_py.none;
}

/* Runs in the new thread. SELF is the argument tuple of start_new_thread. */
static PyObject *run_thread(PyObject *self, PyObject *unused)
{
	/* Borrowed from the tuple. */
	PyObject *function = pt_py.PyTuple_GetItem(self, 0);
	PyObject *args = pt_py.PyTuple_GetItem(self, 1);
	PyObject *kwargs = pt_py.PyTuple_Size(self) > 2 ? pt_py.PyTuple_GetItem(self, 2) :
							  NULL;
	(void)unused;

	on_thread_start();
	return end_thread(function, pt_py.PyObject_Call(function, args, kwargs));
}

static PyMethodDef run_thread_method = { "start_new_thread", run_thread, METH_NOARGS,
					 NULL };

/* Returns the arguments with our function in place of the program's, or NULL. */
static PyObject *wrap_arguments(PyObject *args)
{
	Py_ssize_t count = pt_py.PyTuple_Size(args);
	PyObject *function = count > 0 ? pt_py.PyTuple_GetItem(args, 0) :
					 NULL; /* borrowed */
	PyObject *call_args = count > 1 ? pt_py.PyTuple_GetItem(args, 1) : NULL;

	/* What the original refuses, it must refuse in its own words. */
	if ((count != 2 && count != 3) || !pt_py.PyCallable_Check(function) ||
	    !pt_python_is_exactly(call_args, pt_py.tuple_type) ||
	    (count == 3 &&
	     !pt_python_is_exactly(pt_py.PyTuple_GetItem(args, 2), pt_py.dict_type)))
		return NULL;
	PyObject *runner = pt_py.PyCFunction_NewEx(&run_thread_method, args, NULL);
	PyObject *wrapped = runner ? pt_py.Py_BuildValue("(O())", runner) : NULL;
	pt_python_drop(runner);
	if (!wrapped)
		pt_py.PyErr_Clear();
	return wrapped;
}

/* Replaces _thread.start_new_thread. */
static PyObject *start_new_thread(PyObject *self, PyObject *args);

static struct pt_builtin builtin = {
	.module = "_thread",
	.names = { "start_new_thread", "start_new" },
	.method = { "start_new_thread", start_new_thread, METH_VARARGS, NULL },
};

static PyObject *start_new_thread(PyObject *self, PyObject *args)
{
	PyObject *wrapped = wrap_arguments(args);
	PyObject *result = builtin.original(self, wrapped ? wrapped : args);

	pt_python_drop(wrapped);
	return result;
}

bool pt_thread_hook_install(void (*on_start)(void))
{
	on_thread_start = on_start;
	return pt_builtin_replace(&builtin);
}
