/* SPDX-License-Identifier: MIT */
/*
 * "two LIBPYTHON HOME LIBPYTHON HOME": two Pythons in one process, the second within the
 * life of the first one.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST "import sys\nprint('first', len(sys.argv) < 9, flush=True)\n"
#define SECOND                                    \
	"import sys\n"                            \
	"sys.settrace(lambda *event: None)\n"     \
	"(lambda: 0)()\n"                         \
	"print('second', bool(sys.gettrace()), flush=True)\n" \
	"sys.settrace(None)\n"

static void *start(const char *path, const char *home)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void (*initialize)(void) =
		handle ? (void (*)(void))dlsym(handle, "Py_Initialize") : NULL;
	int (*is_initialized)(void) =
		handle ? (int (*)(void))dlsym(handle, "Py_IsInitialized") : NULL;

	setenv("PYTHONHOME", home, 1);
	if (!initialize || !is_initialized) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	initialize();
	if (!is_initialized())
		exit(3);
	return handle;
}

static int run(void *handle, const char *program)
{
	return ((int (*)(const char *))dlsym(handle, "PyRun_SimpleString"))(program);
}

static int end(void *handle)
{
	return ((int (*)(void))dlsym(handle, "Py_FinalizeEx"))();
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	void *first = start(argv[1], argv[2]);
	int status = run(first, FIRST);
	void *second = start(argv[3], argv[4]);

	status |= run(second, SECOND);
	status |= end(second);
	status |= run(first, FIRST);
	return status | end(first) ? 4 : 0;
}
