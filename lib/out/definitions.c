/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/definitions.h"

#include "base/lock.h"
#include "base/util.h"
#include "base/varint.h"
#include "out/process_record.h"
#include "out/recording_file.h"

#include <stdatomic.h>
#include <string.h>

#define FIRST_CHUNK (8U << 10)
#define LAST_CHUNK (256U << 10)

/* The chunk that is being filled, and what there has been of them; under the lock. */
static struct pt_recording_chunk *chunk;
static unsigned char *cursor;
static uint64_t total;

/* Site numbers that are this process's; under the lock. */
static uint32_t next_site;
static uint32_t site_end;

/* Numbers that could not be used for lack of room; 0: none. Under the lock. */
static uint32_t unused_file;
static uint32_t unused_code;

static bool stores_source;

void pt_definitions_start(bool stores)
{
	stores_source = stores;
}

static void add_number(struct pt_buf *out, uint64_t number)
{
	unsigned char bytes[PT_VARINT_SIZE];
	unsigned char *end = pt_varint_put(bytes, number);

	pt_buf_add(out, (const char *)bytes, (size_t)(end - bytes));
}

static void add_bytes(struct pt_buf *out, struct pt_bytes bytes)
{
	add_number(out, bytes.size);
	pt_buf_add(out, bytes.data, bytes.size);
}

static void add_text(struct pt_buf *out, const char *text)
{
	add_bytes(out, (struct pt_bytes){ text, text ? strlen(text) : 0 });
}

/* Maps a chunk for definitions; NULL: there is no room. */
static struct pt_recording_chunk *new_chunk(size_t size)
{
	int error = 0;
	struct pt_recording_chunk wanted = {
		.kind = PT_CHUNK_DEFINITIONS,
		.process = pt_process_record_number(&error),
	};

	if (!wanted.process)
		return NULL;
	return pt_recording_file_add(&wanted, (uint32_t)(sizeof(wanted) + size), NULL, NULL,
				     &error);
}

static size_t room(void)
{
	return chunk ? (size_t)((unsigned char *)chunk + chunk->size - cursor) : 0;
}

static bool renew_chunk(void)
{
	uint32_t size = FIRST_CHUNK;

	while (size < LAST_CHUNK && size * 2 <= total)
		size *= 2;
	struct pt_recording_chunk *next = new_chunk(size - sizeof(*next));
	if (!next)
		return false;
	if (chunk)
		pt_recording_file_unmap(chunk);
	chunk = next;
	cursor = (unsigned char *)(chunk + 1);
	total += chunk->size;
	return true;
}

/* Puts a record, of the kind and BODY, and returns what is behind it. */
static unsigned char *put(unsigned char *at, enum pt_definition kind,
			  const struct pt_buf *body)
{
	unsigned char *out = pt_varint_put(at + 1, body->size);

	memcpy(out, body->data, body->size);
	pt_recording_publish(at, (unsigned char)kind);
	return out + body->size;
}

/* Writes a record, under the lock. A large one gets a chunk of its own. */
static bool write_record(enum pt_definition kind, const struct pt_buf *body)
{
	size_t size = 1 + PT_VARINT_SIZE + body->size;

	if (body->failed)
		return false;
	if (size > FIRST_CHUNK / 2 && size > room()) {
		struct pt_recording_chunk *own = new_chunk(size);
		if (!own)
			return false;
		put((unsigned char *)(own + 1), kind, body);
		total += own->size;
		pt_recording_file_unmap(own);
		return true;
	}
	if (size > room() && !renew_chunk())
		return false;
	cursor = put(cursor, kind, body);
	return true;
}

