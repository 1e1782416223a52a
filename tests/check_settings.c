/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/environment.h"
#include "base/util.h"
#include "check_pytrace.h"
#include "trace/event.h"
#include "trace/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINES 16
#define MAX_LINE 512
#define HELP_COLUMN 40

#define DEFAULT_EVENTS "line,call,return,exception,import"
#define ALL_EVENTS "line,call,return,yield,exception,import"

/* The lines that the functions have reported. */
static char lines[MAX_LINES][MAX_LINE];
static size_t line_count;

static void note(const char *line)
{
	ck_assert_uint_lt(line_count, MAX_LINES);
	snprintf(lines[line_count++], MAX_LINE, "%s", line);
}

static void init(struct pt_settings *settings)
{
	char *const environment[] = { NULL };

	ck_assert_int_eq(pt_settings_parse(settings, environment, note), 0);
	ck_assert_uint_eq(line_count, 0);
}

/* Returns what help shows as the value of NAME; the next call reuses it. */
static const char *shown(const struct pt_settings *settings, const char *name)
{
	static char value[MAX_LINE];
	size_t length = strlen(name);

	line_count = 0;
	pt_settings_help(settings, note);
	for (size_t i = 0; i < line_count; i++) {
		if (strncmp(lines[i], name, length) != 0 || lines[i][length] != '=')
			continue;
		char *end = strstr(lines[i], " # ");
		ck_assert_ptr_nonnull(end);
		while (end[-1] == ' ')
			end--;
		*end = '\0';
		strcpy(value, lines[i] + length + 1);
		return value;
	}
	ck_abort_msg("help does not show %s", name);
}

static const struct {
	const char *name;
	const char *text;
	const char *shown;
} good_rows[] = {
	{ "PYTRACE", "1", "1" },
	{ "PYTRACE", "on", "1" },
	{ "PYTRACE", "true", "1" },
	{ "PYTRACE", "yes", "1" },
	{ "PYTRACE", "0", "0" },
	{ "PYTRACE", "off", "0" },
	{ "PYTRACE", "false", "0" },
	{ "PYTRACE", "no", "0" },
	{ "PYTRACE", "", "0" },
	{ "PYTRACE", "help", "help" },
	{ "PYTRACE_INCLUDE", "src/,@script", "src/,@script" },
	{ "PYTRACE_INCLUDE", "", "@user" },
	{ "PYTRACE_EXCLUDE", "tests/", "tests/" },
	{ "PYTRACE_EXCLUDE", "", "" },
	{ "PYTRACE_EVENTS", "", DEFAULT_EVENTS },
	{ "PYTRACE_EVENTS", " , ,", DEFAULT_EVENTS },
	{ "PYTRACE_EVENTS", "line", "line" },
	{ "PYTRACE_EVENTS", "call,return", "call,return" },
	{ "PYTRACE_EVENTS", "return, call", "call,return" },
	{ "PYTRACE_EVENTS", "return call\nyield", "call,return,yield" },
	{ "PYTRACE_EVENTS", "exception", "exception" },
	{ "PYTRACE_EVENTS", "import,import", "import" },
	{ "PYTRACE_EVENTS", "all", ALL_EVENTS },
	{ "PYTRACE_EVENTS", "all,-yield", DEFAULT_EVENTS },
	{ "PYTRACE_EVENTS", "-line", "call,return,exception,import" },
	{ "PYTRACE_EVENTS", "-line,-import", "call,return,exception" },
	{ "PYTRACE_EVENTS", "-line,yield", "call,return,yield,exception,import" },
	{ "PYTRACE_EVENTS", ",-yield", DEFAULT_EVENTS },
	{ "PYTRACE_EVENTS", "line,-call", "line" },
	{ "PYTRACE_EVENTS", "line,-line,call", "call" },
	{ "PYTRACE_EVENTS", "-all", "" },
	{ "PYTRACE_EVENTS", "-all,line", "line" },
	{ "PYTRACE_FORMAT", "text", "text" },
	{ "PYTRACE_FORMAT", "trace", "trace" },
	{ "PYTRACE_OUTPUT", "stdout", "stdout" },
	{ "PYTRACE_OUTPUT", "/tmp/%p.trace", "/tmp/%p.trace" },
	{ "PYTRACE_OUTPUT", "", "stderr" },
	{ "PYTRACE_TIME", "none", "none" },
	{ "PYTRACE_TIME", "relative", "relative" },
	{ "PYTRACE_TIME", "delta", "delta" },
	{ "PYTRACE_TIME", "wall", "wall" },
	{ "PYTRACE_DEPTH", "1", "1" },
	{ "PYTRACE_DEPTH", "007", "7" },
	{ "PYTRACE_DEPTH", "2147483647", "2147483647" },
	{ "PYTRACE_DEPTH", "", "" },
	{ "PYTRACE_COLOR", "auto", "auto" },
	{ "PYTRACE_COLOR", "always", "always" },
	{ "PYTRACE_COLOR", "never", "never" },
	{ "PYTRACE_FOLLOW", "all", "all" },
	{ "PYTRACE_FOLLOW", "fork", "fork" },
	{ "PYTRACE_FOLLOW", "none", "none" },
	{ "PYTRACE_FOLLOW", "force", "force" },
	{ "PYTRACE_FOLLOW", "", "all" },
	{ "PYTRACE_TASK", "0", "0" },
	{ "PYTRACE_TASK", "1", "1" },
	{ "PYTRACE_STRICT", "0", "0" },
	{ "PYTRACE_STRICT", "1", "1" },
	{ "PYTRACE_DEBUG", "rules", "rules" },
	{ "PYTRACE_DEBUG", "start", "start" },
	{ "PYTRACE_DEBUG", "start,rules", "rules,start" },
	{ "PYTRACE_DEBUG", "all", "rules,start" },
	{ "PYTRACE_DEBUG", "all,-start", "rules" },
	{ "PYTRACE_DEBUG", "", "" },
	/* An empty value is the same as none, as for the variables above. */
	{ "PYTRACE_FORMAT", "", "auto" },
	{ "PYTRACE_FORMAT", "record", "record" },
	{ "PYTRACE_TIME", "", "auto" },
	{ "PYTRACE_SOURCE", "0", "0" },
	{ "PYTRACE_COLOR", "", "auto" },
	{ "PYTRACE_STRICT", "", "0" },
};

