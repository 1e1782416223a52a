/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "trace/record.h"

#include "base/lock.h"
#include "base/log.h"
#include "code/file.h"
#include "code/source.h"
#include "out/definitions.h"
#include "out/process_record.h"
#include "out/recording_file.h"
#include "out/sink.h"
#include "python/python.h"
#include "trace/event.h"
#include "trace/settings.h"
#include "trace/task_name.h"
#include "trace/thread_name.h"
#include "trace/tracer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many events without a name, and the thread is taken to have none. */
#define MAX_NAMELESS 100

/* Code inside of code inside of code is followed so far. */
#define MAX_NESTING 64

/* A process is being recorded. */
static bool is_on;

/* As PY_VERSION_HEX, without the last byte: that is in the text. */
static uint32_t version_number(const char *text)
{
	unsigned int major = 0, minor = 0, micro = 0;

	sscanf(text, "%u.%u.%u", &major, &minor, &micro);
	return major << 24 | minor << 16 | micro << 8;
}

int pt_record_start(const struct pt_settings *settings,
		    const struct pt_output_request *output, bool is_first)
{
	bool has_times = settings->time != PT_TIME_NONE;
	struct pt_process_facts facts = {
		.python = version_number(pt_py.Py_GetVersion()),
		.version = pt_py.Py_GetVersion(),
		.events = pt_tracer_events(),
		.chosen = settings->events,
		.flags = (is_first ? PT_PROCESS_FIRST : 0U) |
			 (has_times ? PT_PROCESS_HAS_TIME : 0U) |
			 (pt_py.is_free_threaded ? PT_PROCESS_FREE_THREADED : 0U) |
			 (settings->task ? PT_PROCESS_TASK : 0U),
	};
	int error = pt_recording_file_open(output);

	if (error)
		return error;
	pt_code_keep_numbers();
	pt_recorder_start(has_times, settings->depth ? settings->depth : UINT_MAX);
	pt_definitions_start(settings->source);
	facts.tick_shift = pt_recorder_time_shift;
	pt_process_record_start(&facts);
	pt_lock();
	pt_process_record_number(&error);
	pt_unlock();
	is_on = !error;
	return error;
}

/* Returns the number of a file, which is defined the first time; 0: it could not be. */
static uint32_t file_number(struct pt_file *file)
{
	const struct pt_source *source = NULL;
	struct pt_file_definition definition = { .name = file->name };

	if (file->number)
		return file->number;
	source = pt_file_source(file);
	definition.path = file->path;
	definition.shown = pt_file_shown(file, NULL);
	definition.flags = pt_file_origin(file);
	if (pt_source_is_zipped(source))
		definition.flags |= PT_FILE_ZIPPED;
	if (source)
		definition.text.data = pt_source_text(source, &definition.text.size);
	file->number = pt_definitions_file(&definition);
	return file->number;
}

/* Reads an attribute that holds bytes. *HOLDER is to be dropped behind the use. */
static struct pt_bytes bytes_of(PyObject *object, const char *name, PyObject **holder)
{
	char *data = NULL;
	Py_ssize_t size = 0;

	*holder = pt_python_attr(object, name);
	if (!*holder || pt_py.PyBytes_AsStringAndSize(*holder, &data, &size) != 0) {
		pt_py.PyErr_Clear();
		return (struct pt_bytes){ NULL, 0 };
	}
	return (struct pt_bytes){ data, (size_t)size };
}

static const char *line_table_name(void)
{
	return pt_py.minor >= 10 ? "co_linetable" : "co_lnotab";
}

/* Defines the code inside of OBJECT, which may never run. */
static void define_outlines(PyObject *object, uint32_t parent, int nesting)
{
	PyObject *constants = pt_python_attr(object, "co_consts");
	Py_ssize_t count = constants ? pt_py.PyTuple_Size(constants) : 0;

	for (Py_ssize_t i = 0; i < count && nesting < MAX_NESTING; i++) {
		PyObject *inner = pt_py.PyTuple_GetItem(constants, i); /* borrowed */
		PyObject *table = NULL;
		if (!inner || !pt_python_is_exactly(inner, pt_py.code_type))
			continue;
		char *name = pt_python_attr_text(inner, "co_name");
		char *qualname = pt_py.has_qualname ?
					 pt_python_attr_text(inner, "co_qualname") :
					 NULL;
		const struct pt_outline_definition outline = {
			.parent = parent,
			.first_line = (uint32_t)pt_python_attr_long(
				inner, "co_firstlineno", 1),
			.flags = (uint32_t)pt_python_attr_long(inner, "co_flags", 0),
			.name = name,
			.qualname = qualname,
			.lines = bytes_of(inner, line_table_name(), &table),
		};
		pt_definitions_outline(&outline);
		pt_python_drop(table);
		free(name);
		free(qualname);
		define_outlines(inner, parent, nesting + 1);
	}
	pt_py.PyErr_Clear();
	pt_python_drop(constants);
}

