/* SPDX-License-Identifier: MIT */
/* "late LIBPYTHON FLAGS HOW": loads libpython with dlopen, and calls what dlsym gives. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "import sys\nprint('embedded', len(sys.argv) < 9)\n"

struct status {
	int type;
	const char *function;
	const char *message;
	int exitcode;
};

static void *find(void *handle, const char *name)
{
	void *found = dlsym(handle, name);

	if (!found)
		fprintf(stderr, "%s\n", dlerror());
	return found;
}

static int run_config(void *handle)
{
	static long long config[512]; /* larger than any PyConfig */
	static char *arguments[] = { "late", "-c", PROGRAM };
	void (*init)(void *) = find(handle, "PyConfig_InitPythonConfig");
	struct status (*set)(void *, long, char **) = find(handle, "PyConfig_SetBytesArgv");
	struct status (*start)(void *) = find(handle, "Py_InitializeFromConfig");
	int (*run)(void) = find(handle, "Py_RunMain");

	init(config);
	if (set(config, 3, arguments).type || start(config).type)
		return 4;
	return run();
}

static int run_simple(void *handle)
{
	int (*run)(const char *) = find(handle, "PyRun_SimpleString");
	int (*end)(void) = find(handle, "Py_FinalizeEx");
	int status = run(PROGRAM);

	return end() < 0 ? 3 : status;
}

/* Neither an error of dlopen nor one of dlsym is lost, and none appears. */
static int check_errors(void *handle)
{
	if (dlerror() || dlopen("/nonexistent.so", RTLD_NOW) || !dlerror() || dlerror())
		return 10;
	if (dlsym(handle, "no_such_function") || !strstr(dlerror(), "no_such_function"))
		return 11;
	if (!dlsym(handle, "Py_IsInitialized") || dlerror())
		return 12;
	return dlsym(RTLD_NEXT, "strlen") && !dlerror() ? 0 : 13;
}

int main(int argc, char **argv)
{
	static char *arguments[] = { "late", "-c", PROGRAM, NULL };
	const char *how = argc > 3 ? argv[3] : "";
	int flags = argc > 2 && strchr(argv[2], 'g') ? RTLD_GLOBAL : RTLD_LOCAL;
	void *handle;

	flags |= argc > 2 && strchr(argv[2], 'l') ? RTLD_LAZY : RTLD_NOW;
	handle = argc > 3 ? dlopen(argv[1], flags) : NULL;
	if (!handle)
		return 2;
	if (strcmp(how, "errors") == 0)
		return check_errors(handle);
	if (strcmp(how, "bytes") == 0)
		return ((int (*)(int, char **))find(handle, "Py_BytesMain"))(3, arguments);
	if (strcmp(how, "config") == 0)
		return run_config(handle);
	if (strcmp(how, "ex") == 0)
		((void (*)(int))find(handle, "Py_InitializeEx"))(0);
	else
		((void (*)(void))find(handle, "Py_Initialize"))();
	return run_simple(handle);
}
