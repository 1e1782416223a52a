/* SPDX-License-Identifier: MIT */
/* Replacing a builtin function with one of ours that looks the same. */
#ifndef PT_BUILTIN_H
#define PT_BUILTIN_H

#include <stdbool.h>

#include "python/python.h"

/* A builtin function of a module, and ours. One for all interpreters. */
struct pt_builtin {
	const char *module;
	const char *names[3]; /* in the module; NULL after the last */
	/*
	 * Ours. Like the original, it is called with the module as SELF. Its docstring is
	 * copied from the original and kept for the life of the process.
	 */
	PyMethodDef method;
	PyCFunction original; /* the C function that was replaced */
};

/*
 * Replaces the function in the current interpreter's module, which must be imported.
 * Returns false and changes nothing if there is no builtin function with the same calling
 * convention. Leaves no exception. GIL: held.
 */
bool pt_builtin_replace(struct pt_builtin *builtin);

#endif /* PT_BUILTIN_H */
