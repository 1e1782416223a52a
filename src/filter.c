/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "filter.h"

#include "base/util.h"
#include "code/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is known of an open frame: of it and of those around it. */
struct frame {
	unsigned int wanted; /* how many frames are, with this one */
	bool is_wanted;	     /* this one is */
	bool is_under;	     /* it, or one around it, is what PT_FILTER.under names */
};

/* The frames of a thread, as far as they are known. */
struct pt_filter_frames {
	struct frame *frames;
	unsigned int count;
	unsigned int capacity;
};

static char *add_rules(struct pt_rules *rules,
		       char *(*set)(struct pt_rules *, const char *, const char *),
		       const char *text)
{
	char *directory = getcwd(NULL, 0);
	char *message = set(rules, text, directory ? directory : "");

	free(directory);
	return message;
}

char *pt_filter_include(struct pt_filter *filter, const char *text)
{
	filter->has_rules = true;
	return add_rules(&filter->rules, pt_rules_set_include, text);
}

char *pt_filter_exclude(struct pt_filter *filter, const char *text)
{
	/* What is excluded is excluded from all. */
	if (!filter->has_rules) {
		char *message = add_rules(&filter->rules, pt_rules_set_include, "@all");
		if (message)
			return message;
	}
	filter->has_rules = true;
	return add_rules(&filter->rules, pt_rules_set_exclude, text);
}

char *pt_filter_under(struct pt_filter *filter, const char *text)
{
	filter->has_under = true;
	return add_rules(&filter->under, pt_rules_set_include, text);
}

char *pt_filter_point(struct pt_filter_point *point, const char *text)
{
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	double seconds = strtod(text, &end);

	if (isdigit((unsigned char)*text) && *end == '\0' && seconds < 1e9) {
		point->kind = PT_POINT_TIME;
		point->time = (uint64_t)(seconds * 1e9);
		return NULL;
	}
	long line = colon && isdigit((unsigned char)colon[1]) ? strtol(colon + 1, &end, 10) :
								 0;
	if (!colon || colon == text || line <= 0 || line > 1 << 30 || *end)
		return pt_message("bad place '%s' (expected FILE:LINE, or seconds since "
				  "the run began)",
				  text);
	point->kind = PT_POINT_PLACE;
	point->file = text;
	point->line = (int)line;
	return NULL;
}

/* What rules are asked about code. */
static struct pt_rule_target target_of(const struct pt_reader_code *code)
{
	const struct pt_file *file = code->info.file;

	return (struct pt_rule_target){
		.path = file->path,
		.module = code->info.import_name,
		.alias = code->info.import_name &&
					 strcmp(code->info.import_name, "__main__") == 0 ?
				 code->info.module :
				 NULL,
		.function = code->info.qualname,
		.origin = file->origin,
	};
}

static bool is_code_wanted(struct pt_filter *filter, struct pt_reader_code *code)
{
	if (code->is_wanted < 0) {
		const struct pt_rule_target target = target_of(code);
		code->is_wanted = !filter->has_rules ||
				  pt_rules_decide(&filter->rules, &target).is_traced;
	}
	return code->is_wanted;
}

static bool is_code_under(struct pt_filter *filter, struct pt_reader_code *code)
{
	if (code->is_under < 0) {
		const struct pt_rule_target target = target_of(code);
		code->is_under = pt_rules_decide(&filter->under, &target).is_traced;
	}
	return code->is_under;
}

/* Finds out about the frame that is added, of the code with that number. */
static bool add_frame(struct pt_filter *filter, struct pt_filter_frames *known,
		      uint32_t number)
{
	struct pt_reader_code *code = pt_reader_code(filter->reader, number);

	if (known->count == known->capacity) {
		unsigned int capacity = known->capacity ? known->capacity * 2 : 64;
		struct frame *frames =
			realloc(known->frames, capacity * sizeof(*frames));
		if (!frames)
			return false;
		known->frames = frames;
		known->capacity = capacity;
	}
	const struct frame *outer =
		known->count ? &known->frames[known->count - 1] : NULL;
	struct frame *added = &known->frames[known->count++];
	added->is_under = !filter->has_under || (outer && outer->is_under) ||
			  (code && is_code_under(filter, code));
	added->is_wanted = added->is_under && code && is_code_wanted(filter, code);
	added->wanted = (outer ? outer->wanted : 0) + added->is_wanted;
	return true;
}

