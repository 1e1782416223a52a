/* SPDX-License-Identifier: MIT */
/*
 * Of other interpreters only the one that this thread is making can be entered: those of
 * other threads may be at their beginning, at work or at their end, where a thread state
 * more is a fatal error. It is known by its first thread, whose number thread states
 * hold: in front of the one that the kernel has for it, wherever that is.
 */
#include "config.h"

#include "interpreters.h"

#include "python.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How far into a thread state the numbers are looked for; none is shorter. */
#define SEARCH_SIZE 256

/* Returns where thread states have the number of their thread; 0: not known. */
static size_t find_number(unsigned long number)
{
	const unsigned long both[] = { number, (unsigned long)syscall(SYS_gettid) };
	const char *state = (const char *)pt_py.PyThreadState_Get();

	for (size_t i = 0; i + sizeof(both) <= SEARCH_SIZE; i += sizeof(number)) {
		if (memcmp(state + i, both, sizeof(both)) == 0)
			return i;
	}
	return 0;
}

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

void pt_interpreters_visit_new(void (*visit)(void))
{
	PyInterpreterState *current = pt_py.interpreter();
	PyInterpreterState *interpreter = pt_py.PyInterpreterState_Head();
	unsigned long number = pt_py.PyThread_get_thread_ident();
	size_t offset = find_number(number);

	/* The newest comes first. */
	for (; interpreter && offset;
	     interpreter = pt_py.PyInterpreterState_Next(interpreter)) {
		unsigned long owner = 0;
		const char *thread =
			interpreter == current ?
				NULL :
				(const char *)pt_py.PyInterpreterState_ThreadHead(
					interpreter);
		if (thread)
			memcpy(&owner, thread + offset, sizeof(owner));
		if (owner == number) {
			visit_one(interpreter, visit);
			return;
		}
	}
}
