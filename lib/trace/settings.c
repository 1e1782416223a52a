/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/settings.h"

#include "base/environment.h"
#include "base/util.h"
#include "out/run_id.h"
#include "trace/event.h"
#include "trace/format.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* No more words are tried for PYTRACE_FORMAT. */
#define MAX_FORMATS 16

/* A word that a variable accepts, and what it stands for. */
struct word {
	const char *name;
	unsigned int value;
};

/* One variable: how to read it and how to explain it. */
struct variable {
	const char *name;
	const char *initial; /* the default, as a user would write it */
	const char *help;
	char *(*parse)(struct pt_settings *settings, const char *text);
	void (*show)(const struct pt_settings *settings, struct pt_buf *out);
};

static const struct word mode_words[] = {
	{ "1", PT_MODE_ON },	{ "on", PT_MODE_ON },  { "0", PT_MODE_OFF },
	{ "off", PT_MODE_OFF }, { "", PT_MODE_OFF },   { "help", PT_MODE_HELP },
	{ "true", PT_MODE_ON }, { "yes", PT_MODE_ON }, { "false", PT_MODE_OFF },
	{ "no", PT_MODE_OFF },
};

static const struct word event_words[] = {
	{ "line", PT_EVENT_LINE },
	{ "call", PT_EVENT_CALL },
	{ "return", PT_EVENT_RETURN },
	{ "yield", PT_EVENT_YIELD },
	{ "exception", PT_EVENT_EXCEPTION },
	{ "import", PT_EVENT_IMPORT },
	{ "all", PT_EVENT_ALL },
};

static const struct word time_words[] = {
	{ "auto", PT_TIME_AUTO },   { "", PT_TIME_AUTO },
	{ "none", PT_TIME_NONE },   { "relative", PT_TIME_RELATIVE },
	{ "delta", PT_TIME_DELTA }, { "wall", PT_TIME_WALL },
};

static const struct word color_words[] = {
	{ "auto", PT_COLOR_AUTO },
	{ "", PT_COLOR_AUTO },
	{ "always", PT_COLOR_ALWAYS },
	{ "never", PT_COLOR_NEVER },
};

static const struct word follow_words[] = {
	{ "all", PT_FOLLOW_ALL },     { "", PT_FOLLOW_ALL },
	{ "fork", PT_FOLLOW_FORK },   { "none", PT_FOLLOW_NONE },
	{ "force", PT_FOLLOW_FORCE },
};

static const struct word switch_words[] = {
	{ "0", 0 },
	{ "", 0 },
	{ "1", 1 },
};

static const struct word debug_words[] = {
	{ "rules", PT_DEBUG_RULES },
	{ "start", PT_DEBUG_START },
	{ "all", PT_DEBUG_RULES | PT_DEBUG_START },
};

static const struct word *find_word(const struct word *words, size_t count,
				    const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].name, text) == 0)
			return &words[i];
	}
	return NULL;
}

/* The message for a word that is not in the table: names the nearest, or all of them. */
static char *unknown_word(const char *what, const char *text, const struct word *words,
			  size_t count)
{
	const char *names[16];
	struct pt_buf out = { 0 };

	for (size_t i = 0; i < count; i++)
		names[i] = words[i].name;
	pt_buf_add_format(&out, "unknown %s '%s' (", what, text);
	const char *near = pt_nearest(text, names, count);
	if (near)
		pt_buf_add_format(&out, "did you mean '%s'?", near);
	else
		pt_buf_add_string(&out, "expected ");
	for (size_t i = 0; i < count && !near; i++) {
		if (*names[i])
			pt_buf_add_format(&out, "%s%s", i ? ", " : "", names[i]);
	}
	pt_buf_add_string(&out, ")");
	char *message = pt_buf_take(&out);
	return message ? message : pt_no_memory;
}

static char *parse_word(const char *what, const char *text, const struct word *words,
			size_t count, unsigned int *value)
{
	const struct word *word = find_word(words, count, text);

	if (!word)
		return unknown_word(what, text, words, count);
	*value = word->value;
	return NULL;
}

/* The name of a value, to show it: the first word that has it. */
static const char *word_of(const struct word *words, size_t count, unsigned int value)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].value == value)
			return words[i].name;
	}
	return "?";
}

/*
 * Reads a list of words into a set of bits. A list whose first word has a '-' starts from
 * INITIAL, any other from nothing.
 */