static uint64_t hash_of(struct pt_bytes text)
{
	uint64_t hash = PT_HASH_BASIS;

	for (size_t i = 0; i < text.size; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * PT_HASH_PRIME;
	return hash | 1;
}

/*
 * Returns the place in the file's table for a text that nobody in the run has stored, or
 * NULL. The place is taken with bit 0 clear, which is set when all is there: until then,
 * another process cannot know that it will be, and stores the text itself.
 */
static _Atomic uint64_t *take_place(uint64_t hash, bool *is_stored)
{
	struct pt_recording_header *header = pt_recording_file_header();

	*is_stored = false;
	for (uint64_t i = 0; i < PT_RECORDING_SOURCES; i++) {
		_Atomic uint64_t *place =
			&header->sources[(hash / 2 + i) % PT_RECORDING_SOURCES];
		uint64_t found = 0;
		if (atomic_compare_exchange_strong(place, &found, hash - 1))
			return place;
		*is_stored = found == hash;
		if (*is_stored || found == hash - 1)
			return NULL;
	}
	return NULL;
}

/* Stores a text once for the run; under the lock. */
static void store_text(struct pt_bytes text, uint64_t hash)
{
	struct pt_buf body = { 0 };
	bool is_stored = false;
	_Atomic uint64_t *place = take_place(hash, &is_stored);

	if (is_stored)
		return;
	pt_buf_add(&body, (const char *)&hash, sizeof(hash));
	pt_buf_add(&body, text.data, text.size);
	if (write_record(PT_DEF_SOURCE, &body) && place)
		atomic_store_explicit(place, hash, memory_order_release);
	pt_buf_destroy(&body);
}

/* Writes the record of something with a number that all processes count, under the lock. */
static uint32_t define(enum pt_definition kind, _Atomic uint32_t *next, uint32_t *unused,
		       const struct pt_buf *rest)
{
	struct pt_buf body = { 0 };
	uint32_t number = *unused ? *unused : (*next)++;

	add_number(&body, number);
	pt_buf_add(&body, rest->data, rest->size);
	body.failed |= rest->failed;
	bool is_written = write_record(kind, &body);
	pt_buf_destroy(&body);
	/* Without room, numbers would run away from what the file defines. */
	*unused = is_written ? 0 : number;
	return is_written ? number : 0;
}

uint32_t pt_definitions_file(const struct pt_file_definition *file)
{
	struct pt_buf rest = { 0 };
	uint64_t hash = file->text.data ? hash_of(file->text) : 0;

	add_number(&rest, file->flags);
	add_number(&rest, file->text.size);
	pt_buf_add(&rest, (const char *)&hash, sizeof(hash));
	add_text(&rest, file->name);
	add_text(&rest, file->path);
	add_text(&rest, file->shown);
	pt_lock();
	if (hash && stores_source)
		store_text(file->text, hash);
	uint32_t number =
		define(PT_DEF_FILE, &pt_recording_file_header()->next_file, &unused_file,
		       &rest);
	pt_unlock();
	pt_buf_destroy(&rest);
	return number;
}

uint32_t pt_definitions_code(const struct pt_code_definition *code)
{
	struct pt_buf rest = { 0 };

	add_number(&rest, code->file);
	add_number(&rest, code->first_line);
	add_number(&rest, code->flags);
	add_text(&rest, code->name);
	add_text(&rest, code->qualname);
	add_text(&rest, code->import_name);
	add_text(&rest, code->module);
	add_bytes(&rest, code->code);
	add_bytes(&rest, code->lines);
	add_bytes(&rest, code->exceptions);
	pt_lock();
	uint32_t number =
		define(PT_DEF_CODE, &pt_recording_file_header()->next_code, &unused_code,
		       &rest);
	pt_unlock();
	pt_buf_destroy(&rest);
	return number;
}

void pt_definitions_outline(const struct pt_outline_definition *outline)
{
	struct pt_buf body = { 0 };

	add_number(&body, outline->parent);
	add_number(&body, outline->first_line);
	add_number(&body, outline->flags);
	add_text(&body, outline->name);
	add_text(&body, outline->qualname);
	add_bytes(&body, outline->lines);
	pt_lock();
	write_record(PT_DEF_OUTLINE, &body);
	pt_unlock();
	pt_buf_destroy(&body);
}

/* Returns a number that no other process uses, under the lock. */
static uint32_t new_site_number(void)
{
	if (next_site == site_end) {
		next_site = atomic_fetch_add(&pt_recording_file_header()->next_site,
					     PT_RECORDING_SITES);
		site_end = next_site + PT_RECORDING_SITES;
	}
	return next_site++;
}

uint32_t pt_definitions_site(uint32_t code, unsigned int mark, int line)
{
	struct pt_buf body = { 0 };

	pt_lock();
	uint32_t number = new_site_number();
	add_number(&body, number);
	add_number(&body, code);
	add_number(&body, mark);
	add_number(&body, (uint32_t)line);
	bool is_written = write_record(PT_DEF_SITE, &body);
	if (!is_written)
		next_site--;
	pt_unlock();
	pt_buf_destroy(&body);
	return is_written ? number : 0;
}

void pt_definitions_trim(void)
{
	pt_lock();
	if (chunk) {
		pt_recording_file_trim(chunk,
				       (uint32_t)(cursor - (unsigned char *)chunk));
		pt_recording_file_unmap(chunk);
		chunk = NULL;
	}
	pt_unlock();
}

void pt_definitions_after_fork(void)
{
	if (chunk)
		pt_recording_file_unmap(chunk);
	chunk = NULL;
	total = 0;
	next_site = site_end = 0;
	unused_file = unused_code = 0;
}
