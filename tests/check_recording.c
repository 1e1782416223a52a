/* SPDX-License-Identifier: MIT */
/* The file of a recording, what is written to it, and what is read from it. */
#include "config.h"

#include "base/util.h"
#include "base/varint.h"
#include "check_pytrace.h"
#include "events.h"
#include "out/definitions.h"
#include "out/output_file.h"
#include "out/process_record.h"
#include "out/recording_file.h"
#include "out/run_id.h"
#include "scan.h"
#include "trace/event.h"
#include "trace/recorder.h"
#include "trace/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "a.pytrace"

/* Events that a test has read. */
#define MAX_EVENTS 300000

static struct read_event {
	enum pt_events_kind kind;
	int line;
	unsigned int level;
	uint64_t count;
	unsigned int depth;
} found[MAX_EVENTS];
static size_t found_count;

static int open_recording(void)
{
	const struct pt_output_request request = { .path = NAME, .mode = 0600 };

	return pt_recording_file_open(&request);
}

/* Begins to record this process, with a thread that has a recorder. */
static struct pt_thread *begin(bool has_time)
{
	static struct pt_thread thread;
	const struct pt_process_facts facts = {
		.python = 0x030d0000,
		.flags = PT_PROCESS_FIRST | (has_time ? PT_PROCESS_HAS_TIME : 0U),
		.version = "3.13.0",
	};

	pt_check_start_run(true);
	ck_assert_int_eq(open_recording(), 0);
	pt_recorder_start(has_time, UINT_MAX);
	pt_definitions_start(true);
	pt_process_record_start(&facts);
	thread = (struct pt_thread){ .id = 7, .recorder = pt_recorder_take() };
	ck_assert_ptr_nonnull(thread.recorder);
	return &thread;
}

/* Defines code of a file. */
static uint32_t define_code(void)
{
	const struct pt_file_definition file = {
		.name = "x.py",
		.path = "/x.py",
		.shown = "x.py",
		.text = { "def f():\n    pass\n", 18 },
	};
	const struct pt_code_definition code = {
		.file = pt_definitions_file(&file),
		.first_line = 1,
		.name = "f",
		.qualname = "C.f",
	};

	ck_assert_uint_ne(code.file, 0);
	return pt_definitions_code(&code);
}

static bool on_event(void *data, struct pt_events_event *event)
{
	(void)data;
	ck_assert_uint_lt(found_count, MAX_EVENTS);
	found[found_count++] = (struct read_event){
		event->kind, event->line, event->level, event->count,
		event->thread ? event->thread->depth : 0,
	};
	return true;
}

/* Reads all events of the recording, without what is not one. */
static void read_all(void)
{
	char *message = NULL;
	struct pt_reader *reader = pt_reader_open(NAME, &message);

	ck_assert_pstr_eq(message, NULL);
	struct pt_events *events = pt_events_new(reader);
	found_count = 0;
	ck_assert(pt_events_run(events, true, on_event, NULL));
	ck_assert_pstr_eq(pt_reader_damage(reader), NULL);
	pt_events_free(events);
	pt_reader_close(reader);
}

/* Returns the event of that kind, from number FROM on. */
static const struct read_event *find(enum pt_events_kind kind, size_t from)
{
	for (size_t i = from; i < found_count; i++) {
		if (found[i].kind == kind)
			return &found[i];
	}
	return NULL;
}

static uint64_t count_sites(void)
{
	uint64_t count = 0;

	for (size_t i = 0; i < found_count; i++)
		count += found[i].kind == PT_EVENTS_SITE;
	return count;
}

static const struct {
	uint64_t number;
	size_t size;
} varint_rows[] = {
	{ 0, 1 }, { 1, 1 }, { 127, 1 }, { 128, 2 }, { 16383, 2 }, { 16384, 3 },
	{ UINT32_MAX, 5 }, { UINT64_MAX, 10 },
};

