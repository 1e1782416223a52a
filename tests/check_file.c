/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "code/file.h"
#include "code/rules.h"
#include "code/source.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STDLIB "lib/python3.99"
#define SITE STDLIB "/site-packages"
#define DIST STDLIB "/dist-packages"

#define USER PT_ORIGIN_USER
#define FROZEN (PT_ORIGIN_FROZEN | PT_ORIGIN_STDLIB)

#define THREAD_COUNT 4
#define NAME_COUNT 3000

/* Paths are below the start directory; '@' makes a name absolute in the same way. */
static const struct {
	const char *name;
	const char *path;
	const char *real;
	const char *location;
	unsigned int origin;
} rows[] = {
	{ "app/main.py", "app/main.py", NULL, "app/main.py", USER },
	{ "@app/main.py", "app/main.py", NULL, "app/main.py", USER },
	{ "./app/main.py", "app/main.py", NULL, "app/main.py", USER },
	{ "app//x/../main.py", "app/main.py", NULL, "app/main.py", USER },
	{ "@app/./main.py", "app/main.py", NULL, "app/main.py", USER },
	{ "app/missing.py", "app/missing.py", NULL, "app/missing.py", USER },
	{ "app/linked.py", "app/linked.py", "other/c.py", "app/linked.py", USER },
	{ "@app/linked.py", "app/linked.py", "other/c.py", "app/linked.py", USER },
	{ "dir/main.py", "dir/main.py", "app/main.py", "dir/main.py", USER },
	/* The standard library, and what is installed in it. */
	{ "@" STDLIB "/os.py", STDLIB "/os.py", NULL, STDLIB "/os.py", PT_ORIGIN_STDLIB },
	{ STDLIB "/no.py", STDLIB "/no.py", NULL, STDLIB "/no.py", PT_ORIGIN_STDLIB },
	{ "std/os.py", "std/os.py", STDLIB "/os.py", "std/os.py", PT_ORIGIN_STDLIB },
	{ STDLIB "9/os.py", STDLIB "9/os.py", NULL, STDLIB "9/os.py", USER },
	{ "@" SITE "/a.py", SITE "/a.py", NULL, SITE "/a.py", PT_ORIGIN_SITE },
	{ "@" DIST "/a.py", DIST "/a.py", NULL, DIST "/a.py", PT_ORIGIN_SITE },
	{ "site/a.py", "site/a.py", SITE "/a.py", "site/a.py", PT_ORIGIN_SITE },
	{ "v/site-packages/a.py", "v/site-packages/a.py", NULL, "v/site-packages/a.py",
	  PT_ORIGIN_SITE },
	{ "v/site-packages.py", "v/site-packages.py", NULL, "v/site-packages.py", USER },
	{ "xsite-packages/a.py", "xsite-packages/a.py", NULL, "xsite-packages/a.py",
	  USER },
	/* Frozen modules: their source is in the standard library. */
	{ "<frozen os>", STDLIB "/os.py", NULL, STDLIB "/os.py", FROZEN },
	{ "<frozen json>", STDLIB "/json/__init__.py", NULL, STDLIB "/json/__init__.py",
	  FROZEN },
	{ "<frozen json.tool>", STDLIB "/json/tool.py", NULL, STDLIB "/json/tool.py",
	  FROZEN },
	{ "<frozen nothing>", NULL, NULL, "<frozen nothing>", FROZEN },
	{ "<frozen a.b.c>", NULL, NULL, "<frozen a.b.c>", FROZEN },
	/* The root is a name like any other. */
	{ "/", "/", NULL, "/", USER },
	{ "//", "/", NULL, "/", USER },
	{ "/..", "/", NULL, "/", USER },
	{ "/a/..", "/", NULL, "/", USER },
	/* No files. */
	{ "", NULL, NULL, "", USER },
	{ "<string>", NULL, NULL, "<string>", USER },
	{ "<stdin>", NULL, NULL, "<stdin>", USER },
	{ "<>", NULL, NULL, "<>", USER },
	{ "<a/b.py>", NULL, NULL, "<a/b.py>", USER },
	{ "<frozen", "<frozen", NULL, "<frozen", USER },
	/* Files with such names. */
	{ "<", "<", NULL, "<", USER },
	{ "<x", "<x", NULL, "<x", USER },
	{ "x>", "x>", NULL, "x>", USER },
	{ "<frozen ", "<frozen ", NULL, "<frozen ", USER },
	{ "<frozen os", "<frozen os", NULL, "<frozen os", USER },
	{ "\xff.py", "\xff.py", NULL, "\xff.py", USER },
};

