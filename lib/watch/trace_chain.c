/* SPDX-License-Identifier: MIT */
/*
 * For tracing, the interpreter has one C function and one object for each thread. Ours
 * are there, and the object is a capsule with a link to the program's tracer, if it has
 * one: trace_both() calls our function, then that one. A C function of the interpreter's
 * calls what Python code sets by sys.settrace; we keep and call it like any other, and
 * need not know what it does.
 *
 * When a program sets a tracer, the interpreter replaces ours by it, and we put ours back
 * at once, with a link to it: sys.settrace is replaced, and PyEval_SetTrace is
 * interposed, which does not work in an executable that contains the interpreter. There
 * we notice the end of our capsule, and a pending call puts us back before the next
 * instruction. That runs only in the main thread; elsewhere the trace says that it ends.
 *
 * We exchange function and object in the thread state itself: PyEval_SetTrace would raise
 * one more audit event, and nothing else shows what was set. Their place in it is found
 * at run time, from what PyEval_SetTrace writes.
 *
 * Some tracers read function and object there before they replace them, and call that
 * function from their own: with our capsule, which is then not the one in the thread
 * state. We only pass such a call on to the tracer behind it, as the caller looks at what
 * that changes: f_trace_lines, and slots that are empty after an exception.
 */
#include "config.h"

#include "watch/trace_chain.h"

#include "python/builtin.h"
#include "trace/thread.h"
#include "trace/tracer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define LINK_NAME "libpytrace"
#define LINES "f_trace_lines"

#define FAST __attribute__((tls_model("initial-exec")))

/* How far into a thread state we look for the function; none is shorter. */
#define SEARCH_SIZE 192

/* What a thread traces with, laid out as in the thread states of all versions. */
struct slots {
	Py_tracefunc function;
	PyObject *profile_object; /* not ours */
	PyObject *object;	  /* owned */
};

/* The content of our capsule: the tracer of the program. */
struct link {
	PyThreadState *thread; /* the one in which it is installed */
	Py_tracefunc function; /* NULL: there is none */
	PyObject *object;      /* owned */
};

/* What is called for each event; NULL before the start. */
static Py_tracefunc watch;

/* Where thread states have their slots; 0: not known, and nothing is shared. */
static size_t slots_offset;

/* Tracers of the program get linked when we find them. */
static bool is_active;

/* The thread in which a pending call must put us back; NULL: none. */
static PyThreadState *awaited;

/* This thread replaces our link itself, and handles what follows. */
static _Thread_local bool is_replacing FAST;

/* Another tracer has called ours, and the tracer behind ours does as it likes. */
static _Thread_local bool is_passing FAST;

/* See trace_chain.h. */
_Thread_local const PyFrameObject *pt_chain_seen FAST;

static struct slots *slots_of(PyThreadState *thread)
{
	return (struct slots *)((char *)thread + slots_offset);
}

static int trace_both(PyObject *self, PyFrameObject *frame, int what, PyObject *arg);

static bool is_ours(Py_tracefunc function)
{
	return function && (function == watch || function == trace_both);
}

/* Returns the link of a thread, or NULL if it is not ours that traces it. */
static struct link *link_of(PyThreadState *thread)
{
	struct slots *slots = slots_of(thread);

	if (!slots_offset || !is_ours(slots->function) || !slots->object)
		return NULL;
	return pt_py.PyCapsule_GetPointer(slots->object, LINK_NAME);
}

static void on_link_end(PyObject *capsule);

/* Returns a capsule with a link, which takes over OBJECT; NULL without memory. */
static PyObject *new_link(PyThreadState *thread, Py_tracefunc function, PyObject *object)
{
	struct link *link = calloc(1, sizeof(*link));
	PyObject *capsule = link ? pt_py.PyCapsule_New(link, LINK_NAME, on_link_end) :
				   NULL;

	if (!capsule) {
		if (link)
			pt_py.PyErr_Clear();
		free(link);
		return NULL;
	}
	*link = (struct link){ .thread = thread, .function = function, .object = object };
	return capsule;
}

/* Traces the current thread, which has no tracer. Keeps a pending exception. */
static void install(PyThreadState *thread)
{
	PyObject *type = NULL, *value = NULL, *traceback = NULL; /* owned */
	PyObject *capsule = slots_offset ? new_link(thread, NULL, NULL) : NULL;

	pt_py.PyErr_Fetch(&type, &value, &traceback);
	pt_py.PyEval_SetTrace(watch, capsule);
	pt_python_drop(capsule);
	pt_py.PyErr_Restore(type, value, traceback);
}

/*
 * Puts us back into the slots of the current thread if somebody else is there, with a
 * link to them. Keeps a pending exception.
 */
static void take_over(PyThreadState *thread)
{
	struct slots *slots = slots_of(thread);
	PyObject *capsule = NULL;

	if (thread == awaited)
		awaited = NULL;
	if (is_ours(slots->function))
		return;
	/* Frames came and went meanwhile. */
	if (pt_thread_current)
		pt_thread_forget_frames(pt_thread_current);
	if (!slots->function) {
		install(thread);
		return;
	}
	capsule = new_link(thread, slots->function, slots->object);
	if (!capsule)
		return;
	slots->object = capsule;
	slots->function = trace_both;
}

