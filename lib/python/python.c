/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "python/python.h"

#include "base/lock.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_MINOR 8
#define NEWEST_MINOR 15

/* More than there are. */
#define NAME_COUNT 256

/*
 * Where frame objects of 3.8 have f_code, unless a check says otherwise: 3.8 has no
 * function for it.
 */
#define CODE_OFFSET 32
#define CODE_CHECKS 4

/* See python.h. */
struct pt_python pt_py;

/* See python.h. */
void (*pt_python_on_finalize)(void);

/* How many frames had f_code there; -1: one had not. */
static int code_checks;

/* A name that is a str already. */
struct name {
	_Atomic(const char *) text;  /* a literal; NULL: nothing is here */
	_Atomic(PyObject *) object; /* owned while the interpreter lives */
};

/* The names used so far, by the addresses of their literals. */
static struct name names[NAME_COUNT];

/* The names live as long as the interpreter. */
static atomic_bool is_name_end_known;

/* One member of the table: its symbol (or two to choose from) and where it goes. */
struct symbol {
	const char *name;
	const char *other_name;
	size_t offset;
	bool is_required;
};

static const struct symbol symbols[] = {
#define ENTRY(function) { #function, NULL, offsetof(struct pt_python, function), true },
	PT_PYTHON_FUNCTIONS(ENTRY)
#undef ENTRY
#define ENTRY(result, member, parameters, name, other, required) \
	{ name, other, offsetof(struct pt_python, member), required },
		PT_PYTHON_VARIANTS(ENTRY)
#undef ENTRY
#define ENTRY(type, member, name) \
	{ name, NULL, offsetof(struct pt_python, member), true },
			PT_PYTHON_OBJECTS(ENTRY)
#undef ENTRY
#define ENTRY(type, member, name) \
	{ name, NULL, offsetof(struct pt_python, member), false },
				PT_PYTHON_NEW_OBJECTS(ENTRY)
#undef ENTRY
};

int pt_python_minor(void *handle)
{
	const char *(*get_version)(void) =
		(const char *(*)(void))dlsym(handle, "Py_GetVersion");
	int major = 0;
	int minor = 0;

	if (!get_version || sscanf(get_version(), "%d.%d", &major, &minor) != 2 ||
	    major != 3)
		return 0;
	return minor;
}

static const char *bind_symbols(void *handle)
{
	for (size_t i = 0; i < PT_ARRAY_SIZE(symbols); i++) {
		const struct symbol *symbol = &symbols[i];
		void *address = dlsym(handle, symbol->name);

		if (!address && symbol->other_name)
			address = dlsym(handle, symbol->other_name);
		if (!address && symbol->is_required)
			return symbol->name;
		memcpy((char *)&pt_py + symbol->offset, &address, sizeof(address));
	}
	return NULL;
}

int pt_python_bind(void *handle, const char **missing)
{
	int minor = pt_python_minor(handle);

	if (minor < OLDEST_MINOR)
		return -ENOTSUP;
	*missing = bind_symbols(handle);
	if (*missing)
		return -ENOSYS;
	pt_py.minor = minor;
	pt_py.is_newer = minor > NEWEST_MINOR;
	/* Only free-threaded builds export it (3.13 to 3.15). */
	pt_py.is_free_threaded = dlsym(handle, "_Py_DecRefShared") != NULL;
	pt_py.has_monitoring = minor >= 12;
	pt_py.has_qualname = minor >= 11;
	pt_py.has_frame_api = pt_py.frame_code && pt_py.frame_back;
	pt_py.has_resume = minor >= 11;
	return 0;
}

/*
 * A file name may hold bytes that are not UTF-8; Python keeps them as lone surrogates.
 * Surrogates that stand for no byte are shown as stderr shows them.
 */
static char *file_system_text(PyObject *object)
{
	char *bytes = NULL;
	Py_ssize_t size = 0;
	char *copy = NULL;

	pt_py.PyErr_Clear();
	PyObject *encoded = pt_py.PyUnicode_EncodeFSDefault(object);
	if (!encoded) {
		pt_py.PyErr_Clear();
		encoded = pt_py.PyUnicode_AsEncodedString(object, "utf-8",
							  "backslashreplace");
	}
	if (encoded && pt_py.PyBytes_AsStringAndSize(encoded, &bytes, &size) == 0)
		copy = strndup(bytes, (size_t)size);
	pt_python_drop(encoded);
	return copy;
}

char *pt_python_text(PyObject *object)
{
	Py_ssize_t size = 0;
	char *copy = NULL;

	if (!object)
		return NULL;
	const char *text = pt_py.PyUnicode_AsUTF8AndSize(object, &size);
	if (text)
		copy = strndup(text, (size_t)size);
	else
		copy = file_system_text(object);
	if (!copy)
		pt_py.PyErr_Clear();
	return copy;
}

/* The place of a name, or a free one; NULL when there is neither. */
static struct name *place_of_name(const char *text)
{
	uintptr_t address = (uintptr_t)text;

	for (size_t i = 0; i < NAME_COUNT; i++) {
		struct name *name = &names[(address + i) % NAME_COUNT];
		const char *other =
			atomic_load_explicit(&name->text, memory_order_acquire);
		if (!other || other == text)
			return name;
	}
	return NULL;
}

/* The interpreter is gone, and another one may come: empties the slots. */
static void on_finalize(void)
{
	if (pt_python_on_finalize)
		pt_python_on_finalize();
	for (size_t i = 0; i < NAME_COUNT; i++)
		atomic_store(&names[i].text, NULL);
	atomic_store(&is_name_end_known, false);
}

