/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "code/rules.h"

#include "base/util.h"
#include "code/glob.h"

#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What the part of a rule before '::' is about. */
enum rule_kind { RULE_ANY, RULE_SET, RULE_PATH, RULE_MODULE };

/* One rule. Strings are owned. */
struct pt_rule {
	char *text; /* as written */
	enum rule_kind kind;
	unsigned int origin; /* RULE_SET: matches code that has one of these */
	char *base;	     /* RULE_PATH: literal start of the path, "" for anywhere */
	char *real_base;     /* the same with symbolic links resolved, or NULL */
	char *pattern;	     /* RULE_PATH: what follows the base; RULE_MODULE */
	char *function;	     /* pattern of the qualified name, or NULL */
	atomic_bool is_matched; /* it has matched something */
};

/* The named sets. */
static const struct {
	const char *name;
	unsigned int origin;
} sets[] = {
	{ "@all", PT_ORIGIN_ALL },	 { "@user", PT_ORIGIN_USER },
	{ "@script", PT_ORIGIN_SCRIPT }, { "@project", PT_ORIGIN_PROJECT },
	{ "@stdlib", PT_ORIGIN_STDLIB }, { "@site", PT_ORIGIN_SITE },
	{ "@frozen", PT_ORIGIN_FROZEN },
};

static void destroy_rule(struct pt_rule *rule)
{
	free(rule->text);
	free(rule->base);
	free(rule->real_base);
	free(rule->pattern);
	free(rule->function);
}

static void destroy_list(struct pt_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		destroy_rule(&rules[i]);
	free(rules);
}

static char *parse_set(struct pt_rule *rule, const char *name)
{
	const char *names[PT_ARRAY_SIZE(sets)];

	for (size_t i = 0; i < PT_ARRAY_SIZE(sets); i++) {
		names[i] = sets[i].name;
		if (strcmp(name, sets[i].name) == 0) {
			rule->kind = RULE_SET;
			rule->origin = sets[i].origin;
			return NULL;
		}
	}
	const char *near = pt_nearest(name, names, PT_ARRAY_SIZE(sets));
	if (near)
		return pt_message("unknown set '%s' (did you mean '%s'?)", name, near);
	return pt_message("unknown set '%s' (expected @all, @user, @script, @project, "
			 "@stdlib, @site, @frozen)",
			 name);
}

/*
 * Returns the length of the leading whole components of PATTERN without glob characters.
 */
static size_t literal_length(const char *pattern)
{
	size_t length = 0;

	for (size_t i = 0; pattern[i]; i++) {
		if (strchr("*?[\\", pattern[i]))
			return length;
		if (pattern[i] == '/')
			length = i + 1;
	}
	return strlen(pattern);
}

/* Returns the real path of a directory, or NULL if it is the same or does not exist. */
static char *different_real_path(const char *path)
{
	char *real = realpath(*path ? path : "/", NULL);

	if (real && strcmp(real, path) != 0)
		return real;
	free(real);
	return NULL;
}

/*
 * Returns the pattern PREFIX TEXT, which the caller frees; a slash at its end means
 * everything below.
 */
static char *below_directory(const char *prefix, const char *text)
{
	size_t size = strlen(text);

	while (size && text[size - 1] == '/')
		size--;
	return pt_format("%s%.*s%s", prefix, (int)size, text, text[size] ? "/**" : "");
}

/* Splits a path pattern into a literal base and a pattern below it. */
static char *parse_path(struct pt_rule *rule, const char *text, const char *directory)
{
	rule->kind = RULE_PATH;
	if (strncmp(text, "**", 2) == 0) {
		rule->base = strdup("");
		rule->pattern = below_directory("/", text);
		return rule->base && rule->pattern ? NULL : pt_no_memory;
	}
	size_t literal = literal_length(text);
	rule->base = *text == '/' ? strndup(text, literal) :
				    pt_format("%s/%.*s", directory, (int)literal, text);
	rule->pattern = below_directory("", text + literal);
	if (!rule->base || !rule->pattern)
		return pt_no_memory;
	pt_normalize_path(rule->base);
	if (*rule->base == '\0' && *rule->pattern) {
		free(rule->pattern);
		rule->pattern = below_directory("/", text + literal);
		if (!rule->pattern)
			return pt_no_memory;
	}
	errno = 0;
	rule->real_base = different_real_path(rule->base);
	return errno == ENOMEM ? pt_no_memory : NULL;
}

/* Names, dots, and glob patterns; '!' only at the start of a set. */
static bool is_module_pattern(const char *text)
{
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		bool is_name = isalnum(c) || c >= 0x80;
		bool is_negation = c == '!' && p > text && p[-1] == '[';
		if (!is_name && !is_negation && !strchr("_.*?[]-", c))
			return false;
	}
	return true;
}

