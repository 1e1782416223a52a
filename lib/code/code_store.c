/* SPDX-License-Identifier: MIT */
/*
 * From 3.12 on records are in a table of ours, and a watcher reports the end of code.
 * Code extras would be simpler, but the interpreter calls the free functions of all their
 * users for code to which only one of them attached something. In free-threaded builds a
 * record must not go away while another thread uses it: code that has one stays alive.
 *
 * Before 3.12 there are no watchers, and records are code extras. While we attach one, we
 * tell the interpreter that there are no users after us: then it does not call those for
 * that code unless they attach something, too. Code that is compiled into the interpreter
 * (3.11) never dies, and at the end its extras are dropped without a call
 * (_PyStaticCode_Dealloc): its records are in the table.
 */
#include "config.h"

#include "code/code_store.h"

#include "code/code_table.h"

#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DICT_KEY "libpytrace"

/* PY_CODE_EVENT_DESTROY, which older headers do not have. */
#define EVENT_DESTROY 1

/* How far into an interpreter we look for the functions; none is shorter. */
#define SEARCH_SIZE 2048

/* See pt_code_store_start(); the same for all interpreters. */
static pt_code_death *on_code_death;

/* Index of our code extras in every interpreter; -1: none yet. */
static Py_ssize_t extra_index = -1;

/* Offset in interpreters of the number of users of code extras; 0: not known. */
static size_t user_count_offset;

/* The interpreter's variables, see is_static(). */
static uintptr_t variables_start;
static size_t variables_size;

/* Finds the interpreter's variables, by the address of one of them. */
static int find_variables(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size, (void)unused;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		if (segment->p_type != PT_LOAD ||
		    (uintptr_t)pt_py.code_type - start >= segment->p_memsz)
			continue;
		variables_start = start;
		variables_size = segment->p_memsz;
		return 1;
	}
	return 0;
}

/* Returns whether a code object is a variable of the interpreter. */
static bool is_static(const PyObject *object)
{
	return (uintptr_t)object - variables_start < variables_size;
}

/* The free function of our code extras. Others attach theirs to code that has none. */
static void on_extra_free(void *record)
{
	if (record)
		on_code_death(NULL, record);
}

/*
 * Finds the number of users, which precedes the table of their functions, the last of
 * which is ours now.
 */
static void find_user_count(void)
{
	const char *state = (const char *)pt_py.interpreter();

	for (size_t i = sizeof(void *); i < SEARCH_SIZE; i += sizeof(void *)) {
		void (*function)(void *) = NULL;
		Py_ssize_t count = 0;
		size_t offset = i - (size_t)(extra_index + 1) * sizeof(void *);
		memcpy(&function, state + i, sizeof(function));
		if (function != on_extra_free || offset > i)
			continue;
		memcpy(&count, state + offset, sizeof(count));
		if (count == extra_index + 1)
			user_count_offset = offset;
		return;
	}
}

static int add_extra(PyObject *object, struct pt_code *record)
{
	char *place = (char *)pt_py.interpreter() + user_count_offset;
	Py_ssize_t own_count = extra_index + 1;
	Py_ssize_t count = 0;

	if (!user_count_offset)
		return pt_py.code_set_extra(object, extra_index, record);
	memcpy(&count, place, sizeof(count));
	memcpy(place, &own_count, sizeof(own_count));
	int error = pt_py.code_set_extra(object, extra_index, record);
	memcpy(place, &count, sizeof(count));
	return error;
}

/* A code watcher. Exceptions may be pending, and the object is half gone. */
static int on_code_event(int event, PyObject *object)
{
	struct pt_code *record = NULL;

	if (event == EVENT_DESTROY)
		record = pt_code_table_remove(object);
	if (record)
		on_code_death(object, record);
	return 0;
}

/* The destructor of the capsule in the dict of an interpreter that ends. */
static void on_interpreter_end(PyObject *capsule)
{
	PyInterpreterState *interpreter = pt_py.PyCapsule_GetPointer(capsule, DICT_KEY);

	pt_code_table_remove_all(interpreter, on_code_death);
}

/* Code that is left when an interpreter ends may go without a call. */
static void watch_end(void)
{
	PyInterpreterState *interpreter = pt_py.interpreter();
	PyObject *dict = pt_py.PyInterpreterState_GetDict(interpreter); /* borrowed */
	PyObject *capsule =
		pt_py.PyCapsule_New(interpreter, DICT_KEY, on_interpreter_end);

	/* PyDict_SetItemString would make the key immortal. */
	PyObject *key = pt_py.PyUnicode_FromString(DICT_KEY);
	if (!dict || !capsule || !key || pt_py.PyDict_SetItem(dict, key, capsule) != 0)
		pt_py.PyErr_Clear();
	pt_python_drop(key);
	pt_python_drop(capsule);
}

/* Indexes are given out in order, so all interpreters normally give the same one. */
static int request_extras(void)
{
	Py_ssize_t index = pt_py.code_extra_index(on_extra_free);

	while (index >= 0 && index < extra_index)
		index = pt_py.code_extra_index(on_extra_free);
	if (index < 0 || (extra_index >= 0 && index != extra_index))
		return -ENOSPC;
	extra_index = index;
	find_user_count();
	dl_iterate_phdr(find_variables, NULL);
	watch_end();
	return 0;
}

static int watch_code(void)
{
	if (pt_py.is_free_threaded)
		return 0;
	if (!pt_py.code_add_watcher || pt_py.code_add_watcher(on_code_event) < 0) {
		pt_py.PyErr_Clear();
		return -ENOSPC;
	}
	watch_end();
	return 0;
}

int pt_code_store_start(pt_code_death *on_death)
{
	if (!on_code_death)
		on_code_death = on_death;
	return pt_py.has_monitoring ? watch_code() : request_extras();
}

struct pt_code *pt_code_store_find(PyObject *object)
{
	void *record = NULL;

	if (pt_py.has_monitoring)
		return pt_code_table_find(object);
	if (pt_py.code_get_extra(object, extra_index, &record) != 0)
		pt_py.PyErr_Clear();
	return record ? record : pt_code_table_find(object);
}

static bool add_to_table(PyObject *object, struct pt_code *record)
{
	if (!pt_code_table_insert(object, pt_py.interpreter(), record))
		return false;
	if (pt_py.is_free_threaded)
		pt_py.Py_IncRef(object);
	return true;
}

bool pt_code_store_add(PyObject *object, struct pt_code *record)
{
	if (pt_py.has_monitoring)
		return add_to_table(object, record);
	/* All interpreters share it, and the main one is the last. */
	if (is_static(object))
		return pt_code_table_insert(object, pt_py.PyInterpreterState_Main(),
					    record);
	if (add_extra(object, record) == 0)
		return true;
	pt_py.PyErr_Clear();
	return false;
}
