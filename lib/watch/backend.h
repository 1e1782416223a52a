/* SPDX-License-Identifier: MIT */
/* What a source of events is: it turns the interpreter's callbacks into tracer calls. */
#ifndef PT_BACKEND_H
#define PT_BACKEND_H

#include <stdbool.h>

/* One of the interpreter's ways to watch a program. */
struct pt_backend {
	const char *name;
	/*
	 * Watches the current interpreter from now on. Returns 0, or -errno with the
	 * reason in *REASON. Leaves no exception. GIL: held.
	 */
	int (*start)(const char **reason);
	/* Returns whether the current interpreter is watched already. GIL: held. */
	bool (*is_watching)(void);
};

/* sys.monitoring: CPython 3.12 and later. */
extern const struct pt_backend pt_backend_monitoring;

/* PyEval_SetTrace: CPython 3.8 to 3.11. */
extern const struct pt_backend pt_backend_settrace;

#endif /* PT_BACKEND_H */
