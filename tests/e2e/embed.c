/* SPDX-License-Identifier: MIT */
/*
 * Programs that embed Python. Built as a program: "embed HOW" initializes in that way and
 * runs a line. Built with -DPLUGIN as a shared object: run_python() for host.c.
 */
#include <Python.h>
#include <string.h>

static const char program[] = "import sys\n"
			      "print('embedded', len(sys.argv) < 9)\n";

int run_python(const char *how);

static int run_cycle(void)
{
	int status = PyRun_SimpleString(program);

	return Py_FinalizeEx() < 0 ? 3 : status;
}

static int run_isolated(void)
{
	const char *home = getenv("PYTHONHOME"); /* which an isolated Python ignores */
	PyConfig config;

	PyConfig_InitIsolatedConfig(&config);
	if (home)
		PyConfig_SetBytesString(&config, &config.home, home);
	PyStatus status = Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
	return PyStatus_Exception(status) ? 4 : run_cycle();
}

static void do_nothing(void)
{
}

/* Returns whether the program has all but one slot of Py_AtExit for itself. */
static int has_exit_slots(void)
{
	int count = 0;

	while (Py_AtExit(do_nothing) == 0)
		count++;
	return count >= 31;
}

/* More interpreters, and more times one, than there are slots. */
static int run_interpreters(void)
{
	int status = 0;

	for (int cycle = 0; cycle < 34; cycle++) {
		Py_Initialize();
		PyThreadState *main_thread = PyThreadState_Get();
		for (int i = 0; i < (cycle == 33 ? 34 : 1); i++) {
			PyThreadState *thread = Py_NewInterpreter();
			if (thread)
				Py_EndInterpreter(thread);
			PyThreadState_Swap(main_thread);
		}
		if (cycle >= 32 && !has_exit_slots())
			status |= 5;
		status |= run_cycle();
	}
	return status;
}

int run_python(const char *how)
{
	int status = 0;

	if (strcmp(how, "config") == 0)
		return run_isolated();
	if (strcmp(how, "interpreters") == 0)
		return run_interpreters();
	if (strcmp(how, "ex") == 0) {
		Py_InitializeEx(0);
		return run_cycle();
	}
	for (int cycles = strcmp(how, "cycles") == 0 ? 3 : 1; cycles > 0; cycles--) {
		Py_Initialize();
		status |= run_cycle();
	}
	return status;
}

#ifndef PLUGIN
int main(int argc, char **argv)
{
	return argc > 1 ? run_python(argv[1]) : 2;
}
#endif