START_TEST(varint)
{
	unsigned char bytes[PT_VARINT_SIZE];
	unsigned char *end = pt_varint_put(bytes, varint_rows[_i].number);
	const unsigned char *in = bytes;
	uint64_t number = 1234;

	ck_assert_uint_eq((size_t)(end - bytes), varint_rows[_i].size);
	ck_assert(pt_varint_get(&in, end, &number));
	ck_assert_uint_eq(number, varint_rows[_i].number);
	ck_assert_ptr_eq(in, end);
	in = bytes;
	ck_assert(!pt_varint_get(&in, end - 1, &number));
}
END_TEST

START_TEST(file_is_joined_and_replaced)
{
	pt_check_start_run(true);
	ck_assert_int_eq(open_recording(), 0);
	uint64_t key = pt_recording_file_header()->key;
	pt_recording_file_close();
	ck_assert_int_eq(open_recording(), 0);
	ck_assert_uint_eq(pt_recording_file_header()->key, key);
	ck_assert(pt_recording_file_is_there());
	struct pt_recording_header *old = pt_recording_file_header();
	pt_run_id.time++;
	ck_assert_int_eq(open_recording(), 0);
	ck_assert_uint_ne(pt_recording_file_header()->key, key);
	/* Whoever has the old one mapped still can write to it. */
	old->end = 1;
	ck_assert_uint_ne(pt_recording_file_header()->end, 1);
}
END_TEST

START_TEST(file_of_others_is_replaced)
{
	pt_check_write_text(NAME, "print('not a recording')\n");
	pt_check_start_run(true);
	ck_assert_int_eq(open_recording(), 0);
	ck_assert_uint_eq(pt_recording_file_header()->major, PT_RECORDING_MAJOR);
}
END_TEST

START_TEST(only_regular_files)
{
	pt_check_start_run(true);
	ck_assert_int_eq(symlink("/dev/null", NAME), 0);
	ck_assert_int_eq(open_recording(), -EINVAL);
	ck_assert_ptr_null(pt_recording_file_header());
}
END_TEST

START_TEST(descriptor_is_found_again)
{
	struct pt_thread *thread = begin(false);
	uint32_t site = pt_definitions_site(define_code(), 0, 5);

	/* The program closes all that it does not know. */
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	for (int i = 0; i < 50000; i++)
		pt_recorder_site(thread->recorder, thread, site);
	read_all();
	ck_assert_uint_eq(count_sites(), 50000);
	ck_assert_uint_eq(pt_recorder_lost(&(int){ 0 }), 0);
}
END_TEST

static enum pt_mark mark_of(int line)
{
	return line % 7 == 3 ? PT_MARK_CALL : line % 7 == 5 ? PT_MARK_RETURN : PT_MARK_LINE;
}

/* Steps of any size between sites, in one chunk and over many. */
START_TEST(sites_come_back)
{
	struct pt_thread *thread = begin(_i);
	uint32_t code = define_code();
	static uint32_t sites[20000];
	size_t expected = 0;

	for (int i = 0; i < 20000; i++)
		sites[i] = pt_definitions_site(code, mark_of(i), i);
	pt_recorder_switch(thread);
	for (int i = 0; i < 100000; i++) {
		int line = (i * 7919 + i % 5) % 20000;
		if (_i && mark_of(line) != PT_MARK_LINE)
			pt_recorder_timed_site(thread->recorder, thread, sites[line]);
		else
			pt_recorder_site(thread->recorder, thread, sites[line]);
	}
	read_all();
	for (size_t i = 0; i < found_count; i++) {
		if (found[i].kind != PT_EVENTS_SITE)
			continue;
		ck_assert_int_eq(found[i].line,
				 (int)((expected * 7919 + expected % 5) % 20000));
		expected++;
	}
	ck_assert_uint_eq(expected, 100000);
}
END_TEST

