/* SPDX-License-Identifier: MIT */
/* The unit tests: one suite for each module, and what several of them need. */
#ifndef CHECK_PYTRACE_H
#define CHECK_PYTRACE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pt_stage;

/* A value for errno, to look for afterwards. */
#define PT_CHECK_ERRNO 4711

Suite *pt_util_suite(void);
Suite *pt_settings_suite(void);
Suite *pt_code_table_suite(void);
Suite *pt_glob_suite(void);
Suite *pt_rule_report_suite(void);
Suite *pt_rules_suite(void);
Suite *pt_source_suite(void);
Suite *pt_zip_suite(void);
Suite *pt_file_suite(void);
Suite *pt_output_suite(void);
Suite *pt_program_text_suite(void);
Suite *pt_repeats_suite(void);
Suite *pt_pieces_suite(void);
Suite *pt_prefix_suite(void);
Suite *pt_growth_suite(void);
Suite *pt_zstd_suite(void);
Suite *pt_sink_suite(void);
Suite *pt_stage_suite(void);
Suite *pt_recording_suite(void);
Suite *pt_recover_suite(void);
Suite *pt_lineage_suite(void);
Suite *pt_follow_suite(void);
Suite *pt_format_suite(void);

/*
 * Gives each test of TCASE an empty directory of its own, in which it starts. All of them
 * are removed after the last test, whether it passed or not.
 */
void pt_check_add_directory(TCase *tcase);

/* The directory of this test, absolute and without symbolic links. Borrowed. */
const char *pt_check_directory(void);

/* Returns NAME below the directory of this test; the eighth call after reuses it. */
const char *pt_check_path(const char *name);

/* Writes a file below the current directory, and makes the directories that lead to it.
 */
void pt_check_write(const char *name, const void *bytes, size_t size);
void pt_check_write_text(const char *name, const char *text);

/* Makes a directory below the current one, and those that lead to it. */
void pt_check_make_directory(const char *name);

/*
 * Mounts a small file system on the directory "small", which it makes, for this process
 * alone. Returns false where that is not allowed.
 */
bool pt_check_mount_small(const char *options);

/* Returns the text of a file of less than 512 KiB; the next call reuses it. */
const char *pt_check_read(const char *name);

/* Returns whether there is anything of that name, be it a link that leads nowhere. */
bool pt_check_exists(const char *name);

/* Start a child that waits to be killed, and kill it and wait for it. */
pid_t pt_check_start_child(void);
void pt_check_end_child(pid_t child);

/* Returns the pid of a process that has been there and is no more. */
pid_t pt_check_dead_child(void);

/* Sets a file as the output; see pt_sink_start(). */
void pt_check_start_file(const char *path, bool replaces);

/* Begins a run, of which this is the first Python or not. */
void pt_check_start_run(bool is_first);

/* Returns how many bytes of a stage are not flushed. */
uint64_t pt_check_waiting(const struct pt_stage *stage);

/* Flushes a stage, takes its file away and gives it back, as at the end of a process. */
void pt_check_close(struct pt_stage *stage);

/* Writes to the output, past all stages. Returns 0 or -errno. */
int pt_check_write_out(const char *text, size_t size, size_t *written);

/* Puts a line into a stage. */
void pt_check_put(struct pt_stage *stage, const char *line);

/* Returns the name of a staging file, see pt_check_path(). */
const char *pt_check_staged(const char *output, pid_t pid, unsigned int number);

/* Begins anew with what the functions below draw; SEED is not 0. */
void pt_check_seed(uint64_t seed);

/* Returns a number below LIMIT. */
size_t pt_check_draw(size_t limit);

/* Make text that repeats nothing, of bytes above 127: without and with line ends. */
void pt_check_fill(char *text, size_t size);
void pt_check_fill_lines(char *text, size_t size, size_t shortest, size_t longest);

/* Makes text out of a set of lines of 150 to 300 bytes. */
void pt_check_fill_drawn(char *text, size_t size);

/* Goes on with a text as its first PERIOD bytes tell. */
void pt_check_repeat(char *text, size_t size, size_t period);

/* Kinds of text, for sizes from 250000 on, and whether lines of it come again. */
#define PT_CHECK_TEXTS 13
struct pt_check_text {
	void (*fill)(char *text, size_t size);
	bool is_repeated;
};
extern const struct pt_check_text pt_check_texts[PT_CHECK_TEXTS];

/* What is written to stderr between these calls is returned; the next call reuses it. */
void pt_check_capture_stderr(void);
const char *pt_check_captured(void);

#endif /* CHECK_PYTRACE_H */
