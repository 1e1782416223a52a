/* SPDX-License-Identifier: MIT */
/*
 * The backend for CPython 3.12 and later: sys.monitoring with callbacks written in C.
 *
 * A global PY_START leads to the verdict on code. Excluded code answers DISABLE and runs
 * at full speed from then on; traced code gets local events. Lines are those of
 * sys.settrace: LINE, PY_START and PY_RESUME (without which LINE misses the first line of
 * one-line functions on 3.13 and later, gh-155992), and JUMP for one-line loops.
 */
#include "config.h"

#include "code/code.h"
#include "python/value.h"
#include "trace/event.h"
#include "trace/thread.h"
#include "trace/tracer.h"
#include "watch/await.h"
#include "watch/backend.h"
#include "watch/imports.h"
#include "watch/opcode_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TOOL_NAME "libpytrace"

/* Arguments of all callbacks: the code object, then those of the event. */
typedef PyObject *callback(PyObject *self, PyObject *const *args, Py_ssize_t count);

/*
 * The variables below are the same for all interpreters and set by the first one: others
 * may start while events come.
 */

/* sys.monitoring.DISABLE: one immortal object. */
static PyObject *disable;

/* The tool ids that we may take, in this order: 0 to 2 have their owners. */
static const int tool_ids[] = { 4, 3, 5, 2, 1, 0 };

/* Our tool id. */
static int tool_id = -1;

/* Sets of events, as bits of sys.monitoring.events. */
static long start_event;
static long local_events;
static long unwind_events;

/*
 * The functions of sys.monitoring as they are at the start: a program may replace them.
 * They find the interpreter without their module.
 */
enum { USE_TOOL, GET_TOOL, REGISTER, GET_EVENTS, SET_EVENTS, SET_LOCAL_EVENTS,
       FUNCTION_COUNT };

static PyMethodDef functions[FUNCTION_COUNT] = {
	[USE_TOOL] = { .ml_name = "use_tool_id" },
	[GET_TOOL] = { .ml_name = "get_tool" },
	[REGISTER] = { .ml_name = "register_callback" },
	[GET_EVENTS] = { .ml_name = "get_events" },
	[SET_EVENTS] = { .ml_name = "set_events" },
	[SET_LOCAL_EVENTS] = { .ml_name = "set_local_events" },
};

/* What callbacks return. None and DISABLE are immortal since 3.12: no counting. */
static inline PyObject *go_on(void)
{
	return pt_py.none;
}

static PyObject *end_watching(void);

/* The same for local events, each of which disables itself once tracing has ended. */
static inline PyObject *go_on_here(void)
{
	return PT_UNLIKELY(pt_tracer_has_ended()) ? end_watching() : pt_py.none;
}

/* Returns the record of code that has had an event; recent ones are cached. */
static inline struct pt_code *find_code(struct pt_thread *thread, PyObject *object)
{
	struct pt_recent *recent = pt_thread_recent(thread, object);

	if (__builtin_expect(atomic_load_explicit(&recent->code, memory_order_relaxed) ==
				     object,
			     1))
		return recent->record;
	struct pt_code *code = pt_code_find(object);
	if (code) {
		recent->record = code;
		atomic_store_explicit(&recent->code, object, memory_order_relaxed);
	}
	return code;
}

/* Returns the thread if the event is about traced code, whose record goes to *CODE. */
static inline struct pt_thread *traced_thread(PyObject *object, struct pt_code **code)
{
	struct pt_thread *thread = pt_thread_self();

	if (PT_UNLIKELY(!thread))
		return NULL;
	*code = find_code(thread, object);
	return *code && (*code)->is_traced ? thread : NULL;
}

/* Notes the functions. Returns false if one is missing or not the interpreter's. */
static bool find_functions(PyObject *monitoring)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		PyMethodDef *method = &functions[i];
		PyObject *function = pt_value_global(monitoring, method->ml_name);
		bool is_known = function && pt_python_is_exactly(function,
								 pt_py.function_type);

		if (is_known && !method->ml_meth) {
			method->ml_flags = pt_py.PyCFunction_GetFlags(function);
			method->ml_meth = pt_py.PyCFunction_GetFunction(function);
		}
		pt_python_drop(function);
		if (!is_known)
			return false;
	}
	return true;
}

/*
 * Calls one of the functions. Returns its result, a new reference, or NULL. Leaves no
 * exception.
 */
static PyObject *ask_monitoring(int which, const char *format, ...)
{
	PyObject *function = pt_py.PyCFunction_NewEx(&functions[which], NULL, NULL);
	va_list args;

	va_start(args, format);
	PyObject *tuple = function ? pt_py.Py_VaBuildValue(format, args) : NULL;
	va_end(args);
	PyObject *result = tuple ? pt_py.PyObject_Call(function, tuple, NULL) : NULL;
	pt_python_drop(tuple);
	pt_python_drop(function);
	if (!result)
		pt_py.PyErr_Clear();
	return result;
}