/* The frames are told again in each chunk, and where they are not what events say. */
START_TEST(frames_are_restated)
{
	struct pt_thread *thread = begin(false);
	uint32_t code = define_code();
	uint32_t line = pt_definitions_site(code, 0, 2);
	struct pt_frame frames[3] = { { .line = 1, .code_number = code & 0x7fffffff },
				      { .line = 2, .code_number = code & 0x7fffffff },
				      { .line = 2, .code_number = code & 0x7fffffff } };

	thread->frames = frames;
	thread->depth = 2;
	pt_recorder_switch(thread);
	for (int i = 0; i < 20000; i++)
		pt_recorder_site(thread->recorder, thread, line);
	thread->depth = 3;
	pt_recorder_state(thread);
	pt_recorder_site(thread->recorder, thread, line);
	read_all();
	size_t states = 0;
	for (size_t i = 0; i < found_count; i++) {
		bool is_last = i + 2 >= found_count - 1;
		states += found[i].kind == PT_EVENTS_STATE;
		if (found[i].kind == PT_EVENTS_SITE && !is_last)
			ck_assert_uint_eq(found[i].level, 1);
	}
	ck_assert_uint_ge(states, 3);
	ck_assert_uint_eq(found[found_count - 2].level, 2);
}
END_TEST

START_TEST(texts_come_back)
{
	struct pt_thread *thread = begin(true);
	char *message = NULL;
	struct pt_scan scan;

	thread->name = strdup("worker");
	define_code();
	pt_recorder_switch(thread);
	pt_recorder_exception(thread, 12, "ValueError", "what now?");
	pt_recorder_exception(thread, 13, "KeyError", NULL);
	pt_recorder_import(thread, 1, 3, "json", "/lib/json.py", false);
	pt_recorder_text(thread, PT_RECORD_NOTE, "a note");
	pt_recorder_end(PT_END_EXIT, 3, NULL);
	struct pt_reader *reader = pt_reader_open(NAME, &message);
	ck_assert_pstr_eq(message, NULL);
	pt_scan(reader, &scan);
	ck_assert_uint_eq(scan.count, 1);
	ck_assert_str_eq(scan.threads[0].name, "worker");
	ck_assert_int_eq(scan.threads[0].tid, 7);
	ck_assert_uint_eq(scan.threads[0].exceptions, 2);
	ck_assert_uint_eq(scan.threads[0].imports, 1);
	const struct pt_reader_process *process = pt_reader_process(reader, 0);
	ck_assert_uint_eq(process->facts.end, PT_END_EXIT);
	ck_assert_uint_eq(process->facts.end_status, 3);
	ck_assert_str_eq(process->version, "3.13.0");
	ck_assert(!pt_reader_is_running(process));
	pt_scan_destroy(&scan);
	pt_reader_close(reader);
	read_all();
	const struct read_event *event = find(PT_EVENTS_EXCEPTION, 0);
	ck_assert_ptr_nonnull(event);
	ck_assert_ptr_nonnull(find(PT_EVENTS_IMPORT, 0));
	ck_assert_ptr_nonnull(find(PT_EVENTS_NOTE, 0));
}
END_TEST

/* A source is stored once for all processes of the run. */
START_TEST(source_is_stored_once)
{
	begin(false);
	define_code();
	uint64_t before = pt_recording_file_header()->end;
	for (int i = 0; i < 10; i++)
		define_code();
	ck_assert_uint_eq(pt_recording_file_header()->end, before);
	size_t stored = 0;
	for (size_t i = 0; i < PT_RECORDING_SOURCES; i++)
		stored += pt_recording_file_header()->sources[i] != 0;
	ck_assert_uint_eq(stored, 1);
}
END_TEST

