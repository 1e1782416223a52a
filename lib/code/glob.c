/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "code/glob.h"

#include <stddef.h>
#include <string.h>

/*
 * Matches C against the set that begins at PATTERN ('['). Returns what follows the set,
 * or NULL if it is not closed and the '[' stands for itself.
 */
static const char *match_set(const char *pattern, unsigned char c, bool *is_match)
{
	const char *p = pattern + 1;
	bool is_negated = *p == '!' || *p == '^';
	bool found = false;

	p += is_negated;
	for (bool is_first = true; *p && (is_first || *p != ']'); is_first = false) {
		unsigned char low = (unsigned char)*p++;
		unsigned char high = low;

		if (p[0] == '-' && p[1] && p[1] != ']') {
			high = (unsigned char)p[1];
			p += 2;
		}
		found |= low <= c && c <= high;
	}
	if (*p != ']')
		return NULL;
	*is_match = found != is_negated;
	return p + 1;
}

/* Matches one character. Returns the rest of the pattern, or NULL without a match. */
static const char *match_one(const char *pattern, char c, char separator)
{
	if (*pattern == '\\' && pattern[1])
		return pattern[1] == c ? pattern + 2 : NULL;
	if (*pattern == '?')
		return c != separator ? pattern + 1 : NULL;
	if (*pattern == '[') {
		bool is_match = false;
		const char *rest = match_set(pattern, (unsigned char)c, &is_match);
		if (rest)
			return is_match && c != separator ? rest : NULL;
	}
	return *pattern && *pattern == c ? pattern + 1 : NULL;
}

/* Where to resume if the match fails further on. */
struct retry {
	const char *pattern; /* what follows the stars; NULL: no star was seen */
	const char *text;    /* where it was last tried */
	bool by_component;   /* only just after separators */
};

/* Moves a '**' on. Returns false when there is nowhere left to go. */
static bool retry_deep(struct retry *deep, char separator)
{
	if (!deep->pattern || !*deep->text)
		return false;
	if (!deep->by_component) {
		deep->text++;
		return true;
	}
	const char *next = strchr(deep->text, separator);
	if (!next)
		return false;
	deep->text = next + 1;
	return true;
}

bool pt_glob_match(const char *pattern, const char *text, char separator)
{
	const char *start = pattern;
	struct retry star = { 0 };
	struct retry deep = { 0 };

	while (*text) {
		if (pattern[0] == '*' && pattern[1] == '*') {
			bool is_whole = pattern == start || pattern[-1] == separator;
			pattern += 2;
			deep = (struct retry){ pattern, text,
					       is_whole && *pattern == separator };
			deep.pattern = pattern += deep.by_component;
			star.pattern = NULL;
			if (*pattern == '\0')
				return true;
			continue;
		}
		if (*pattern == '*') {
			star = (struct retry){ ++pattern, text, false };
			continue;
		}
		if (*pattern == '\0' && *text == separator)
			return true;
		const char *rest = match_one(pattern, *text, separator);
		if (rest) {
			pattern = rest;
			text++;
		} else if (star.pattern && *star.text != separator) {
			pattern = star.pattern;
			text = ++star.text;
		} else if (retry_deep(&deep, separator)) {
			star.pattern = NULL;
			pattern = deep.pattern;
			text = deep.text;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool pt_glob_has_magic(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (strchr("*?[", *text))
			return true;
	}
	return false;
}