static char *parse_set(const char *what, const char *text, const struct word *words,
		       size_t count, unsigned int initial, unsigned int *value)
{
	unsigned int set = 0;
	bool is_first = true;
	char *list = strdup(text);
	char *error = NULL;

	if (!list)
		return pt_no_memory;
	char *rest = list;
	for (char *item; !error && (item = strsep(&rest, ", \n"));) {
		bool removes = *item == '-';
		unsigned int bits = 0;

		if (*item == '\0')
			continue;
		if (is_first && removes)
			set = initial;
		is_first = false;
		error = parse_word(what, item + removes, words, count, &bits);
		set = removes ? set & ~bits : set | bits;
	}
	free(list);
	if (!error)
		*value = is_first ? initial : set;
	return error;
}

static void show_set(struct pt_buf *out, const struct word *words, size_t count,
		     unsigned int value)
{
	const char *separator = "";

	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].name, "all") == 0 || !(value & words[i].value))
			continue;
		pt_buf_add_format(out, "%s%s", separator, words[i].name);
		separator = ",";
	}
}

static char *replace_string(char **target, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return pt_no_memory;
	free(*target);
	*target = copy;
	return NULL;
}

/* Defines parse_FIELD and show_FIELD for a setting that is one word of a table. */
#define WORD_SETTING(field, type, what, words)                                           \
	static char *parse_##field(struct pt_settings *settings, const char *text)       \
	{                                                                                \
		unsigned int value = 0;                                                  \
		char *error =                                                            \
			parse_word(what, text, words, PT_ARRAY_SIZE(words), &value);     \
		if (!error)                                                              \
			settings->field = (type)value;                                   \
		return error;                                                            \
	}                                                                                \
	static void show_##field(const struct pt_settings *settings, struct pt_buf *out) \
	{                                                                                \
		pt_buf_add_string(out, word_of(words, PT_ARRAY_SIZE(words),              \
					       (unsigned int)settings->field));          \
	}

/* The same for a setting kept as text; an empty text means the default. */
#define STRING_SETTING(field, initial)                                                   \
	static char *parse_##field(struct pt_settings *settings, const char *text)       \
	{                                                                                \
		return replace_string(&settings->field, *text ? text : (initial));       \
	}                                                                                \
	static void show_##field(const struct pt_settings *settings, struct pt_buf *out) \
	{                                                                                \
		pt_buf_add_string(out, settings->field);                                 \
	}

#define DEFAULT_INCLUDE "@user"
#define DEFAULT_EVENTS                                                          \
	(PT_EVENT_LINE | PT_EVENT_CALL | PT_EVENT_RETURN | PT_EVENT_EXCEPTION | \
	 PT_EVENT_IMPORT)

WORD_SETTING(mode, enum pt_mode, "value", mode_words)
WORD_SETTING(time, enum pt_time_mode, "time", time_words)
WORD_SETTING(color, enum pt_color_mode, "value", color_words)
WORD_SETTING(follow, enum pt_follow, "value", follow_words)
WORD_SETTING(source, bool, "value", switch_words)
WORD_SETTING(strict, bool, "value", switch_words)
WORD_SETTING(task, bool, "value", switch_words)
STRING_SETTING(include, DEFAULT_INCLUDE)
STRING_SETTING(exclude, "")
STRING_SETTING(output, "stderr")

static char *parse_events(struct pt_settings *settings, const char *text)
{
	return parse_set("event", text, event_words, PT_ARRAY_SIZE(event_words),
			 DEFAULT_EVENTS, &settings->events);
}

static void show_events(const struct pt_settings *settings, struct pt_buf *out)
{
	show_set(out, event_words, PT_ARRAY_SIZE(event_words), settings->events);
}

static char *parse_debug(struct pt_settings *settings, const char *text)
{
	return parse_set("topic", text, debug_words, PT_ARRAY_SIZE(debug_words), 0,
			 &settings->debug);
}

static void show_debug(const struct pt_settings *settings, struct pt_buf *out)
{
	show_set(out, debug_words, PT_ARRAY_SIZE(debug_words), settings->debug);
}

/* Reads a number from LOW to HIGH; an empty text means INITIAL. */
static char *parse_number(const char *what, const char *text, long low, long high,
			  long initial, long *number)
{
	char *end = NULL;

	if (*text == '\0') {
		*number = initial;
		return NULL;
	}
	errno = 0;
	long value = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < low ||
	    value > high) {
		if (high == INT_MAX)
			return pt_message("bad %s '%s' (expected a number from %ld up)",
					  what, text, low);
		return pt_message("bad %s '%s' (expected a number from %ld to %ld)", what,
				  text, low, high);
	}
	*number = value;
	return NULL;
}