static int on_pending(void *unused)
{
	int saved = errno;
	(void)unused;

	if (is_active && awaited == pt_py.PyThreadState_Get())
		take_over(awaited);
	errno = saved;
	return 0;
}

/*
 * Ours was replaced by a tracer that is about to get into the slots. Without a frame the
 * thread state is being cleared.
 */
static void on_replaced(PyThreadState *thread)
{
	if (!pt_py.PyEval_GetFrame())
		return;
	if ((pid_t)syscall(SYS_gettid) == getpid() &&
	    pt_py.Py_AddPendingCall(on_pending, NULL) == 0) {
		awaited = thread;
		return;
	}
	struct pt_thread *self = pt_thread_self();
	if (self)
		pt_tracer_note(self, "another tracer has replaced this one; what this "
				     "thread runs is not shown from here");
}

static void on_link_end(PyObject *capsule)
{
	struct link *link = pt_py.PyCapsule_GetPointer(capsule, LINK_NAME);
	int saved = errno;
	PyThreadState *thread = link->thread;
	PyObject *object = link->object;

	free(link);
	errno = saved;
	pt_python_drop(object);
	saved = errno;
	if (is_active && !is_replacing && !is_passing &&
	    thread == pt_py.PyThreadState_Get())
		on_replaced(thread);
	errno = saved;
}

/* Returns the counted frame, if what runs is traced code. */
static struct pt_frame *entry_of(PyFrameObject *frame)
{
	struct pt_thread *thread = pt_thread_current;
	struct pt_frame *top = NULL;

	if (!thread || !thread->depth)
		return NULL;
	top = &thread->frames[thread->depth - 1];
	return top->frame == frame ? top : NULL;
}

static void set_lines(PyFrameObject *frame, bool is_on)
{
	PyObject *value = pt_py.PyBool_FromLong(is_on);

	pt_python_set_attr((PyObject *)frame, LINES, value);
	pt_python_drop(value);
}

/*
 * With f_trace_lines = False a tracer asks for no lines of a frame, which would keep them
 * from us, too. So we note this, and the frame has True until the next event that is not
 * a line.
 */
static void keep_lines(PyFrameObject *frame)
{
	struct pt_frame *entry = entry_of(frame);

	if (!entry)
		return;
	entry->is_quiet = pt_python_attr_long((PyObject *)frame, LINES, 1) == 0;
	if (entry->is_quiet)
		set_lines(frame, true);
}

/*
 * Another tracer calls the tracer of a link that it has found; see the top of this file.
 */
static int pass_on(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
	struct link *link = pt_py.PyCapsule_GetPointer(self, LINK_NAME);
	Py_tracefunc function = link->function;
	PyObject *object = link->object;
	bool was_passing = is_passing;

	watch(self, frame, what, arg);
	is_passing = true;
	int result = function(object, frame, what, arg);
	is_passing = was_passing;
	return result;
}

/*
 * Calls the program's tracer. It may call ours again for the same event, which finds no
 * live frame then, and looks at pt_chain_seen.
 */
static int call_tracer(Py_tracefunc function, PyObject *object, PyFrameObject *frame,
		       int what, PyObject *arg)
{
	struct pt_thread *thread = pt_thread_current;
	struct pt_live *live = thread ? pt_thread_live(thread, frame) : NULL;
	struct pt_live kept = live ? *live : (struct pt_live){ NULL, NULL };
	const PyFrameObject *seen_before = pt_chain_seen;

	if (kept.frame == frame)
		live->frame = NULL;
	pt_chain_seen = frame;
	int result = function(object, frame, what, arg);
	pt_chain_seen = seen_before;
	if (kept.frame == frame)
		*live = kept;
	return result;
}

/* The trace function of threads that have a tracer of the program, too. */
static int trace_both(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
	struct link *link = pt_py.PyCapsule_GetPointer(self, LINK_NAME);
	/* Borrowed as it is without us; the link may be gone after either call. */
	Py_tracefunc function = link->function;
	PyObject *object = link->object;
	struct pt_frame *entry = entry_of(frame);
	bool is_quiet = entry && entry->is_quiet;

	if (slots_of(pt_py.PyThreadState_Get())->object != self)
		return pass_on(self, frame, what, arg);
	watch(self, frame, what, arg);
	if (is_quiet && what == PyTrace_LINE)
		return 0;
	if (is_quiet)
		set_lines(frame, false);
	int result = call_tracer(function, object, frame, what, arg);
	if (is_active)
		take_over(pt_py.PyThreadState_Get());
	if (is_active && result == 0)
		keep_lines(frame);
	return result;
}

/*
 * Empties the slots of the current thread for us, which sys.settrace(None) wants: there
 * is the tracer STAND_IN, or whatever was set meanwhile.
 */
