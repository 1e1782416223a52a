/* SPDX-License-Identifier: MIT */
/* Input: PYTRACE_OUTPUT, program name, current directory and the words of a command line,
 * each ended by NUL. */
#include "config.h"

#include "fuzz.h"
#include "out/output.h"

#define MAX_WORDS 16

static void check_output(const char *text, const char *program)
{
	const struct pt_output_names names = {
		.pid = 42,
		.parent = 7,
		.program = program,
		.start_time = "20261123T091500",
		.host = "box",
	};
	struct pt_output output;
	char *error = pt_output_parse(&output, text, &names);

	FUZZ_EXPECT((output.fd >= 0) == !output.path);
	FUZZ_EXPECT(!error || output.fd == 2);
	FUZZ_EXPECT(!output.path || *output.path);
	pt_message_free(error);
	pt_output_destroy(&output);
}

/* What is absolute stays as it is, however often it is asked for. */
static void check_absolute(const char *text, const char *directory)
{
	char *once = pt_output_absolute(text, directory);
	FUZZ_EXPECT(once);
	char *twice = pt_output_absolute(once, "/elsewhere");
	FUZZ_EXPECT(twice && strcmp(once, twice) == 0);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_take(&data, &size);
	char *program = fuzz_take(&data, &size);
	char *directory = fuzz_take(&data, &size);
	char *words[MAX_WORDS + 1] = { NULL };

	for (size_t i = 0; i < MAX_WORDS; i++)
		words[i] = fuzz_take(&data, &size);
	if (text) {
		check_output(text, program && *program ? program : "python");
		check_absolute(text, directory && *directory == '/' ? directory : "/");
	}
	char *name = pt_output_program(words);
	FUZZ_EXPECT(name && *name && !strchr(name, '/'));
	free(name);
	for (size_t i = 0; i < MAX_WORDS; i++)
		free(words[i]);
	free(text);
	free(program);
	free(directory);
	return 0;
}
