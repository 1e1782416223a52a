/* SPDX-License-Identifier: MIT */
/* Glob patterns over names made of components: paths, dotted modules, qualified names. */
#ifndef PT_GLOB_H
#define PT_GLOB_H

#include <stdbool.h>

/*
 * Returns whether PATTERN matches TEXT as a whole, or a leading part of it that ends
 * before a SEPARATOR ("a/b" matches "a/b/c"). '?' is one character and '*' any number of
 * them, neither a SEPARATOR; '**' crosses separators, and as a whole component, with the
 * SEPARATOR after it, matches nothing, too; [abc], [a-z], [!a] or [^a] are sets; '\'
 * takes the next character as it is. Takes time of at most length of pattern times square
 * of length of text. GIL: not needed.
 */
bool pt_glob_match(const char *pattern, const char *text, char separator);

/* Returns whether TEXT holds an unescaped '*', '?' or '['. GIL: not needed. */
bool pt_glob_has_magic(const char *text);

#endif /* PT_GLOB_H */
