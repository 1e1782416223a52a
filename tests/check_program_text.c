/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/util.h"
#include "check_pytrace.h"
#include "code/program_text.h"
#include "code/source.h"

#include <fcntl.h>
#include <unistd.h>

static const struct {
	const char *argv[7];
	const char *text;
} command_rows[] = {
	{ { "python3", "-c", "x = 1", "-c" }, "x = 1" },
	{ { "python3", "-cx = 1" }, "x = 1" },
	{ { "python3", "-Bc", "x = 1" }, "x = 1" },
	{ { "python3", "-IBcx" }, "x" },
	{ { "python3", "-W", "error", "-X", "dev", "-cx" }, "x" },
	{ { "python3", "-Werror", "-Xdev", "-c", "" }, "" },
	{ { "python3", "--check-hash-based-pycs", "always", "-c", "x" }, "x" },
	{ { "python3", "-c" }, NULL },
	{ { "python3", "-m", "mod", "-c", "x" }, NULL },
	{ { "python3", "-mmod", "-c", "x" }, NULL },
	{ { "python3", "a.py", "-c", "x" }, NULL },
	{ { "python3", "-", "-c", "x" }, NULL },
	{ { "python3", "-W" }, NULL },
	{ { "python3" }, NULL },
	{ { NULL }, NULL },
};

/* The strings of a command line are not const, though nobody writes to them. */
static const char *command(const char *const *argv)
{
	return pt_program_text_command((char *const *)(size_t)argv);
}

START_TEST(text_after_command)
{
	ck_assert_pstr_eq(command(command_rows[_i].argv),
			  command_rows[_i].text);
}
END_TEST

START_TEST(no_command_line)
{
	ck_assert_ptr_null(pt_program_text_command(NULL));
	pt_program_text_start(NULL);
	ck_assert_ptr_null(pt_program_text_take("<string>", "-c"));
}
END_TEST

/* Only the first code of that name is the program. */
START_TEST(taken_once)
{
	static const char *const argv[] = { "python3", "-c", "a\nb", NULL };

	pt_program_text_start((char *const *)(size_t)argv);
	ck_assert_ptr_null(pt_program_text_take("<string>", "a.py"));
	ck_assert_ptr_null(pt_program_text_take("<generated>", "-c"));
	struct pt_source *source = pt_program_text_take("<string>", "-c");
	ck_assert_int_eq(pt_source_line_count(source), 2);
	ck_assert_ptr_null(pt_program_text_take("<string>", "-c"));
	pt_source_free(source);
}
END_TEST

/* A shell may have read from the file before: the program begins where it stands. */
START_TEST(standard_input)
{
	static const char text[] = "not ours\nx = 1\ny = 2\n";
	size_t size = 0;

	pt_check_write_text("input", text);
	int fd = open("input", O_RDONLY);
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(lseek(fd, 9, SEEK_SET), 9);
	pt_program_text_start(NULL);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)sizeof(text) - 1);
	ck_assert_ptr_null(pt_program_text_take("<stdin>", "a.py"));
	struct pt_source *source = pt_program_text_take("<stdin>", _i ? "-" : "");
	ck_assert_mem_eq(pt_source_line(source, 1, &size), "x = 1", 5);
	ck_assert_int_eq(pt_source_line_count(source), 2);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)sizeof(text) - 1);
	pt_source_free(source);
}
END_TEST

START_TEST(pipe_is_left_alone)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "x\n", 2), 2);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	pt_program_text_start(NULL);
	ck_assert_ptr_null(pt_program_text_take("<stdin>", ""));
}
END_TEST

Suite *pt_program_text_suite(void)
{
	Suite *suite = suite_create("program_text");
	TCase *tcase = tcase_create("program_text");

	pt_check_add_directory(tcase);
	tcase_add_loop_test(tcase, text_after_command, 0, PT_ARRAY_SIZE(command_rows));
	tcase_add_test(tcase, no_command_line);
	tcase_add_test(tcase, taken_once);
	tcase_add_loop_test(tcase, standard_input, 0, 2);
	tcase_add_test(tcase, pipe_is_left_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
