/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "file.h"

#include "lock.h"
#include "rules.h"
#include "source.h"
#include "util.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUCKET_COUNT 1024 /* a power of two */
#define FROZEN_PREFIX "<frozen "

/* Every file seen, by the hash of its name. */
static struct pt_file *buckets[BUCKET_COUNT];

/* See pt_file_places(). */
static struct pt_places places;

int pt_file_start(void)
{
	char *start = getcwd(NULL, 0);

	if (!start && errno != ENOMEM)
		start = strdup("/");
	if (!start)
		return -ENOMEM;
	pt_normalize_path(start);
	free(places.start);
	places.start = start;
	return 0;
}

const struct pt_places *pt_file_places(void)
{
	return &places;
}

/* Returns PATH itself if it leads nowhere, NULL without memory. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real || errno == ENOMEM ? real : strdup(path);
}

int pt_file_set_stdlib(const char *directory)
{
	if (places.stdlib)
		return 0;
	char *copy = strdup(directory);
	if (copy)
		pt_normalize_path(copy);
	char *real = copy ? real_path(copy) : NULL;
	if (!real) {
		free(copy);
		return -ENOMEM;
	}
	places.stdlib = copy;
	places.real_stdlib = real;
	return 0;
}

void pt_file_set_script(const char *path)
{
	if (!places.script)
		places.script = real_path(path);
}

void pt_file_set_project(const char *directory)
{
	if (places.project)
		return;
	places.project = real_path(directory);
	if (places.project)
		pt_normalize_path(places.project);
}

bool pt_file_is_synthetic(const char *name)
{
	size_t length = strlen(name);

	return length == 0 || (name[0] == '<' && name[length - 1] == '>');
}

/* Returns whether PATH is DIRECTORY or below it. */
static bool is_below(const char *path, const char *directory)
{
	size_t length = directory ? strlen(directory) : 0;

	return directory && strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

static bool is_installed(const char *path)
{
	return strstr(path, "/site-packages/") || strstr(path, "/dist-packages/");
}

static bool is_stdlib(const char *path)
{
	return (is_below(path, places.stdlib) || is_below(path, places.real_stdlib)) &&
	       !is_installed(path);
}

/*
 * The absolute path of a name. A relative one is taken from the current directory, where
 * Python found it, and from the start directory when it is not there any more.
 */
static char *absolute_path(const char *name)
{
	char *path = NULL;

	if (*name == '/') {
		path = strdup(name);
	} else {
		char *directory = getcwd(NULL, 0);
		path = directory ? pt_format("%s/%s", directory, name) : NULL;
		free(directory);
		if (!path || access(path, F_OK) != 0) {
			free(path);
			path = pt_format("%s/%s", places.start, name);
		}
	}
	if (path)
		pt_normalize_path(path);
	/* Here the root is a name like any other; there is room for it. */
	if (path && *path == '\0')
		strcpy(path, "/");
	return path;
}

/* The path of the standard library's source of a frozen module, or NULL. */
static char *frozen_path(const char *name)
{
	size_t length = strlen(name) - strlen(FROZEN_PREFIX) - 1;
	static const char *const endings[] = { ".py", "/__init__.py" };

	if (!places.stdlib)
		return NULL;
	for (size_t i = 0; i < PT_ARRAY_SIZE(endings); i++) {
		size_t start = strlen(places.stdlib);
		char *path = pt_format("%s/%.*s%s", places.stdlib, (int)length,
				       name + strlen(FROZEN_PREFIX), endings[i]);
		if (!path)
			return NULL;
		for (char *p = path + start + 1; p <= path + start + length; p++)
			*p = *p == '.' ? '/' : *p;
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static char *shown_path(const struct pt_file *file)
{
	if (!file->path)
		return strdup(file->name);
	const char *candidates[] = { file->path, file->real };
	for (size_t i = 0; i < PT_ARRAY_SIZE(candidates); i++) {
		const char *path = candidates[i];
		size_t length = strlen(places.start);
		if (path && is_below(path, places.start) && path[length] &&
		    path[length + 1])
			return strdup(path + length + 1);
	}
	return strdup(file->path);
}

/*
 * Where a file belongs: where it is once links are resolved. A link that leads out of
 * site-packages makes it the user's only below the start directory: package managers keep
 * packages elsewhere and link them, too.
 */
static unsigned int origin_of(const char *path, const char *real)
{
	if (is_stdlib(real))
		return PT_ORIGIN_STDLIB;
	if (is_installed(real) || (is_installed(path) && !is_below(real, places.start)))
		return PT_ORIGIN_SITE;
	return PT_ORIGIN_USER;
}

/* Fills in paths and origin of what is a file. */
static bool describe_path(struct pt_file *file)
{
	file->path = absolute_path(file->name);
	if (!file->path)
		return false;
	/* Most files are the standard library's: no need to ask the file system. */
	if (is_stdlib(file->path)) {
		file->origin = PT_ORIGIN_STDLIB;
		return true;
	}
	char *real = real_path(file->path);
	if (!real)
		return false;
	file->origin = origin_of(file->path, real);
	if (strcmp(real, file->path) != 0)
		file->real = real;
	else
		free(real);
	return true;
}

/* Fills in what follows from the name. */
static bool describe(struct pt_file *file)
{
	if (!pt_file_is_synthetic(file->name)) {
		if (!describe_path(file))
			return false;
	} else if (strncmp(file->name, FROZEN_PREFIX, strlen(FROZEN_PREFIX)) == 0) {
		file->origin = PT_ORIGIN_FROZEN | PT_ORIGIN_STDLIB;
		file->path = frozen_path(file->name);
	} else {
		file->origin = PT_ORIGIN_USER;
	}
	file->shown = shown_path(file);
	if (!file->shown)
		return false;
	file->shown_width = pt_utf8_width(file->shown);
	return true;
}

static void free_file(struct pt_file *file)
{
	free(file->name);
	free(file->path);
	free(file->real);
	free(file->shown);
	free(file);
}

static struct pt_file *new_file(const char *name)
{
	struct pt_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->name = strdup(name);
	if (!file->name || !describe(file)) {
		free_file(file);
		return NULL;
	}
	return file;
}

static size_t bucket_of(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return hash & (BUCKET_COUNT - 1);
}

struct pt_file *pt_file_get(const char *name)
{
	struct pt_file **bucket = &buckets[bucket_of(name)];
	struct pt_file *file = NULL;

	pt_lock();
	for (file = *bucket; file && strcmp(file->name, name) != 0; file = file->next)
		;
	if (!file && (file = new_file(name))) {
		file->next = *bucket;
		*bucket = file;
	}
	pt_unlock();
	return file;
}

unsigned int pt_file_origin(const struct pt_file *file)
{
	unsigned int origin = file->origin;
	const char *real = file->real ? file->real : file->path;
	const char *project = places.project;

	if (!real || !(origin & PT_ORIGIN_USER))
		return origin;
	if (places.script && strcmp(real, places.script) == 0)
		origin |= PT_ORIGIN_SCRIPT;
	if (project && is_below(real, project))
		origin |= PT_ORIGIN_PROJECT;
	return origin;
}

struct pt_source *pt_file_source(struct pt_file *file)
{
	pt_lock();
	if (!file->source)
		file->source = pt_source_read(file->path);
	pt_unlock();
	return file->source;
}