START_TEST(good_value)
{
	struct pt_settings settings;

	init(&settings);
	char *error = pt_settings_set(&settings, good_rows[_i].name, good_rows[_i].text);
	ck_assert_pstr_eq(error, NULL);
	ck_assert_str_eq(shown(&settings, good_rows[_i].name), good_rows[_i].shown);
	pt_settings_destroy(&settings);
}
END_TEST

#define EXPECTED_MODE "(expected 1, on, 0, off, help, true, yes, false, no)"
#define EXPECTED_EVENT "(expected line, call, return, yield, exception, import, all)"
#define EXPECTED_DEPTH "(expected a number from 1 up)"
#define EXPECTED_TIME "(expected auto, none, relative, delta, wall)"

static const struct {
	const char *name;
	const char *text;
	const char *message;
} bad_rows[] = {
	{ "PYTRACE", "onn", "unknown value 'onn' (did you mean 'on'?)" },
	{ "PYTRACE", "offf", "unknown value 'offf' (did you mean 'off'?)" },
	{ "PYTRACE", "hlep", "unknown value 'hlep' (did you mean 'help'?)" },
	{ "PYTRACE", "halp", "unknown value 'halp' (did you mean 'help'?)" },
	{ "PYTRACE", "lines", "unknown value 'lines' " EXPECTED_MODE },
	{ "PYTRACE", "OFF", "unknown value 'OFF' " EXPECTED_MODE },
	{ "PYTRACE", " on", "unknown value ' on' (did you mean 'on'?)" },
	{ "PYTRACE", "2", "unknown value '2' " EXPECTED_MODE },
	{ "PYTRACE", "/usr/lib/libpytrace.so",
	  "unknown value '/usr/lib/libpytrace.so' " EXPECTED_MODE },
	{ "PYTRACE_EVENTS", "lines", "unknown event 'lines' (did you mean 'line'?)" },
	{ "PYTRACE_EVENTS", "cal", "unknown event 'cal' (did you mean 'call'?)" },
	{ "PYTRACE_EVENTS", "retrun", "unknown event 'retrun' (did you mean 'return'?)" },
	{ "PYTRACE_EVENTS", "yeild", "unknown event 'yeild' (did you mean 'yield'?)" },
	{ "PYTRACE_EVENTS", "yields", "unknown event 'yields' (did you mean 'yield'?)" },
	{ "PYTRACE_EVENTS", "raise", "unknown event 'raise' " EXPECTED_EVENT },
	{ "PYTRACE_EVENTS", "imports",
	  "unknown event 'imports' (did you mean 'import'?)" },
	{ "PYTRACE_EVENTS", "Line", "unknown event 'Line' (did you mean 'line'?)" },
	{ "PYTRACE_EVENTS", "line,foo", "unknown event 'foo' " EXPECTED_EVENT },
	{ "PYTRACE_EVENTS", "-lines", "unknown event 'lines' (did you mean 'line'?)" },
	{ "PYTRACE_EVENTS", "--line", "unknown event '-line' (did you mean 'line'?)" },
	{ "PYTRACE_EVENTS", "-", "unknown event '' " EXPECTED_EVENT },
	{ "PYTRACE_EVENTS", "line;call", "unknown event 'line;call' " EXPECTED_EVENT },
	{ "PYTRACE_EVENTS", "none", "unknown event 'none' " EXPECTED_EVENT },
	{ "PYTRACE_FORMAT", "txt", "unknown format 'txt' (did you mean 'text'?)" },
	{ "PYTRACE_FORMAT", "traces", "unknown format 'traces' (did you mean 'trace'?)" },
	{ "PYTRACE_FORMAT", "xml", "unknown format 'xml' (expected auto, record, text, trace, json)" },
	{ "PYTRACE_FORMAT", "TEXT", "unknown format 'TEXT' (expected auto, record, text, trace, json)" },
	{ "PYTRACE_TIME", "walls", "unknown time 'walls' (did you mean 'wall'?)" },
	{ "PYTRACE_TIME", "Delta", "unknown time 'Delta' (did you mean 'delta'?)" },
	{ "PYTRACE_TIME", "absolute", "unknown time 'absolute' " EXPECTED_TIME },
	{ "PYTRACE_TIME", "wall,delta", "unknown time 'wall,delta' " EXPECTED_TIME },
	{ "PYTRACE_TIME", "1", "unknown time '1' " EXPECTED_TIME },
	{ "PYTRACE_DEPTH", "0", "bad depth '0' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", "-1", "bad depth '-1' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", "+1", "bad depth '+1' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", " 1", "bad depth ' 1' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", "1 ", "bad depth '1 ' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", "1.5", "bad depth '1.5' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", "0x10", "bad depth '0x10' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", "ten", "bad depth 'ten' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", "2147483648", "bad depth '2147483648' " EXPECTED_DEPTH },
	{ "PYTRACE_DEPTH", "99999999999999999999",
	  "bad depth '99999999999999999999' " EXPECTED_DEPTH },
	{ "PYTRACE_COLOR", "alwyas", "unknown value 'alwyas' (did you mean 'always'?)" },
	{ "PYTRACE_COLOR", "nevr", "unknown value 'nevr' (did you mean 'never'?)" },
	{ "PYTRACE_FOLLOW", "forks", "unknown value 'forks' (did you mean 'fork'?)" },
	{ "PYTRACE_FOLLOW", "0", "unknown value '0' (expected all, fork, none, force)" },
	{ "PYTRACE_COLOR", "red", "unknown value 'red' (expected auto, always, never)" },
	{ "PYTRACE_COLOR", "1", "unknown value '1' (expected auto, always, never)" },
	{ "PYTRACE_TASK", "all", "unknown value 'all' (expected 0, 1)" },
	{ "PYTRACE_STRICT", "yes", "unknown value 'yes' (expected 0, 1)" },
	{ "PYTRACE_STRICT", "true", "unknown value 'true' (expected 0, 1)" },
	{ "PYTRACE_STRICT", "2", "unknown value '2' (expected 0, 1)" },
	{ "PYTRACE_STRICT", "on", "unknown value 'on' (expected 0, 1)" },
	{ "PYTRACE_DEBUG", "rule", "unknown topic 'rule' (did you mean 'rules'?)" },
	{ "PYTRACE_DEBUG", "1", "unknown topic '1' (expected rules, start, all)" },
	{ "PYTRACE_DEBUG", "rules,foo",
	  "unknown topic 'foo' (expected rules, start, all)" },
	{ "PYTRACE_DEBUG", "rules:start",
	  "unknown topic 'rules:start' (expected rules, start, all)" },
};