/* Makes the files, and starts where they are. */
static void set_up(void)
{
	pt_check_write_text("app/main.py", "x = 1\ny = 2\n");
	pt_check_write_text("app/sub/b.py", "");
	pt_check_write_text("application/b.py", "");
	pt_check_write_text("other/c.py", "");
	pt_check_write_text(STDLIB "/os.py", "import sys\n");
	pt_check_write_text(STDLIB "/json/__init__.py", "");
	pt_check_write_text(STDLIB "/json/tool.py", "");
	pt_check_write_text(SITE "/a.py", "");
	pt_check_write_text(DIST "/a.py", "");
	ck_assert_int_eq(symlink("../other/c.py", "app/linked.py"), 0);
	ck_assert_int_eq(symlink("app", "dir"), 0);
	ck_assert_int_eq(symlink(STDLIB, "std"), 0);
	ck_assert_int_eq(symlink(SITE, "site"), 0);
	pt_file_start();
}

/* Returns the file of a name, written as in the rows. */
static struct pt_file *get(const char *name)
{
	struct pt_file *file = pt_file_get(*name == '@' ? pt_check_path(name + 1) : name);

	ck_assert_ptr_nonnull(file);
	return file;
}

static void check_path(const char *path, const char *expected)
{
	bool is_relative = expected && *expected != '/';

	ck_assert_pstr_eq(path, is_relative ? pt_check_path(expected) : expected);
}

START_TEST(file_of_name)
{
	pt_file_set_stdlib(pt_check_path(STDLIB));
	struct pt_file *file = get(rows[_i].name);

	if (*rows[_i].name != '@')
		ck_assert_str_eq(file->name, rows[_i].name);
	check_path(file->path, rows[_i].path);
	check_path(file->real, rows[_i].real);
	char *location = pt_file_location(file);
	ck_assert_str_eq(location, rows[_i].location);
	free(location);
	if (rows[_i].origin & USER)
		ck_assert_str_eq(pt_file_shown(file, NULL), rows[_i].location);
	ck_assert_uint_eq(file->origin, rows[_i].origin);
	ck_assert_uint_eq(pt_file_origin(file), rows[_i].origin);
	ck_assert_ptr_eq(get(rows[_i].name), file);
}
END_TEST

static const struct {
	const char *name;
	bool is_synthetic;
} synthetic_rows[] = {
	{ "", true },	     { "<string>", true },   { "<frozen os>", true },
	{ "<>", true },	     { "<a b/c>", true },    { "<", false },
	{ ">", false },	     { "a<b>", false },	     { "<a>b", false },
	{ "<a>.py", false }, { "/<string>", false }, { "a.py", false },
	{ "<stdin>-0", true }, { "<stdin>x", false },
};

START_TEST(is_synthetic)
{
	ck_assert_int_eq(pt_file_is_synthetic(synthetic_rows[_i].name),
			 synthetic_rows[_i].is_synthetic);
}
END_TEST

/* Libraries' files, and how they are shown. */
static const struct {
	const char *name;
	const char *shown;
} library_rows[] = {
	{ "@" STDLIB "/os.py", "os.py" },
	{ STDLIB "/json/tool.py", "json/tool.py" },
	{ "std/os.py", "os.py" },
	{ "<frozen os>", "os.py" },
	{ "<frozen json>", "json/__init__.py" },
	{ "<frozen nothing>", "<frozen nothing>" },
	{ "@" SITE "/pkg/a.py", "pkg/a.py" },
	{ "@" DIST "/a.py", "a.py" },
	{ "site/a.py", "a.py" },
	{ "/opt/v/site-packages/pkg/a.py", "pkg/a.py" },
	{ ".venv/lib/site-packages/pkg/a.py", "pkg/a.py" },
	{ "/opt/site-packages/v/dist-packages/x.egg/a.py", "x.egg/a.py" },
	{ "/opt/dist-packages/v/site-packages/a.py", "a.py" },
	/* The user has a file of that name. */
	{ STDLIB "/app/main.py", STDLIB "/app/main.py" },
	{ "@" SITE "/app/main.py", SITE "/app/main.py" },
	{ "/opt/v/site-packages/app/main.py", "/opt/v/site-packages/app/main.py" },
	/* So has the standard library. */
	{ "@" SITE "/os.py", SITE "/os.py" },
	{ "/opt/v/site-packages/json/tool.py", "/opt/v/site-packages/json/tool.py" },
};

