/* SPDX-License-Identifier: MIT */
/*
 * Sharing the interpreter's one trace function per thread with the program's own tracers
 * (CPython 3.8 to 3.11): sys.settrace and whatever builds on it, and PyEval_SetTrace.
 */
#ifndef PT_TRACE_CHAIN_H
#define PT_TRACE_CHAIN_H

#include "python.h"

/*
 * Has WATCH called for the events of the current thread, and prepares the current
 * interpreter for tracers of the program: from now on, one that is set gets the events
 * after WATCH, as if it were alone. WATCH returns 0 and is the same for all interpreters.
 * GIL: held.
 */
void pt_chain_start(Py_tracefunc watch);

/* Has WATCH called for the current thread, too, which is new. GIL: held. */
void pt_chain_watch(void);

/*
 * The frame whose event this thread has watched and its other tracer is at now. The event
 * comes again when that tracer calls the function that was there before it.
 */
extern _Thread_local const PyFrameObject *pt_chain_seen
	__attribute__((tls_model("initial-exec")));

/*
 * Ends the sharing for good. In the current thread, the program's tracer alone gets the
 * events from now on; others follow when they call it in an event. GIL: held.
 */
void pt_chain_stop(void);

/* What PyEval_SetTrace is. */
typedef void pt_chain_setter(Py_tracefunc function, PyObject *object);

/*
 * Does what a program wants that calls PyEval_SetTrace, whose real definition is REAL.
 * GIL: held.
 */
void pt_chain_set(pt_chain_setter *real, Py_tracefunc function, PyObject *object);

#endif /* PT_TRACE_CHAIN_H */
