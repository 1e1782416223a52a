/* SPDX-License-Identifier: MIT */
/* The archives are made here, byte by byte, so that each field can be wrong. */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "code/source.h"
#include "code/zip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SIZE (64U << 20)

/* A function twice, so that it is worth compressing, and its form compressed by zlib. */
static const char text[] = "def f(a):\n    return a\n\n\ndef g(a):\n    return a\n";
static const char deflated[] =
	"\x4b\x49\x4d\x53\x48\xd3\x48\xd4\xb4\xe2\x52\x00\x82\xa2\xd4\x92\xd2"
	"\xa2\x3c\x85\x44\x2e\x2e\xae\x14\xa0\x44\x3a\xa6\x04\x00";

/* Nothing, deflated. */
static const char deflated_nothing[] = "\x03\x00";

#define TEXT_SIZE (sizeof(text) - 1)
#define DEFLATED_SIZE (sizeof(deflated) - 1)

/* A member as it is put into an archive. */
struct entry {
	const char *name;
	const char *bytes;
	uint32_t packed_size;
	uint32_t size;
	unsigned int method;
};

#define STORED_TEXT(name)                           \
	{                                           \
		name, text, TEXT_SIZE, TEXT_SIZE, 0 \
	}
#define DEFLATED_TEXT(name)                                 \
	{                                                   \
		name, deflated, DEFLATED_SIZE, TEXT_SIZE, 8 \
	}

/* An archive under construction. */
struct archive {
	struct pt_buf bytes;
	struct pt_buf directory;
	unsigned int count;
	size_t uncounted; /* bytes in front that offsets do not count */
};

static void put16(struct pt_buf *out, unsigned int value)
{
	const unsigned char bytes[] = { value & 0xff, value >> 8 & 0xff };

	pt_buf_add(out, (const char *)bytes, sizeof(bytes));
}

static void put32(struct pt_buf *out, uint32_t value)
{
	put16(out, value & 0xffff);
	put16(out, value >> 16);
}

/* The common part of local header and directory entry. */
static void put_common(struct pt_buf *out, const struct entry *entry, size_t extra)
{
	put16(out, 20); /* version needed */
	put16(out, 0);	/* flags */
	put16(out, entry->method);
	put32(out, 0); /* time and date */
	put32(out, 0); /* CRC, which is not looked at */
	put32(out, entry->packed_size);
	put32(out, entry->size);
	put16(out, (unsigned int)strlen(entry->name));
	put16(out, (unsigned int)extra);
}

/* Adds a member; its local header and its directory entry have other extra fields. */
static void add_entry(struct archive *archive, const struct entry *entry)
{
	struct pt_buf *out = &archive->directory;
	size_t offset = archive->bytes.size - archive->uncounted;

	put32(&archive->bytes, 0x04034b50);
	put_common(&archive->bytes, entry, 5);
	pt_buf_add_string(&archive->bytes, entry->name);
	pt_buf_add_string(&archive->bytes, "extra");
	pt_buf_add(&archive->bytes, entry->bytes, entry->packed_size);
	put32(out, 0x02014b50);
	put16(out, 20);
	put_common(out, entry, 2);
	put16(out, 4); /* size of comment */
	put16(out, 0);
	put16(out, 0);
	put32(out, 0);
	put32(out, (uint32_t)offset);
	pt_buf_add_string(out, entry->name);
	pt_buf_add_string(out, "xxnote");
	archive->count++;
}

static void end_archive(struct archive *archive, size_t comment_size)
{
	struct pt_buf *out = &archive->bytes;
	size_t start = out->size - archive->uncounted;

	pt_buf_add(out, archive->directory.data, archive->directory.size);
	put32(out, 0x06054b50);
	put32(out, 0);
	put16(out, archive->count);
	put16(out, archive->count);
	put32(out, (uint32_t)archive->directory.size);
	put32(out, (uint32_t)start);
	put16(out, (unsigned int)comment_size);
	pt_buf_add_fill(out, 'c', comment_size);
	pt_buf_destroy(&archive->directory);
	ck_assert(!out->failed);
}

