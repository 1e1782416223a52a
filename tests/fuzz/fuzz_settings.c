/* SPDX-License-Identifier: MIT */
/* Input: entries of an environment, each ended by NUL. */
#include "config.h"

#include "fuzz.h"
#include "start/follow.h"
#include "trace/settings.h"

#define MAX_ENTRIES 32

/* What goes to the user is one line each. */
static void check_line(const char *line)
{
	FUZZ_EXPECT(line);
	for (; *line; line++)
		FUZZ_EXPECT((unsigned char)*line >= 0x20 && *line != 0x7f);
}

/* Values are shown as they are. */
static void ignore_line(const char *line)
{
	FUZZ_EXPECT(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *environment[MAX_ENTRIES + 1] = { NULL };
	struct pt_settings settings;

	for (size_t i = 0; i < MAX_ENTRIES; i++)
		environment[i] = fuzz_take(&data, &size);
	int problems = pt_settings_parse(&settings, environment, check_line);
	FUZZ_EXPECT(problems >= 0);
	FUZZ_EXPECT(settings.include && settings.exclude && settings.output);
	pt_settings_help(&settings, ignore_line);
	pt_settings_is_off(environment);
	pt_follow_wants_exec(environment);
	pt_settings_destroy(&settings);
	for (size_t i = 0; i < MAX_ENTRIES; i++)
		free(environment[i]);
	return 0;
}