/* Sets every variable to something that is not its default. */
static void set_all(struct pt_settings *settings)
{
	static const char *const values[][2] = {
		{ "PYTRACE", "help" },	       { "PYTRACE_INCLUDE", "a" },
		{ "PYTRACE_EXCLUDE", "b" },    { "PYTRACE_EVENTS", "yield" },
		{ "PYTRACE_FORMAT", "trace" }, { "PYTRACE_OUTPUT", "fd:9" },
		{ "PYTRACE_TIME", "wall" },    { "PYTRACE_DEPTH", "3" },
		{ "PYTRACE_COLOR", "always" }, { "PYTRACE_STRICT", "1" },
		{ "PYTRACE_DEBUG", "all" },
	};

	for (size_t i = 0; i < PT_ARRAY_SIZE(values); i++)
		ck_assert_pstr_eq(pt_settings_set(settings, values[i][0], values[i][1]),
				  NULL);
}

START_TEST(bad_value)
{
	struct pt_settings settings;

	init(&settings);
	set_all(&settings);
	struct pt_settings before = settings;
	char *error = pt_settings_set(&settings, bad_rows[_i].name, bad_rows[_i].text);
	ck_assert_pstr_eq(error, bad_rows[_i].message);
	pt_message_free(error);
	ck_assert_mem_eq(&settings, &before, sizeof(settings));
	pt_settings_destroy(&settings);
}
END_TEST