static void write_archive(struct archive *archive, const char *name)
{
	pt_check_write(name, archive->bytes.data, archive->bytes.size);
	pt_buf_destroy(&archive->bytes);
}

/* Makes an archive of some members, of all kinds that there are. */
static void make_archive(struct archive *archive, const char *front, bool is_counted,
			 size_t comment_size)
{
	static const struct entry entries[] = {
		{ "dir/", "", 0, 0, 0 },
		STORED_TEXT("__main__.py"),
		DEFLATED_TEXT("dir/deep/packed.py"),
		STORED_TEXT("dir/plain.py"),
		{ "empty.py", "", 0, 0, 0 },
		{ "nothing.py", deflated_nothing, 2, 0, 8 },
		DEFLATED_TEXT("\xc3\xa9.py"),
	};

	*archive = (struct archive){ 0 };
	pt_buf_add_string(&archive->bytes, front);
	archive->uncounted = is_counted ? 0 : strlen(front);
	for (size_t i = 0; i < PT_ARRAY_SIZE(entries); i++)
		add_entry(archive, &entries[i]);
	end_archive(archive, comment_size);
}

/* Reads PATH. Returns the text, to be freed, or NULL when it was refused. */
static char *read_member(const char *path)
{
	struct pt_buf out = { 0 };

	if (!pt_zip_read(path, &out)) {
		pt_buf_destroy(&out);
		return NULL;
	}
	return pt_buf_take(&out);
}

static void check_member(const char *path, const char *expected)
{
	char *found = read_member(path);

	ck_assert_pstr_eq(found, expected);
	free(found);
}

static const struct {
	const char *member;
	const char *expected;
} member_rows[] = {
	{ "__main__.py", text },
	{ "dir/deep/packed.py", text },
	{ "dir/plain.py", text },
	{ "empty.py", "" },
	{ "nothing.py", "" },
	{ "\xc3\xa9.py", text },
	{ "missing.py", NULL },
	{ "dir/missing.py", NULL },
	{ "__main__.p", NULL },
	{ "__main__.pyc", NULL },
	{ "_main__.py", NULL },
	{ "plain.py", NULL },
	{ "dir", NULL },
	{ "__main__.py/x", NULL },
	{ "x/__main__.py", NULL },
	{ "__MAIN__.py", NULL },
	{ "", NULL },
};

/* What surrounds the members in the archive. */
static const struct {
	const char *front;
	bool is_counted;
	size_t comment_size;
} shapes[] = {
	{ "", true, 0 },
	{ "#!/usr/bin/env python3\n", true, 0 },
	{ "#!/usr/bin/env python3\n", false, 0 },
	{ "", true, 1 },
	{ "", true, 300 },
	{ "", true, 65535 },
	{ "#!/usr/bin/env python3\n", false, 65535 },
};

START_TEST(member)
{
	struct archive archive;
	char path[64] = "app.pyz/";

	strcat(path, member_rows[_i].member);
	for (size_t i = 0; i < PT_ARRAY_SIZE(shapes); i++) {
		make_archive(&archive, shapes[i].front, shapes[i].is_counted,
			     shapes[i].comment_size);
		write_archive(&archive, "app.pyz");
		check_member(path, member_rows[_i].expected);
		check_member(pt_check_path(path), member_rows[_i].expected);
	}
}
END_TEST

START_TEST(member_is_appended)
{
	struct archive archive;
	struct pt_buf out = { 0 };

	make_archive(&archive, "", true, 0);
	write_archive(&archive, "app.zip");
	pt_buf_add_string(&out, "before ");
	ck_assert(pt_zip_read("app.zip/dir/plain.py", &out));
	ck_assert(pt_zip_read("app.zip/dir/deep/packed.py", &out));
	ck_assert_uint_eq(out.size, 7 + 2 * TEXT_SIZE);
	ck_assert_mem_eq(out.data, "before ", 7);
	ck_assert_mem_eq(out.data + 7, text, TEXT_SIZE);
	ck_assert_mem_eq(out.data + 7 + TEXT_SIZE, text, TEXT_SIZE);
	pt_buf_destroy(&out);
}
END_TEST

