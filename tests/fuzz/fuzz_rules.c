/* SPDX-License-Identifier: MIT */
/* Input: the origin as one byte; then include and exclude rules, path, real path, module,
 * alias and function, each ended by NUL; those that are missing or empty are NULL. */
#include "config.h"

#include "code/rules.h"
#include "fuzz.h"

#define DIRECTORY "/home/user/work"

enum { INCLUDE, EXCLUDE, PATH, REAL, MODULE, ALIAS, FUNCTION, FIELDS };

static void check_verdict(const struct pt_rules *rules, const struct pt_verdict *verdict)
{
	const struct pt_verdict again = *verdict;

	FUZZ_EXPECT(rules);
	FUZZ_EXPECT(!again.is_traced || again.rule);
	/* The text is there as long as the rules. */
	if (again.rule)
		FUZZ_EXPECT(strlen(again.rule) < (size_t)1 << 20);
}

static void decide(const struct pt_rules *rules, char *const *fields, unsigned int origin)
{
	struct pt_rule_target target = {
		.path = fields[PATH],
		.real = fields[REAL] ? fields[REAL] : fields[PATH],
		.module = fields[MODULE],
		.alias = fields[ALIAS],
		.function = fields[FUNCTION],
		.origin = origin,
	};

	struct pt_verdict of_function = pt_rules_decide(rules, &target);
	check_verdict(rules, &of_function);
	target.function = NULL;
	struct pt_verdict of_file = pt_rules_decide(rules, &target);
	check_verdict(rules, &of_file);
	/* A file is traced when any of its functions may be. */
	FUZZ_EXPECT(of_file.is_traced || !of_function.is_traced);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *fields[FIELDS] = { NULL };
	struct pt_rules rules = { 0 };

	if (size == 0)
		return 0;
	unsigned int origin = *data++ & 0x3f;
	size--;
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = fuzz_take(&data, &size);
		if (fields[i] && !*fields[i]) {
			free(fields[i]);
			fields[i] = NULL;
		}
	}
	free(pt_rules_set_include(&rules, fields[INCLUDE] ? fields[INCLUDE] : "@all",
				  DIRECTORY));
	free(pt_rules_set_exclude(&rules, fields[EXCLUDE] ? fields[EXCLUDE] : "", ""));
	decide(&rules, fields, origin);
	pt_rules_destroy(&rules);
	for (size_t i = 0; i < FIELDS; i++)
		free(fields[i]);
	return 0;
}
