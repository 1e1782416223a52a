/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "code/file.h"

#include "base/lock.h"
#include "base/util.h"
#include "code/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FROZEN_PREFIX "<frozen "

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

	/* "<stdin>-0" is what is typed at the prompt of 3.13. */
	if (strncmp(name, "<stdin>-", 8) == 0)
		return true;
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

bool pt_file_is_systems(const char *path, const char *directory)
{
	static const char *const trees[] = {
		"/usr/share",	"/usr/lib", "/usr/lib32", "/usr/lib64",
		"/usr/libexec", "/lib",	    "/lib32",	  "/lib64",
	};

	for (size_t i = 0; i < PT_ARRAY_SIZE(trees); i++) {
		if (!is_below(path, trees[i]))
			continue;
		/*
		 * Whoever is in a part of the tree, or has a script there, works on it.
		 */
		bool is_part = directory && is_below(directory, trees[i]) &&
			       strlen(directory) > strlen(trees[i]);
		return !is_part || !is_below(path, directory);
	}
	return false;
}

static bool is_stdlib(const char *path)
{
	return (is_below(path, places.stdlib) || is_below(path, places.real_stdlib)) &&
	       !is_installed(path);
}

/*
 * Returns the absolute path of a name. A relative one counts from the current directory,
 * where Python found it, or from the start directory if it is not there any more. Clears
 * *MAY_EXIST if there certainly is no such file.
 */