/*
 * Before 3.12 all interpreters share interned strings. Later only the main one, which
 * ends last, keeps names here; strings interned in others live as long as those.
 */
static bool is_name_shared(void)
{
	if (pt_py.has_monitoring && pt_py.interpreter() != pt_py.PyInterpreterState_Main())
		return false;
	if (atomic_load(&is_name_end_known))
		return true;
	bool is_known = pt_py.Py_AtExit(on_finalize) == 0;
	atomic_store(&is_name_end_known, is_known);
	return is_known;
}

static void keep_name(const char *text, PyObject *object)
{
	if (!is_name_shared())
		return;
	pt_lock();
	struct name *name = place_of_name(text);
	bool is_kept = name && !atomic_load(&name->text);
	if (is_kept) {
		atomic_store(&name->object, object);
		atomic_store_explicit(&name->text, text, memory_order_release);
	}
	pt_unlock();
	if (is_kept)
		pt_py.Py_IncRef(object);
}

PyObject *pt_python_name(const char *text)
{
	struct name *name = is_name_shared() ? place_of_name(text) : NULL;
	PyObject *object = NULL;

	if (name && atomic_load_explicit(&name->text, memory_order_acquire) == text) {
		object = atomic_load(&name->object);
		pt_py.Py_IncRef(object);
		return object;
	}
	object = pt_py.PyUnicode_InternFromString(text);
	if (!object)
		pt_py.PyErr_Clear();
	else
		keep_name(text, object);
	return object;
}

PyObject *pt_python_attr(PyObject *object, const char *name)
{
	PyObject *key = pt_python_name(name);
	PyObject *value = key ? pt_py.PyObject_GetAttr(object, key) : NULL;

	pt_python_drop(key);
	if (!value)
		pt_py.PyErr_Clear();
	return value;
}

bool pt_python_set_attr(PyObject *object, const char *name, PyObject *value)
{
	PyObject *key = pt_python_name(name);
	bool is_set = key && pt_py.PyObject_SetAttr(object, key, value) == 0;

	pt_python_drop(key);
	if (!is_set)
		pt_py.PyErr_Clear();
	return is_set;
}

char *pt_python_take_text(PyObject *value)
{
	bool is_text = value && pt_python_is_exactly(value, pt_py.str_type);
	char *text = is_text ? pt_python_text(value) : NULL;

	pt_python_drop(value);
	return text;
}

char *pt_python_attr_text(PyObject *object, const char *name)
{
	return pt_python_take_text(pt_python_attr(object, name));
}

long pt_python_attr_long(PyObject *object, const char *name, long fallback)
{
	PyObject *value = pt_python_attr(object, name);

	if (!value)
		return fallback;
	long number = pt_py.PyLong_AsLong(value);
	pt_python_drop(value);
	if (number == -1)
		pt_py.PyErr_Clear();
	return number;
}

bool pt_python_is_exactly(PyObject *object, PyTypeObject *type)
{
	PyObject *actual = pt_py.PyObject_Type(object);

	pt_python_drop(actual); /* the object keeps it alive */
	return actual == (PyObject *)type;
}

/* What is where f_code should be, borrowed. */
static PyObject *code_at_offset(PyFrameObject *frame)
{
	PyObject *code = NULL;

	memcpy(&code, (const char *)frame + CODE_OFFSET, sizeof(code));
	return code;
}

PyObject *pt_python_borrow_frame_code(PyFrameObject *frame)
{
	if (!pt_py.has_frame_api && code_checks >= CODE_CHECKS)
		return code_at_offset(frame);
	PyObject *code = pt_python_frame_code(frame);
	pt_python_drop(code); /* the frame keeps it */
	return code;
}

PyObject *pt_python_frame_code(PyFrameObject *frame)
{
	PyObject *code = NULL;

	if (pt_py.has_frame_api)
		return pt_py.frame_code(frame);
	if (code_checks >= CODE_CHECKS) {
		code = code_at_offset(frame);
		pt_py.Py_IncRef(code);
		return code;
	}
	/* This is slow and raises an audit event. */
	code = pt_python_attr((PyObject *)frame, "f_code");
	if (code_checks >= 0)
		code_checks = code == code_at_offset(frame) ? code_checks + 1 : -1;
	return code;
}

void pt_python_learn_frames(void)
{
	PyFrameObject *frame = pt_py.has_frame_api ? NULL : pt_python_frame();

	for (; frame; frame = pt_python_step_out(frame))
		pt_python_drop(pt_python_frame_code(frame));
}

PyFrameObject *pt_python_frame_back(PyFrameObject *frame)
{
	if (pt_py.has_frame_api)
		return pt_py.frame_back(frame);
	PyObject *back = pt_python_attr((PyObject *)frame, "f_back");
	if (back == pt_py.none) {
		pt_python_drop(back);
		return NULL;
	}
	return (PyFrameObject *)back;
}

PyFrameObject *pt_python_frame(void)
{
	PyFrameObject *frame = pt_py.PyEval_GetFrame(); /* borrowed */

	pt_py.Py_IncRef((PyObject *)frame);
	return frame;
}

PyFrameObject *pt_python_step_out(PyFrameObject *frame)
{
	PyFrameObject *back = frame ? pt_python_frame_back(frame) : NULL;

	pt_python_drop(frame);
	return back;
}
