/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "code/rule_report.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/util.h"
#include "code/rules.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* No more rules and functions than that are looked at. */
#define MAX_QUESTIONS 64
#define MAX_FUNCTIONS 4096

/* A rule that may match nothing. */
struct question {
	size_t index;		/* in the rules */
	_Atomic(char *) meaning; /* what it probably means, owned; NULL: no idea */
	bool is_told;		/* it can never match, and that has been said */
};

/* See pt_rule_report_start(). */
static const struct pt_rules *rules;
static struct question questions[MAX_QUESTIONS];
static size_t question_count;

/* The number of functions looked at. */
static unsigned int function_count;

/* Whether a rule without an answer may mean a file, or a function. */
static atomic_bool wants_files;
static atomic_bool wants_functions;

/* Returns the length of the part of a rule before "::". */
static size_t head_length(const char *rule)
{
	const char *mark = strstr(rule, "::");

	return mark ? (size_t)(mark - rule) : strlen(rule);
}

/* Returns the length of HEAD without ":3" or ":3:7" at its end. */
static size_t length_without_line(const char *head)
{
	size_t length = strlen(head);

	for (;;) {
		size_t end = length;
		while (end && isdigit((unsigned char)head[end - 1]))
			end--;
		if (end == length || end < 2 || head[end - 1] != ':')
			return length;
		length = end - 1;
	}
}

static bool exists(const char *directory, const char *name, bool as_directory)
{
	char *path = pt_format("%s/%s", directory, name);
	struct stat status;
	bool is_there = path && stat(path, &status) == 0 &&
			(!as_directory || S_ISDIR(status.st_mode));

	free(path);
	return is_there;
}