/* Drops the result of ask_monitoring(). Returns whether the call succeeded. */
static bool is_done(PyObject *result)
{
	pt_python_drop(result);
	return result;
}

/* Returns the bit of an event, 0 if this version does not have it. */
static long event_bit(PyObject *monitoring, const char *name)
{
	PyObject *events = pt_value_global(monitoring, "events");
	long bit = events ? pt_python_attr_long(events, name, 0) : 0;

	if (!events)
		pt_py.PyErr_Clear();
	pt_python_drop(events);
	return bit;
}

static bool watch_globally(long more)
{
	return is_done(ask_monitoring(SET_EVENTS, "(il)", tool_id, start_event | more));
}

/* Returns whether the current interpreter watches frames unwind. */
static bool is_watching_unwind(void)
{
	PyObject *set = ask_monitoring(GET_EVENTS, "(i)", tool_id);
	long events = set ? pt_py.PyLong_AsLong(set) : 0;

	pt_python_drop(set);
	return (events & unwind_events) == unwind_events;
}

/*
 * Sets the events of code that turned out to be traced. Unwinding events are not local
 * before 3.15: they are set with the first such code, so that programs without any stay
 * fast.
 */
static void watch(struct pt_code *code)
{
	is_done(ask_monitoring(SET_LOCAL_EVENTS, "(iOl)", tool_id, code->object,
			       local_events));
	if (!is_watching_unwind())
		watch_globally(unwind_events);
	/* Not earlier: another thread would continue into code without events. */
	code->is_watched = true;
}

/*
 * Ends the global events in the current interpreter. The tool stays ours: whoever took it
 * would get the local events of code that did not run any more.
 */
static PyObject *end_watching(void)
{
	is_done(ask_monitoring(SET_EVENTS, "(ii)", tool_id, 0));
	return disable;
}

static PyObject *on_start(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct pt_thread *thread = pt_thread_self();
	(void)self, (void)count;

	if (PT_UNLIKELY(!thread))
		return go_on();
	if (PT_UNLIKELY(pt_tracer_has_ended()))
		return end_watching();
	struct pt_code *code = find_code(thread, args[0]);
	if (PT_UNLIKELY(!code))
		code = pt_code_get(args[0]);
	if (code->is_traced) {
		if (PT_UNLIKELY(!code->is_watched))
			watch(code);
		pt_tracer_call(thread, code, NULL);
	}
	if (PT_UNLIKELY(code->role != PT_ROLE_NONE))
		pt_imports_call(thread, code);
	return code == &pt_code_excluded ? disable : go_on();
}

/* The line of an instruction, given by its offset in bytes. */
static int line_at(PyObject *code, PyObject *offset)
{
	return pt_py.PyCode_Addr2Line((PyCodeObject *)code,
				      (int)pt_py.PyLong_AsLong(offset));
}

static PyObject *on_resume(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct pt_code *code = NULL;
	struct pt_thread *thread = traced_thread(args[0], &code);
	(void)self, (void)count;

	if (thread)
		pt_tracer_resume(thread, code, NULL, line_at(args[0], args[1]));
	return go_on_here();
}

/*
 * An exception is thrown into a suspended frame. That can also be the first call of the
 * code: a task that is cancelled before it began.
 */
static PyObject *on_throw(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct pt_thread *thread = pt_thread_self();
	(void)self, (void)count;

	if (PT_UNLIKELY(!thread))
		return go_on();
	struct pt_code *code = pt_code_get(args[0]);
	if (code->is_traced) {
		if (PT_UNLIKELY(!code->is_watched))
			watch(code);
		if (pt_await_has_begun(args[0], pt_py.PyLong_AsLong(args[1])))
			pt_tracer_resume(thread, code, NULL, line_at(args[0], args[1]));
		else
			pt_tracer_call(thread, code, NULL);
	}
	return go_on();
}

static PyObject *on_line(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct pt_code *code = NULL;
	struct pt_thread *thread = traced_thread(args[0], &code);
	(void)self, (void)count;

	if (__builtin_expect(thread != NULL, 1))
		pt_tracer_line(thread, code, NULL, (int)pt_py.PyLong_AsLong(args[1]));
	return go_on_here();
}

/*
 * A jump back within one line runs the line again: an iteration of "for x in y: f(x)".
 * No other jump needs to be seen a second time.
 */
static PyObject *on_jump(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct pt_code *code = NULL;
	struct pt_thread *thread = traced_thread(args[0], &code);
	(void)self, (void)count;

	if (!thread || pt_py.PyLong_AsLong(args[2]) > pt_py.PyLong_AsLong(args[1]))
		return disable;
	int line = line_at(args[0], args[2]);
	if (line != line_at(args[0], args[1]))
		return disable;
	pt_tracer_line(thread, code, NULL, line);
	return go_on_here();
}

