/* SPDX-License-Identifier: MIT */
/* How libzstd itself reads what we had it write; without libzstd there are no tests. */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "out/zstd_stream.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BLOCK ((size_t)128 << 10)
#define MIB ((size_t)1 << 20)

/* The byte of a frame's header for a window of 2^23 bytes, which all decoders accept. */
#define WINDOW_BYTE 5
#define WINDOW ((23 - 10) << 3)

/* Of libzstd. */
static size_t (*decompress)(void *, size_t, const void *, size_t);
static unsigned int (*version)(void);

/* Whether it takes repeats from us. */
static bool is_ours;

/* A file in the making. */
struct file {
	struct pt_zstd *stream;
	struct pt_buf bytes;
	bool has_frame; /* ... to continue */
};

static void start(struct file *file, int level)
{
	const char *problem;

	*file = (struct file){ .stream = pt_zstd_new(level, &problem) };
	ck_assert_msg(file->stream, "%s", problem);
}

static void end(struct file *file)
{
	pt_zstd_free(file->stream);
	pt_buf_destroy(&file->bytes);
}

static void restart(struct file *file)
{
	pt_zstd_restart(file->stream);
	file->has_frame = false;
}

/* Writes over the end of the frame as the sink does. */
static void pack(struct file *file, const char *text, size_t size)
{
	if (file->has_frame)
		file->bytes.size -= PT_ZSTD_END_SIZE;
	ck_assert(pt_zstd_compress(file->stream, text, size, &file->bytes));
	file->has_frame = true;
}

/* Checks that the bytes of a file from START on are of that text. */
static void check_from(const struct file *file, size_t start, const char *text,
		       size_t size)
{
	const char *bytes = file->bytes.data + start;
	char *found = malloc(size + 1);

	ck_assert_int_eq(bytes[WINDOW_BYTE], WINDOW);
	ck_assert_uint_eq(decompress(found, size + 1, bytes, file->bytes.size - start),
			  size);
	ck_assert(memcmp(found, text, size) == 0);
	free(found);
}

static void check_file(const struct file *file, const char *text, size_t size)
{
	check_from(file, 0, text, size);
}

/* Writes a text in parts and checks the file after each of them. */
static void pack_parts(struct file *file, const char *text, size_t size)
{
	static const size_t parts[] = { 100000, 1, 50, 6, MAX_BLOCK, 7, 5000, 2, 300000 };
	size_t start = file->has_frame ? 0 : file->bytes.size;
	size_t done = 0;

	for (size_t i = 0; done < size; i = (i + 1) % PT_ARRAY_SIZE(parts)) {
		size_t part = parts[i] < size - done ? parts[i] : size - done;
		pack(file, text + done, part);
		done += part;
		check_from(file, start, text, done);
	}
}

/* By our search, and by libzstd's. */
static const int levels[] = { 1, 2, 19 };

/* The number of a test gives its level and kind of text. */
#define TIMES (PT_ARRAY_SIZE(levels) * PT_CHECK_TEXTS)

static int level_of(int number)
{
	return levels[(size_t)number / PT_CHECK_TEXTS];
}

static char *text_of(int number, size_t size)
{
	char *text = malloc(size);

	pt_check_texts[number % PT_CHECK_TEXTS].fill(text, size);
	return text;
}

START_TEST(comes_back)
{
	const size_t size = 600000;
	char *text = text_of(_i, size);
	struct file file;

	start(&file, level_of(_i));
	pack_parts(&file, text, size);
	end(&file);
	free(text);
}
END_TEST

/* Each frame can be read by itself, and all of them together. */
START_TEST(two_frames)
{
	const size_t size = 250000;
	char *text = text_of(_i, 2 * size);
	struct file file;

	memcpy(text + size, text, size);
	start(&file, level_of(_i));
	pack(&file, text, size);
	size_t first = file.bytes.size;
	restart(&file);
	pack_parts(&file, text, size);
	check_from(&file, first, text, size);
	check_file(&file, text, 2 * size);
	end(&file);
	free(text);
}
END_TEST

#define LOOP ((size_t)3000)
#define LOOP_TIMES 400

/* A loop takes space only once: if blocks began within lines, those would be new. */
START_TEST(loop_is_small)
{
	const size_t size = LOOP_TIMES * LOOP;
	char *text = malloc(2 * size);
	struct file file;

	pt_check_fill_lines(text, LOOP, LOOP / 3, LOOP / 3);
	pt_check_repeat(text, 2 * size, LOOP);
	start(&file, levels[_i]);
	pack(&file, text, size);
	size_t first = file.bytes.size;
	ck_assert_uint_lt(first, 2 * LOOP);
	pack(&file, text + size, size);
	ck_assert_uint_lt(file.bytes.size - first, LOOP / 5);
	check_file(&file, text, 2 * size);
	end(&file);
	free(text);
}
END_TEST

