/* SPDX-License-Identifier: MIT */
/*
 * The way in: decides when to start. Before main() the init function of the builtin
 * module "_codecs" is replaced in the interpreter's table of builtin modules. It is
 * called once per interpreter, with sys.path set, before site, .pth files and
 * sitecustomize, however Python was started. The functions that initialize Python are
 * interposed for programs whose libpython comes after this library, with a module that
 * they load. A libpython that dlopen loaded is found before the first dlsym that could
 * enter it (late.c).
 */
#include "config.h"

#include "late.h"
#include "process.h"
#include "python.h"
#include "run.h"
#include "run_id.h"
#include "settings.h"
#include "trace_chain.h"
#include "util.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

/* The first version with what we need; older ones are left alone. */
#define OLDEST_MINOR 8

#define HOOKED_MODULE "_codecs"

/* The replaced init function, and a handle of its interpreter's symbols. */
static PyObject *(*original_init)(void);
static void *python_handle;

/* The command line, for programs whose libpython comes later. */
static char *const *command_line;

/* The first interpreter has started. */
static bool has_started;

static PyObject *init_hooked_module(void)
{
	PyObject *module = original_init();

	if (!module)
		return NULL;
	pt_run_start_interpreter(python_handle);
	if (!has_started) {
		has_started = true;
		pt_process_watch_exit();
	}
	return module;
}

/* Patches the table of builtin modules that HANDLE gives access to, if there is one. */
static void hook(void *handle)
{
	struct _inittab **table = (struct _inittab **)dlsym(handle, "PyImport_Inittab");

	if (original_init || !table || pt_python_minor(handle) < OLDEST_MINOR)
		return;
	for (struct _inittab *entry = *table; entry && entry->name; entry++) {
		if (strcmp(entry->name, HOOKED_MODULE) != 0)
			continue;
		if (!pt_run_prepare(command_line))
			return;
		original_init = entry->initfunc;
		python_handle = handle;
		pt_process_start();
		entry->initfunc = init_hooked_module;
		return;
	}
}

/* Objects were loaded: traces the first libpython among them, and keeps it loaded. */
static void look_for_libpython(void)
{
	void *handle = original_init ? NULL : pt_late_open_libpython();

	if (!handle)
		return;
	hook(handle);
	if (python_handle != handle)
		dlclose(handle);
}

__attribute__((constructor)) static void on_load(int argc, char **argv, char **envp)
{
	(void)argc, (void)envp;
	if (pt_settings_is_off(environ))
		return;
	pt_run_id_start();
	command_line = argv;
	hook(RTLD_DEFAULT);
	if (!original_init)
		pt_late_watch(look_for_libpython);
}

/*
 * Opens the object that contains the code at ADDRESS. If libpython's functions call one
 * another last, ADDRESS is in this library: then it is the object of the previous call.
 */
static void *open_caller(const void *address)
{
	static void *last;
	Dl_info caller;
	Dl_info self;

	if (dladdr(address, &caller) && dladdr(&original_init, &self) &&
	    caller.dli_fbase != self.dli_fbase)
		last = dlopen(caller.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	return last;
}

/*
 * Looks NAME up in HANDLE. The program's own handle would give this library's function.
 */
static void *find_by_handle(void *handle, const char *name)
{
	void *found = handle ? dlsym(handle, name) : NULL;
	Dl_info there;
	Dl_info self;

	if (!found || !dladdr(found, &there) || !dladdr(&original_init, &self))
		return NULL;
	return there.dli_fbase != self.dli_fbase ? found : NULL;
}

/* The function of a libpython that dlopen loaded, whoever calls it. */
static void *find_in_libpython(const char *name)
{
	void *handle = pt_late_open_libpython();
	void *real = find_by_handle(handle, name);

	if (handle)
		dlclose(handle);
	return real;
}

/*
 * Returns the definition of a libpython function that the caller at ADDRESS would get
 * without us: the next one in the global scope, or that of the libraries that the
 * caller's own object brought along. If libpython's functions call one another last, so
 * that the caller seems to be the program, it is that of the loaded libpython.
 */
static void *find_real(const char *name, const void *address)
{
	bool is_off = pt_settings_is_off(environ);
	void *real = dlsym(RTLD_NEXT, name);
	void *handle = real ? NULL : open_caller(address);

	if (!real) {
		real = find_by_handle(handle, name);
		if (real && !is_off)
			hook(handle); /* which keeps the handle valid */
	}
	if (!is_off)
		look_for_libpython();
	return real ? real : find_in_libpython(name);
}

/* Defines "real", the function that the one being defined stands for. */
#define FIND_REAL(name)          \
	__typeof__(&name) real = \
		(__typeof__(&name))find_real(#name, __builtin_return_address(0))

PT_EXPORT void Py_Initialize(void)
{
	FIND_REAL(Py_Initialize);
	if (real)
		real();
}

PT_EXPORT void Py_InitializeEx(int install_signal_handlers)
{
	FIND_REAL(Py_InitializeEx);
	if (real)
		real(install_signal_handlers);
}

PT_EXPORT PyStatus Py_InitializeFromConfig(const PyConfig *config)
{
	static const char message[] = "libpytrace found no Py_InitializeFromConfig";
	FIND_REAL(Py_InitializeFromConfig);

	if (!real)
		return (PyStatus){ ._type = _PyStatus_TYPE_ERROR, .err_msg = message };
	return real(config);
}

PT_EXPORT int Py_Main(int argc, wchar_t **argv)
{
	FIND_REAL(Py_Main);
	return real ? real(argc, argv) : 1;
}

PT_EXPORT int Py_BytesMain(int argc, char **argv)
{
	FIND_REAL(Py_BytesMain);
	return real ? real(argc, argv) : 1;
}

PT_EXPORT void PyEval_SetTrace(Py_tracefunc function, PyObject *object)
{
	FIND_REAL(PyEval_SetTrace);
	if (real)
		pt_chain_set(real, function, object);
}
