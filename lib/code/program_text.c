/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "code/program_text.h"

#include "base/command_line.h"
#include "base/util.h"
#include "code/source.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer programs are not read: no human typed them. */
#define MAX_SIZE (64U << 20)
#define READ_SIZE ((size_t)16 << 10)

/* See pt_program_text_start(). */
static char *const *command_line;

/* Where the program begins on standard input; -1: not a regular file. */
static off_t stdin_offset = -1;

/* The program's text has been given out. */
static atomic_bool is_taken;

void pt_program_text_start(char *const *argv)
{
	struct stat status;

	command_line = argv;
	if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode))
		stdin_offset = lseek(STDIN_FILENO, 0, SEEK_CUR);
}

const char *pt_program_text_command(char *const *argv)
{
	char kind = 0;
	const char *text = pt_command_line_main(argv, &kind);

	return kind == 'c' ? text : NULL;
}

/* Reads what Python has read from standard input, with which we share the offset. */
static struct pt_source *read_stdin(void)
{
	struct pt_source *source = NULL;
	struct pt_buf text = { 0 };
	off_t offset = stdin_offset;
	ssize_t got = 0;

	while (offset >= 0 && text.size <= MAX_SIZE && pt_buf_reserve(&text, READ_SIZE)) {
		got = pread(STDIN_FILENO, text.data + text.size, READ_SIZE, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		text.size += (size_t)got;
		offset += got;
	}
	if (text.size && got == 0)
		source = pt_source_parse(text.data, text.size);
	pt_buf_destroy(&text);
	return source;
}

struct pt_source *pt_program_text_take(const char *name, const char *first_argument)
{
	bool is_command =
		strcmp(name, "<string>") == 0 && strcmp(first_argument, "-c") == 0;
	bool is_stdin =
		strcmp(name, "<stdin>") == 0 &&
		(*first_argument == '\0' || strcmp(first_argument, "-") == 0);

	if ((!is_command && !is_stdin) || atomic_exchange(&is_taken, true))
		return NULL;
	if (is_stdin)
		return read_stdin();
	const char *text = pt_program_text_command(command_line);
	return text ? pt_source_from_text(text, strlen(text)) : NULL;
}
