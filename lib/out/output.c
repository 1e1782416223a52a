/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/output.h"

#include "base/command_line.h"
#include "base/util.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FD_PREFIX "fd:"

/* The name of a process's file in a directory of traces. */
#define NAME_IN_DIRECTORY "%e.%p.trace"

static bool is_stream(const char *text)
{
	return strcmp(text, "stderr") == 0 || strcmp(text, "stdout") == 0 ||
	       strncmp(text, FD_PREFIX, strlen(FD_PREFIX)) == 0;
}

static char *parse_descriptor(struct pt_output *output, const char *text)
{
	const char *digits = text + strlen(FD_PREFIX);
	char *end = NULL;

	errno = 0;
	long fd = strtol(digits, &end, 10);
	if (!isdigit((unsigned char)*digits) || *end || errno || fd > 1 << 20)
		return pt_message("bad descriptor '%s' (expected fd: and a number)", text);
	output->fd = (int)fd;
	return NULL;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Replaces the %-sequences of PATTERN. Returns NULL, or the message for the user. */
static char *expand(const char *pattern, const struct pt_output_names *names,
		    struct pt_buf *out, bool *is_private)
{
	for (const char *p = pattern; *p; p++) {
		if (*p != '%') {
			pt_buf_add(out, p, 1);
			continue;
		}
		switch (*++p) {
		case 'p':
			pt_buf_add_format(out, "%d", names->pid);
			*is_private = true;
			break;
		case 'P':
			pt_buf_add_format(out, "%d", names->parent);
			break;
		case 'e':
			pt_buf_add_string(out, names->program);
			break;
		case 't':
			pt_buf_add_string(out, names->start_time);
			break;
		case 'h':
			pt_buf_add_string(out, names->host);
			break;
		case '%':
			pt_buf_add(out, "%", 1);
			break;
		default:
			return pt_message(
				"unknown '%%%.*s' in '%s' (expected %%p, %%P, %%e, "
				"%%t, %%h or %%%%)",
				*p ? 1 : 0, p, pattern);
		}
	}
	return NULL;
}

static char *parse_path(struct pt_output *output, const char *text,
			const struct pt_output_names *names)
{
	struct pt_buf path = { 0 };
	size_t length = strlen(text);
	char *error = expand(text, names, &path, &output->is_private);

	pt_buf_add(&path, "", 1);
	if (!error && !path.failed &&
	    (text[length - 1] == '/' || is_directory(path.data))) {
		output->in_directory = true;
		path.size--;
		if (text[length - 1] != '/')
			pt_buf_add(&path, "/", 1);
		error = expand(NAME_IN_DIRECTORY, names, &path, &output->is_private);
		pt_buf_add(&path, "", 1);
	}
	if (!error && path.failed)
		error = pt_no_memory;
	if (error) {
		pt_buf_destroy(&path);
		return error;
	}
	output->fd = -1;
	output->path = path.data;
	return NULL;
}

char *pt_output_parse(struct pt_output *output, const char *text,
		      const struct pt_output_names *names)
{
	*output = (struct pt_output){ .fd = STDERR_FILENO };
	if (*text == '\0' || strcmp(text, "stderr") == 0)
		return NULL;
	if (strcmp(text, "stdout") == 0) {
		output->fd = STDOUT_FILENO;
		return NULL;
	}
	if (is_stream(text))
		return parse_descriptor(output, text);
	char *error = parse_path(output, text, names);
	if (error)
		*output = (struct pt_output){ .fd = STDERR_FILENO };
	return error;
}

bool pt_output_make_private(struct pt_output *output, int pid)
{
	if (!output->path || output->is_private)
		return true;
	const char *dot = strrchr(output->path, '.');
	bool has_suffix = dot && dot > pt_base_name(output->path);
	size_t stem = has_suffix ? (size_t)(dot - output->path) : strlen(output->path);
	char *path =
		pt_format("%.*s.%d%s", (int)stem, output->path, pid, output->path + stem);

	if (!path)
		return false;
	free(output->path);
	output->path = path;
	output->is_private = true;
	return true;
}

bool pt_output_has_suffix(const struct pt_output *output, const char *suffix)
{
	return output->path &&
	       pt_has_suffix(output->path, strlen(output->path), suffix);
}

void pt_output_destroy(struct pt_output *output)
{
	free(output->path);
	*output = (struct pt_output){ .fd = STDERR_FILENO };
}

char *pt_output_absolute(const char *text, const char *directory)
{
	struct pt_buf out = { 0 };

	if (*text == '\0' || *text == '/' || is_stream(text))
		return strdup(text);
	for (const char *p = directory; *p; p++) {
		pt_buf_add(&out, p, 1);
		if (*p == '%')
			pt_buf_add(&out, p, 1);
	}
	pt_buf_add_string(&out, "/");
	pt_buf_add_string(&out, text);
	return pt_buf_take(&out);
}

/* Finds the last component of a path, without trailing slashes; *SIZE is its length. */
static const char *last_component(const char *path, size_t *size)
{
	size_t end = strlen(path);

	while (end && path[end - 1] == '/')
		end--;
	size_t start = end;
	while (start && path[start - 1] != '/')
		start--;
	*size = end - start;
	return path + start;
}

char *pt_output_program(char *const *argv)
{
	size_t size = 0;
	const char *name = last_component(argv && *argv ? *argv : "", &size);

	if (strncmp(name, "python", 6) == 0) {
		char kind = 0;
		const char *main = pt_command_line_main(argv, &kind);
		bool has_name = main && kind != 'c' && strcmp(main, "-") != 0;
		name = last_component(has_name ? main : "python", &size);
	}
	if (pt_has_suffix(name, size, ".py"))
		size -= 3;
	return size ? strndup(name, size) : strdup("python");
}
