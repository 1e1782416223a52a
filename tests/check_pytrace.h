/* SPDX-License-Identifier: MIT */
/* The unit tests: one suite for each module, and what several of them need. */
#ifndef CHECK_PYTRACE_H
#define CHECK_PYTRACE_H

#include <check.h>
#include <stddef.h>

Suite *pt_util_suite(void);
Suite *pt_settings_suite(void);
Suite *pt_code_table_suite(void);
Suite *pt_glob_suite(void);
Suite *pt_rules_suite(void);
Suite *pt_source_suite(void);
Suite *pt_zip_suite(void);
Suite *pt_file_suite(void);
Suite *pt_output_suite(void);
Suite *pt_sink_suite(void);
Suite *pt_stage_suite(void);
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

/* Returns the text of a file of less than 512 KiB; the next call reuses it. */
const char *pt_check_read(const char *name);

/* What is written to stderr between these calls is returned; the next call reuses it. */
void pt_check_capture_stderr(void);
const char *pt_check_captured(void);

#endif /* CHECK_PYTRACE_H */