START_TEST(fields_have_the_values)
{
	struct pt_settings settings;

	init(&settings);
	set_all(&settings);
	ck_assert_int_eq(settings.mode, PT_MODE_HELP);
	ck_assert_str_eq(settings.include, "a");
	ck_assert_str_eq(settings.exclude, "b");
	ck_assert_uint_eq(settings.events, PT_EVENT_YIELD);
	ck_assert_int_eq(settings.format, PT_FORMAT_FIRST + 1);
	ck_assert_str_eq(settings.output, "fd:9");
	ck_assert_int_eq(settings.time, PT_TIME_WALL);
	ck_assert_uint_eq(settings.depth, 3);
	ck_assert_int_eq(settings.color, PT_COLOR_ALWAYS);
	ck_assert(settings.strict);
	ck_assert_uint_eq(settings.debug, PT_DEBUG_RULES | PT_DEBUG_START);
	pt_settings_destroy(&settings);
	ck_assert_ptr_null(settings.include);
}
END_TEST

START_TEST(defaults)
{
	struct pt_settings settings;

	init(&settings);
	ck_assert_int_eq(settings.mode, PT_MODE_ON);
	ck_assert_str_eq(settings.include, "@user");
	ck_assert_str_eq(settings.exclude, "");
	ck_assert_uint_eq(settings.events, PT_EVENT_ALL & ~(unsigned int)PT_EVENT_YIELD);
	ck_assert_int_eq(settings.format, PT_FORMAT_AUTO);
	ck_assert_str_eq(settings.output, "stderr");
	ck_assert_int_eq(settings.time, PT_TIME_AUTO);
	ck_assert_uint_eq(settings.depth, 0);
	ck_assert_int_eq(settings.color, PT_COLOR_AUTO);
	ck_assert(!settings.strict);
	ck_assert_uint_eq(settings.debug, 0);
	pt_settings_destroy(&settings);
}
END_TEST

#define HELP_HINT "unknown setting (PYTRACE=help lists them)"
#define LONG_NAME \
	"PYTRACE_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* What parsing reports for one entry of the environment, if anything. */