static char *parse_module(struct pt_rule *rule, const char *text)
{
	const char *line = strstr(text, ".py:");

	if (line && isdigit((unsigned char)line[4]))
		return pt_format("bad rule '%s' (did you mean '%.*s'?)", rule->text,
				 (int)(line - text) + 3, text);
	if (!is_module_pattern(text))
		return pt_message(
			"bad rule '%s' (expected a set, a module, or a path with "
			"'/' or '.py')",
			rule->text);
	rule->kind = RULE_MODULE;
	rule->pattern = strdup(text);
	return rule->pattern ? NULL : pt_no_memory;
}

static bool is_path_pattern(const char *text)
{
	return strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 ||
	       pt_has_suffix(text, strlen(text), ".py");
}

/* "TestCart::test_add", as pytest writes it, is "TestCart.test_add". */
static char *parse_function(const char *text)
{
	struct pt_buf out = { 0 };

	for (; *text; text++) {
		bool is_mark = text[0] == ':' && text[1] == ':';
		pt_buf_add(&out, is_mark ? "." : text, 1);
		text += is_mark;
	}
	return pt_buf_take(&out);
}

/* Reads one rule, which already owns its text. */
static char *parse_rule(struct pt_rule *rule, const char *directory)
{
	const char *mark = strstr(rule->text, "::");
	char *head = mark ? strndup(rule->text, (size_t)(mark - rule->text)) :
			    strdup(rule->text);
	char *error = NULL;

	if (!head)
		return pt_no_memory;
	if (mark && mark[2] == '\0')
		error = pt_message("bad rule '%s' (expected a function name after '::')",
				   rule->text);
	else if (mark && !(rule->function = parse_function(mark + 2)))
		error = pt_no_memory;
	else if (*head == '\0')
		rule->kind = RULE_ANY;
	else if (*head == '@')
		error = parse_set(rule, head);
	else if (is_path_pattern(head))
		error = parse_path(rule, head, directory);
	else
		error = parse_module(rule, head);
	free(head);
	return error;
}

/*
 * Takes the next item off a list separated by commas and newlines, without white space
 * around it; "\," is a comma. *TEXT becomes NULL after the last one.
 */
static char *next_item(const char **text)
{
	struct pt_buf item = { 0 };
	const char *p = *text;

	while (*p == ' ' || *p == '\t')
		p++;
	for (; *p && *p != ',' && *p != '\n'; p++) {
		p += p[0] == '\\' && p[1] == ',';
		pt_buf_add(&item, p, 1);
	}
	*text = *p ? p + 1 : NULL;
	while (item.size && strchr(" \t\r", item.data[item.size - 1]))
		item.size--;
	return pt_buf_take(&item);
}

static char *parse_list(const char *text, const char *directory, struct pt_rule **rules,
			size_t *count)
{
	char *error = NULL;

	while (text && !error) {
		char *item = next_item(&text);
		if (item && *item == '\0') {
			free(item);
			continue;
		}
		struct pt_rule *list =
			item ? realloc(*rules, (*count + 1) * sizeof(**rules)) : NULL;
		if (!list) {
			free(item);
			return pt_no_memory;
		}
		*rules = list;
		list[*count] = (struct pt_rule){ .text = item };
		error = parse_rule(&list[(*count)++], directory);
	}
	return error;
}

static char *replace_list(struct pt_rule **list, size_t *count, const char *text,
			  const char *directory)
{
	struct pt_rule *parsed = NULL;
	size_t parsed_count = 0;
	char *error = parse_list(text, directory, &parsed, &parsed_count);

	if (error) {
		destroy_list(parsed, parsed_count);
		return error;
	}
	destroy_list(*list, *count);
	*list = parsed;
	*count = parsed_count;
	return NULL;
}

char *pt_rules_set_include(struct pt_rules *rules, const char *text,
			   const char *directory)
{
	return replace_list(&rules->include, &rules->include_count, text, directory);
}

char *pt_rules_set_exclude(struct pt_rules *rules, const char *text,
			   const char *directory)
{
	return replace_list(&rules->exclude, &rules->exclude_count, text, directory);
}

void pt_rules_destroy(struct pt_rules *rules)
{
	destroy_list(rules->include, rules->include_count);
	destroy_list(rules->exclude, rules->exclude_count);
	*rules = (struct pt_rules){ 0 };
}

