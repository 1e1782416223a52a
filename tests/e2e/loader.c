/* SPDX-License-Identifier: MIT */
/* Not a Python: what the dynamic linker makes dependent on the caller's object. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

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
	return dlclose(plugin) || dlerror() ? 5 : 0;
}
