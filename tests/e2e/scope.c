/* SPDX-License-Identifier: MIT */
/*
 * Two plug-ins, the first of which needs the second. Both define answer(), and what the
 * first one finds depends on who calls dlsym: itself or somebody in between.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

int answer(void);
void *find_answer(int is_next);

int answer(void)
{
	return ANSWER;
}

void *find_answer(int is_next)
{
	/* Kept, so that the compiler makes no jump to dlsym of this call. */
	void *volatile found = dlsym(is_next ? RTLD_NEXT : RTLD_DEFAULT, "answer");

	return found;
}