/* Returns what is known of the frame at LEVEL of the event's thread, or NULL. */
static const struct frame *frame_at(struct pt_filter *filter,
				    const struct pt_events_event *event)
{
	struct pt_events_thread *thread = event->thread;

	if (!thread->filter)
		thread->filter = calloc(1, sizeof(*thread->filter));
	struct pt_filter_frames *known = thread->filter;
	if (!known)
		return NULL;
	bool is_call = event->kind == PT_EVENTS_SITE &&
		       (event->site->mark == PT_MARK_CALL ||
			event->site->mark == PT_MARK_RESUME);
	if (event->kind == PT_EVENTS_STATE) {
		known->count = 0; /* what is needed is found out again */
		return NULL;
	}
	if (is_call && known->count > event->level)
		known->count = event->level;
	while (known->count <= event->level &&
	       known->count < thread->depth + (event->kind == PT_EVENTS_SITE)) {
		/* What returns is not among the thread's frames any more. */
		uint32_t number = known->count < thread->depth ?
					  thread->frames[known->count].code :
					  event->site->code_number;
		if (!add_frame(filter, known, number))
			return NULL;
	}
	return event->level < known->count ? &known->frames[event->level] : NULL;
}

/* The line of the nearest wanted frame around LEVEL; 0: there is none. */
static int caller_line(const struct pt_events_thread *thread, unsigned int level)
{
	while (level-- > 0) {
		if (thread->filter->frames[level].is_wanted && level < thread->depth)
			return thread->frames[level].line;
	}
	return 0;
}

static bool is_thread_wanted(const struct pt_filter *filter,
			     const struct pt_events_thread *thread)
{
	char *end = NULL;

	if (filter->pid && thread->process->facts.pid != filter->pid)
		return false;
	if (filter->task && (!thread->task || strcmp(thread->task, filter->task) != 0))
		return false;
	if (!filter->thread)
		return true;
	if (thread->name && strcmp(thread->name, filter->thread) == 0)
		return true;
	return strtol(filter->thread, &end, 10) == thread->tid && *end == '\0';
}

/* Returns whether a path is FILE or ends in it behind a slash. SIZE: of FILE. */
static bool ends_in(const char *path, const char *file, size_t size)
{
	size_t length = path ? strlen(path) : 0;

	return length >= size && strncmp(path + length - size, file, size) == 0 &&
	       (length == size || path[length - size - 1] == '/' || *file == '/');
}

static bool is_at(const struct pt_filter *filter, const struct pt_filter_point *point,
		  const struct pt_events_event *event)
{
	if (point->kind == PT_POINT_TIME)
		return event->time >= filter->begin + point->time;
	if (event->kind != PT_EVENTS_SITE || event->line != point->line)
		return false;
	size_t size = (size_t)(strrchr(point->file, ':') - point->file);
	const struct pt_file *file = event->code->file;
	return ends_in(file->path ? file->path : file->name, point->file, size);
}

/* Returns whether the event is between FROM and TO, the latter with it. */
static bool is_between(struct pt_filter *filter, const struct pt_events_event *event)
{
	if (filter->from.kind != PT_POINT_NONE && !filter->from.is_reached) {
		if (!is_at(filter, &filter->from, event))
			return false;
		filter->from.is_reached = true;
	}
	if (filter->to.kind == PT_POINT_NONE)
		return true;
	if (filter->to.is_reached)
		return false;
	filter->to.is_reached = is_at(filter, &filter->to, event);
	return !filter->to.is_reached || filter->to.kind == PT_POINT_PLACE;
}

bool pt_filter_is_over(const struct pt_filter *filter)
{
	return filter->to.is_reached;
}

bool pt_filter_wants(struct pt_filter *filter, struct pt_events_event *event)
{
	if (event->kind == PT_EVENTS_END)
		return !filter->pid || event->process->facts.pid == filter->pid;
	const struct frame *frame = frame_at(filter, event);
	if (!is_thread_wanted(filter, event->thread) || event->kind == PT_EVENTS_STATE)
		return false;
	if (event->kind == PT_EVENTS_LOST || event->kind == PT_EVENTS_NOTE)
		return true;
	if (frame && !frame->is_wanted)
		return false;
	if (frame) {
		event->caller_line = caller_line(event->thread, event->level);
		event->level = frame->wanted - 1;
	}
	if (filter->depth && event->level >= filter->depth)
		return false;
	return is_between(filter, event);
}

void pt_filter_forget(struct pt_events_thread *thread)
{
	if (thread->filter)
		free(thread->filter->frames);
	free(thread->filter);
	thread->filter = NULL;
}

void pt_filter_destroy(struct pt_filter *filter)
{
	pt_rules_destroy(&filter->rules);
	pt_rules_destroy(&filter->under);
}
