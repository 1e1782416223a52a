/* SPDX-License-Identifier: MIT */
/* What the parts of the reader share: chunks.c, model.c and scan.c. */
#ifndef PT_READER_PRIVATE_H
#define PT_READER_PRIVATE_H

#include "reader.h"

#include "base/varint.h"

/* Where the text of a file is stored. */
struct pt_reader_source {
	uint64_t hash;
	struct pt_chunk_place place; /* its chunk */
	uint64_t offset; /* of the text, in the chunk as it is unpacked, behind its header */
	uint64_t size;
};

/* Things by number; NULL where there is none. */
struct pt_numbered {
	void **items;
	size_t count; /* one more than the largest number */
};

struct pt_reader {
	int fd;
	uint64_t size; /* of the file, when it was last looked at */
	uint64_t next; /* before that, all chunks are known */
	uint64_t *beyond; /* those behind a gap that are known, by their offsets */
	size_t beyond_count;
	uint64_t definition_size; /* bytes of definitions so far */
	struct pt_recording_header header;
	struct pt_chunk_place *definitions;
	size_t definition_count;
	struct pt_numbered processes; /* by the order of their chunks, from 0 */
	struct pt_numbered streams;   /* likewise */
	struct pt_numbered files;
	struct pt_numbered codes;
	struct pt_reader_site *sites;
	size_t site_count;
	struct pt_reader_source *sources;
	size_t source_count;
	/* The first and the last known moment by both clocks. */
	struct pt_reader_moment first;
	struct pt_reader_moment last;
	const char *damage;
};

/* Bytes that are being read. */
struct pt_bytes_in {
	const unsigned char *at;
	const unsigned char *end;
	bool is_bad; /* more was asked for than is there */
};

/* A part of what is read; not ended by a NUL. */
struct pt_text_in {
	const char *data;
	size_t size;
};

/* Read a number, a string. After bad ones, all are 0 and empty. */
static inline uint64_t pt_take_number(struct pt_bytes_in *in)
{
	uint64_t number = 0;

	if (in->is_bad || !pt_varint_get(&in->at, in->end, &number)) {
		in->is_bad = true;
		return 0;
	}
	return number;
}

static inline struct pt_text_in pt_take_text(struct pt_bytes_in *in)
{
	uint64_t size = pt_take_number(in);

	if (in->is_bad || size > (uint64_t)(in->end - in->at)) {
		in->is_bad = true;
		return (struct pt_text_in){ "", 0 };
	}
	const char *data = (const char *)in->at;
	in->at += size;
	return (struct pt_text_in){ data, (size_t)size };
}

/* Returns the item of that number, or NULL. */
static inline void *pt_numbered_get(const struct pt_numbered *all, size_t number)
{
	return number < all->count ? all->items[number] : NULL;
}

/* Gives an item its number. Returns false without memory. */
bool pt_numbered_set(struct pt_numbered *all, size_t number, void *item);

/* Learns what a chunk of definitions, or of a process, says that is not known yet. */
void pt_model_read(struct pt_reader *reader, struct pt_chunk_place *place);

/* Adds the process of a chunk. */
void pt_model_add_process(struct pt_reader *reader, const struct pt_chunk_place *place);

/* Frees all that the definitions have told. */
void pt_model_free(struct pt_reader *reader);

#endif /* PT_READER_PRIVATE_H */