START_TEST(shown_without_root)
{
	size_t width = 0;

	pt_file_set_stdlib(pt_check_path(STDLIB));
	ck_assert_str_eq(pt_file_shown(get(library_rows[_i].name), &width),
			 library_rows[_i].shown);
	ck_assert_uint_eq(width, strlen(library_rows[_i].shown));
}
END_TEST

/* Users who work inside a library see names from where they are. */
START_TEST(start_inside_of_library)
{
	pt_file_set_stdlib(pt_check_path(STDLIB));
	ck_assert_int_eq(chdir(STDLIB "/json"), 0);
	pt_file_start();
	ck_assert_str_eq(pt_file_shown(get("tool.py"), NULL), "tool.py");
	ck_assert_str_eq(pt_file_shown(get("@" STDLIB "/os.py"), NULL), "os.py");
	ck_assert_str_eq(pt_file_shown(get("@" SITE "/a.py"), NULL), "a.py");
	ck_assert_int_eq(chdir(".."), 0);
	pt_file_start();
	ck_assert_str_eq(pt_file_shown(get("json/__init__.py"), NULL),
			 "json/__init__.py");
}
END_TEST

/* Before the standard library is known. */
START_TEST(without_stdlib)
{
	ck_assert_ptr_null(get("<frozen os>")->path);
	ck_assert_uint_eq(get("<frozen os>")->origin, FROZEN);
	ck_assert_uint_eq(get("@" STDLIB "/os.py")->origin, USER);
	ck_assert_uint_eq(get("@" SITE "/a.py")->origin, PT_ORIGIN_SITE);
}
END_TEST

/* The interpreter may name its library one way and its files another way. */
static const char *const stdlib_names[] = {
	STDLIB, STDLIB "/", "lib//./python3.99", "app/../" STDLIB, "std",
};

START_TEST(stdlib_by_any_name)
{
	pt_file_set_stdlib(pt_check_path(stdlib_names[_i]));
	pt_file_set_stdlib(pt_check_path("app"));
	ck_assert_uint_eq(get("@" STDLIB "/os.py")->origin, PT_ORIGIN_STDLIB);
	ck_assert_uint_eq(get("std/os.py")->origin, PT_ORIGIN_STDLIB);
	ck_assert_uint_eq(get("app/main.py")->origin, USER);
	ck_assert_uint_eq(get("<frozen os>")->origin, FROZEN);
	ck_assert_ptr_nonnull(get("<frozen os>")->path);
}
END_TEST

START_TEST(outside_of_start)
{
	static const char parent[] = "../x.py";

	ck_assert_str_eq(pt_file_shown(get("/no/such/x.py"), NULL), "/no/such/x.py");
	ck_assert_str_eq(get("/no/such/x.py")->path, "/no/such/x.py");
	ck_assert_str_eq(pt_file_shown(get(parent), NULL), get(parent)->path);
	ck_assert_int_eq(pt_file_shown(get(parent), NULL)[0], '/');
	/* The start directory itself has no relative name. */
	ck_assert_str_eq(pt_file_shown(get("@"), NULL), pt_check_directory());
	ck_assert_str_eq(pt_file_shown(get("."), NULL), pt_check_directory());
}
END_TEST

/* Outside, but a link leads into the start directory. */
START_TEST(link_from_outside)
{
	char link[256];

	snprintf(link, sizeof(link), "%s.link", pt_check_directory());
	ck_assert_int_eq(symlink(pt_check_directory(), link), 0);
	strcat(link, "/app/main.py");
	struct pt_file *file = pt_file_get(link);
	ck_assert_str_eq(file->path, link);
	ck_assert_str_eq(file->real, pt_check_path("app/main.py"));
	ck_assert_str_eq(pt_file_shown(file, NULL), "app/main.py");
}
END_TEST

START_TEST(current_directory_has_changed)
{
	ck_assert_int_eq(chdir("app"), 0);
	check_path(get("main.py")->path, "app/main.py");
	ck_assert_str_eq(pt_file_shown(get("main.py"), NULL), "app/main.py");
	/* Not here: a name that was taken from the start directory. */
	check_path(get("app/sub/b.py")->path, "app/sub/b.py");
	check_path(get("missing.py")->path, "missing.py");
	ck_assert_str_eq(pt_file_places()->start, pt_check_directory());
}
END_TEST