START_TEST(source_of_member)
{
	struct archive archive;
	size_t size = 0;

	make_archive(&archive, "", true, 0);
	write_archive(&archive, "dir.d/app.pyz");
	struct pt_source *source = pt_source_read("dir.d/app.pyz/__main__.py");
	ck_assert_int_eq(pt_source_line_count(source), 6);
	ck_assert_mem_eq(pt_source_line(source, 5, &size), "def g(a):", 9);
	pt_source_free(source);
	/* Neither the archive itself nor a directory in it has lines. */
	source = pt_source_read("dir.d/app.pyz/dir");
	ck_assert_int_eq(pt_source_line_count(source), 0);
	pt_source_free(source);
}
END_TEST

/* Paths that lead into no archive. */
static const char *const no_archives[] = {
	"app.zip",
	"missing.zip/a.py",
	"directory/a.py",
	"empty.zip/a.py",
	"text.zip/a.py",
	"/a.py",
	"a.py",
	"",
	"/",
	"/dev/zero/a.py",
	"//",
	"end.zip/a.py",
	"directory.zip/",
};

START_TEST(no_archive)
{
	struct archive archive;

	make_archive(&archive, "", true, 0);
	write_archive(&archive, "app.zip");
	pt_check_write_text("empty.zip", "");
	pt_check_write_text("text.zip", "print('this is a program, not an archive')\n");
	archive = (struct archive){ 0 };
	end_archive(&archive, 0);
	write_archive(&archive, "end.zip");
	pt_check_make_directory("directory");
	pt_check_make_directory("directory.zip");
	check_member(no_archives[_i], NULL);
}
END_TEST

/* Members with wrong headers, or of an unknown kind. */
static const struct entry bad_entries[] = {
	{ "a.py", text, TEXT_SIZE, TEXT_SIZE + 1, 0 },
	{ "a.py", text, TEXT_SIZE, TEXT_SIZE - 1, 0 },
	{ "a.py", text, TEXT_SIZE, TEXT_SIZE, 8 },
	{ "a.py", text, TEXT_SIZE, TEXT_SIZE, 12 },
	{ "a.py", text, TEXT_SIZE, TEXT_SIZE, 0xffff },
	{ "a.py", deflated, DEFLATED_SIZE, TEXT_SIZE + 1, 8 },
	{ "a.py", deflated, DEFLATED_SIZE, TEXT_SIZE - 1, 8 },
	{ "a.py", deflated, DEFLATED_SIZE, 0, 8 },
	{ "a.py", deflated, DEFLATED_SIZE - 1, TEXT_SIZE, 8 },
	{ "a.py", deflated, 0, TEXT_SIZE, 8 },
	{ "a.py", deflated, DEFLATED_SIZE, MAX_SIZE + 1, 8 },
	{ "a.py", deflated, DEFLATED_SIZE, MAX_SIZE, 8 },
	{ "a.py", deflated, DEFLATED_SIZE, UINT32_MAX, 8 },
	{ "a.py", deflated, DEFLATED_SIZE, TEXT_SIZE, 0 },
};

START_TEST(bad_entry)
{
	struct archive archive = { 0 };

	add_entry(&archive, &bad_entries[_i]);
	end_archive(&archive, 0);
	write_archive(&archive, "app.zip");
	check_member("app.zip/a.py", NULL);
}
END_TEST

/* A small archive with a member of each kind. */
static void make_small(struct archive *archive)
{
	static const struct entry stored = STORED_TEXT("s.py");
	static const struct entry packed = DEFLATED_TEXT("d.py");

	*archive = (struct archive){ 0 };
	add_entry(archive, &stored);
	add_entry(archive, &packed);
	end_archive(archive, 0);
}

/* Without its end nobody can know where the members are. */
START_TEST(truncated)
{
	struct archive archive;

	make_small(&archive);
	for (size_t size = 0; size < archive.bytes.size; size++) {
		pt_check_write("app.zip", archive.bytes.data, size);
		check_member("app.zip/s.py", NULL);
		check_member("app.zip/d.py", NULL);
	}
	write_archive(&archive, "app.zip");
	check_member("app.zip/s.py", text);
}
END_TEST

