/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/environment.h"

#include <stddef.h>
#include <string.h>

const char *pt_environment_value(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (char *const *entry = environment; entry && *entry; entry++) {
		if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
			return *entry + length + 1;
	}
	return NULL;
}
