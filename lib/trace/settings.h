/* SPDX-License-Identifier: MIT */
/* The one table of PYTRACE_* environment variables, read once into a struct. */
#ifndef PT_SETTINGS_H
#define PT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* PYTRACE_FORMAT: one of these, or PT_FORMAT_FIRST and an index into pt_formats */
enum {
	PT_FORMAT_AUTO, /* a recording if the output's name says so, else text */
	PT_FORMAT_RECORD,
	PT_FORMAT_FIRST,
};

/* PYTRACE_TIME */
enum pt_time_mode {
	PT_TIME_AUTO, /* recorded, but not shown */
	PT_TIME_NONE,
	PT_TIME_RELATIVE,
	PT_TIME_DELTA,
	PT_TIME_WALL,
};

/* PYTRACE_COLOR */
enum pt_color_mode { PT_COLOR_AUTO, PT_COLOR_ALWAYS, PT_COLOR_NEVER };

/* PYTRACE_FOLLOW */
enum pt_follow { PT_FOLLOW_ALL, PT_FOLLOW_FORK, PT_FOLLOW_NONE, PT_FOLLOW_FORCE };

/* PYTRACE_DEBUG, as bits */
enum pt_debug_flag { PT_DEBUG_RULES = 1 << 0, PT_DEBUG_START = 1 << 1 };

/* PYTRACE */
enum pt_mode { PT_MODE_ON, PT_MODE_OFF, PT_MODE_HELP };

/* Every setting after parsing. Strings are owned by the struct. */
struct pt_settings {
	enum pt_mode mode;
	char *include; /* rules as written, see rules.h */
	char *exclude;
	unsigned int events; /* set of enum pt_event_kind */
	unsigned int format;
	char *output; /* as written, see sink.h */
	enum pt_time_mode time;
	unsigned int depth; /* deepest level shown; 0: no limit */
	enum pt_color_mode color;
	enum pt_follow follow;
	int file_mode;	/* permissions of new outputs; -1: by the umask */
	int zstd_level; /* for outputs that end in ".zst" */
	bool source; /* recordings hold the text of what was traced */
	bool strict;
	bool task;
	unsigned int debug; /* set of enum pt_debug_flag */
};

/*
 * Fills SETTINGS from ENVIRONMENT, an array of "NAME=VALUE" strings that ends in NULL.
 * Hands REPORT one line for each bad value, whose setting keeps its default, and for each
 * unknown PYTRACE_ name. Returns the number of such lines, or -ENOMEM. The caller
 * destroys SETTINGS either way. GIL: not needed.
 */
int pt_settings_parse(struct pt_settings *settings, char *const *environment,
		      void (*report)(const char *line));

/* Frees what SETTINGS owns. GIL: not needed. */
void pt_settings_destroy(struct pt_settings *settings);

/*
 * Sets one setting from text. Returns NULL, or the message for the user (see pt_message()),
 * in which case SETTINGS is unchanged. NAME is the full variable name and must be a known
 * one. GIL: not needed.
 */
char *pt_settings_set(struct pt_settings *settings, const char *name, const char *text);

/* Hands REPORT a description of every setting with its current value. GIL: not needed. */
void pt_settings_help(const struct pt_settings *settings,
		      void (*report)(const char *line));

/* Returns whether PYTRACE switches the library off. GIL: not needed. */
bool pt_settings_is_off(char *const *environment);

#endif /* PT_SETTINGS_H */