static const struct {
	const char *entry;
	const char *line;
} entry_rows[] = {
	{ "PYTRACE_FORMAT=trace", NULL },
	{ "PYTRACE_RUN=1", NULL },
	{ "PYTRACEX=1", NULL },
	{ "XPYTRACE_FOO=1", NULL },
	{ "pytrace_format=x", NULL },
	{ "PYTRACE_FORMAT", NULL },
	{ "=PYTRACE_FOO", NULL },
	{ "", NULL },
	{ "PYTRACE_FORMAT=xml",
	  "PYTRACE_FORMAT: unknown format 'xml' (expected auto, record, text, trace, json)" },
	{ "PYTRACE_DEPTH=no", "PYTRACE_DEPTH: bad depth 'no' " EXPECTED_DEPTH },
	{ "PYTRACE_INCLUDES=x",
	  "PYTRACE_INCLUDES: unknown setting (did you mean 'PYTRACE_INCLUDE'?)" },
	{ "PYTRACE_INLCUDE=x",
	  "PYTRACE_INLCUDE: unknown setting (did you mean 'PYTRACE_INCLUDE'?)" },
	{ "PYTRACE_EVENT=line",
	  "PYTRACE_EVENT: unknown setting (did you mean 'PYTRACE_EVENTS'?)" },
	{ "PYTRACE_COLOUR=never",
	  "PYTRACE_COLOUR: unknown setting (did you mean 'PYTRACE_COLOR'?)" },
	{ "PYTRACE_Format=text",
	  "PYTRACE_Format: unknown setting " /* five of six letters differ */
	  "(PYTRACE=help lists them)" },
	{ "PYTRACE_FOO=1", "PYTRACE_FOO: " HELP_HINT },
	{ "PYTRACE_FOO", "PYTRACE_FOO: " HELP_HINT },
	{ "PYTRACE_BANANA=1", "PYTRACE_BANANA: " HELP_HINT },
	{ LONG_NAME "=1", LONG_NAME ": " HELP_HINT },
	/* The common start is no reason to mistake one name for the other. */
	{ "PYTRACE_MODE=0640", NULL },
	{ "PYTRACE_MODE=", NULL },
	{ "PYTRACE_MODE=1",
	  "PYTRACE_MODE: bad mode '1' (expected an octal number such as 0600)" },
	{ "PYTRACE_MODE=0900",
	  "PYTRACE_MODE: bad mode '0900' (expected an octal number such as 0600)" },
	{ "PYTRACE_MODE=01600",
	  "PYTRACE_MODE: bad mode '01600' (expected an octal number such as 0600)" },
	{ "PYTRACE_MODELS=1", "PYTRACE_MODELS: unknown setting (did you mean "
			      "'PYTRACE_MODE'?)" },
	{ "PYTRACE_X=1", "PYTRACE_X: " HELP_HINT },
};

START_TEST(environment_entry)
{
	char entry[MAX_LINE];
	char *const environment[] = { entry, NULL };
	struct pt_settings settings;

	strcpy(entry, entry_rows[_i].entry);
	int problems = pt_settings_parse(&settings, environment, note);
	ck_assert_int_eq(problems, entry_rows[_i].line ? 1 : 0);
	ck_assert_uint_eq(line_count, (size_t)problems);
	ck_assert_pstr_eq(line_count ? lines[0] : NULL, entry_rows[_i].line);
	pt_settings_destroy(&settings);
}
END_TEST

/* Bad values keep their defaults, good ones beside them count. */
START_TEST(environment_with_problems)
{
	char depth[] = "PYTRACE_DEPTH=x";
	char format[] = "PYTRACE_FORMAT=trace";
	char unknown[] = "PYTRACE_FORMATS=trace";
	char time[] = "PYTRACE_TIME=x";
	char *const environment[] = { depth, format, unknown, time, NULL };
	struct pt_settings settings;

	ck_assert_int_eq(pt_settings_parse(&settings, environment, note), 3);
	ck_assert_str_eq(lines[0], "PYTRACE_TIME: unknown time 'x' " EXPECTED_TIME);
	ck_assert_str_eq(lines[1], "PYTRACE_DEPTH: bad depth 'x' " EXPECTED_DEPTH);
	ck_assert_str_eq(lines[2], "PYTRACE_FORMATS: unknown setting "
				   "(did you mean 'PYTRACE_FORMAT'?)");
	ck_assert_uint_eq(settings.depth, 0);
	ck_assert_int_eq(settings.format, PT_FORMAT_FIRST + 1);
	ck_assert_int_eq(settings.time, PT_TIME_AUTO);
	pt_settings_destroy(&settings);
}
END_TEST