static void unlink_stand_in(PyThreadState *thread, PyObject *stand_in)
{
	struct slots *slots = slots_of(thread);
	PyObject *capsule = NULL;

	if (is_ours(slots->function) || slots->object != stand_in)
		return;
	capsule = new_link(thread, NULL, NULL);
	if (!capsule) {
		pt_py.PyEval_SetTrace(NULL, NULL);
		return;
	}
	slots->function = watch;
	slots->object = capsule;
	pt_python_drop(stand_in);
}

/* Replaces sys.settrace. SELF is the module. */
static PyObject *set_trace(PyObject *self, PyObject *function);

static struct pt_builtin settrace_builtin = {
	.module = "sys",
	.names = { "settrace" },
	.method = { "settrace", set_trace, METH_O, NULL },
};

/*
 * The original function does the work, and raises the one audit event. Instead of None it
 * gets another object: tracing continues, but without a tracer of the program.
 */
static PyObject *set_trace(PyObject *self, PyObject *function)
{
	PyThreadState *thread = pt_py.PyThreadState_Get();
	bool is_end = function == pt_py.none && link_of(thread);
	bool was_replacing = is_replacing;

	if (!is_active || is_passing)
		return settrace_builtin.original(self, function);
	is_replacing = true;
	PyObject *result = settrace_builtin.original(self, is_end ? self : function);
	is_replacing = was_replacing;
	if (result && is_end)
		unlink_stand_in(thread, self);
	else if (result)
		take_over(thread);
	return result;
}

/* Replaces sys.gettrace. SELF is the module. */
static PyObject *get_trace(PyObject *self, PyObject *unused);

static struct pt_builtin gettrace_builtin = {
	.module = "sys",
	.names = { "gettrace" },
	.method = { "gettrace", get_trace, METH_NOARGS, NULL },
};

static PyObject *get_trace(PyObject *self, PyObject *unused)
{
	struct link *link = link_of(pt_py.PyThreadState_Get());

	if (!link)
		return gettrace_builtin.original(self, unused);
	PyObject *object = link->object ? link->object : pt_py.none;
	pt_py.Py_IncRef(object);
	return object;
}

void pt_chain_set(pt_chain_setter *real, Py_tracefunc function, PyObject *object)
{
	PyThreadState *thread = is_active ? pt_py.PyThreadState_Get() : NULL;
	struct link *link = thread ? link_of(thread) : NULL;
	PyObject *empty = NULL;

	/* Our own calls come here, too, and those of sys.settrace in 3.8. */
	if (!thread || is_ours(function) || is_replacing || is_passing) {
		real(function, object);
		return;
	}
	if (link && !function)
		empty = new_link(thread, NULL, NULL);
	is_replacing = true;
	if (empty)
		real(watch, empty);
	else
		real(function, object);
	is_replacing = false;
	pt_python_drop(empty);
	take_over(thread);
}

/* Looks for what PyEval_SetTrace has just written: our function and CAPSULE. */
static size_t find_slots(PyThreadState *thread, PyObject *capsule)
{
	struct slots slots;

	for (size_t at = sizeof(void *); at + sizeof(slots) <= SEARCH_SIZE;
	     at += sizeof(void *)) {
		memcpy(&slots, (const char *)thread + at, sizeof(slots));
		if (slots.function == watch && slots.object == capsule)
			return at;
	}
	return 0;
}

/* Finds the slots and replaces sys.settrace. Returns whether tracers can be linked to. */
static bool prepare(PyThreadState *thread)
{
	PyObject *capsule = new_link(thread, NULL, NULL);

	if (!capsule)
		return false;
	pt_py.PyEval_SetTrace(watch, capsule);
	if (!slots_offset)
		slots_offset = find_slots(thread, capsule);
	pt_python_drop(capsule);
	return slots_offset && pt_builtin_replace(&gettrace_builtin) &&
	       pt_builtin_replace(&settrace_builtin);
}

void pt_chain_start(Py_tracefunc function)
{
	PyThreadState *thread = pt_py.PyThreadState_Get();

	watch = function;
	is_active = prepare(thread);
	if (is_active)
		return;
	/* sys.gettrace would show the capsule. */
	slots_offset = 0;
	pt_py.PyEval_SetTrace(watch, NULL);
}

void pt_chain_watch(void)
{
	install(pt_py.PyThreadState_Get());
}

void pt_chain_stop(void)
{
	PyThreadState *thread = pt_py.PyThreadState_Get();
	struct link *link = link_of(thread);
	struct slots *slots = slots_of(thread);

	is_active = false;
	/* Another tracer, which has called ours, stays where it is. */
	if (slots_offset && slots->function && !is_ours(slots->function))
		return;
	if (!link || !link->function) {
		pt_py.PyEval_SetTrace(NULL, NULL);
		return;
	}
	PyObject *capsule = slots->object; /* owned */
	slots->function = link->function;
	slots->object = link->object;
	link->object = NULL;
	pt_python_drop(capsule);
}
