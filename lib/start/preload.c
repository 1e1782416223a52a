/* SPDX-License-Identifier: MIT */
/*
 * The way in: decides when to start. Before main() the init function of the builtin
 * module
 * "_codecs" is replaced in the interpreter's table of builtin modules. It is called once
 * per interpreter, with sys.path set, before site, .pth files and sitecustomize, however
 * Python was started. The functions that initialize Python are interposed for programs
 * whose libpython comes later than this library, with a module that they load. A libpython that came with dlopen is found before the first dlsym that
 * could enter it (late.c).
 */
#include "config.h"

#include "base/environment.h"
#include "base/log.h"
#include "base/util.h"
#include "out/run_id.h"
#include "python/python.h"
#include "start/late.h"
#include "start/process.h"
#include "start/run.h"
#include "trace/settings.h"
#include "watch/trace_chain.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

/* The first version with what we need; older ones are left alone. */
#define OLDEST_MINOR 8

#define HOOKED_MODULE "_codecs"

/* The replaced init function, its table, and where its interpreter's symbols are found. */
static PyObject *(*original_init)(void);
static const void *python_table;
static void *python_handle;

/* A Python has been seen, traced or not. */
static bool has_seen;

/* PYTRACE_DEBUG asks for "start". */
static bool wants_report;

/* The command line, for the programs whose libpython comes later. */
static char *const *command_line;

/* The first interpreter has been there. */
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

	has_seen = has_seen || table;
	if (original_init || !table || pt_python_minor(handle) < OLDEST_MINOR)
		return;
	for (struct _inittab *entry = *table; entry && entry->name; entry++) {
		if (strcmp(entry->name, HOOKED_MODULE) != 0)
			continue;
		if (!pt_run_prepare(command_line))
			return;
		original_init = entry->initfunc;
		python_handle = handle;
		python_table = table;
		pt_process_start();
		entry->initfunc = init_hooked_module;
		return;
	}
}

/* Returns the path of a loaded libpython that is not the traced one, or NULL. */
static const char *find_other_libpython(void)
{
	const char *path = NULL;
	Dl_info there;
	void *handle;

	for (int i = 0; !path && (handle = pt_late_open_libpython(i)); i++) {
		const void *table = dlsym(handle, "PyImport_Inittab");

		if (table != python_table && dladdr(table, &there))
			path = there.dli_fname;
		dlclose(handle);
	}
	return path;
}

/* One Python of a process can be traced: tells, once, of another one. */
static void report_other_libpython(void)
{
	static bool is_told;
	const char *path = wants_report && !is_told ? find_other_libpython() : NULL;

	if (!path)
		return;
	is_told = true;
	pt_log("start: %s is another Python in this process; not traced", path);
}

/* Objects were loaded: traces the first libpython among them, and keeps it in use. */
static void look_for_libpython(void)
{
	void *handle = original_init ? NULL : pt_late_open_libpython(0);

	if (handle) {
		hook(handle);
		if (python_handle != handle)
			dlclose(handle);
	}
	if (original_init)
		report_other_libpython();
}

/* Whether PYTRACE_DEBUG has the word "start": it is wanted before all settings are read. */
static bool is_report_wanted(void)
{
	struct pt_settings settings = { 0 };
	const char *text = pt_environment_value(environ, "PYTRACE_DEBUG");

	if (text)
		pt_message_free(pt_settings_set(&settings, "PYTRACE_DEBUG", text));
	return settings.debug & PT_DEBUG_START;
}

__attribute__((constructor)) static void on_load(int argc, char **argv, char **envp)
{
	(void)argc, (void)envp;
	if (pt_settings_is_off(environ))
		return;
	pt_run_id_start();
	wants_report = is_report_wanted();
	command_line = argv;
	hook(RTLD_DEFAULT);
	if (!original_init || wants_report)
		pt_late_watch(look_for_libpython);
}

/* Tells of a libpython that came unseen, as by dlvsym or where dlsym is not watched. */
__attribute__((destructor)) static void on_unload(void)
{
	const char *path;

	pt_late_watch(NULL); /* it is too late to start */
	path = wants_report && !has_seen ? find_other_libpython() : NULL;
	if (path)
		pt_log("start: %s came unseen; not traced%s", path,
		       pt_late_can_watch() ? "" : ": dlsym is not watched on this machine");
	if (original_init)
		report_other_libpython();
}

/*
 * Opens the object that the code at ADDRESS is part of. Where libpython's functions call
 * one another last, ADDRESS is in this library: then it is the object of the call before.
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

/* Looks NAME up by HANDLE. The program's own handle would give this library's function. */
static void *find_by_handle(void *handle, const char *name)
{
	void *found = handle ? dlsym(handle, name) : NULL;
	Dl_info there;
	Dl_info self;

	if (!found || !dladdr(found, &there) || !dladdr(&original_init, &self))
		return NULL;
	return there.dli_fbase != self.dli_fbase ? found : NULL;
}

static bool is_initialized(void *handle)
{
	int (*ask)(void) = (int (*)(void))dlsym(handle, "Py_IsInitialized");

	return ask && ask();
}

/*
 * The function of a libpython that was loaded with dlopen, whoever calls it. Of several,
 * the one that is meant is not initialized yet where NAME is to do that.
 */
static void *find_in_libpython(const char *name)
{
	bool is_running = strcmp(name, "PyEval_SetTrace") == 0;
	void *first = NULL;
	void *found = NULL;
	void *handle;

	for (int i = 0; !found && (handle = pt_late_open_libpython(i)); i++) {
		void *real = find_by_handle(handle, name);

		first = first ? first : real;
		found = is_initialized(handle) == is_running ? real : NULL;
		dlclose(handle);
	}
	return found ? found : first;
}

/*
 * Returns the definition of a function of libpython that the caller at ADDRESS would have
 * got without us: the next one in the global scope, or that of the libraries which the
 * caller's own object brought along, or, where libpython's functions call one another last
 * and the caller seems to be the program, that of the libpython that is loaded.
 */
static void *find_real(const char *name, const void *address)
{
	bool is_off = pt_settings_is_off(environ);
	void *real = dlsym(RTLD_NEXT, name);
	void *handle = real ? NULL : open_caller(address);

	if (!real) {
		real = find_by_handle(handle, name);
		if (real && !is_off)
			hook(handle); /* which keeps the handle in use */
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

/* Whether the function at ADDRESS is that of a libpython beside the traced one. */
static bool is_of_other_libpython(const void *address)
{
	Dl_info there;
	Dl_info traced;

	if (!original_init || !dladdr(address, &there) ||
	    !dladdr((const void *)original_init, &traced))
		return false;
	const char *slash = strrchr(there.dli_fname, '/');

	return there.dli_fbase != traced.dli_fbase && slash &&
	       strncmp(slash + 1, "libpython", strlen("libpython")) == 0;
}

PT_EXPORT void PyEval_SetTrace(Py_tracefunc function, PyObject *object)
{
	FIND_REAL(PyEval_SetTrace);
	if (real && is_of_other_libpython((const void *)real))
		real(function, object);
	else if (real)
		pt_chain_set(real, function, object);
}
