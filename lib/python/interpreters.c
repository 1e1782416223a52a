/* SPDX-License-Identifier: MIT */
/*
 * Of other interpreters only the one that this thread is creating can be entered: those
 * of other threads may be starting, working or ending, where one more thread state is a
 * fatal error. Its first thread identifies it, by the number in its thread state, which
 * precedes the kernel's number for the thread, wherever that is.
 */
#include "config.h"

#include "python/interpreters.h"

#include "python/python.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How far into a thread state we look for the numbers; none is shorter. */
#define SEARCH_SIZE 256

/* Returns the offset in thread states of the thread's number; 0: not known. */
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