/* A message is one line, whatever the value was. */
START_TEST(message_is_one_line)
{
	char format[] = "PYTRACE_FORMAT=te\nxt";
	char depth[] = "PYTRACE_DEPTH=1\n2\n";
	char name[] = "PYTRACE_FO\nO=1";
	char *const environment[] = { format, depth, name, NULL };
	struct pt_settings settings;

	ck_assert_int_eq(pt_settings_parse(&settings, environment, note), 3);
	for (size_t i = 0; i < line_count; i++)
		ck_assert_msg(!strchr(lines[i], '\n'), "two lines: %s", lines[i]);
	pt_settings_destroy(&settings);
}
END_TEST

static const struct {
	const char *color;
	const char *other;
	enum pt_color_mode expected;
} color_rows[] = {
	{ "X=", "X=", PT_COLOR_AUTO },
	{ "X=", "NO_COLOR=1", PT_COLOR_NEVER },
	{ "X=", "NO_COLOR=", PT_COLOR_AUTO },
	{ "X=", "NO_COLORS=1", PT_COLOR_AUTO },
	{ "X=", "TERM=dumb", PT_COLOR_NEVER },
	{ "X=", "TERM=xterm", PT_COLOR_AUTO },
	{ "X=", "TERM=dumber", PT_COLOR_AUTO },
	{ "X=", "TERM=", PT_COLOR_AUTO },
	{ "PYTRACE_COLOR=auto", "NO_COLOR=1", PT_COLOR_NEVER },
	{ "PYTRACE_COLOR=auto", "TERM=dumb", PT_COLOR_NEVER },
	{ "PYTRACE_COLOR=always", "NO_COLOR=1", PT_COLOR_ALWAYS },
	{ "PYTRACE_COLOR=always", "TERM=dumb", PT_COLOR_ALWAYS },
	{ "PYTRACE_COLOR=never", "TERM=xterm", PT_COLOR_NEVER },
};

START_TEST(color_of_environment)
{
	char color[32];
	char other[32];
	char *const environment[] = { color, other, NULL };
	struct pt_settings settings;

	strcpy(color, color_rows[_i].color);
	strcpy(other, color_rows[_i].other);
	ck_assert_int_eq(pt_settings_parse(&settings, environment, note), 0);
	ck_assert_int_eq(settings.color, color_rows[_i].expected);
	pt_settings_destroy(&settings);
}
END_TEST

START_TEST(lookup)
{
	char first[] = "NAME=one";
	char second[] = "NAME=two";
	char longer[] = "NAMES=three";
	char empty[] = "EMPTY=";
	char bare[] = "BARE";
	char equals[] = "EQUALS=a=b";
	char *const environment[] = { longer, first, second, empty, bare, equals, NULL };

	ck_assert_pstr_eq(pt_environment_value(environment, "NAME"), "one");
	ck_assert_pstr_eq(pt_environment_value(environment, "NAMES"), "three");
	ck_assert_pstr_eq(pt_environment_value(environment, "EMPTY"), "");
	ck_assert_pstr_eq(pt_environment_value(environment, "EQUALS"), "a=b");
	ck_assert_pstr_eq(pt_environment_value(environment, "BARE"), NULL);
	ck_assert_pstr_eq(pt_environment_value(environment, "NAM"), NULL);
	ck_assert_pstr_eq(pt_environment_value(environment, "OTHER"), NULL);
	ck_assert_pstr_eq(pt_environment_value(environment + 6, "NAME"), NULL);
	ck_assert_pstr_eq(pt_environment_value(NULL, "NAME"), NULL);
}
END_TEST

static const struct {
	const char *entry;
	bool is_off;
} off_rows[] = {
	{ "PYTRACE=0", true },	   { "PYTRACE=off", true },   { "PYTRACE=", true },
	{ "PYTRACE=false", true }, { "PYTRACE=no", true },    { "PYTRACE=1", false },
	{ "PYTRACE=on", false },   { "PYTRACE=help", false }, { "PYTRACE=of", false },
	{ "PYTRACE=OFF", false },  { "PYTRACE", false },      { "PYTRACE_RUN=0", false },
	{ "PYTRACES=off", false },
};

