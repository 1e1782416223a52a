/* SPDX-License-Identifier: MIT */
/*
 * If f_trace_opcodes of a frame is set before sys.settrace is called, as pdb does from
 * 3.13 on, and another tool has events on the frame's code, the interpreter forgets for
 * whom its opcode events are: with the second tool of any event it makes a table of the
 * tools of each instruction, which starts empty. So we set f_trace_opcodes again.
 */
#include "config.h"

#include "watch/opcode_events.h"

#include "python/builtin.h"
#include "python/python.h"

#define OPCODES "f_trace_opcodes"

static void set_opcodes(PyFrameObject *frame, bool is_on)
{
	PyObject *value = pt_py.PyBool_FromLong(is_on);

	pt_python_set_attr((PyObject *)frame, OPCODES, value);
	pt_python_drop(value);
}

/* Sets it again in all frames of the thread that have it. */
static void set_again(void)
{
	PyFrameObject *frame = pt_python_frame(); /* owned */

	for (; frame; frame = pt_python_step_out(frame)) {
		if (pt_python_attr_long((PyObject *)frame, OPCODES, 0)) {
			set_opcodes(frame, false);
			set_opcodes(frame, true);
		}
	}
}

static PyObject *set_trace(PyObject *self, PyObject *function);

static struct pt_builtin settrace_builtin = {
	.module = "sys",
	.names = { "settrace" },
	.method = { "settrace", set_trace, METH_O, NULL },
};

/* Replaces sys.settrace. SELF is the module. */
static PyObject *set_trace(PyObject *self, PyObject *function)
{
	PyObject *result = settrace_builtin.original(self, function);

	if (result && function != pt_py.none)
		set_again();
	return result;
}

void pt_opcode_events_keep(void)
{
	if (pt_py.minor >= 13)
		pt_builtin_replace(&settrace_builtin);
}
