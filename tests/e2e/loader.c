/* SPDX-License-Identifier: MIT */
/* Not a Python: what the dynamic linker makes dependent on the caller's object. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

/* What is found from within a plug-in: its own answer, and that of the one behind it. */
static int check_scope(void)
{
	void *plugin = dlopen("libscope-first.so", RTLD_NOW | RTLD_LOCAL);
	void *(*find)(int) = plugin ? (void *(*)(int))dlsym(plugin, "find_answer") : NULL;
	int (*own)(void) = find ? (int (*)(void))find(0) : NULL;
	int (*next)(void) = find ? (int (*)(void))find(1) : NULL;

	if (dlsym(RTLD_DEFAULT, "answer") || !dlerror())
		return 6;
	if (!own || own() != 1)
		return 7;
	return next && next() == 2 && !dlerror() ? 0 : 8;
}

int main(void)
{
	void *plugin = dlopen("libloader-plugin.so", RTLD_NOW | RTLD_DEEPBIND);
	void *apart = dlmopen(LM_ID_NEWLM, "libloader-plugin.so", RTLD_NOW);

	if (!plugin || !dlsym(plugin, "answer"))
		return 1;
	if (!apart || dlsym(apart, "answer") == dlsym(plugin, "answer"))
		return 2;
	if (dlsym(RTLD_NEXT, "main") || !dlerror() || !dlsym(RTLD_NEXT, "malloc"))
		return 3;
	if (!dlopen(NULL, RTLD_NOW) || dlerror())
		return 4;
	return dlclose(plugin) || dlerror() ? 5 : check_scope();
}
