/* SPDX-License-Identifier: MIT */
/* The format is that of PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. */
#include "config.h"

#include "code/zip.h"

#include "base/util.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define END_SIGNATURE 0x06054b50U
#define ENTRY_SIGNATURE 0x02014b50U
#define LOCAL_SIGNATURE 0x04034b50U
#define END_SIZE 22
#define ENTRY_SIZE 46
#define LOCAL_SIZE 30
#define MAX_COMMENT 65535
#define MAX_MEMBER (64U << 20)
#define ENCRYPTED 1 /* bit of the flags */
#define STORED 0
#define DEFLATED 8

/* A member's place in the archive. */
struct member {
	unsigned int method;
	uint32_t packed_size;
	uint32_t size;
	uint64_t offset; /* of its local header, from the start of the file */
};

static unsigned int get16(const unsigned char *p)
{
	return (unsigned int)p[0] | (unsigned int)p[1] << 8;
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

static bool read_at(int fd, void *data, size_t size, uint64_t offset)
{
	return pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

/* Reads the central directory. Returns NULL, or bytes to be freed. */
static unsigned char *read_directory(int fd, uint64_t file_size, uint32_t *size,
				     uint64_t *shift)
{
	size_t tail_size = file_size < MAX_COMMENT + END_SIZE ? (size_t)file_size :
								MAX_COMMENT + END_SIZE;
	unsigned char *tail = malloc(tail_size);
	unsigned char *directory = NULL;

	if (!tail || !read_at(fd, tail, tail_size, file_size - tail_size))
		goto out;
	for (size_t i = tail_size - END_SIZE + 1; i-- > 0;) {
		if (get32(tail + i) != END_SIGNATURE)
			continue;
		uint64_t end = file_size - tail_size + i;
		*size = get32(tail + i + 12);
		uint64_t start = get32(tail + i + 16);
		/*
		 * A zip application begins with a "#!" line, which offsets may not count.
		 */
		if (*size == 0 || *size > end || start > end - *size)
			break;
		*shift = end - *size - start;
		directory = malloc(*size);
		if (directory && !read_at(fd, directory, *size, end - *size)) {
			free(directory);
			directory = NULL;
		}
		break;
	}
out:
	free(tail);
	return directory;
}

static bool find_member(const unsigned char *directory, uint32_t size, const char *name,
			struct member *member)
{
	size_t name_size = strlen(name);

	for (size_t at = 0; at + ENTRY_SIZE <= size;) {
		const unsigned char *entry = directory + at;
		size_t length = get16(entry + 28);

		if (get32(entry) != ENTRY_SIGNATURE || at + ENTRY_SIZE + length > size)
			return false;
		if (!(get16(entry + 8) & ENCRYPTED) && length == name_size &&
		    memcmp(entry + ENTRY_SIZE, name, length) == 0) {
			member->method = get16(entry + 10);
			member->packed_size = get32(entry + 20);
			member->size = get32(entry + 24);
			member->offset = get32(entry + 42);
			return true;
		}
		at += ENTRY_SIZE + length + get16(entry + 30) + get16(entry + 32);
	}
	return false;
}

/* The head of zlib's z_stream, whose layout is part of its binary interface. */
struct stream {
	const unsigned char *next_in;
	unsigned int avail_in;
	unsigned long total_in;
	unsigned char *next_out;
	unsigned int avail_out;
	unsigned long total_out;
	void *rest[8];
};

/* Inflates a raw deflate stream by libz. */
static bool inflate_member(const unsigned char *packed, uint32_t packed_size, char *out,
			   uint32_t size)
{
	void *libz = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!libz)
		return false;
	const char *(*version)(void) = (const char *(*)(void))dlsym(libz, "zlibVersion");
	int (*init)(struct stream *, int, const char *, int) =
		(int (*)(struct stream *, int, const char *, int))dlsym(libz,
									"inflateInit2_");
	int (*inflate)(struct stream *, int) =
		(int (*)(struct stream *, int))dlsym(libz, "inflate");
	int (*end)(struct stream *) = (int (*)(struct stream *))dlsym(libz, "inflateEnd");
	struct stream stream = { .next_in = packed,
				 .avail_in = packed_size,
				 .next_out = (unsigned char *)out,
				 .avail_out = size };
	bool is_done = false;

	if (version && init && inflate && end &&
	    init(&stream, -15, version(), (int)sizeof(stream)) == 0) {
		is_done = inflate(&stream, 4 /* Z_FINISH */) == 1 /* Z_STREAM_END */;
		end(&stream);
	}
	dlclose(libz);
	return is_done && stream.avail_out == 0;
}

static bool extract(int fd, const struct member *member, struct pt_buf *out)
{
	unsigned char local[LOCAL_SIZE];
	bool is_stored = member->method == STORED && member->size == member->packed_size;

	if (member->size > MAX_MEMBER || member->packed_size > MAX_MEMBER ||
	    (!is_stored && member->method != DEFLATED))
		return false;
	if (!read_at(fd, local, LOCAL_SIZE, member->offset) ||
	    get32(local) != LOCAL_SIGNATURE ||
	    !pt_buf_reserve(out, (size_t)member->size + 1))
		return false;
	uint64_t data =
		member->offset + LOCAL_SIZE + get16(local + 26) + get16(local + 28);
	char *to = out->data + out->size;
	bool is_done = false;
	if (is_stored) {
		is_done = read_at(fd, to, member->size, data);
	} else {
		unsigned char *packed = malloc((size_t)member->packed_size + 1);
		is_done = packed && read_at(fd, packed, member->packed_size, data) &&
			  inflate_member(packed, member->packed_size, to, member->size);
		free(packed);
	}
	if (is_done)
		out->size += member->size;
	return is_done;
}

static bool read_member(int fd, const char *name, struct pt_buf *out)
{
	struct member member;
	struct stat status;
	uint32_t size = 0;
	uint64_t shift = 0;

	if (fstat(fd, &status) != 0 || status.st_size < END_SIZE)
		return false;
	unsigned char *directory =
		read_directory(fd, (uint64_t)status.st_size, &size, &shift);
	if (!directory)
		return false;
	bool is_done = find_member(directory, size, name, &member);
	free(directory);
	member.offset += is_done ? shift : 0;
	return is_done && extract(fd, &member, out);
}

bool pt_zip_read(const char *path, struct pt_buf *out)
{
	char *archive = strdup(path);
	bool is_done = false;

	/* The archive is the longest leading part of the path that is a regular file. */
	for (char *slash = archive ? strrchr(archive, '/') : NULL;
	     slash && slash > archive; slash = strrchr(archive, '/')) {
		struct stat status;
		*slash = '\0';
		if (stat(archive, &status) != 0)
			continue;
		if (!S_ISREG(status.st_mode))
			break;
		int fd = open(archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0) {
			is_done = read_member(fd, path + strlen(archive) + 1, out);
			close(fd);
		}
		break;
	}
	free(archive);
	return is_done;
}