/* A child of fork has chunks, numbers and an end of its own. */
START_TEST(child_is_a_process)
{
	struct pt_thread *thread = begin(false);
	uint32_t code = define_code();
	uint32_t site = pt_definitions_site(code, 0, 1);

	pt_recorder_site(thread->recorder, thread, site);
	pid_t child = fork();
	if (child == 0) {
		pt_recorder_after_fork();
		pt_definitions_after_fork();
		*thread = (struct pt_thread){ .id = 8, .recorder = pt_recorder_take() };
		pt_recorder_site(thread->recorder, thread, site);
		pt_recorder_site(thread->recorder, thread,
				 pt_definitions_site(code, 0, 2));
		pt_recorder_end(PT_END_EXIT, 0, NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	pt_recorder_site(thread->recorder, thread, site);
	read_all();
	size_t ends = 0;
	for (size_t i = 0; i < found_count; i++)
		ends += found[i].kind == PT_EVENTS_END;
	ck_assert_uint_eq(count_sites(), 4);
	ck_assert_uint_eq(ends, 2);
}
END_TEST

/* What there is no room for is counted, and told of where it is missing. */
START_TEST(full_disk_is_told)
{
	if (!pt_check_mount_small("size=256k"))
		return;
	ck_assert_int_eq(chdir("small"), 0);
	struct pt_thread *thread = begin(false);
	uint32_t site = pt_definitions_site(define_code(), 0, 1);
	const uint64_t count = 250000;
	int error = 0;

	for (uint64_t i = 0; i < count; i++)
		pt_recorder_site(thread->recorder, thread, site);
	uint64_t lost = pt_recorder_lost(&error);
	ck_assert_int_eq(error, -ENOSPC);
	ck_assert_uint_gt(lost, 0);
	ck_assert_int_eq(mount("none", ".", "tmpfs", MS_REMOUNT, "size=2m"), 0);
	for (int i = 0; i < 5000; i++)
		pt_recorder_site(thread->recorder, thread, site);
	lost = pt_recorder_lost(&error);
	ck_assert_int_eq(error, 0);
	read_all();
	ck_assert_uint_eq(count_sites() + lost, count + 5000);
	const struct read_event *told = find(PT_EVENTS_LOST, 0);
	ck_assert_ptr_nonnull(told);
	ck_assert_uint_eq(told->count, lost);
}
END_TEST

/* A process that is killed has nothing to hand in later. */
START_TEST(killed_process_is_complete)
{
	pid_t child = fork();

	if (child == 0) {
		struct pt_thread *thread = begin(true);
		uint32_t site = pt_definitions_site(define_code(), 0, 1);
		for (int i = 0; i < 12345; i++)
			pt_recorder_site(thread->recorder, thread, site);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	read_all();
	ck_assert_uint_eq(count_sites(), 12345);
}
END_TEST

/* What a process does not use is given back at its end. */
START_TEST(rest_is_given_back)
{
	struct pt_thread *thread = begin(false);
	uint32_t site = pt_definitions_site(define_code(), 0, 1);
	struct stat before, after;

	pt_recorder_site(thread->recorder, thread, site);
	ck_assert_int_eq(stat(NAME, &before), 0);
	pt_recorder_trim_all();
	pt_definitions_trim();
	ck_assert_int_eq(stat(NAME, &after), 0);
	if (before.st_blocks * 512 >= before.st_size)
		ck_assert_int_lt(after.st_blocks, before.st_blocks);
	/* Later events get a chunk of their own. */
	pt_recorder_site(thread->recorder, thread, site);
	read_all();
	ck_assert_ptr_nonnull(find(PT_EVENTS_SITE, 2));
}
END_TEST

/* Appends a chunk whose clock says both moments are 1000. */
static void put_chunk(struct pt_buf *file, enum pt_chunk_kind kind, const void *data,
		      size_t size)
{
	struct pt_recording_chunk chunk = {
		.key = 5 + file->size,
		.size = PT_RECORDING_PAGE,
		.kind = (uint8_t)kind,
		.header_size = sizeof(chunk),
		.process = 1,
		.stream = 1,
		.ticks = 1000,
		.time = 1000,
	};

	pt_buf_add(file, (const char *)&chunk, sizeof(chunk));
	pt_buf_add(file, data, size);
	pt_buf_add_fill(file, '\0', PT_RECORDING_PAGE - sizeof(chunk) - size);
}

static uint64_t times[4];

static bool keep_time(void *data, struct pt_events_event *event)
{
	size_t *count = data;

	if (event->kind == PT_EVENTS_SITE && *count < PT_ARRAY_SIZE(times))
		times[(*count)++] = event->time;
	return true;
}

/* A call at 2000 ticks, the clocks again at 3000 ticks and 21000 ns, a call at 3100. */
START_TEST(clocks_are_compared)
{
	static const char definitions[] = "\22\15\1\1\1\0\1f\1f\0\0\0\0\0"
					  "\20\22\1\0\0\0\0\0\0\0\0\0\0\4a.py\0\0"
					  "\23\4\1\1\1\1";
	static const char events[] = "\342\5\1\7\0\0\0\3\350\7\346\20"
				     "\270\13\0\0\0\0\0\0\10\122\0\0\0\0\0\0\1\314\10";
	struct pt_recording_header header = {
		.major = 1,
		.header_size = sizeof(header),
		.first_chunk = 2 * PT_RECORDING_PAGE,
		.key = 5,
		.unit = PT_RECORDING_PAGE,
	};
	struct pt_recording_process process = {
		.struct_size = sizeof(process),
		.flags = PT_PROCESS_HAS_TIME,
	};
	struct pt_buf file = { 0 };
	char *message = NULL;
	size_t count = 0;

	memcpy(header.magic, PT_RECORDING_MAGIC, PT_RECORDING_MAGIC_SIZE);
	pt_buf_add(&file, (const char *)&header, 2 * PT_RECORDING_PAGE);
	put_chunk(&file, PT_CHUNK_PROCESS, &process, sizeof(process));
	put_chunk(&file, PT_CHUNK_DEFINITIONS, definitions, sizeof(definitions) - 1);
	put_chunk(&file, PT_CHUNK_EVENTS, events, sizeof(events) - 1);
	pt_check_write(NAME, file.data, file.size);
	pt_buf_destroy(&file);
	struct pt_reader *reader = pt_reader_open(NAME, &message);
	ck_assert_pstr_eq(message, NULL);
	struct pt_events *all = pt_events_new(reader);
	pt_events_run(all, true, keep_time, &count);
	ck_assert_pstr_eq(pt_reader_damage(reader), NULL);
	ck_assert_uint_eq(count, 2);
	/* Nothing is known of the rate at first: a tick is taken for a ns. */
	ck_assert_uint_eq(times[0], 2000);
	ck_assert_uint_eq(times[1], 21000 + 100 * 10);
	pt_events_free(all);
	pt_reader_close(reader);
}
END_TEST

static const struct {
	const char *bytes;
	size_t size;
	const char *message;
} bad_rows[] = {
	{ "", 0, NAME ": the file is empty" },
	{ "print(1)\n", 9, NAME ": not a recording (expected a .pytrace file)" },
	{ "\211pytrace\2", 9, NAME ": the recording is cut within its first bytes" },
	{ "\211pytrace\2\0\0\0", 12,
	  NAME ": made by a newer libpytrace: this command does not know its format" },
	{ "\211pytrace\1\0\0\0", 12, NAME ": the recording is cut within its first bytes" },
};

START_TEST(bad_file)
{
	char *message = NULL;

	pt_check_write(NAME, bad_rows[_i].bytes, bad_rows[_i].size);
	ck_assert_ptr_null(pt_reader_open(NAME, &message));
	ck_assert_pstr_eq(message, bad_rows[_i].message);
	free(message);
}
END_TEST

Suite *pt_recording_suite(void)
{
	Suite *suite = suite_create("recording");
	TCase *file = tcase_create("file");
	TCase *events = tcase_create("events");

	pt_check_add_directory(file);
	pt_check_add_directory(events);
	tcase_add_loop_test(file, varint, 0, PT_ARRAY_SIZE(varint_rows));
	tcase_add_test(file, file_is_joined_and_replaced);
	tcase_add_test(file, file_of_others_is_replaced);
	tcase_add_test(file, only_regular_files);
	tcase_add_loop_test(file, bad_file, 0, PT_ARRAY_SIZE(bad_rows));
	tcase_add_test(events, descriptor_is_found_again);
	tcase_add_loop_test(events, sites_come_back, 0, 2);
	tcase_add_test(events, frames_are_restated);
	tcase_add_test(events, texts_come_back);
	tcase_add_test(events, clocks_are_compared);
	tcase_add_test(events, source_is_stored_once);
	tcase_add_test(events, child_is_a_process);
	tcase_add_test(events, full_disk_is_told);
	tcase_add_test(events, killed_process_is_complete);
	tcase_add_test(events, rest_is_given_back);
	suite_add_tcase(suite, file);
	suite_add_tcase(suite, events);
	return suite;
}
