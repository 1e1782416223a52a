/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "interpreters.h"

#include "python.h"

static void visit_one(PyInterpreterState *interpreter, void (*visit)(void))
{
	PyThreadState *thread = pt_py.PyThreadState_New(interpreter);

	if (!thread)
		return;
	PyThreadState *saved = pt_py.PyThreadState_Swap(thread);
	visit();
	pt_py.PyThreadState_Clear(thread);
	pt_py.PyThreadState_Swap(saved);
	pt_py.PyThreadState_Delete(thread);
}

void pt_interpreters_visit_others(void (*visit)(void))
{
	PyInterpreterState *current = pt_py.interpreter();
	PyInterpreterState *interpreter = pt_py.PyInterpreterState_Head();

	for (; interpreter; interpreter = pt_py.PyInterpreterState_Next(interpreter)) {
		if (interpreter != current)
			visit_one(interpreter, visit);
	}
}
