/* SPDX-License-Identifier: MIT */
/* Glob patterns over names made of components: paths, dotted modules, qualified names. */
#ifndef PT_GLOB_H
#define PT_GLOB_H

#include <stdbool.h>

/*
 * Returns whether PATTERN matches TEXT as a whole, or a leading part of it that ends
 * before a SEPARATOR ("a/b" matches "a/b/c"). '?' is one character and '*' any number of
 * them, but no SEPARATOR; '**' crosses separators, and as a whole component it may match
 * nothing, together with the SEPARATOR after it; [abc], [a-z], [!a] or [^a] are sets; '\'
 * takes the next character literally. Takes at most time proportional to the length of
 * the pattern times the square of that of the text. GIL: not needed.
 */
bool pt_glob_match(const char *pattern, const char *text, char separator);

/* Returns whether TEXT holds an unescaped '*', '?' or '['. GIL: not needed. */
bool pt_glob_has_magic(const char *text);

#endif /* PT_GLOB_H */