static char *parse_depth(struct pt_settings *settings, const char *text)
{
	long depth = 0;
	char *error = parse_number("depth", text, 1, INT_MAX, 0, &depth);

	if (!error)
		settings->depth = (unsigned int)depth;
	return error;
}

static char *parse_zstd_level(struct pt_settings *settings, const char *text)
{
	long level = 0;
	char *error = parse_number("level", text, 1, 19, 1, &level);

	if (!error)
		settings->zstd_level = (int)level;
	return error;
}

static void show_zstd_level(const struct pt_settings *settings, struct pt_buf *out)
{
	pt_buf_add_format(out, "%d", settings->zstd_level);
}

static char *parse_file_mode(struct pt_settings *settings, const char *text)
{
	char *end = NULL;

	errno = 0;
	long mode = *text ? strtol(text, &end, 8) : -1;
	if (*text && (*text < '0' || *text > '7' || *end || errno || mode > 0777 ||
		      !(mode & 0200)))
		return pt_format("bad mode '%s' (expected an octal number such as 0600)",
				 text);
	settings->file_mode = (int)mode;
	return NULL;
}

static void show_file_mode(const struct pt_settings *settings, struct pt_buf *out)
{
	if (settings->file_mode >= 0)
		pt_buf_add_format(out, "%04o", (unsigned int)settings->file_mode);
}

/* Fills in the words of PYTRACE_FORMAT, and returns how many there are: a new format is one
 * without a change here. */
static size_t list_formats(struct word words[MAX_FORMATS])
{
	size_t count = 0;

	words[count++] = (struct word){ "auto", PT_FORMAT_AUTO };
	words[count++] = (struct word){ "", PT_FORMAT_AUTO };
	words[count++] = (struct word){ "record", PT_FORMAT_RECORD };
	for (unsigned int i = 0; pt_formats[i] && count < MAX_FORMATS; i++)
		words[count++] =
			(struct word){ pt_formats[i]->name, PT_FORMAT_FIRST + i };
	return count;
}

static char *parse_format(struct pt_settings *settings, const char *text)
{
	struct word words[MAX_FORMATS];

	return parse_word("format", text, words, list_formats(words), &settings->format);
}

static void show_format(const struct pt_settings *settings, struct pt_buf *out)
{
	struct word words[MAX_FORMATS];

	pt_buf_add_string(out, word_of(words, list_formats(words), settings->format));
}

static void show_depth(const struct pt_settings *settings, struct pt_buf *out)
{
	if (settings->depth)
		pt_buf_add_format(out, "%u", settings->depth);
}

#define VARIABLE(variable, field, initial, help)                     \
	{                                                            \
		variable, initial, help, parse_##field, show_##field \
	}

/* Every variable, in the order in which PYTRACE=help shows them. */
static const struct variable variables[] = {
	VARIABLE("PYTRACE", mode, "on", "on, off (or empty), help"),
	VARIABLE("PYTRACE_INCLUDE", include, DEFAULT_INCLUDE, "rules: what is traced"),
	VARIABLE("PYTRACE_EXCLUDE", exclude, "", "rules: what of that is left out"),
	VARIABLE("PYTRACE_EVENTS", events, "",
		 "line, call, return, yield, exception, import, all; -name removes one"),
	VARIABLE("PYTRACE_FORMAT", format, "auto",
		 "text, trace, json, record; auto: record if the output ends in .pytrace"),
	VARIABLE("PYTRACE_OUTPUT", output, "stderr",
		 "stderr, stdout, fd:N, a file, a directory; %p %P %e %t %h %%"),
	VARIABLE("PYTRACE_MODE", file_mode, "",
		 "permissions of new files, octal; empty: by the umask"),
	VARIABLE("PYTRACE_ZSTD_LEVEL", zstd_level, "1", "1 to 19, for outputs in .zst"),
	VARIABLE("PYTRACE_TIME", time, "auto",
		 "none, relative, delta, wall; auto: recorded, but not shown"),
	VARIABLE("PYTRACE_SOURCE", source, "1",
		 "0: a recording does not hold the text of files"),
	VARIABLE("PYTRACE_DEPTH", depth, "", "deepest call level shown, from 1"),
	VARIABLE("PYTRACE_COLOR", color, "auto", "auto, always, never"),
	VARIABLE("PYTRACE_FOLLOW", follow, "all", "all, fork, none, force"),
	VARIABLE("PYTRACE_TASK", task, "0",
		 "1: lines carry the name of the asyncio task"),
	VARIABLE("PYTRACE_STRICT", strict, "0", "1: a bad setting ends the program"),
	VARIABLE("PYTRACE_DEBUG", debug, "", "rules, start, all"),
};

