/* SPDX-License-Identifier: MIT */
/* Rules that match nothing: which ones, and what was probably meant. */
#ifndef PT_RULE_REPORT_H
#define PT_RULE_REPORT_H

#include <stdbool.h>

struct pt_rules;

/*
 * Returns what RULE, which matches nothing, probably means, judging by its text and by
 * the files in the start DIRECTORY: "src/" for "src", "a.py" for "a.py:3", a path for
 * "~/x" (HOME may be NULL), "@user" for "user". The caller frees it; NULL: no idea. GIL:
 * not needed.
 */
char *pt_rule_report_guess(const char *rule, const char *directory, const char *home);

/*
 * Returns what RULE means if it means a file that was seen: a path with "**" in front, a
 * module with a similar name. PATH and MODULE may be NULL. The caller frees it; NULL if
 * the rule does not mean that file. GIL: not needed.
 */
char *pt_rule_report_guess_file(const char *rule, const char *path, const char *module);

/* Returns "::RULE", to be freed, if the last part of RULE is the function NAME, else
 * NULL. GIL: not needed. */
char *pt_rule_report_guess_function(const char *rule, const char *name);

/*
 * Notes RULES, which live as long as the process, and hands REPORT a line for each one
 * that can never match. Returns the number of such lines. Call once. GIL: not needed.
 */
int pt_rule_report_start(const struct pt_rules *rules, const char *directory,
			 const char *home, void (*report)(const char *line));

/*
 * Return whether a rule has matched nothing so far and may have meant a file, or a
 * function. GIL: not needed.
 */
bool pt_rule_report_wants_files(void);
bool pt_rule_report_wants_functions(void);

/*
 * Report a file, traced or not, or a function of the user's that is not traced. PATH and
 * MODULE may be NULL. GIL: not needed.
 */
void pt_rule_report_see_file(const char *path, const char *module);
void pt_rule_report_see_function(const char *name);

/*
 * Names the rules that matched nothing in this process, one line each: all include rules
 * except sets, and exclude rules that seem mistaken. Takes no memory and no lock. GIL:
 * not needed.
 */
void pt_rule_report_end(void);

#endif /* PT_RULE_REPORT_H */
