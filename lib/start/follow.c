/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "start/follow.h"

#include "base/environment.h"
#include "base/log.h"
#include "base/util.h"
#include "trace/settings.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRELOAD "LD_PRELOAD"

/* The separators of the names in it. */
#define SEPARATORS ": "

/* What children get, as NAME=VALUE, except LD_PRELOAD; NULL: nothing is forced. */
static char **carried;
static size_t carried_count;

/* The path of this library, as ld.so knows it. */
static char library[PATH_MAX];

static bool has_name(const char *entry, const char *name, size_t length)
{
	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static bool is_carried(const char *entry)
{
	return has_name(entry, "PYTRACE", strlen("PYTRACE")) ||
	       strncmp(entry, "PYTRACE_", strlen("PYTRACE_")) == 0;
}

char *pt_follow_absolute(const char *preload, const char *name, const char *directory)
{
	struct pt_buf absolute = { 0 };
	const size_t length = strlen(name);
	bool is_found = false;

	if (*name == '/' || !strchr(name, '/') || strpbrk(directory, SEPARATORS "$"))
		return NULL;
	while (*preload) {
		size_t size = strcspn(preload, SEPARATORS);
		if (size == length && strncmp(preload, name, length) == 0) {
			is_found = true;
			pt_buf_add_format(&absolute, "%s/", directory);
		}
		size += strspn(preload + size, SEPARATORS);
		pt_buf_add(&absolute, preload, size);
		preload += size;
	}
	char *result = pt_buf_take(&absolute);
	if (is_found)
		return result;
	free(result);
	return NULL;
}

void pt_follow_export(void)
{
	const char *preload = pt_environment_value(environ, PRELOAD);
	char *directory = preload ? getcwd(NULL, 0) : NULL;
	Dl_info info;

	if (directory && dladdr((void *)(size_t)pt_follow_export, &info)) {
		char *absolute = pt_follow_absolute(preload, info.dli_fname, directory);
		if (absolute)
			setenv(PRELOAD, absolute, 1);
		free(absolute);
	}
	free(directory);
}

/* Copies what children get: all of it, or nothing. */
static bool carry(char *const *environment)
{
	size_t count = 0;

	while (environment[count])
		count++;
	char **copies = calloc(count + 1, sizeof(*copies));
	bool is_done = copies;
	for (size_t i = carried_count = 0; is_done && i < count; i++) {
		if (!is_carried(environment[i]))
			continue;
		copies[carried_count] = strdup(environment[i]);
		is_done = copies[carried_count];
		carried_count += is_done;
	}
	if (is_done) {
		carried = copies;
		return true;
	}
	while (carried_count)
		free(copies[--carried_count]);
	free(copies);
	return false;
}

void pt_follow_start(char *const *environment)
{
	const char *follow = pt_environment_value(environment, "PYTRACE_FOLLOW");
	Dl_info info;

	if (!follow || strcmp(follow, "force") != 0 || carried)
		return;
	if (!dladdr((void *)(size_t)pt_follow_start, &info) ||
	    !realpath(info.dli_fname, library) || !carry(environment))
		pt_log("PYTRACE_FOLLOW: cannot force it: %s", strerror(errno));
}

bool pt_follow_wants_exec(char *const *environment)
{
	const char *follow = pt_environment_value(environment, "PYTRACE_FOLLOW");

	return !follow || (strcmp(follow, "none") != 0 && strcmp(follow, "fork") != 0);
}

/* Returns the value of LD_PRELOAD, or NULL. */
static const char *preload_of(char *const *environment)
{
	return pt_environment_value(environment, PRELOAD);
}

size_t pt_follow_size(char *const *environment)
{
	size_t count = 0;

	if (!carried || !environment)
		return 0;
	const char *preload = preload_of(environment);
	if (preload && strstr(preload, pt_base_name(library)))
		return 0;
	while (environment[count])
		count++;
	size_t pointers = (count + carried_count + 2) * sizeof(char *);
	return pointers + sizeof(PRELOAD) + strlen(library) +
	       (preload ? strlen(preload) : 0) + 3;
}

/* Returns whether the environment sets a carried variable itself: then that counts. */
static bool sets(char *const *environment, const char *entry)
{
	size_t length = strcspn(entry, "=");

	for (; *environment; environment++) {
		if (has_name(*environment, entry, length))
			return true;
	}
	return false;
}

char *const *pt_follow_merge(char *const *environment, void *memory)
{
	char **merged = memory;
	const char *preload = preload_of(environment);
	size_t count = 0;

	for (char *const *entry = environment; *entry; entry++) {
		if (!has_name(*entry, PRELOAD, strlen(PRELOAD)))
			merged[count++] = *entry;
	}
	for (size_t i = 0; i < carried_count; i++) {
		if (!sets(environment, carried[i]))
			merged[count++] = carried[i];
	}
	/* The text follows the pointers. */
	char *text = (char *)(merged + count + 2);
	merged[count++] = text;
	merged[count] = NULL;
	text = stpcpy(stpcpy(text, PRELOAD "="), library);
	if (preload && *preload)
		stpcpy(stpcpy(text, ":"), preload);
	return merged;
}