static char *absolute_path(const char *name, bool *may_exist)
{
	char *path = NULL;

	*may_exist = true;
	if (*name == '/') {
		path = strdup(name);
	} else {
		char *directory = getcwd(NULL, 0);
		path = directory ? pt_format("%s/%s", directory, name) : NULL;
		free(directory);
		if (!path || access(path, F_OK) != 0) {
			free(path);
			path = pt_format("%s/%s", places.start, name);
			*may_exist = path && access(path, F_OK) == 0;
		}
	}
	if (path)
		pt_normalize_path(path);
	/* The root is a name like any other here; there is room for it. */
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

/* What follows the last folder of installed packages in PATH, or NULL. */
static const char *below_packages(const char *path)
{
	static const char *const folders[] = { "/site-packages/", "/dist-packages/" };
	const char *rest = NULL;

	for (size_t i = 0; i < PT_ARRAY_SIZE(folders); i++) {
		for (const char *p = path; (p = strstr(p, folders[i]));) {
			p += strlen(folders[i]);
			rest = p > rest ? p : rest;
		}
	}
	return rest;
}

/* What follows the root of the library that PATH is in, or NULL. */
static const char *below_library(const char *path)
{
	const char *roots[] = { places.stdlib, places.real_stdlib };
	const char *rest = below_packages(path);

	for (size_t i = 0; !rest && i < PT_ARRAY_SIZE(roots); i++) {
		if (is_below(path, roots[i]) && path[strlen(roots[i])])
			rest = path + strlen(roots[i]) + 1;
	}
	return rest;
}

/* Returns whether DIRECTORY has a file NAME that is another one than FILE. */
static bool is_other(const struct pt_file *file, const char *directory, const char *name)
{
	char *path = directory ? pt_format("%s/%s", directory, name) : NULL;
	bool is_same = path && (strcmp(path, file->path) == 0 ||
				(file->real && strcmp(path, file->real) == 0));
	bool is_found = path && !is_same && access(path, F_OK) == 0;

	free(path);
	return is_found;
}

/*
 * Returns how a file of a library is shown, below the library's root; NULL: like any
 * other file, namely if the name could be mistaken for a file of the user's, or an
 * installed one for the standard library's, and for users who work inside the library.
 */
static const char *library_name(const struct pt_file *file)
{
	const char *path = file->path;
	const char *rest = file->origin & PT_ORIGIN_USER ? NULL : below_library(path);

	if (!rest && !(file->origin & PT_ORIGIN_USER) && file->real) {
		path = file->real;
		rest = below_library(path);
	}
	if (!rest || is_other(file, places.start, rest))
		return NULL;
	if (file->origin & PT_ORIGIN_SITE && is_other(file, places.stdlib, rest))
		return NULL;
	/* The start directory is the root or below it. */
	size_t root = (size_t)(rest - path) - 1;
	bool is_inside = strncmp(places.start, path, root) == 0 &&
			 (places.start[root] == '/' || places.start[root] == '\0') &&
			 is_below(path, places.start);
	return is_inside ? NULL : rest;
}

char *pt_file_location(const struct pt_file *file)
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
 * A file belongs where it is after links are resolved. A link that leads out of
 * site-packages makes it the user's only below the start directory: package managers,
 * too, keep packages elsewhere and link them. The same holds for what the system has
 * installed.
 */
static unsigned int origin_of(const char *path, const char *real)
{
	bool is_at_start = is_below(real, places.start);

	if (is_stdlib(real))
		return PT_ORIGIN_STDLIB;
	if (is_installed(real) || (is_installed(path) && !is_at_start))
		return PT_ORIGIN_SITE;
	if (pt_file_is_systems(real, places.start) ||
	    (!is_at_start && pt_file_is_systems(path, places.start)))
		return PT_ORIGIN_SITE | PT_ORIGIN_SYSTEM;
	return PT_ORIGIN_USER;
}

/* Fills in paths and origin of a real file. */
static bool describe_path(struct pt_file *file)
{
	bool may_exist = true;

	file->path = absolute_path(file->name, &may_exist);
	if (!file->path)
		return false;
	/* Most files are the standard library's: no need to look at the file system. */
	if (is_stdlib(file->path)) {
		file->origin = PT_ORIGIN_STDLIB;
		return true;
	}
	char *real = may_exist ? real_path(file->path) : strdup(file->path);
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
	return true;
}

void pt_file_free(struct pt_file *file)
{
	if (!file)
		return;
	pt_source_free(file->source);
	free(file->name);
	free(file->path);
	free(file->real);
	free(file->shown);
	free(file);
}

struct pt_file *pt_file_new(const char *name)
{
	struct pt_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->name = strdup(name);
	if (!file->name || !describe(file)) {
		pt_file_free(file);
		return NULL;
	}
	return file;
}

/* Returns whether the system's file PATH is not beside or below the main script. */
static bool is_not_scripts(const char *path)
{
	const char *slash = places.script ? strrchr(places.script, '/') : NULL;

	if (!slash)
		return true;
	char *directory = strndup(places.script, (size_t)(slash - places.script));
	bool is_systems = !directory || pt_file_is_systems(path, directory);
	free(directory);
	return is_systems;
}

unsigned int pt_file_origin(const struct pt_file *file)
{
	unsigned int origin = file->origin;
	const char *real = file->real ? file->real : file->path;
	const char *project = places.project;

	if (origin & PT_ORIGIN_SYSTEM)
		origin = real && is_not_scripts(real) ? PT_ORIGIN_SITE : PT_ORIGIN_USER;
	if (!real || !(origin & PT_ORIGIN_USER))
		return origin;
	if (places.script && strcmp(real, places.script) == 0)
		origin |= PT_ORIGIN_SCRIPT;
	if (project && is_below(real, project))
		origin |= PT_ORIGIN_PROJECT;
	return origin;
}

/* Determines once how a file is shown. */
static void make_shown(struct pt_file *file)
{
	pt_lock();
	if (!atomic_load(&file->shown)) {
		const char *name = file->path ? library_name(file) : NULL;
		char *shown = name ? strdup(name) : pt_file_location(file);
		if (shown)
			file->shown_width = pt_utf8_width(shown);
		atomic_store_explicit(&file->shown, shown, memory_order_release);
	}
	pt_unlock();
}

const char *pt_file_shown(struct pt_file *file, size_t *width)
{
	const char *shown = atomic_load_explicit(&file->shown, memory_order_acquire);

	if (!shown) {
		make_shown(file);
		shown = atomic_load_explicit(&file->shown, memory_order_acquire);
	}
	if (width)
		*width = shown ? file->shown_width : pt_utf8_width(file->name);
	return shown ? shown : file->name;
}