START_TEST(current_directory_is_gone)
{
	pt_check_make_directory("gone");
	ck_assert_int_eq(chdir("gone"), 0);
	ck_assert_int_eq(rmdir(pt_check_path("gone")), 0);
	check_path(get("app/main.py")->path, "app/main.py");
	ck_assert_str_eq(pt_file_shown(get("app/main.py"), NULL), "app/main.py");
}
END_TEST

static const struct {
	const char *name;
	unsigned int origin;
} run_rows[] = {
	{ "app/main.py", USER | PT_ORIGIN_SCRIPT | PT_ORIGIN_PROJECT },
	{ "@app/main.py", USER | PT_ORIGIN_SCRIPT | PT_ORIGIN_PROJECT },
	{ "dir/main.py", USER | PT_ORIGIN_SCRIPT | PT_ORIGIN_PROJECT },
	{ "app/sub/b.py", USER | PT_ORIGIN_PROJECT },
	{ "dir/sub/b.py", USER | PT_ORIGIN_PROJECT },
	{ "application/b.py", USER },
	{ "other/c.py", USER },
	{ "<string>", USER },
	{ "<frozen os>", FROZEN },
	{ STDLIB "/os.py", PT_ORIGIN_STDLIB },
	{ SITE "/a.py", PT_ORIGIN_SITE },
};

static const struct {
	const char *path;
	const char *directory;
	bool is_systems;
} system_rows[] = {
	{ "/usr/share/gdb/python/gdb/types.py", NULL, true },
	{ "/usr/share/gdb/python/gdb/types.py", "/", true },
	{ "/usr/share/gdb/python/gdb/types.py", "", true },
	{ "/usr/share/gdb/python/gdb/types.py", "/usr", true },
	{ "/usr/share/gdb/python/gdb/types.py", "/usr/share", true },
	{ "/usr/share/gdb/python/gdb/types.py", "/usr/share/gdb", false },
	{ "/usr/share/gdb/python/gdb/types.py", "/usr/share/gd", true },
	{ "/usr/share/gdb/python/gdb/types.py", "/home/u/gdb", true },
	{ "/usr/lib/x/plugin.py", "/usr/lib/x", false },
	{ "/usr/lib/x/plugin.py", "/usr/share/x", true },
	{ "/usr/libexec/x.py", NULL, true },
	{ "/lib/x.py", NULL, true },
	{ "/lib64/x.py", NULL, true },
	{ "/usr/lib.py", NULL, false },
	{ "/usr/local/lib/x.py", NULL, false },
	{ "/usr/local/src/x.py", NULL, false },
	{ "/usr/src/x.py", NULL, false },
	{ "/home/u/lib/x.py", NULL, false },
	{ "/srv/usr/share/x.py", NULL, false },
};

START_TEST(is_systems)
{
	ck_assert_int_eq(pt_file_is_systems(system_rows[_i].path,
					    system_rows[_i].directory),
			 system_rows[_i].is_systems);
}
END_TEST

/* What the system has installed is the user's when it is the script that they run. */
START_TEST(origin_of_systems_file)
{
	struct pt_file *file = get("/usr/share/no-such-tool/lib/a.py");
	struct pt_file *other = get("/usr/share/no-such-other/a.py");

	ck_assert_uint_eq(pt_file_origin(file), PT_ORIGIN_SITE);
	pt_file_set_script("/usr/share/no-such-tool/main.py");
	pt_file_set_project("/usr/share/no-such-tool");
	ck_assert_uint_eq(pt_file_origin(file), USER | PT_ORIGIN_PROJECT);
	ck_assert_uint_eq(pt_file_origin(other), PT_ORIGIN_SITE);
}
END_TEST

/* The file is known before the run is: what main.py says about itself comes late. */
START_TEST(script_and_project)
{
	pt_file_set_stdlib(pt_check_path(STDLIB));
	struct pt_file *file = get(run_rows[_i].name);

	ck_assert_uint_eq(pt_file_origin(file) & (PT_ORIGIN_SCRIPT | PT_ORIGIN_PROJECT),
			  0);
	pt_file_set_script("dir/main.py");
	pt_file_set_project("dir/");
	ck_assert_uint_eq(pt_file_origin(file), run_rows[_i].origin);
	pt_file_set_script("other/c.py");
	pt_file_set_project("other");
	ck_assert_uint_eq(pt_file_origin(file), run_rows[_i].origin);
}
END_TEST

