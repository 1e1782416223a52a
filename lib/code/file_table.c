/* SPDX-License-Identifier: MIT */
/*
 * The files in use, by name, and their text. A name leads to one file; older versions of
 * it live on with the code that was made from them. Unused files are kept for a while:
 * excluded code has no record that holds its file, and programs run exec() in loops.
 */
#include "config.h"

#include "base/lock.h"
#include "base/util.h"
#include "code/file.h"
#include "code/linecache.h"
#include "code/source.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKET_COUNT 256 /* a power of two */

/* How many files without references are kept, and how many of them with their text. */
#define MAX_UNUSED 2048
#define MAX_UNUSED_SOURCES 16

/* The listed files by the hash of their names; as many buckets as files, or more. */
static struct pt_file **buckets;
static size_t bucket_count;
static size_t file_count;

/* The files without references, all listed, in the order in which they lost the last. */
static struct pt_file *newest_unused;
static struct pt_file *oldest_unused;
static size_t unused_count;

/* Those that may keep their text while unused, and where the next one goes. */
static struct pt_file *with_source[MAX_UNUSED_SOURCES];
static size_t next_with_source;

static size_t hash_of(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return hash;
}

static struct pt_file **bucket_of(const char *name)
{
	return &buckets[hash_of(name) & (bucket_count - 1)];
}

/* Doubles the buckets if there are more files. Returns whether there are any buckets. */
static bool grow(void)
{
	if (file_count < bucket_count)
		return true;
	size_t old_count = bucket_count;
	struct pt_file **old = buckets;
	size_t count = old_count ? old_count * 2 : FIRST_BUCKET_COUNT;
	struct pt_file **larger = calloc(count, sizeof(struct pt_file *));

	if (!larger)
		return old;
	buckets = larger;
	bucket_count = count;
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct pt_file *file = old[i];
			old[i] = file->next;
			struct pt_file **bucket = bucket_of(file->name);
			file->next = *bucket;
			*bucket = file;
		}
	}
	free(old);
	return true;
}

static bool list(struct pt_file *file)
{
	if (!grow())
		return false;
	struct pt_file **bucket = bucket_of(file->name);
	file->next = *bucket;
	*bucket = file;
	file->is_listed = true;
	file_count++;
	return true;
}

static void unlist(struct pt_file *file)
{
	struct pt_file **place = bucket_of(file->name);

	while (*place != file)
		place = &(*place)->next;
	*place = file->next;
	file->is_listed = false;
	file_count--;
}

static void take_from_unused(struct pt_file *file)
{
	*(file->newer ? &file->newer->older : &newest_unused) = file->older;
	*(file->older ? &file->older->newer : &oldest_unused) = file->newer;
	file->newer = NULL;
	file->older = NULL;
	unused_count--;
}

static void forget(struct pt_file *file)
{
	for (size_t i = 0; i < MAX_UNUSED_SOURCES; i++)
		with_source[i] = with_source[i] == file ? NULL : with_source[i];
	pt_file_free(file);
}

/* Only the last few files that nobody uses keep their text. */
static void limit_sources(struct pt_file *file)
{
	if (!file->source)
		return;
	for (size_t i = 0; i < MAX_UNUSED_SOURCES; i++) {
		if (with_source[i] == file)
			return;
	}
	struct pt_file *other = with_source[next_with_source];
	if (other && other->references == 0) {
		pt_source_free(other->source);
		other->source = NULL;
		other->is_read = false;
		other->is_registered = false;
	}
	with_source[next_with_source] = file;
	next_with_source = (next_with_source + 1) % MAX_UNUSED_SOURCES;
}

/* A listed file has lost its last reference. */
static void keep_unused(struct pt_file *file)
{
	limit_sources(file);
	file->older = newest_unused;
	*(newest_unused ? &newest_unused->newer : &oldest_unused) = file;
	newest_unused = file;
	if (++unused_count <= MAX_UNUSED)
		return;
	struct pt_file *oldest = oldest_unused;
	take_from_unused(oldest);
	unlist(oldest);
	forget(oldest);
}

static void release(struct pt_file *file)
{
	if (--file->references > 0)
		return;
	if (file->is_listed)
		keep_unused(file);
	else
		forget(file);
}

void pt_file_release(struct pt_file *file)
{
	if (!file)
		return;
	pt_lock();
	release(file);
	pt_unlock();
}

struct pt_file *pt_file_share(struct pt_file *file)
{
	pt_lock();
	file->references++;
	pt_unlock();
	return file;
}

static struct pt_file *find(const char *name)
{
	struct pt_file *file = buckets ? *bucket_of(name) : NULL;

	while (file && strcmp(file->name, name) != 0)
		file = file->next;
	return file;
}

/* Makes the file to which the name leads from now on. */
static struct pt_file *add(const char *name)
{
	struct pt_file *file = pt_file_new(name);

	if (file && list(file))
		return file;
	pt_file_free(file);
	return NULL;
}

struct pt_file *pt_file_get(const char *name)
{
	pt_lock();
	struct pt_file *file = find(name);
	if (file && file->references == 0)
		take_from_unused(file);
	if (!file)
		file = add(name);
	if (file)
		file->references++;
	pt_unlock();
	return file;
}

/* Returns whether the text of FILE is not what is in the file now. */
static bool has_changed(const struct pt_file *file)
{
	struct pt_source_stamp now;

	if (!file->is_listed || pt_source_is_zipped(file->source))
		return false;
	if (file->is_registered)
		return true;
	if (!file->is_read || !file->path)
		return false;
	pt_source_stamp(file->path, &now);
	return !pt_source_is_same(&now, &file->stamp);
}

struct pt_file *pt_file_renew(struct pt_file *file)
{
	pt_lock();
	struct pt_file *version = has_changed(file) ? pt_file_new(file->name) : NULL;
	if (version) {
		version->is_reported = file->is_reported;
		version->references = 1;
		unlist(file);
		list(version); /* there is room: one has just left */
		release(file);
	}
	pt_unlock();
	return version ? version : file;
}

struct pt_file *pt_file_with_source(struct pt_file *file, struct pt_source *source)
{
	struct pt_file *version = pt_file_new(file->name);

	if (!version) {
		pt_source_free(source);
		return file;
	}
	version->is_reported = file->is_reported;
	version->references = 1;
	version->source = source;
	version->is_read = true;
	pt_file_release(file);
	return version;
}

/* Reads the text at the file's path; a file without lines has no text. */
static void read_source(struct pt_file *file)
{
	pt_source_stamp(file->path, &file->stamp);
	struct pt_source *source = pt_source_read(file->path);
	file->is_read = true;
	if (pt_source_line_count(source) > 0)
		file->source = source;
	else
		pt_source_free(source);
}

/* Asks linecache, each time until it has the text: that may be put there late. */
static struct pt_source *find_registered(struct pt_file *file)
{
	struct pt_source *source = pt_linecache_find(file->name, 0);

	if (!source)
		return NULL;
	pt_lock();
	if (file->source) {
		pt_source_free(source);
	} else {
		file->source = source;
		file->is_registered = true;
	}
	source = file->source;
	pt_unlock();
	return source;
}

struct pt_source *pt_file_source(struct pt_file *file)
{
	pt_lock();
	if (!file->is_read)
		read_source(file);
	struct pt_source *source = file->source;
	pt_unlock();
	return source ? source : find_registered(file);
}
