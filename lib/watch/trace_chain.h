/* SPDX-License-Identifier: MIT */
/*
 * Sharing the interpreter's one trace function per thread with the program's own tracers
 * (CPython 3.8 to 3.11): sys.settrace and whatever builds on it, and PyEval_SetTrace.
 */
#ifndef PT_TRACE_CHAIN_H
#define PT_TRACE_CHAIN_H

#include "python/python.h"

/*
 * Has WATCH called for the events of the current thread, and prepares the current
 * interpreter for tracers of the program: a tracer that is set from now on gets the
 * events after WATCH, as if it were alone. WATCH returns 0 and is the same for all
 * interpreters. GIL: held.
 */
void pt_chain_start(Py_tracefunc watch);

/* Has WATCH called for the current thread, which is new. GIL: held. */
void pt_chain_watch(void);

/*
 * The frame whose event this thread has watched and whose other tracer runs now. The
 * event comes again if that tracer calls the function that was there before it.
 */
extern _Thread_local const PyFrameObject *pt_chain_seen
	__attribute__((tls_model("initial-exec")));

/*
 * Ends the sharing for good. From now on only the program's tracer gets the events of the
 * current thread; other threads follow when they call it in an event. GIL: held.
 */
void pt_chain_stop(void);

/* The type of PyEval_SetTrace. */
typedef void pt_chain_setter(Py_tracefunc function, PyObject *object);

/*
 * Does what a program that calls PyEval_SetTrace wants; REAL is the real one. GIL: held.
 */
void pt_chain_set(pt_chain_setter *real, Py_tracefunc function, PyObject *object);

#endif /* PT_TRACE_CHAIN_H */
