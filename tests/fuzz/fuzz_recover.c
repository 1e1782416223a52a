/* SPDX-License-Identifier: MIT */
/*
 * Input: the output's size before a write and the number of bytes being written, as
 * bytes; the output, ended by NUL; the staged text. Recovery may append whole lines of
 * that and nothing else.
 */
#include "config.h"

#include "base/util.h"
#include "fuzz.h"
#include "out/journal.h"
#include "out/lineage.h"
#include "out/recover.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* No process has this pid: it is above the highest that Linux gives. */
#define DEAD 5000000

/* Where the files are, made with the first input. */
static char directory[] = "/dev/shm/fuzz_recover.XXXXXX";

static char output[64];
static char staged[96];

static void clean_up(void)
{
	unlink(output);
	unlink(staged);
	rmdir(directory);
}

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	FUZZ_EXPECT(file && fwrite(data, 1, size, file) == size);
	fclose(file);
}

static void set_up(void)
{
	FUZZ_EXPECT(mkdtemp(directory));
	snprintf(output, sizeof(output), "%s/trace", directory);
	snprintf(staged, sizeof(staged), "%s.%d-0.staged", output, DEAD);
	atexit(clean_up);
}

/* The part of the text that is whole lines: no other is ever committed. */
static size_t whole_lines(const uint8_t *text, size_t size)
{
	size_t length = size < PT_JOURNAL_TEXT_SIZE ? size : PT_JOURNAL_TEXT_SIZE;

	while (length && text[length - 1] != '\n')
		length--;
	return length;
}

static void write_staged(const uint8_t *text, size_t size, uint8_t before,
			 uint8_t writing)
{
	static char data[PT_JOURNAL_FILE_SIZE];
	struct stat status;
	struct pt_journal journal = { .magic = PT_JOURNAL_MAGIC };

	FUZZ_EXPECT(stat(output, &status) == 0);
	size = whole_lines(text, size);
	pt_lineage_self(&journal.process);
	journal.process.pid = DEAD;
	journal.place = (struct pt_place){ status.st_dev, status.st_ino, before };
	journal.writing = writing < size ? writing : size;
	journal.state = size;
	memset(data, 0, sizeof(data));
	memcpy(data, text, size);
	memcpy(data + PT_JOURNAL_TEXT_SIZE, &journal, sizeof(journal));
	write_file(staged, data, sizeof(data));
	FUZZ_EXPECT(chmod(staged, 0600) == 0);
}

static void check_output(const char *old, const uint8_t *text, size_t size)
{
	struct stat status;
	size_t old_size = strlen(old);
	int fd = open(output, O_RDONLY);

	FUZZ_EXPECT(fd >= 0 && fstat(fd, &status) == 0);
	FUZZ_EXPECT((size_t)status.st_size >= old_size);
	char *now = malloc((size_t)status.st_size + 1);
	FUZZ_EXPECT(now && read(fd, now, (size_t)status.st_size) == status.st_size);
	FUZZ_EXPECT(memcmp(now, old, old_size) == 0);
	size_t added = (size_t)status.st_size - old_size;
	size_t length = whole_lines(text, size);
	/* What was added is the end of the whole lines. */
	FUZZ_EXPECT(added <= length &&
		    memcmp(now + old_size, text + length - added, added) == 0);
	free(now);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!*output)
		set_up();
	if (size < 3)
		return 0;
	uint8_t before = data[0];
	uint8_t writing = data[1];
	data += 2;
	size -= 2;
	char *old = fuzz_take(&data, &size);
	write_file(output, old, strlen(old));
	write_staged(data, size, before, writing);
	int fd = open(output, O_RDWR | O_APPEND);
	FUZZ_EXPECT(fd >= 0);
	pt_recover_run(output, fd);
	close(fd);
	FUZZ_EXPECT(access(staged, F_OK) != 0);
	check_output(old, data, size);
	free(old);
	return 0;
}