static bool is_set_name(const char *name)
{
	static const char *const names[] = { "all",	"user", "script", "project",
					     "stdlib", "site", "frozen" };

	for (size_t i = 0; i < PT_ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_tilde(const char *head)
{
	return head[0] == '~' && (head[1] == '/' || head[1] == '\0');
}

char *pt_rule_report_guess(const char *rule, const char *directory, const char *home)
{
	size_t length = head_length(rule);
	char *head = strndup(rule, length);
	char *meaning = NULL;

	if (!head || !*head)
		goto out;
	size_t without = length_without_line(head);
	if (is_tilde(head))
		meaning = home ? pt_format("%s%s", home, rule + 1) : NULL;
	else if (without < length)
		meaning = pt_format("%.*s%s", (int)without, head, rule + length);
	else if (!strchr(head, '/') && exists(directory, head, true))
		meaning = pt_format("%s/%s", head, rule + length);
	else if (is_set_name(head))
		meaning = pt_format("@%s", rule);
out:
	free(head);
	return meaning;
}

/* Returns whether PATH has the components of PART, in a row, after others. */
static bool has_components(const char *path, const char *part, size_t size)
{
	const char *found = path;

	while (size && part[size - 1] == '/')
		size--;
	while (size && (found = memmem(found, strlen(found), part, size))) {
		if (found > path && found[-1] == '/' &&
		    (found[size] == '/' || found[size] == '\0'))
			return true;
		found++;
	}
	return false;
}

char *pt_rule_report_guess_file(const char *rule, const char *path, const char *module)
{
	size_t length = head_length(rule);
	char *head = strndup(rule, length);
	char *meaning = NULL;

	if (!head || !*head || strchr("@~.", *head) || strchr(head, '*'))
		goto out;
	bool is_path = strchr(head, '/') || pt_has_suffix(head, length, ".py");
	const char *name = head + (*head == '/');
	if (is_path && path && has_components(path, name, strlen(name)))
		meaning = pt_format("**/%s%s", name, rule + length);
	else if (!is_path && module && pt_nearest(head, &module, 1))
		meaning = pt_format("%s%s", module, rule + length);
out:
	free(head);
	return meaning;
}

char *pt_rule_report_guess_function(const char *rule, const char *name)
{
	const char *dot = strrchr(rule, '.');

	if (strstr(rule, "::") || strcmp(dot ? dot + 1 : rule, name) != 0)
		return NULL;
	return pt_format("::%s", rule);
}

/* Returns whether there is nothing at PATH, and no archive that contains it. */
static bool leads_nowhere(const char *path)
{
	char *copy = strdup(path);
	struct stat status;
	bool is_there = !copy;

	while (!is_there && *copy) {
		if (stat(copy, &status) == 0) {
			is_there = strcmp(copy, path) == 0 || S_ISREG(status.st_mode);
			break;
		}
		char *slash = strrchr(copy, '/');
		*(slash ? slash : copy) = '\0';
	}
	free(copy);
	return !is_there && *path;
}

/* Returns whether it is certain at the start that a rule matches nothing. */
static bool is_hopeless(const struct pt_rule_view *view, const char *directory)
{
	char *head = strndup(view->text, head_length(view->text));
	bool answer = false;

	if (head && view->base) {
		bool is_absolute = *head == '/';
		bool has_line = length_without_line(head) < strlen(head);
		answer = (is_absolute || has_line || is_tilde(head)) &&
			 leads_nowhere(view->base);
		/* It may mean another directory that does not exist yet. */
		if (answer && is_tilde(head))
			answer = !exists(directory, "~", false);
	}
	free(head);
	return answer;
}

static int tell_hopeless(const struct pt_rule_view *view, const char *meaning,
			 void (*report)(const char *line))
{
	const char *list = view->is_include ? "INCLUDE" : "EXCLUDE";
	char *line = NULL;

	if (meaning)
		line = pt_format("PYTRACE_%s: '%s' can never match (did you mean '%s'?)",
				 list, view->text, meaning);
	else
		line = pt_format(
			"PYTRACE_%s: '%s' can never match: there is no such file", list,
			view->text);
	if (line)
		report(line);
	free(line);
	return 1;
}

static bool is_open(const struct question *question, struct pt_rule_view *view)
{
	return pt_rules_view(rules, question->index, view) && !view->is_matched &&
	       !question->is_told;
}

/* Recomputes whether anybody asks: being told costs time in untraced code. */
static void update_wishes(void)
{
	bool has_any = false;
	bool has_module = false;
	struct pt_rule_view view;

	for (size_t i = 0; i < question_count; i++) {
		if (!is_open(&questions[i], &view) || questions[i].meaning)
			continue;
		has_any = has_any || view.is_module || view.base;
		has_module = has_module || view.is_module;
	}
	wants_files = has_any;
	wants_functions = has_module && function_count < MAX_FUNCTIONS;
}

int pt_rule_report_start(const struct pt_rules *run_rules, const char *directory,
			 const char *home, void (*report)(const char *line))
{
	struct pt_rule_view view;
	int count = 0;

	rules = run_rules;
	for (size_t i = 0; pt_rules_view(rules, i, &view); i++) {
		if (view.is_set || question_count == MAX_QUESTIONS)
			continue;
		struct question *question = &questions[question_count++];
		question->index = i;
		question->meaning = pt_rule_report_guess(view.text, directory, home);
		question->is_told = is_hopeless(&view, directory);
		if (question->is_told)
			count += tell_hopeless(&view, question->meaning, report);
	}
	update_wishes();
	return count;
}

bool pt_rule_report_wants_files(void)
{
	return wants_files;
}

bool pt_rule_report_wants_functions(void)
{
	return wants_functions;
}

/* Checks all open questions against one thing; FUNCTION or the others are NULL. */
static void ask(const char *path, const char *module, const char *function)
{
	struct pt_rule_view view;

	pt_lock();
	function_count += function != NULL;
	for (size_t i = 0; i < question_count; i++) {
		struct question *question = &questions[i];
		if (!is_open(question, &view) || question->meaning)
			continue;
		question->meaning =
			function && view.is_module ?
				pt_rule_report_guess_function(view.text, function) :
				pt_rule_report_guess_file(view.text, path, module);
	}
	update_wishes();
	pt_unlock();
}

void pt_rule_report_see_file(const char *path, const char *module)
{
	ask(path, module, NULL);
}

void pt_rule_report_see_function(const char *name)
{
	ask(NULL, NULL, name);
}

void pt_rule_report_end(void)
{
	struct pt_rule_view view;

	for (size_t i = 0; i < question_count; i++) {
		const char *meaning = questions[i].meaning;
		if (!is_open(&questions[i], &view) || (!view.is_include && !meaning))
			continue;
		const char *list = view.is_include ? "INCLUDE" : "EXCLUDE";
		if (meaning)
			pt_log("PYTRACE_%s: '%s' matched nothing in this process (did "
			       "you mean '%s'?)",
			       list, view.text, meaning);
		else
			pt_log("PYTRACE_%s: '%s' matched nothing in this process", list,
			       view.text);
	}
}
