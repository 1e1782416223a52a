/* SPDX-License-Identifier: MIT */
/* pytrace compact: the same recording in a fraction of the space. */
#include "config.h"

#include "base/util.h"
#include "command.h"
#include "reader_private.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define DEFAULT_LEVEL 9
#define MAX_LEVEL 19

static const struct pt_option options[] = {
	{ 'o', "output", "FILE", "write it there; else in place of the recording" },
	{ 'l', "level", "N", "of zstd, 1 to 19 (9)" },
	{ 0, NULL, NULL, NULL },
};

/* What is being written. */
struct packing {
	struct pt_reader *reader;
	ZSTD_CCtx *context;
	int level;
	int fd;
	uint64_t end;
	int error; /* -errno; 0: none */
};

static void write_at(struct packing *packing, uint64_t offset, const void *data, size_t size)
{
	while (size && !packing->error) {
		ssize_t done = pwrite(packing->fd, data, size, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			packing->error = -errno;
			break;
		}
		data = (const char *)data + done;
		offset += (uint64_t)done;
		size -= (size_t)done;
	}
}

/* Appends a chunk whose data, as it is in the file, is BODY. */
static void put_chunk(struct packing *packing, const struct pt_recording_chunk *like,
		      const void *body, size_t size)
{
	struct pt_recording_chunk chunk = *like;
	uint64_t whole = sizeof(chunk) + size;

	whole = (whole + PT_RECORDING_COMPACT - 1) / PT_RECORDING_COMPACT * PT_RECORDING_COMPACT;
	chunk.size = (uint32_t)whole;
	chunk.header_size = sizeof(chunk);
	chunk.key = packing->reader->header.key + packing->end;
	write_at(packing, packing->end, &chunk, sizeof(chunk));
	write_at(packing, packing->end + sizeof(chunk), body, size);
	packing->end += whole;
}

static void pack_chunk(struct packing *packing, const struct pt_chunk_place *place)
{
	size_t size = 0;
	unsigned char *data = pt_reader_chunk(packing->reader, place, &size);

	if (!data) {
		packing->reader->damage = "a chunk cannot be read, and is left out";
		return;
	}
	size_t room = ZSTD_compressBound(size);
	void *packed = malloc(room);
	size_t packed_size = packed ? ZSTD_compressCCtx(packing->context, packed, room,
							data, size, packing->level) :
				      0;
	if (!packed || ZSTD_isError(packed_size)) {
		packing->error = -ENOMEM;
	} else {
		struct pt_recording_chunk chunk = place->header;
		chunk.encoding = PT_ENCODING_ZSTD;
		chunk.data_size = (uint32_t)size;
		put_chunk(packing, &chunk, packed, packed_size);
	}
	free(packed);
	free(data);
}

/* A process stays as it is: it is small, and tells how the process ended. */
static void copy_process(struct packing *packing, const struct pt_reader_process *process)
{
	size_t size = 0;
	unsigned char *data = pt_reader_chunk(packing->reader, &process->place, &size);

	if (data)
		put_chunk(packing, &process->place.header, data, size);
	free(data);
}

static void pack_all(struct packing *packing)
{
	struct pt_reader *reader = packing->reader;
	struct pt_recording_header header = reader->header;

	header.unit = PT_RECORDING_COMPACT;
	packing->end = header.first_chunk;
	for (size_t i = 0; i < pt_reader_process_count(reader); i++)
		copy_process(packing, pt_reader_process(reader, i));
	for (size_t i = 0; i < reader->definition_count; i++)
		pack_chunk(packing, &reader->definitions[i]);
	for (size_t i = 0; i < pt_reader_stream_count(reader); i++) {
		struct pt_reader_stream *stream = pt_reader_stream(reader, i);
		for (size_t j = 0; j < stream->count && !packing->error; j++)
			pack_chunk(packing, &stream->chunks[j]);
	}
	header.end = packing->end;
	write_at(packing, 0, &header, sizeof(header));
	if (!packing->error && ftruncate(packing->fd, (off_t)packing->end) != 0)
		packing->error = -errno;
}

/* Writes it beside OUTPUT first: what is there stays until all is well. */
static int compact(struct pt_reader *reader, const char *output, bool is_copy, int level)
{
	char *path = pt_format("%s.%d.new", output, (int)getpid());
	struct stat status = { .st_mode = 0600 };
	struct packing packing = { .reader = reader, .level = level, .fd = -1 };
	int result = EXIT_SUCCESS;

	fstat(reader->fd, &status);
	packing.context = ZSTD_createCCtx();
	if (path && packing.context)
		packing.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
				  status.st_mode & 0777);
	if (packing.fd < 0) {
		result = pt_command_fail("%s: %s", path ? path : output, strerror(errno));
	} else {
		pack_all(&packing);
		/* What cannot be read must not be thrown away. */
		if (!packing.error && reader->damage && !is_copy)
			packing.error = -EUCLEAN;
		if (!packing.error && rename(path, output) != 0)
			packing.error = -errno;
		if (packing.error) {
			unlink(path);
			result = pt_command_fail("%s: %s", output,
						 strerror(-packing.error));
		}
		close(packing.fd);
	}
	ZSTD_freeCCtx(packing.context);
	free(path);
	return result;
}

static int run(int argc, char **argv)
{
	const char *value = NULL, *output = NULL;
	unsigned long level = DEFAULT_LEVEL;
	int letter;

	while ((letter = pt_options_next(&pt_command_compact, argc, argv, &value)) !=
	       PT_OPTION_END) {
		if (letter == PT_OPTION_HELP)
			return EXIT_SUCCESS;
		if (letter == PT_OPTION_BAD)
			return PT_STATUS_TROUBLE;
		if (letter == 'o') {
			output = value;
			continue;
		}
		if (!pt_command_number(value, "level", 1, MAX_LEVEL, &level))
			return PT_STATUS_TROUBLE;
	}
	struct pt_reader *reader = pt_command_open(&pt_command_compact, argc, argv);
	if (!reader)
		return PT_STATUS_TROUBLE;
	int status = EXIT_SUCCESS;
	if (!output && pt_reader_is_any_running(reader))
		status = pt_command_fail("%s: the program is still running; -o FILE makes a "
					 "copy of what there is",
					 argv[optind]);
	else
		status = compact(reader, output ? output : argv[optind], output, (int)level);
	return pt_command_close(reader, argv[optind], status);
}

const struct pt_command pt_command_compact = {
	.name = "compact",
	.arguments = "FILE",
	.summary = "make a recording smaller",
	.description = "Packs a recording, which every command can read as well then.",
	.options = options,
	.run = run,
};
