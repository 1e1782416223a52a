/* SPDX-License-Identifier: MIT */
/*
 * The backend for CPython 3.8 to 3.11: PyEval_SetTrace, which is per thread. It reaches
 * new threads through _thread.start_new_thread, which threading uses, too. The program's
 * own tracers are called after ours, see trace_chain.c.
 */
#include "config.h"

#include "code/code.h"
#include "trace/thread.h"
#include "trace/tracer.h"
#include "watch/await.h"
#include "watch/backend.h"
#include "watch/imports.h"
#include "watch/thread_hook.h"
#include "watch/trace_chain.h"

#include <errno.h>
#include <string.h>

/* Instructions, by the numbers that they have in 3.8 to 3.11. */
#define OP_YIELD_FROM 72       /* before 3.11 */
#define OP_RETURN_GENERATOR 75 /* 3.11 */
#define OP_RETURN_VALUE 83
#define OP_YIELD_VALUE 86
#define OP_RESUME 151 /* 3.11 */

/* Where frame objects of 3.8 and 3.9 have f_lineno, unless a check says otherwise. */
#define LINE_OFFSET 108
#define LINE_CHECKS 32

/* How often f_lineno at that offset has proved right; -1: it was wrong once. */
static int line_checks;

/* Number of the instruction at a byte offset, -1 when there is none. */
static int opcode_at(const struct pt_code *code, long offset)
{
	if (offset < 0 || (size_t)offset >= code->bytecode_size)
		return -1;
	return code->bytecode[offset];
}

static long last_instruction(PyFrameObject *frame)
{
	return pt_python_attr_long((PyObject *)frame, "f_lasti", -1);
}

/* Returns whether the called frame resumes after a yield. */
static bool is_resume(PyFrameObject *frame, const struct pt_code *code)
{
	if (!(code->info.flags & PT_CODE_RESUMABLE) || !code->bytecode)
		return false;
	long last = last_instruction(frame);
	if (!pt_py.has_resume)
		return last >= 0;
	/* An exception was thrown in before the first line. */
	if (opcode_at(code, last) == OP_RETURN_GENERATOR)
		return false;
	return opcode_at(code, last) != OP_RESUME || opcode_at(code, last + 1) != 0;
}

/* Returns how the frame is left; RESULT is NULL for an exception. */
static enum pt_exit find_exit(PyFrameObject *frame, const struct pt_code *code,
			      PyObject *result)
{
	if (!result)
		return PT_EXIT_UNWIND;
	if (!(code->info.flags & PT_CODE_RESUMABLE) || !code->bytecode)
		return PT_EXIT_RETURN;
	long last = last_instruction(frame);
	int opcode = opcode_at(code, last);
	if (opcode == OP_YIELD_VALUE)
		return PT_EXIT_YIELD;
	/* YIELD_FROM steps back in order to be run again. */
	if (!pt_py.has_resume && opcode != OP_RETURN_VALUE &&
	    opcode_at(code, last + 2) == OP_YIELD_FROM)
		return PT_EXIT_YIELD;
	return PT_EXIT_RETURN;
}

/*
 * Returns the line of a frame in a line event. The time that PyFrame_GetLineNumber takes
 * in 3.8 and 3.9 grows with the size of the code, so we read f_lineno directly once it
 * has been compared often enough.
 */
static int line_of(PyFrameObject *frame)
{
	int line = 0;

	if (pt_py.minor >= 10 || line_checks < 0)
		return pt_py.PyFrame_GetLineNumber(frame);
	memcpy(&line, (const char *)frame + LINE_OFFSET, sizeof(line));
	if (line_checks < LINE_CHECKS) {
		int right = pt_py.PyFrame_GetLineNumber(frame);
		line_checks = line == right ? line_checks + 1 : -1;
		return right;
	}
	return line;
}

/* Finds the record of the code that a frame runs, and notes it. */
static struct pt_code *enter_frame(struct pt_thread *thread, PyFrameObject *frame)
{
	/* Its live entry is withheld meanwhile, which brings us here. */
	if (PT_UNLIKELY(pt_chain_seen == frame))
		return &pt_code_excluded;
	PyObject *object = pt_python_borrow_frame_code(frame);
	struct pt_code *code = object ? pt_code_get(object) : &pt_code_excluded;

	*pt_thread_live(thread, frame) = (struct pt_live){ frame, code };
	return code;
}

/* The record of the code that a frame runs. */
static inline struct pt_code *code_of(struct pt_thread *thread, PyFrameObject *frame)
{
	struct pt_live *live = pt_thread_live(thread, frame);

	return PT_UNLIKELY(live->frame != frame) ? enter_frame(thread, frame) :
						   live->record;
}

static void on_call(struct pt_thread *thread, PyFrameObject *frame)
{
	/* A frame may have the address of one that is gone. */
	struct pt_code *code = enter_frame(thread, frame);

	if (code->is_traced && is_resume(frame, code))
		pt_tracer_resume(thread, code, frame, pt_py.PyFrame_GetLineNumber(frame));
	else if (code->is_traced)
		pt_tracer_call(thread, code, frame);
	if (PT_UNLIKELY(code->role != PT_ROLE_NONE))
		pt_imports_call(thread, code);
}

static void on_return(struct pt_thread *thread, PyFrameObject *frame, PyObject *result)
{
	struct pt_code *code = code_of(thread, frame);

	if (code->is_traced)
		pt_tracer_exit(thread, code, frame, find_exit(frame, code, result));
	pt_thread_live(thread, frame)->frame = NULL;
}

static bool is_end_of_await(PyFrameObject *frame, const struct pt_code *code,
			    PyObject *exception)
{
	return code->info.flags & PT_CODE_RESUMABLE &&
	       pt_await_is_over(code, last_instruction(frame), exception);
}

static void on_exception(struct pt_thread *thread, PyFrameObject *frame, PyObject *info)
{
	struct pt_code *code = code_of(thread, frame);
	PyObject *exception = pt_py.PyTuple_GetItem(info, 1); /* borrowed */

	if (code->is_traced && exception && !is_end_of_await(frame, code, exception))
		pt_tracer_exception(thread, code, frame, exception);
}

static int trace(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
	struct pt_thread *thread = pt_thread_self();
	(void)self;

	if (PT_UNLIKELY(!thread))
		return 0;
	if (what == PyTrace_LINE) {
		struct pt_code *code = code_of(thread, frame);
		if (code->is_traced)
			pt_tracer_line(thread, code, frame, line_of(frame));
	} else if (pt_tracer_has_ended()) {
		pt_chain_stop();
	} else if (what == PyTrace_CALL) {
		on_call(thread, frame);
	} else if (what == PyTrace_RETURN) {
		on_return(thread, frame, arg);
	} else if (what == PyTrace_EXCEPTION) {
		on_exception(thread, frame, arg);
	}
	return 0;
}

static int start(const char **reason)
{
	pt_python_learn_frames();
	*reason = "_thread.start_new_thread could not be reached";
	if (!pt_thread_hook_install(pt_chain_watch))
		return -ENOSYS;
	pt_chain_start(trace);
	return 0;
}

/* Here each start is for a new interpreter. */
static bool is_watching(void)
{
	return false;
}

const struct pt_backend pt_backend_settrace = {
	.name = "PyEval_SetTrace",
	.start = start,
	.is_watching = is_watching,
};
