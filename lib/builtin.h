/* SPDX-License-Identifier: MIT */
/* Putting a function of ours in the place of a builtin one, looking the same. */
#ifndef PT_BUILTIN_H
#define PT_BUILTIN_H

#include <stdbool.h>

#include "python.h"

/* A builtin function of a module, and ours. One for all interpreters. */
struct pt_builtin {
	const char *module;
	const char *names[3]; /* that it has in the module; NULL after the last */
	/*
	 * Ours. It is called with the module as SELF, as the original is. Its text of
	 * help is taken from the original and kept for the life of the process.
	 */
	PyMethodDef method;
	PyCFunction original; /* the C function that was replaced */
};

/*
 * Replaces the function in the current interpreter's module, which must have been
 * imported. Returns false, and changes nothing, when there is no builtin function that is
 * called in the same way. No exception is left. GIL: held.
 */
bool pt_builtin_replace(struct pt_builtin *builtin);

#endif /* PT_BUILTIN_H */
