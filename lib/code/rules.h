/* SPDX-License-Identifier: MIT */
/* Include and exclude rules: what PYTRACE_INCLUDE and PYTRACE_EXCLUDE say, and matching.
 */
#ifndef PT_RULES_H
#define PT_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* Where code comes from, as bits; a piece of code has one or more. */
enum pt_origin {
	PT_ORIGIN_USER = 1 << 0,    /* none of the next three */
	PT_ORIGIN_STDLIB = 1 << 1,  /* the standard library, its frozen modules too */
	PT_ORIGIN_SITE = 1 << 2,    /* installed packages */
	PT_ORIGIN_FROZEN = 1 << 3,  /* frozen modules */
	PT_ORIGIN_SCRIPT = 1 << 4,  /* the main script */
	PT_ORIGIN_PROJECT = 1 << 5, /* below the script's, or the current, directory */
	PT_ORIGIN_SYSTEM = 1 << 6,  /* only in file.c: below /usr/share and the like */
};

#define PT_ORIGIN_ALL (~0U)

/* What rules decide about. All strings are borrowed; NULL means there is none. */
struct pt_rule_target {
	const char *path;     /* absolute path of the file */
	const char *real;     /* the same with symbolic links resolved */
	const char *module;   /* dotted name, as in __name__ */
	const char *alias;    /* the other name of "__main__" */
	const char *function; /* qualified name; NULL asks about the file as a whole */
	unsigned int origin;  /* set of enum pt_origin */
};

struct pt_rule;

/* The rules of one run. All zero is a set of rules that traces nothing. */
struct pt_rules {
	struct pt_rule *include;
	size_t include_count;
	struct pt_rule *exclude;
	size_t exclude_count;
};

/* What the rules say, and which of them decided. */
struct pt_verdict {
	bool is_traced;
	bool is_include;  /* LIST of the rule: PYTRACE_INCLUDE or PYTRACE_EXCLUDE */
	const char *rule; /* as the user wrote it; NULL: no include rule matched */
};

/*
 * Reads the rules in TEXT (see README, "Rules") and sets the include or the exclude list
 * of RULES. Relative paths are taken from DIRECTORY, which is absolute. Returns NULL, or
 * the message for the user (see pt_message()); then RULES is as before. GIL: not needed.
 */
char *pt_rules_set_include(struct pt_rules *rules, const char *text,
			   const char *directory);
char *pt_rules_set_exclude(struct pt_rules *rules, const char *text,
			   const char *directory);

/* Frees what RULES owns. GIL: not needed. */
void pt_rules_destroy(struct pt_rules *rules);

/*
 * Decides about TARGET: it is traced if an include rule matches and no exclude rule does.
 * A file as a whole is traced if any of its functions may be. The rule text in the answer
 * lives as long as RULES. GIL: not needed.
 */
struct pt_verdict pt_rules_decide(const struct pt_rules *rules,
				  const struct pt_rule_target *target);

/* A rule as rule_report.c sees it; strings are borrowed. */
struct pt_rule_view {
	const char *text; /* as written */
	const char *base; /* for a path, its literal start, absolute; else NULL */
	bool is_include;
	bool is_set;
	bool is_module;
	bool is_matched; /* it has matched something */
};

/*
 * Fills in VIEW for rule INDEX, counting the include rules first. Returns false if there
 * is none. GIL: not needed.
 */
bool pt_rules_view(const struct pt_rules *rules, size_t index, struct pt_rule_view *view);

/*
 * Returns whether the rules want the import of TARGET to be shown, whoever imports it: an
 * include rule names its file, its module or a set, and no exclude rule covers all of it.
 * A rule that is only "::function" names no module. GIL: not needed.
 */
bool pt_rules_wants_module(const struct pt_rules *rules,
			   const struct pt_rule_target *target);

#endif /* PT_RULES_H */