/* Matches PATH against the literal BASE and the pattern below it. */
static bool matches_below(const char *base, const char *pattern, const char *path)
{
	size_t length = strlen(base);

	if (strncmp(path, base, length) != 0)
		return false;
	path += length;
	if (*base == '\0')
		return pt_glob_match(pattern, path, '/');
	if (*pattern == '\0')
		return *path == '\0' || *path == '/';
	return *path == '/' && pt_glob_match(pattern, path + 1, '/');
}

static bool matches_path(const struct pt_rule *rule, const char *path)
{
	if (!path)
		return false;
	return matches_below(rule->base, rule->pattern, path) ||
	       (rule->real_base && matches_below(rule->real_base, rule->pattern, path));
}

static bool matches_module(const char *pattern, const char *module)
{
	return module && pt_glob_match(pattern, module, '.');
}

static bool matches_file(const struct pt_rule *rule, const struct pt_rule_target *target)
{
	switch (rule->kind) {
	case RULE_ANY:
		return true;
	case RULE_SET:
		return rule->origin & target->origin;
	case RULE_PATH:
		return matches_path(rule, target->path) ||
		       matches_path(rule, target->real);
	case RULE_MODULE:
		return matches_module(rule->pattern, target->module) ||
		       matches_module(rule->pattern, target->alias);
	}
	return false;
}

/*
 * A pattern with a dot matches from the start of the qualified name, one without from any
 * of its components: "::test_*" finds methods, too. Both cover what is nested.
 */
static bool matches_function(const char *pattern, const char *function)
{
	if (pt_glob_match(pattern, function, '.'))
		return true;
	if (strchr(pattern, '.'))
		return false;
	for (const char *dot = strchr(function, '.'); dot; dot = strchr(dot + 1, '.')) {
		if (pt_glob_match(pattern, dot + 1, '.'))
			return true;
	}
	return false;
}

/* MATCHES_WHOLE: the answer for a rule with '::' about a file as a whole. */
static bool matches(const struct pt_rule *rule, const struct pt_rule_target *target,
		    bool matches_whole)
{
	if (!matches_file(rule, target))
		return false;
	if (!rule->function)
		return true;
	return target->function ? matches_function(rule->function, target->function) :
				  matches_whole;
}

/* Another rule has decided; notes that these match as well. */
static void note_matches(struct pt_rule *rules, size_t count,
			 const struct pt_rule_target *target)
{
	for (size_t i = 0; i < count; i++) {
		if (!rules[i].is_matched && matches(&rules[i], target, false))
			rules[i].is_matched = true;
	}
}

static const struct pt_rule *find_match(struct pt_rule *rules, size_t count,
					const struct pt_rule_target *target,
					bool matches_whole)
{
	for (size_t i = 0; i < count; i++) {
		if (!matches(&rules[i], target, matches_whole))
			continue;
		note_matches(&rules[i], count - i, target);
		return &rules[i];
	}
	return NULL;
}

struct pt_verdict pt_rules_decide(const struct pt_rules *rules,
				  const struct pt_rule_target *target)
{
	const struct pt_rule *rule =
		find_match(rules->exclude, rules->exclude_count, target, false);
	if (rule) {
		note_matches(rules->include, rules->include_count, target);
		return (struct pt_verdict){ .rule = rule->text };
	}
	rule = find_match(rules->include, rules->include_count, target, true);
	if (!rule)
		return (struct pt_verdict){ 0 };
	return (struct pt_verdict){ .is_traced = true,
				    .is_include = true,
				    .rule = rule->text };
}

bool pt_rules_view(const struct pt_rules *rules, size_t index, struct pt_rule_view *view)
{
	bool is_include = index < rules->include_count;
	size_t other = index - rules->include_count;

	if (!is_include && other >= rules->exclude_count)
		return false;
	const struct pt_rule *rule = is_include ? &rules->include[index] :
						  &rules->exclude[other];
	*view = (struct pt_rule_view){
		.text = rule->text,
		.base = rule->kind == RULE_PATH ? rule->base : NULL,
		.is_include = is_include,
		.is_set = rule->kind == RULE_SET,
		.is_module = rule->kind == RULE_MODULE,
		.is_matched = rule->is_matched,
	};
	return true;
}

bool pt_rules_wants_module(const struct pt_rules *rules,
			   const struct pt_rule_target *target)
{
	if (find_match(rules->exclude, rules->exclude_count, target, false))
		return false;
	for (size_t i = 0; i < rules->include_count; i++) {
		const struct pt_rule *rule = &rules->include[i];
		if (rule->kind == RULE_ANY || !matches_file(rule, target))
			continue;
		note_matches(rules->include, rules->include_count, target);
		return true;
	}
	return false;
}