/* The front is missing: offsets point to bytes that are something else now. */
START_TEST(beheaded)
{
	struct archive archive;

	make_small(&archive);
	for (size_t cut = 1; cut <= archive.bytes.size; cut++) {
		pt_check_write("app.zip", archive.bytes.data + cut,
			       archive.bytes.size - cut);
		check_member("app.zip/s.py", NULL);
		check_member("app.zip/d.py", NULL);
	}
	pt_buf_destroy(&archive.bytes);
}
END_TEST

static const unsigned char masks[] = { 0x01, 0x10, 0x80, 0xff };

/* Each byte is changed in turn. What is read is then either refused or as long as ever.
 */
START_TEST(corrupted)
{
	static const char *const paths[] = { "app.zip/s.py", "app.zip/d.py" };
	struct archive archive;
	size_t refused = 0;

	make_small(&archive);
	for (size_t i = 0; i < archive.bytes.size; i++) {
		archive.bytes.data[i] = (char)(archive.bytes.data[i] ^ masks[_i]);
		pt_check_write("app.zip", archive.bytes.data, archive.bytes.size);
		archive.bytes.data[i] = (char)(archive.bytes.data[i] ^ masks[_i]);
		for (size_t j = 0; j < PT_ARRAY_SIZE(paths); j++) {
			struct pt_buf out = { 0 };
			if (pt_zip_read(paths[j], &out))
				ck_assert_uint_eq(out.size, TEXT_SIZE);
			else
				refused++;
			pt_buf_destroy(&out);
		}
	}
	ck_assert_uint_gt(refused, 20);
	write_archive(&archive, "app.zip");
	check_member("app.zip/d.py", text);
}
END_TEST

/* zipapp and zipfile, where there is a Python to run them. */
START_TEST(made_by_python)
{
	static const char program[] =
		"import zipapp, zipfile\n"
		"zipapp.create_archive('app', 'app.pyz', '/usr/bin/env python3',"
		" compressed=True)\n"
		"with zipfile.ZipFile('lib.zip', 'w') as archive:\n"
		"    archive.write('app/sub/b.py')\n"
		"    archive.comment = b'PK'\n";

	if (system("python3 -c 'import zipapp, zlib' 2>/dev/null") != 0)
		return;
	pt_check_write_text("app/__main__.py", text);
	pt_check_write_text("app/sub/b.py", text);
	pt_check_write_text("make.py", program);
	ck_assert_int_eq(system("python3 make.py"), 0);
	check_member("app.pyz/__main__.py", text);
	check_member("app.pyz/sub/b.py", text);
	check_member("lib.zip/app/sub/b.py", text);
	check_member("lib.zip/sub/b.py", NULL);
}
END_TEST

START_TEST(reading_leaves_no_descriptor)
{
	struct archive archive;

	make_small(&archive);
	write_archive(&archive, "app.zip");
	int before = dup(0);
	close(before);
	check_member("app.zip/d.py", text);
	check_member("app.zip/x.py", NULL);
	int after = dup(0);
	close(after);
	ck_assert_int_eq(after, before);
}
END_TEST

Suite *pt_zip_suite(void)
{
	Suite *suite = suite_create("zip");
	TCase *good = tcase_create("good");
	TCase *bad = tcase_create("bad");

	pt_check_add_directory(good);
	tcase_set_timeout(good, 20);
	tcase_add_loop_test(good, member, 0, PT_ARRAY_SIZE(member_rows));
	tcase_add_test(good, member_is_appended);
	tcase_add_test(good, source_of_member);
	tcase_add_test(good, made_by_python);
	tcase_add_test(good, reading_leaves_no_descriptor);
	suite_add_tcase(suite, good);
	pt_check_add_directory(bad);
	tcase_set_timeout(bad, 20);
	tcase_add_loop_test(bad, no_archive, 0, PT_ARRAY_SIZE(no_archives));
	tcase_add_loop_test(bad, bad_entry, 0, PT_ARRAY_SIZE(bad_entries));
	tcase_add_test(bad, truncated);
	tcase_add_test(bad, beheaded);
	tcase_add_loop_test(bad, corrupted, 0, PT_ARRAY_SIZE(masks));
	suite_add_tcase(suite, bad);
	return suite;
}
