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
	PyConfig config;

	PyConfig_InitIsolatedConfig(&config);
	PyStatus status = Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
	return PyStatus_Exception(status) ? 4 : run_cycle();
}

int run_python(const char *how)
{
	int status = 0;

	if (strcmp(how, "config") == 0)
		return run_isolated();
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