void pt_record_code(struct pt_code *code)
{
	PyObject *holders[3] = { NULL };
	int saved = errno;
	uint32_t file = file_number(code->info.file);

	if (!file) {
		errno = saved;
		return;
	}
	const struct pt_code_definition definition = {
		.file = file,
		.first_line = (uint32_t)code->info.first_line,
		.flags = code->info.flags,
		.name = code->info.name,
		.qualname = code->info.qualname,
		.import_name = code->info.import_name,
		.module = code->info.module,
		.code = bytes_of(code->object, "co_code", &holders[0]),
		.lines = bytes_of(code->object, line_table_name(), &holders[1]),
		.exceptions = pt_py.minor >= 11 ?
				      bytes_of(code->object, "co_exceptiontable",
					       &holders[2]) :
				      (struct pt_bytes){ NULL, 0 },
	};

	code->number = pt_definitions_code(&definition);
	for (size_t i = 0; i < PT_ARRAY_SIZE(holders); i++)
		pt_python_drop(holders[i]);
	if (code->number && strcmp(code->info.name, "<module>") == 0)
		define_outlines(code->object, code->number, 0);
	errno = saved;
}

unsigned int pt_record_site(struct pt_code *code, enum pt_mark mark, int line)
{
	int saved = errno;

	if (!code->number)
		pt_record_code(code);
	uint32_t site =
		code->number ? pt_definitions_site(code->number, mark, line) : 0;
	/* Where it cannot be kept, the next such event gets a number of its own. */
	if (site)
		pt_code_set_site(code, mark, line, site);
	errno = saved;
	return site;
}

/* Notes a text of the thread, and records it if it is another one than before. */
static void set_text(struct pt_thread *thread, char **place, char *text,
		     enum pt_event_record kind)
{
	bool is_same = (!text && !*place) || (text && *place && strcmp(text, *place) == 0);

	if (is_same) {
		free(text);
		return;
	}
	char *old = *place;
	*place = text; /* a fork may come in between */
	free(old);
	/* A new thread's state has it. */
	if (thread->chunk_number && thread->recorder->chunk_number == thread->chunk_number)
		pt_recorder_text(thread, kind, text);
}

static void find_name(struct pt_thread *thread)
{
	char *name = pt_thread_name();

	if (name)
		set_text(thread, &thread->name, name, PT_RECORD_NAME);
	else if (!thread->name && pt_thread_is_one_of_many() &&
		 thread->nameless_lines++ < MAX_NAMELESS)
		thread->prefix_epoch = 0; /* the module threading may note it later */
}

void pt_record_refresh(struct pt_thread *thread)
{
	int saved = errno;

	thread->prefix_epoch = pt_thread_epoch;
	pt_thread_update_output(thread);
	find_name(thread);
	set_text(thread, &thread->task, pt_task_name(), PT_RECORD_TASK);
	errno = saved;
}

/* What an event without a site needs before it. */
static void prepare(struct pt_thread *thread)
{
	if (thread->prefix_epoch != pt_thread_epoch)
		pt_record_refresh(thread);
	if (thread->recorder->thread != thread->number)
		pt_recorder_switch(thread);
}

void pt_record_event(struct pt_thread *thread, const struct pt_event *event)
{
	int saved = errno;

	prepare(thread);
	uint32_t file = event->kind == PT_EVENT_IMPORT ? file_number(event->code->file) : 0;
	if (event->kind == PT_EVENT_EXCEPTION)
		pt_recorder_exception(thread, event->line, event->name, event->detail);
	else if (file)
		pt_recorder_import(thread, file, event->line, event->name, event->detail,
				   event->is_failure);
	else
		pt_recorder_lose(thread);
	errno = saved;
}

void pt_record_note(struct pt_thread *thread, const char *text)
{
	prepare(thread);
	pt_recorder_text(thread, PT_RECORD_NOTE, text);
}

void pt_record_frames(struct pt_thread *thread)
{
	int saved = errno;

	prepare(thread);
	pt_recorder_state(thread);
	errno = saved;
}

void pt_record_trim(void)
{
	if (!is_on)
		return;
	pt_lock();
	pt_recorder_trim_all();
	pt_unlock();
	pt_definitions_trim();
}

void pt_record_before_truncate(int directory, const char *path)
{
	int saved = errno;

	if (is_on && pt_recording_file_is_at(directory, path) &&
	    pt_recording_file_step_aside())
		pt_log("the program empties '%s': the recording goes on in '%s'", path,
		       pt_recording_file_path());
	errno = saved;
}

void pt_record_after_fork(void)
{
	pt_recorder_after_fork();
	pt_definitions_after_fork();
}
