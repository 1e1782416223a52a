/* SPDX-License-Identifier: MIT */
/*
 * Where the directory of the tests is not on ext4, or on an overlay of what can allocate,
 * nothing may be allocated ahead: the rows that tell of it check that.
 */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/growth.h"
#include "out/output.h"
#include "out/run_id.h"
#include "out/sink.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A file system allocates whole blocks, and some for itself. */
#define SLACK ((uint64_t)128 << 10)

static uint64_t allocated(int fd)
{
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	return (uint64_t)status.st_blocks * 512;
}

static uint64_t size_of(int fd)
{
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	return (uint64_t)status.st_size;
}

/* Opens a new file, which has a size but no blocks. */
static int open_sparse(const char *name, uint64_t size)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0666);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	ck_assert_uint_eq(allocated(fd), 0);
	return fd;
}

/* Returns whether the file system is one on which blocks are allocated ahead. */
static bool is_gain(void)
{
	struct statfs status;
	int fd = open_sparse("probe", 0);
	bool can = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 20) == 0 &&
		   allocated(fd) >= 1 << 20;

	ck_assert_int_eq(fstatfs(fd, &status), 0);
	close(fd);
	return can && (status.f_type == EXT4_SUPER_MAGIC ||
		       status.f_type == OVERLAYFS_SUPER_MAGIC);
}

/* Checks how many bytes are allocated, if that helps on this file system. */
static void check_allocated(int fd, uint64_t expected)
{
	uint64_t bytes = allocated(fd);

	if (!is_gain())
		expected = 0;
	ck_assert_uint_ge(bytes, expected);
	ck_assert_uint_le(bytes, expected ? expected + SLACK : 0);
}

/* Sizes of a file and a write, and what is allocated for a file without blocks. */
static const struct {
	uint64_t size;
	size_t more;
	uint64_t allocated;
} rows[] = {
	{ 0, 1000, 0 },
	{ 0, 2 * PT_GROWTH_FROM, 0 },
	{ PT_GROWTH_FROM - 1, 1000, 0 },
	{ PT_GROWTH_FROM, 1000, PT_GROWTH_STEP + 1000 },
	{ PT_GROWTH_FROM + 12345, 300000, PT_GROWTH_STEP + 300000 },
	{ 1000 * PT_GROWTH_FROM, 1000, PT_GROWTH_STEP + 1000 },
	{ 2 * PT_GROWTH_FROM, 3 * PT_GROWTH_STEP, 4 * PT_GROWTH_STEP },
};

START_TEST(large_files)
{
	int fd = open_sparse("file", rows[_i].size);
	struct pt_growth growth = { 0 };

	pt_growth_prepare(&growth, fd, rows[_i].size, rows[_i].more);
	check_allocated(fd, rows[_i].allocated);
	ck_assert_uint_eq(size_of(fd), rows[_i].size);
	close(fd);
}
END_TEST

/* Later writes find their blocks allocated; when none are left, more are added. */
START_TEST(blocks_stay_ahead)
{
	static char text[100000];
	int fd = open_sparse("file", PT_GROWTH_FROM);
	struct pt_growth growth = { 0 };
	uint64_t size = PT_GROWTH_FROM;
	uint64_t last = 0;
	bool has_blocks = is_gain();
	int times = 0;

	for (int i = 0; i < 30; i++, size += sizeof(text)) {
		pt_growth_prepare(&growth, fd, size, sizeof(text));
		uint64_t now = allocated(fd);
		times += now > last + PT_GROWTH_STEP / 2;
		last = now;
		memset(text, 'a' + i % 26, sizeof(text));
		ck_assert_int_eq(pwrite(fd, text, sizeof(text), (off_t)size),
				 sizeof(text));
		if (has_blocks)
			ck_assert_uint_lt(allocated(fd), now + sizeof(text) / 2);
	}
	if (has_blocks)
		ck_assert_int_eq(times, 3);
	ck_assert_uint_eq(size_of(fd), size);
	for (int i = 0; i < 30; i++) {
		char c = 0;
		off_t place = (off_t)(PT_GROWTH_FROM + (uint64_t)i * sizeof(text));
		ck_assert_int_eq(pread(fd, &c, 1, place), 1);
		ck_assert_int_eq(c, 'a' + i % 26);
	}
	close(fd);
}
END_TEST

