/* SPDX-License-Identifier: MIT */
/*
 * Input: chunks of a recording, each as kind, encoding, process, stream, place, one byte
 * each, two bytes of size, and the data. The rest of the file is as it must be. After an
 * odd first byte: all bytes of the file.
 */
#include "config.h"

#include "events.h"
#include "filter.h"
#include "fuzz.h"
#include "scan.h"
#include "trace/render.h"
#include "view.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEY 77
#define FIRST 40000
#define HEAD 7

static struct pt_filter filter;

static bool on_event(void *data, struct pt_events_event *event)
{
	FUZZ_EXPECT(event->kind != PT_EVENTS_SITE || event->code->name);
	return !pt_filter_wants(&filter, event) || pt_view_show(data, event);
}

static void put_header(int fd)
{
	static struct pt_recording_header header;

	memcpy(header.magic, PT_RECORDING_MAGIC, PT_RECORDING_MAGIC_SIZE);
	header.major = 1;
	header.header_size = sizeof(header);
	header.first_chunk = FIRST;
	header.key = KEY;
	header.unit = PT_RECORDING_COMPACT;
	FUZZ_EXPECT(pwrite(fd, &header, sizeof(header), 0) == sizeof(header));
}

static void put_chunks(int fd, const uint8_t *data, size_t size)
{
	uint64_t offset = FIRST;

	while (size > HEAD) {
		size_t length = (size_t)data[5] << 8 | data[6];
		if (length > size - HEAD)
			length = size - HEAD;
		struct pt_recording_chunk chunk = {
			.key = KEY + offset,
			.kind = data[0],
			.encoding = data[1] & 1,
			.header_size = sizeof(chunk),
			.process = data[2],
			.stream = data[3],
			.sequence = data[4],
			.data_size = 4096,
			.time = offset,
			.ticks = offset,
		};
		uint64_t whole = sizeof(chunk) + length;
		chunk.size = (uint32_t)((whole + 63) / 64 * 64);
		FUZZ_EXPECT(pwrite(fd, &chunk, sizeof(chunk), (off_t)offset) ==
			    sizeof(chunk));
		FUZZ_EXPECT(pwrite(fd, data + HEAD, length,
				   (off_t)(offset + sizeof(chunk))) == (ssize_t)length);
		offset += chunk.size;
		data += HEAD + length;
		size -= HEAD + length;
	}
	FUZZ_EXPECT(ftruncate(fd, (off_t)offset) == 0);
}

static void read_all(struct pt_reader *reader)
{
	struct pt_scan scan;
	struct pt_view view = {
		.format = &pt_format_text,
		.events = ~0U,
		.fd = open("/dev/null", O_WRONLY),
		.folds = true,
		.reader = reader,
	};
	struct pt_events *events = pt_events_new(reader);

	filter = (struct pt_filter){ .reader = reader };
	pt_message_free(pt_filter_under(&filter, "::f"));
	pt_scan(reader, &scan);
	pt_scan_destroy(&scan);
	pt_events_run(events, true, on_event, &view);
	pt_view_flush(&view);
	pt_view_destroy(&view);
	pt_events_free(events);
	pt_filter_destroy(&filter);
	close(view.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	char *message = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_EXPECT(fd >= 0);
	pt_render_start();
	if (size && data[0] & 1) {
		FUZZ_EXPECT(write(fd, data + 1, size - 1) == (ssize_t)size - 1);
	} else if (size) {
		put_header(fd);
		put_chunks(fd, data + 1, size - 1);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct pt_reader *reader = pt_reader_open(path, &message);
	FUZZ_EXPECT(reader || message);
	if (reader)
		read_all(reader);
	pt_reader_close(reader);
	pt_message_free(message);
	close(fd);
	return 0;
}