static const struct variable *find_variable(const char *name)
{
	for (size_t i = 0; i < PT_ARRAY_SIZE(variables); i++) {
		if (strcmp(variables[i].name, name) == 0)
			return &variables[i];
	}
	return NULL;
}

bool pt_settings_is_off(char *const *environment)
{
	const char *text = pt_environment_value(environment, "PYTRACE");
	const struct word *word =
		text ? find_word(mode_words, PT_ARRAY_SIZE(mode_words), text) : NULL;

	return word && word->value == PT_MODE_OFF;
}

char *pt_settings_set(struct pt_settings *settings, const char *name, const char *text)
{
	return find_variable(name)->parse(settings, text);
}

/* Hands "NAME: MESSAGE" to REPORT and frees MESSAGE. */
static void report_message(void (*report)(const char *line), const char *name,
			   char *message)
{
	char *line = pt_format("%s: %s", name, message);

	if (line)
		pt_clean_line(line);
	report(line ? line : "out of memory");
	free(line);
	pt_message_free(message);
}

/* Reports an environment entry with an unknown name that begins with PYTRACE_. */
static bool report_unknown(const char *entry, void (*report)(const char *line))
{
	const char *names[PT_ARRAY_SIZE(variables)];
	size_t length = strcspn(entry, "=");
	const size_t prefix = strlen("PYTRACE_");

	if (strncmp(entry, "PYTRACE_", prefix) != 0)
		return false;
	char *name = strndup(entry, length);
	if (!name || find_variable(name) || strcmp(name, PT_RUN_ID_VARIABLE) == 0) {
		free(name);
		return false;
	}
	/* The prefix that all names share does not make them similar. */
	for (size_t i = 0; i < PT_ARRAY_SIZE(variables); i++)
		names[i] = variables[i].name + (i ? prefix : strlen("PYTRACE"));
	const char *near = pt_nearest(name + prefix, names, PT_ARRAY_SIZE(variables));
	report_message(report, name,
		       near ? pt_message("unknown setting (did you mean 'PYTRACE_%s'?)",
					 near) :
			      pt_message("unknown setting (PYTRACE=help lists them)"));
	free(name);
	return true;
}

/* Returns whether the user, or the terminal, asks programs for no color. */
static bool is_colorless(char *const *environment)
{
	const char *no_color = pt_environment_value(environment, "NO_COLOR");
	const char *terminal = pt_environment_value(environment, "TERM");

	return (no_color && *no_color) || (terminal && strcmp(terminal, "dumb") == 0);
}

int pt_settings_parse(struct pt_settings *settings, char *const *environment,
		      void (*report)(const char *line))
{
	int problems = 0;

	*settings = (struct pt_settings){ .events = DEFAULT_EVENTS };
	for (size_t i = 0; i < PT_ARRAY_SIZE(variables); i++) {
		char *error = variables[i].parse(settings, variables[i].initial);
		if (error) {
			pt_message_free(error);
			return -ENOMEM;
		}
	}
	for (size_t i = 0; i < PT_ARRAY_SIZE(variables); i++) {
		const char *text = pt_environment_value(environment, variables[i].name);
		char *error = text ? variables[i].parse(settings, text) : NULL;
		if (error == pt_no_memory)
			return -ENOMEM;
		if (error) {
			report_message(report, variables[i].name, error);
			problems++;
		}
	}
	for (char *const *entry = environment; entry && *entry; entry++)
		problems += report_unknown(*entry, report);
	if (settings->color == PT_COLOR_AUTO && is_colorless(environment))
		settings->color = PT_COLOR_NEVER;
	return problems;
}

void pt_settings_destroy(struct pt_settings *settings)
{
	free(settings->include);
	free(settings->exclude);
	free(settings->output);
	*settings = (struct pt_settings){ 0 };
}

void pt_settings_help(const struct pt_settings *settings,
		      void (*report)(const char *line))
{
	struct pt_buf line = { 0 };

	for (size_t i = 0; i < PT_ARRAY_SIZE(variables); i++) {
		size_t start = line.size;

		pt_buf_add_format(&line, "%s=", variables[i].name);
		variables[i].show(settings, &line);
		size_t width = line.size - start;
		pt_buf_add_fill(&line, ' ', width < 40 ? 40 - width : 1);
		pt_buf_add_format(&line, " # %s", variables[i].help);
		char *text = pt_buf_take(&line);
		if (text)
			report(text);
		free(text);
	}
}