/* tmpfs could allocate, but gains nothing. */
START_TEST(memory_is_left_alone)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	struct pt_growth growth = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, PT_GROWTH_FROM), 0);
	for (int i = 0; i < 2; i++) {
		pt_growth_prepare(&growth, fd, PT_GROWTH_FROM, 1000);
		ck_assert_uint_eq(allocated(fd), 0);
	}
	ck_assert_uint_eq(size_of(fd), PT_GROWTH_FROM);
	close(fd);
}
END_TEST

/* After one failure it is not tried again. */
START_TEST(failure)
{
	int fd = open_sparse("file", PT_GROWTH_FROM);
	int reader = open("file", O_RDONLY);
	struct pt_growth growth = { 0 };
	char text[4] = "";

	ck_assert_int_eq(write(fd, "kept", 4), 4);
	ck_assert_int_eq(fsync(fd), 0);
	uint64_t before = allocated(fd);
	pt_growth_prepare(&growth, reader, PT_GROWTH_FROM, 1000);
	pt_growth_prepare(&growth, fd, PT_GROWTH_FROM + 2 * PT_GROWTH_STEP, 1000);
	ck_assert_uint_eq(allocated(fd), before);
	ck_assert_uint_eq(size_of(fd), PT_GROWTH_FROM);
	ck_assert_int_eq(read(reader, text, 4), 4);
	ck_assert_mem_eq(text, "kept", 4);
	close(reader);
	close(fd);
}
END_TEST

/* Only outputs that are plain text files with a name grow ahead. */
static const struct {
	const char *path; /* NULL: the descriptor */
	uint64_t ahead;
} outputs[] = {
	{ "trace", PT_GROWTH_STEP },
	{ "trace.zst", 0 },
	{ NULL, 0 },
};

/* An output that this run has opened before is appended to. */
static void mark_output(const char *path)
{
	int fd = open(path, O_RDWR);

	pt_run_id_mark(fd);
	close(fd);
}

START_TEST(outputs_that_grow)
{
	const char *name = outputs[_i].path ? outputs[_i].path : "trace";
	int fd = open_sparse(name, PT_GROWTH_FROM);
	struct pt_output output = {
		.fd = outputs[_i].path ? -1 : fd,
		.path = outputs[_i].path ? strdup(name) : NULL,
	};
	char text[9] = "";

	ck_assert_int_eq(lseek(fd, 0, SEEK_END), PT_GROWTH_FROM);
	pt_check_start_run(true);
	mark_output(output.path);
	pt_sink_start(&output, false, 1, -1);
	size_t written = 0;
	ck_assert_int_eq(pt_check_write_out("one line\n", 9, &written), 0);
	ck_assert(pt_sink_is_alive());
	uint64_t bytes = allocated(fd);
	ck_assert_uint_le(bytes, outputs[_i].ahead + SLACK);
	if (is_gain())
		ck_assert_uint_ge(bytes, outputs[_i].ahead);
	if (outputs[_i].ahead) {
		ck_assert_uint_eq(size_of(fd), PT_GROWTH_FROM + 9);
		ck_assert_int_eq(pread(fd, text, 9, PT_GROWTH_FROM), 9);
		ck_assert_mem_eq(text, "one line\n", 9);
	}
}
END_TEST

Suite *pt_growth_suite(void)
{
	Suite *suite = suite_create("growth");
	TCase *tcase = tcase_create("growth");

	pt_check_add_directory(tcase);
	tcase_add_loop_test(tcase, large_files, 0, PT_ARRAY_SIZE(rows));
	tcase_add_test(tcase, blocks_stay_ahead);
	tcase_add_test(tcase, memory_is_left_alone);
	tcase_add_test(tcase, failure);
	tcase_add_loop_test(tcase, outputs_that_grow, 0, PT_ARRAY_SIZE(outputs));
	suite_add_tcase(suite, tcase);
	return suite;
}