/* Sizes of what is written at once, three times, and of its lines. */
static const struct {
	size_t size;
	size_t line;
} size_rows[] = {
	{ MAX_BLOCK, 100 },
	{ MAX_BLOCK, MAX_BLOCK },
	/* Their last lines are too short for libzstd to look for repeats. */
	{ MAX_BLOCK + 1, MAX_BLOCK },
	{ MAX_BLOCK + 6, MAX_BLOCK },
	{ MAX_BLOCK + 7, MAX_BLOCK },
	{ MAX_BLOCK + 100, MAX_BLOCK },
	{ 2 * MAX_BLOCK, 2 * MAX_BLOCK },
	{ 300000, 150000 },
};

START_TEST(sizes)
{
	const size_t size = size_rows[_i].size;
	char *text = malloc(3 * size);
	struct file file;

	pt_check_fill_lines(text, size, size_rows[_i].line, size_rows[_i].line);
	pt_check_repeat(text, 3 * size, size);
	start(&file, 1);
	for (size_t i = 0; i < 3; i++)
		pack(&file, text + i * size, size);
	check_file(&file, text, 3 * size);
	end(&file);
	free(text);
}
END_TEST

/* More than a window, of lines that have been in it, and those that have not. */
START_TEST(long_text)
{
	const size_t size = 20 * MIB;
	char *text = malloc(size);
	struct file file;

	pt_check_fill_lines(text, 3000001, 20, 200);
	pt_check_repeat(text, size, 3000001);
	pt_check_fill_lines(text + size / 2, MIB, 20, 200);
	start(&file, 1);
	for (size_t i = 0; i < size; i += MIB)
		pack(&file, text + i, MIB);
	check_file(&file, text, size);
	end(&file);
	free(text);
}
END_TEST

#define LINE 200
#define LINES 1000

/*
 * Lines in another order, behind much that is new: each of them is found, though libzstd
 * would not find many at this level. Where it takes no repeats from us it has to do.
 */
START_TEST(search_is_ours)
{
	const size_t size = LINES * LINE;
	char *text = malloc(2 * size + MIB);
	struct file file;

	pt_check_fill_lines(text, size, LINE, LINE);
	pt_check_fill(text + size, MIB);
	text[size + MIB - 1] = '\n';
	for (size_t i = 0; i < LINES; i++)
		memcpy(text + size + MIB + i * LINE, text + i * 7 % LINES * LINE, LINE);
	start(&file, 1);
	pack(&file, text, size + MIB);
	size_t before = file.bytes.size;
	pack(&file, text + size + MIB, size);
	if (is_ours)
		ck_assert_uint_lt(file.bytes.size - before, LINES * 10);
	check_file(&file, text, 2 * size + MIB);
	end(&file);
	free(text);
}
END_TEST

/* Returns whether there is a libzstd. */
static bool open_library(void)
{
	void *library = dlopen("libzstd.so.1", RTLD_NOW);

	if (!library)
		return false;
	*(void **)&decompress = dlsym(library, "ZSTD_decompress");
	*(void **)&version = dlsym(library, "ZSTD_versionNumber");
	is_ours = version() >= 10504 && version() <= 10507 &&
		  dlsym(library, "ZSTD_registerSequenceProducer");
	if (!is_ours)
		printf("# zstd: %u takes no repeats from us: not tested\n", version());
	return true;
}

Suite *pt_zstd_suite(void)
{
	Suite *suite = suite_create("zstd");
	TCase *tcase = tcase_create("zstd");

	suite_add_tcase(suite, tcase);
	if (!open_library()) {
		printf("# zstd: skipped, libzstd.so.1 is not installed\n");
		return suite;
	}
	tcase_add_loop_test(tcase, comes_back, 0, TIMES);
	tcase_add_loop_test(tcase, two_frames, 0, TIMES);
	tcase_add_loop_test(tcase, loop_is_small, 0, PT_ARRAY_SIZE(levels));
	tcase_add_loop_test(tcase, sizes, 0, PT_ARRAY_SIZE(size_rows));
	tcase_add_test(tcase, long_text);
	tcase_add_test(tcase, search_is_ours);
	return suite;
}