START_TEST(is_off)
{
	char entry[32];
	char *const environment[] = { entry, NULL };

	strcpy(entry, off_rows[_i].entry);
	ck_assert_int_eq(pt_settings_is_off(environment), off_rows[_i].is_off);
}
END_TEST

START_TEST(help_shows_every_setting)
{
	static const char *const expected[] = {
		"PYTRACE=1                                # on, off (or empty), help",
		"PYTRACE_INCLUDE=@user                    # rules: what is traced",
		"PYTRACE_EXCLUDE=                         # rules: what of that is left out",
		"PYTRACE_EVENTS=line,call,return,exception,import  # line, call, return, "
		"yield, exception, import, all; -name removes one",
		"PYTRACE_FORMAT=auto                      # text, trace, json, record; "
		"auto: record if the output ends in .pytrace",
		"PYTRACE_OUTPUT=stderr                    # stderr, stdout, fd:N, a "
		"file, "
		"a directory; %p %P %e %t %h %%",
		"PYTRACE_MODE=                            # permissions of new files, "
		"octal; empty: by the umask",
		"PYTRACE_ZSTD_LEVEL=1                     # 1 to 19, for outputs in .zst",
		"PYTRACE_TIME=auto                        # none, relative, delta, wall; "
		"auto: recorded, but not shown",
		"PYTRACE_SOURCE=1                         # 0: a recording does not hold the "
		"text of files",
		"PYTRACE_DEPTH=                           # deepest call level shown, "
		"from 1",
		"PYTRACE_COLOR=auto                       # auto, always, never",
		"PYTRACE_FOLLOW=all                       # all, fork, none, force",
		"PYTRACE_TASK=0                           # 1: lines carry the name of "
		"the "
		"asyncio task",
		"PYTRACE_STRICT=0                         # 1: a bad setting ends the "
		"program",
		"PYTRACE_DEBUG=                           # rules, start, all",
	};
	struct pt_settings settings;

	init(&settings);
	pt_settings_help(&settings, note);
	ck_assert_uint_eq(line_count, PT_ARRAY_SIZE(expected));
	for (size_t i = 0; i < line_count; i++)
		ck_assert_str_eq(lines[i], expected[i]);
	pt_settings_destroy(&settings);
}
END_TEST

START_TEST(help_shows_changed_settings)
{
	struct pt_settings settings;

	init(&settings);
	set_all(&settings);
	ck_assert_str_eq(shown(&settings, "PYTRACE_EVENTS"), "yield");
	ck_assert_str_eq(shown(&settings, "PYTRACE_DEPTH"), "3");
	ck_assert_str_eq(shown(&settings, "PYTRACE_OUTPUT"), "fd:9");
	/* Each line can be pasted into a shell: the help is a comment there. */
	ck_assert_ptr_eq(strstr(lines[0], " # "), lines[0] + HELP_COLUMN);
	pt_settings_destroy(&settings);
}
END_TEST

Suite *pt_settings_suite(void)
{
	Suite *suite = suite_create("settings");
	TCase *values = tcase_create("values");
	TCase *environment = tcase_create("environment");

	tcase_add_loop_test(values, good_value, 0, PT_ARRAY_SIZE(good_rows));
	tcase_add_loop_test(values, bad_value, 0, PT_ARRAY_SIZE(bad_rows));
	tcase_add_test(values, fields_have_the_values);
	tcase_add_test(values, defaults);
	tcase_add_test(values, help_shows_every_setting);
	tcase_add_test(values, help_shows_changed_settings);
	suite_add_tcase(suite, values);
	tcase_add_loop_test(environment, environment_entry, 0, PT_ARRAY_SIZE(entry_rows));
	tcase_add_test(environment, environment_with_problems);
	tcase_add_test(environment, message_is_one_line);
	tcase_add_loop_test(environment, color_of_environment, 0,
			    PT_ARRAY_SIZE(color_rows));
	tcase_add_test(environment, lookup);
	tcase_add_loop_test(environment, is_off, 0, PT_ARRAY_SIZE(off_rows));
	suite_add_tcase(suite, environment);
	return suite;
}