START_TEST(places)
{
	const struct pt_places *known = pt_file_places();

	ck_assert_str_eq(known->start, pt_check_directory());
	ck_assert_ptr_null(known->stdlib);
	ck_assert_ptr_null(known->script);
	ck_assert_ptr_null(known->project);
	pt_file_set_script("dir/main.py");
	pt_file_set_project("dir");
	ck_assert_str_eq(known->script, pt_check_path("app/main.py"));
	ck_assert_str_eq(known->project, pt_check_path("app"));
}
END_TEST

/* Containers often start in "/": it is a start directory and a project like others. */
START_TEST(start_is_root)
{
	const char *path = pt_check_path("app/main.py");

	ck_assert_int_eq(chdir("/"), 0);
	pt_file_start();
	pt_file_set_project("/");
	struct pt_file *file = pt_file_get(path);
	ck_assert_str_eq(pt_file_shown(file, NULL), path + 1);
	ck_assert_uint_eq(pt_file_origin(file), USER | PT_ORIGIN_PROJECT);
	ck_assert_str_eq(pt_file_get(path + 1)->path, path);
	ck_assert_str_eq(pt_file_get(".")->path, "/");
	ck_assert_str_eq(pt_file_shown(pt_file_get("."), NULL), "/");
}
END_TEST

START_TEST(source_of_file)
{
	size_t size = 0;

	pt_file_set_stdlib(pt_check_path(STDLIB));
	struct pt_source *source = pt_file_source(get("app/main.py"));
	ck_assert_int_eq(pt_source_line_count(source), 2);
	ck_assert_mem_eq(pt_source_line(source, 2, &size), "y = 2", 5);
	/* It is read once: what is written later does not run. */
	pt_check_write_text("app/main.py", "changed\n");
	ck_assert_ptr_eq(pt_file_source(get("app/main.py")), source);
	ck_assert_int_eq(pt_source_line_count(pt_file_source(get("<frozen os>"))), 1);
	ck_assert_int_eq(pt_source_line_count(pt_file_source(get("app/no.py"))), 0);
	ck_assert_ptr_null(pt_file_source(get("<string>")));
	ck_assert_ptr_null(pt_file_source(get("other/c.py")));
}
END_TEST

/* Code first seen after a change has the new text; what is held keeps the old one. */
START_TEST(changed_file_has_versions)
{
	struct pt_file *old = get("app/main.py");
	size_t size = 0;

	ck_assert_ptr_eq(pt_file_renew(old), old);
	ck_assert_int_eq(pt_source_line_count(pt_file_source(old)), 2);
	ck_assert_ptr_eq(pt_file_renew(pt_file_share(old)), old);
	pt_file_release(old);
	pt_check_write_text("app/main.py", "x = 1\ny = 2\nz = 3\n");
	ck_assert_ptr_eq(get("app/main.py"), old);
	pt_file_release(old);
	struct pt_file *new = pt_file_renew(pt_file_share(old));
	ck_assert_ptr_ne(new, old);
	ck_assert_str_eq(pt_file_shown(new, NULL), pt_file_shown(old, NULL));
	ck_assert_ptr_eq(get("app/main.py"), new);
	pt_file_release(new);
	ck_assert_mem_eq(pt_source_line(pt_file_source(new), 3, &size), "z = 3", 5);
	ck_assert_int_eq(pt_source_line_count(pt_file_source(old)), 2);
	/* The old version stays old. */
	ck_assert_ptr_eq(pt_file_renew(old), old);
	pt_file_release(old);
	ck_assert_int_eq(unlink("app/main.py"), 0);
	new = pt_file_renew(new);
	ck_assert_ptr_null(pt_file_source(new));
	pt_check_write_text("app/main.py", "x = 1\n");
	new = pt_file_renew(new);
	ck_assert_int_eq(pt_source_line_count(pt_file_source(new)), 1);
	pt_file_release(new);
}
END_TEST

/* A text of its own: the name does not lead to it. */
START_TEST(file_with_source)
{
	struct pt_source *source = pt_source_from_text("a\nb\n", 4);
	struct pt_file *file = pt_file_with_source(get("<string>"), source);

	ck_assert_str_eq(file->name, "<string>");
	ck_assert_ptr_eq(pt_file_source(file), source);
	ck_assert_ptr_eq(pt_file_renew(file), file);
	ck_assert_ptr_null(pt_file_source(get("<string>")));
	pt_file_release(pt_file_share(file));
	ck_assert_int_eq(pt_source_line_count(pt_file_source(file)), 2);
	pt_file_release(file);
	pt_file_release(NULL);
}
END_TEST

