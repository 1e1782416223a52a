/* SPDX-License-Identifier: MIT */
/* "host PLUGIN HOW": a program that knows nothing of Python and loads a plug-in that does. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	void *plugin = argc > 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	int (*run_python)(const char *) =
		plugin ? (int (*)(const char *))dlsym(plugin, "run_python") : NULL;

	if (!run_python) {
		fprintf(stderr, "host: %s\n", dlerror());
		return 2;
	}
	return run_python(argv[2]);
}
