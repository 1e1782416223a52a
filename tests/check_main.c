/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "check_pytrace.h"

#include <stdlib.h>

int main(void)
{
	/* On a busy machine with a slow disk, check's four seconds are not enough. */
	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
	SRunner *runner = srunner_create(pt_util_suite());

	srunner_add_suite(runner, pt_settings_suite());
	srunner_add_suite(runner, pt_code_table_suite());
	srunner_add_suite(runner, pt_glob_suite());
	srunner_add_suite(runner, pt_rule_report_suite());
	srunner_add_suite(runner, pt_rules_suite());
	srunner_add_suite(runner, pt_source_suite());
	srunner_add_suite(runner, pt_zip_suite());
	srunner_add_suite(runner, pt_file_suite());
	srunner_add_suite(runner, pt_output_suite());
	srunner_add_suite(runner, pt_program_text_suite());
	srunner_add_suite(runner, pt_repeats_suite());
	srunner_add_suite(runner, pt_pieces_suite());
	srunner_add_suite(runner, pt_prefix_suite());
	srunner_add_suite(runner, pt_growth_suite());
	srunner_add_suite(runner, pt_zstd_suite());
	srunner_add_suite(runner, pt_sink_suite());
	srunner_add_suite(runner, pt_stage_suite());
	srunner_add_suite(runner, pt_recording_suite());
	srunner_add_suite(runner, pt_recover_suite());
	srunner_add_suite(runner, pt_lineage_suite());
	srunner_add_suite(runner, pt_follow_suite());
	srunner_add_suite(runner, pt_format_suite());
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