static void leave(PyObject *object, enum pt_exit how)
{
	struct pt_code *code = NULL;
	struct pt_thread *thread = traced_thread(object, &code);

	if (thread)
		pt_tracer_exit(thread, code, NULL, how);
}

static PyObject *on_return(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	(void)self, (void)count;
	leave(args[0], PT_EXIT_RETURN);
	return go_on_here();
}

static PyObject *on_yield(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	(void)self, (void)count;
	leave(args[0], PT_EXIT_YIELD);
	return go_on_here();
}

static PyObject *on_unwind(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	(void)self, (void)count;
	leave(args[0], PT_EXIT_UNWIND);
	return go_on();
}

static PyObject *on_raise(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct pt_code *code = NULL;
	struct pt_thread *thread = traced_thread(args[0], &code);
	(void)self, (void)count;

	if (thread && !pt_await_is_over(code, pt_py.PyLong_AsLong(args[1]), args[2]))
		pt_tracer_exception(thread, code, NULL, args[2]);
	return go_on();
}

/* An event, its callback, and the callback's definition. */
struct handler {
	const char *event;
	bool is_local; /* in all versions */
	PyMethodDef method;
};

#define HANDLER(event, is_local, function)                                           \
	{                                                                            \
		event, is_local,                                                     \
		{                                                                    \
			"libpytrace",                                                \
				(PyCFunction)(void (*)(void))(callback *)(function), \
				METH_FASTCALL, NULL                                  \
		}                                                                    \
	}

static struct handler handlers[] = {
	HANDLER("PY_START", true, on_start),	HANDLER("PY_RESUME", true, on_resume),
	HANDLER("PY_RETURN", true, on_return),	HANDLER("PY_YIELD", true, on_yield),
	HANDLER("LINE", true, on_line),		HANDLER("JUMP", true, on_jump),
	HANDLER("PY_UNWIND", false, on_unwind), HANDLER("PY_THROW", false, on_throw),
	HANDLER("RAISE", false, on_raise),
};

static bool wants(const struct handler *handler)
{
	unsigned int events = pt_tracer_events();

	if (handler->method.ml_meth == (PyCFunction)(void (*)(void))on_raise)
		return events & PT_EVENT_EXCEPTION;
	if (handler->method.ml_meth == (PyCFunction)(void (*)(void))on_jump)
		return events & PT_EVENT_LINE;
	return true;
}

/* Registers the callbacks and determines which events traced code gets. */
static bool register_callbacks(PyObject *monitoring)
{
	long local = 0;
	long unwind = 0;

	for (size_t i = 0; i < PT_ARRAY_SIZE(handlers); i++) {
		long bit = event_bit(monitoring, handlers[i].event);
		if (!wants(&handlers[i]))
			continue;
		PyObject *function =
			pt_py.PyCFunction_NewEx(&handlers[i].method, NULL, NULL);
		bool is_known = function && bit &&
				is_done(ask_monitoring(REGISTER, "(ilO)", tool_id, bit,
						       function));
		pt_python_drop(function);
		if (!function)
			pt_py.PyErr_Clear();
		if (!is_known)
			return false;
		if (handlers[i].is_local)
			local |= bit;
		else
			unwind |= bit;
	}
	if (!local_events) {
		start_event = event_bit(monitoring, "PY_START");
		local_events = local;
		unwind_events = unwind;
	}
	return true;
}

static bool take_tool_id(void)
{
	if (tool_id >= 0)
		return is_done(ask_monitoring(USE_TOOL, "(is)", tool_id, TOOL_NAME));
	for (size_t i = 0; i < PT_ARRAY_SIZE(tool_ids); i++) {
		if (is_done(ask_monitoring(USE_TOOL, "(is)", tool_ids[i], TOOL_NAME))) {
			tool_id = tool_ids[i];
			return true;
		}
	}
	return false;
}

static int start(const char **reason)
{
	PyObject *monitoring = pt_py.PySys_GetObject("monitoring"); /* borrowed */

	*reason = "sys.monitoring is missing";
	if (!disable && monitoring)
		disable = pt_value_global(monitoring, "DISABLE");
	if (!monitoring || !disable || !find_functions(monitoring))
		return -ENOSYS;
	*reason = "every tool id of sys.monitoring is taken";
	if (!take_tool_id())
		return -EBUSY;
	*reason = "sys.monitoring refused a callback";
	if (!register_callbacks(monitoring) || !watch_globally(0))
		return -EINVAL;
	pt_opcode_events_keep();
	return 0;
}

static bool is_watching(void)
{
	PyObject *tool = tool_id >= 0 ? ask_monitoring(GET_TOOL, "(i)", tool_id) : NULL;
	char *name = pt_python_take_text(tool);
	bool is_ours = name && strcmp(name, TOOL_NAME) == 0;

	free(name);
	return is_ours;
}

const struct pt_backend pt_backend_monitoring = {
	.name = "sys.monitoring",
	.start = start,
	.is_watching = is_watching,
};