/* Programs that generate code make as many names as they like. */
START_TEST(files_come_and_go)
{
	struct pt_file *kept = get("app/main.py");
	size_t before = 0;
	char name[32];

	for (int i = 0; i < 200000; i++) {
		snprintf(name, sizeof(name), "<generated %d>", i);
		struct pt_file *file = pt_file_get(name);
		ck_assert_str_eq(file->name, name);
		pt_file_release(file);
		if (i == 5000)
			before = mallinfo2().uordblks;
	}
	ck_assert_uint_lt(mallinfo2().uordblks, before + ((size_t)1 << 20));
	ck_assert_ptr_eq(get("app/main.py"), kept);
}
END_TEST

/* exec() in a loop: the last few files without users keep their text, others do not. */
START_TEST(unused_files_keep_their_text)
{
	struct pt_source *source = pt_file_source(get("app/main.py"));
	struct pt_file *file = get("app/main.py");
	char name[32];

	pt_file_release(file);
	for (int i = 0; i < 20; i++) {
		pt_file_release(file);
		ck_assert_ptr_eq(get("app/main.py"), file);
		ck_assert_ptr_eq(file->source, source);
	}
	pt_file_release(file);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "many/%d.py", i);
		pt_check_write_text(name, "pass\n");
		struct pt_file *other = get(name);
		ck_assert_int_eq(pt_source_line_count(pt_file_source(other)), 1);
		pt_file_release(other);
	}
	ck_assert_ptr_eq(get("app/main.py"), file);
	ck_assert_ptr_null(file->source);
	ck_assert_int_eq(pt_source_line_count(pt_file_source(file)), 2);
}
END_TEST

/* Asks for all names and notes the answers. */
static void *get_all(void *data)
{
	struct pt_file **files = data;
	char name[32];

	for (int i = 0; i < NAME_COUNT; i++) {
		snprintf(name, sizeof(name), "<%d>", i);
		files[i] = pt_file_get(name);
	}
	return NULL;
}

START_TEST(threads_get_the_same_files)
{
	static struct pt_file *files[THREAD_COUNT][NAME_COUNT];
	pthread_t threads[THREAD_COUNT];
	char name[32];

	for (int i = 0; i < THREAD_COUNT; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, get_all, files[i]), 0);
	for (int i = 0; i < THREAD_COUNT; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < NAME_COUNT; i++) {
		snprintf(name, sizeof(name), "<%d>", i);
		ck_assert_str_eq(files[0][i]->name, name);
		for (int j = 1; j < THREAD_COUNT; j++)
			ck_assert_ptr_eq(files[j][i], files[0][i]);
	}
}
END_TEST

Suite *pt_file_suite(void)
{
	Suite *suite = suite_create("file");
	TCase *tcase = tcase_create("files");

	pt_check_add_directory(tcase);
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, file_of_name, 0, PT_ARRAY_SIZE(rows));
	tcase_add_loop_test(tcase, is_synthetic, 0, PT_ARRAY_SIZE(synthetic_rows));
	tcase_add_loop_test(tcase, shown_without_root, 0, PT_ARRAY_SIZE(library_rows));
	tcase_add_test(tcase, start_inside_of_library);
	tcase_add_test(tcase, without_stdlib);
	tcase_add_loop_test(tcase, stdlib_by_any_name, 0, PT_ARRAY_SIZE(stdlib_names));
	tcase_add_test(tcase, outside_of_start);
	tcase_add_test(tcase, link_from_outside);
	tcase_add_test(tcase, current_directory_has_changed);
	tcase_add_test(tcase, current_directory_is_gone);
	tcase_add_loop_test(tcase, script_and_project, 0, PT_ARRAY_SIZE(run_rows));
	tcase_add_loop_test(tcase, is_systems, 0, PT_ARRAY_SIZE(system_rows));
	tcase_add_test(tcase, origin_of_systems_file);
	tcase_add_test(tcase, places);
	tcase_add_test(tcase, start_is_root);
	tcase_add_test(tcase, source_of_file);
	tcase_add_test(tcase, changed_file_has_versions);
	tcase_add_test(tcase, file_with_source);
	tcase_add_test(tcase, files_come_and_go);
	tcase_add_test(tcase, unused_files_keep_their_text);
	tcase_add_test(tcase, threads_get_the_same_files);
	suite_add_tcase(suite, tcase);
	return suite;
}
