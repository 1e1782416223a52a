/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "start/lifecycle.h"

#include "base/fixed_text.h"
#include "base/log.h"
#include "code/rule_report.h"
#include "out/journal.h"
#include "out/recording_file.h"
#include "out/sink.h"
#include "out/stage.h"
#include "out/turn.h"
#include "start/children.h"
#include "trace/event.h"
#include "trace/live.h"
#include "trace/recorder.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Tracing has begun; of this process, see pt_lifecycle_start(). */
static bool is_started;
static bool is_first;
static bool is_recording;

/* The last line has been written. */
static atomic_bool has_told_end;

void pt_lifecycle_start(bool is_first_of_run, bool records)
{
	is_first = is_first_of_run;
	is_recording = records;
	is_started = true;
}

void pt_lifecycle_after_fork(void)
{
	is_first = false;
	has_told_end = false;
}

/* How this process ends. */
struct ending {
	struct pt_ending shown;
	bool is_likely; /* else nothing is said */
};

static void add_last_line(struct pt_fixed_text *text, const struct pt_stage_sum *sum,
			  const void *data)
{
	const struct ending *ending = data;
	struct pt_ending shown = ending->shown;

	shown.events = sum->events;
	shown.lost = sum->lost;
	if (ending->is_likely && (sum->events || is_first))
		pt_live_add_end(text, &shown);
}

/*
 * The last line cannot be written where the trace cannot. REASON tells why; NULL in signal
 * handlers, where nobody can be asked for it.
 */
static void report_loss(const struct pt_stage_sum *sum, const char *reason)
{
	struct pt_fixed_text text = { 0 };

	if (!sum->error || !pt_sink_is_alive())
		return;
	pt_fixed_add(&text, "cannot write the trace");
	pt_fixed_add(&text, reason ? ": " : "");
	pt_fixed_add(&text, reason ? reason : "");
	pt_fixed_add(&text, "; events lost: ");
	pt_fixed_add_number(&text, sum->lost);
	if (sum->waiting) {
		pt_fixed_add(&text, "; ");
		pt_fixed_add_number(&text, sum->waiting);
		pt_fixed_add(&text, " wait in *.");
		pt_fixed_add_number(&text, (uint64_t)getpid());
		pt_fixed_add(&text, "-*" PT_JOURNAL_SUFFIX);
	}
	pt_log("%s", text.text);
}

/* Tells the recording of the end, if nobody has. Returns whether there is a recording. */
static bool end_recording(enum pt_process_end how, int status)
{
	if (is_recording && !atomic_exchange(&has_told_end, true))
		pt_recorder_end(how, (uint32_t)status, NULL);
	return is_recording;
}

/* What a recording could not hold; and one that is not there any more. */
static void report_recording(void)
{
	int error = 0;
	uint64_t lost = pt_recorder_lost(&error);

	if (!pt_sink_is_alive())
		return;
	if (lost)
		pt_log("cannot record: %s; %llu events are missing",
		       error ? strerror(-error) : "there was no room for a while",
		       (unsigned long long)lost);
	if (is_first && !pt_recording_file_is_there())
		pt_log("the recording '%s' is gone: it was removed or replaced while the "
		       "program ran",
		       pt_recording_file_path());
}

/* Puts lines of killed children in place before the last line, or says that it cannot. */
static void end_children(void)
{
	int saved = errno;

	if (pt_sink_is_alive() && pt_turn_take()) {
		pt_children_end();
		pt_turn_give();
	}
	errno = saved;
}

/* Only the first end is reported. */
static struct ending ending_of(enum pt_process_end how, int status)
{
	return (struct ending){
		.shown.kind = how == PT_END_SIGNAL ? PT_ENDING_SIGNAL : PT_ENDING_EXIT,
		.shown.status = status,
		.is_likely = !atomic_exchange(&has_told_end, true),
	};
}

void pt_lifecycle_exit(int status)
{
	if (!is_started)
		return;
	if (is_first && pt_sink_is_alive())
		pt_rule_report_end();
	if (end_recording(PT_END_EXIT, status)) {
		report_recording();
		return;
	}
	const struct ending ending = ending_of(PT_END_EXIT, status);
	end_children();
	const struct pt_stage_sum sum = pt_stage_leave_all(add_last_line, &ending);
	pt_stage_resume_all();
	report_loss(&sum, strerror(-sum.error));
}

void pt_lifecycle_unload(void)
{
	if (is_started && !is_recording)
		pt_stage_end_all(NULL, NULL);
}

void pt_lifecycle_end(enum pt_process_end how, int status)
{
	if (!is_started || end_recording(how, status))
		return;
	const struct ending ending = ending_of(how, status);
	end_children();
	const struct pt_stage_sum sum = pt_stage_leave_all(add_last_line, &ending);
	report_loss(&sum, NULL);
}

void pt_lifecycle_leave(const char *path, bool is_likely)
{
	const struct ending ending = {
		.shown.kind = PT_ENDING_EXEC,
		.shown.program = path,
		.is_likely = is_likely,
	};

	if (!is_started)
		return;
	if (is_recording) {
		if (is_likely)
			pt_recorder_end(PT_END_EXEC, 0, path);
		return;
	}
	if (is_likely)
		end_children();
	const struct pt_stage_sum sum = pt_stage_leave_all(add_last_line, &ending);
	if (is_likely)
		report_loss(&sum, NULL);
}

void pt_lifecycle_go_on(void)
{
	if (!is_started)
		return;
	if (is_recording) {
		has_told_end = false;
		pt_recorder_end(PT_END_NONE, 0, NULL);
	} else {
		pt_stage_resume_all();
	}
}

void pt_lifecycle_leave_session(void)
{
	if (!is_started || is_recording || !pt_turn_take())
		return;
	pt_sink_leave_session();
	pt_turn_give();
}

void pt_lifecycle_child_reaped(int pid, int signal)
{
	int saved = errno;

	if (is_started && is_recording) {
		if (signal)
			pt_recorder_tell_death((uint32_t)pid, (uint32_t)signal);
		return;
	}
	if (is_started && pt_sink_is_alive() && pt_turn_take()) {
		if (signal)
			pt_children_killed(pid, signal);
		pt_live_look_for_company();
		pt_turn_give();
	}
	errno = saved;
}
