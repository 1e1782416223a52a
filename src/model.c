/* SPDX-License-Identifier: MIT */
/* What the definitions of a recording tell: processes, files, code, sites. */
#include "config.h"

#include "base/util.h"
#include "code/file.h"
#include "code/source.h"
#include "reader_private.h"
#include "trace/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is kept of that many things fits into memory. */
#define MAX_NUMBER (1U << 28)

static char *copy(struct pt_text_in text)
{
	return strndup(text.data, text.size);
}

/* Returns whether a number can be one of as many things as a file of that size may
 * define: nobody shall make us take memory for others. */
static bool is_likely(const struct pt_reader *reader, uint64_t number)
{
	uint64_t blocks = (pt_reader_process_count(reader) + 1) * PT_RECORDING_SITES;

	return number && number < reader->definition_size + blocks &&
	       number < MAX_NUMBER;
}

static void define_file(struct pt_reader *reader, struct pt_bytes_in *in)
{
	uint64_t number = pt_take_number(in);
	uint64_t flags = pt_take_number(in);
	uint64_t hash = 0;

	pt_take_number(in);
	if (!is_likely(reader, number) || in->end - in->at < 8 ||
	    pt_numbered_get(&reader->files, number))
		return;
	memcpy(&hash, in->at, sizeof(hash));
	in->at += sizeof(hash);
	struct pt_reader_file *made = calloc(1, sizeof(*made));
	struct pt_file *file = calloc(1, sizeof(*file));
	if (!made || !file || !pt_numbered_set(&reader->files, number, made)) {
		free(made);
		free(file);
		return;
	}
	made->file = file;
	made->hash = hash;
	file->name = copy(pt_take_text(in));
	struct pt_text_in path = pt_take_text(in);
	file->path = path.size ? copy(path) : NULL;
	char *shown = copy(pt_take_text(in));
	file->shown = shown;
	file->shown_width = shown ? pt_utf8_width(shown) : 0;
	file->origin = (unsigned int)flags;
	file->is_read = true;
	file->references = 1;
	file->number = (unsigned int)number;
}

static void define_code(struct pt_reader *reader, struct pt_bytes_in *in, uint64_t tables)
{
	uint64_t number = pt_take_number(in);
	uint64_t file = pt_take_number(in);
	uint64_t first_line = pt_take_number(in);
	uint64_t flags = pt_take_number(in);

	if (!is_likely(reader, number) || pt_numbered_get(&reader->codes, number))
		return;
	struct pt_reader_code *code = calloc(1, sizeof(*code));
	if (!code || !pt_numbered_set(&reader->codes, number, code)) {
		free(code);
		return;
	}
	code->number = (uint32_t)number;
	code->tables = tables;
	code->is_wanted = -1;
	code->is_under = -1;
	code->file_number = (uint32_t)file;
	code->info.first_line = (int)(first_line & 0x7fffffff);
	code->info.flags = (unsigned int)flags;
	code->info.name = copy(pt_take_text(in));
	code->info.qualname = copy(pt_take_text(in));
	struct pt_text_in import_name = pt_take_text(in);
	struct pt_text_in module = pt_take_text(in);
	code->info.import_name = import_name.size ? copy(import_name) : NULL;
	code->info.module = module.size ? copy(module) : NULL;
	code->info.base_indent =
		code->info.name && strcmp(code->info.name, "<module>") == 0 ? 0 : -1;
}

static bool make_room_for_site(struct pt_reader *reader, uint64_t number)
{
	if (number < reader->site_count)
		return true;
	size_t count = number * 2 > 1024 ? number * 2 : 1024;
	struct pt_reader_site *sites = realloc(reader->sites, count * sizeof(*sites));
	if (!sites)
		return false;
	memset(sites + reader->site_count, 0,
	       (count - reader->site_count) * sizeof(*sites));
	reader->sites = sites;
	reader->site_count = count;
	return true;
}

static void define_site(struct pt_reader *reader, struct pt_bytes_in *in)
{
	uint64_t number = pt_take_number(in);
	uint64_t code = pt_take_number(in);
	uint64_t mark = pt_take_number(in);
	uint64_t line = pt_take_number(in);

	if (in->is_bad || mark >= PT_MARK_COUNT || code > UINT32_MAX ||
	    !is_likely(reader, number) || !make_room_for_site(reader, number) ||
	    reader->sites[number].code_number)
		return;
	reader->sites[number] = (struct pt_reader_site){
		.number = (uint32_t)number,
		.code_number = (uint32_t)code,
		.line = (int)(line & 0x7fffffff),
		.mark = (enum pt_mark)mark,
	};
}

static void define_source(struct pt_reader *reader, struct pt_bytes_in *in,
			  const struct pt_chunk_place *place, uint64_t offset)
{
	struct pt_reader_source *sources = realloc(
		reader->sources, (reader->source_count + 1) * sizeof(*sources));
	uint64_t size = (uint64_t)(in->end - in->at);

	if (!sources)
		return;
	reader->sources = sources;
	if (size < sizeof(uint64_t))
		return;
	struct pt_reader_source *source = &sources[reader->source_count++];
	memcpy(&source->hash, in->at, sizeof(source->hash));
	source->place = *place;
	source->offset = offset + sizeof(source->hash);
	source->size = size - sizeof(source->hash);
}

static void define(struct pt_reader *reader, unsigned char kind, struct pt_bytes_in *in,
		   const struct pt_chunk_place *place, uint64_t offset)
{
	switch (kind) {
	case PT_DEF_FILE:
		define_file(reader, in);
		break;
	case PT_DEF_SOURCE:
		define_source(reader, in, place, offset);
		break;
	case PT_DEF_CODE:
		define_code(reader, in, place->offset + place->header.header_size + offset);
		break;
	case PT_DEF_SITE:
		define_site(reader, in);
		break;
	default: /* not needed yet, or of a later version */
		break;
	}
}

void pt_model_read(struct pt_reader *reader, struct pt_chunk_place *place)
{
	size_t size = 0;
	unsigned char next = 0;

	/* Most are full, or have nothing new. */
	if (place->header.encoding == PT_ENCODING_NONE &&
	    (pt_reader_read(reader, place->offset + place->header.header_size + place->read,
			    &next, 1) != 1 ||
	     next == 0))
		return;
	if (place->header.encoding != PT_ENCODING_NONE && place->read)
		return;
	unsigned char *data = pt_reader_chunk(reader, place, &size);
	if (!data)
		reader->damage = "a packed chunk cannot be unpacked";
	struct pt_bytes_in in = { data ? data + place->read : NULL, data ? data + size : NULL,
				  false };
	while (in.at < in.end && *in.at) {
		unsigned char kind = *in.at++;
		struct pt_text_in body = pt_take_text(&in);
		if (in.is_bad) {
			reader->damage = "definitions are damaged";
			break;
		}
		struct pt_bytes_in inner = { (const unsigned char *)body.data,
					     (const unsigned char *)body.data + body.size,
					     false };
		reader->definition_size += body.size;
		define(reader, kind, &inner, place, (uint64_t)(inner.at - data));
		place->read = (uint32_t)(in.at - data);
	}
	free(data);
}

/* Appends a word of a command line so that a shell takes it as one. */
static void add_word(struct pt_buf *out, struct pt_text_in word)
{
	bool is_plain = word.size != 0;

	for (size_t i = 0; i < word.size; i++) {
		if (!memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789@%+=:,./-_",
			    word.data[i], 72))
			is_plain = false;
	}
	if (out->size)
		pt_buf_add_string(out, " ");
	if (is_plain) {
		pt_buf_add(out, word.data, word.size);
		return;
	}
	pt_buf_add_string(out, "'");
	for (size_t i = 0; i < word.size; i++) {
		if (word.data[i] == '\'')
			pt_buf_add_string(out, "'\\''");
		else
			pt_buf_add(out, word.data + i, 1);
	}
	pt_buf_add_string(out, "'");
}

static void add_setting(struct pt_reader_process *process, struct pt_text_in text)
{
	char **settings = realloc(process->settings,
				  (process->setting_count + 1) * sizeof(*settings));

	if (!settings)
		return;
	process->settings = settings;
	settings[process->setting_count] = copy(text);
	if (settings[process->setting_count])
		pt_clean_line(settings[process->setting_count]);
	process->setting_count++;
}

static void set(char **place, struct pt_text_in text)
{
	free(*place);
	*place = copy(text);
	if (*place)
		pt_clean_line(*place);
}

static void describe(struct pt_reader_process *process, struct pt_bytes_in *in)
{
	struct pt_buf arguments = { 0 };

	while (in->at < in->end && *in->at) {
		unsigned char kind = *in->at++;
		struct pt_text_in text = pt_take_text(in);
		if (in->is_bad)
			break;
		if (kind == PT_DEF_ARGUMENT)
			add_word(&arguments, text);
		else if (kind == PT_DEF_DIRECTORY)
			set(&process->directory, text);
		else if (kind == PT_DEF_EXECUTABLE)
			set(&process->executable, text);
		else if (kind == PT_DEF_VERSION)
			set(&process->version, text);
		else if (kind == PT_DEF_LIBRARY)
			set(&process->library, text);
		else if (kind == PT_DEF_SETTING)
			add_setting(process, text);
	}
	pt_buf_add(&arguments, "", 1);
	free(process->arguments);
	process->arguments = pt_buf_take(&arguments);
	if (process->arguments)
		pt_clean_line(process->arguments);
}

static void free_process(struct pt_reader_process *process)
{
	free(process->arguments);
	free(process->directory);
	free(process->executable);
	free(process->version);
	free(process->library);
	for (size_t i = 0; i < process->setting_count; i++)
		free(process->settings[i]);
	free(process->settings);
	free(process);
}

/* Reads the facts from the beginning of the chunk. Returns what they take there. */
static size_t take_facts(struct pt_reader_process *process, const unsigned char *data,
			 size_t size)
{
	uint32_t stored = 0;

	if (size < sizeof(stored))
		return size;
	memcpy(&stored, data, sizeof(stored));
	size_t known = stored < sizeof(process->facts) ? stored : sizeof(process->facts);
	if (stored > size)
		return size;
	memcpy(&process->facts, data, known);
	process->facts.end_program[sizeof(process->facts.end_program) - 1] = '\0';
	pt_clean_line(process->facts.end_program);
	return stored;
}

void pt_model_add_process(struct pt_reader *reader, const struct pt_chunk_place *place)
{
	struct pt_reader_process *process = calloc(1, sizeof(*process));
	size_t size = 0;
	unsigned char *data = process ? pt_reader_chunk(reader, place, &size) : NULL;

	if (!data || !pt_numbered_set(&reader->processes, pt_reader_process_count(reader),
				      process)) {
		free(data);
		free(process);
		return;
	}
	process->number = place->header.process;
	process->place = *place;
	struct pt_bytes_in in = { data, data + size, false };
	in.at += take_facts(process, data, size);
	describe(process, &in);
	free(data);
	struct pt_text_in nothing = { "", 0 };
	char **texts[] = { &process->arguments, &process->directory, &process->executable,
			   &process->version, &process->library };
	for (size_t i = 0; i < PT_ARRAY_SIZE(texts); i++) {
		if (!*texts[i])
			set(texts[i], nothing);
	}
}

static const struct pt_reader_source *find_source(const struct pt_reader *reader,
						  uint64_t hash)
{
	for (size_t i = 0; i < reader->source_count; i++) {
		if (reader->sources[i].hash == hash)
			return &reader->sources[i];
	}
	return NULL;
}

/* Returns the stored text, to be freed, or NULL. */
static char *read_text(const struct pt_reader *reader,
		       const struct pt_reader_source *source)
{
	const struct pt_chunk_place *place = &source->place;
	size_t size = 0;

	if (place->header.encoding == PT_ENCODING_NONE) {
		char *text = malloc(source->size + 1);
		uint64_t offset =
			place->offset + place->header.header_size + source->offset;
		if (text && pt_reader_read(reader, offset, text, source->size) ==
				    source->size)
			return text;
		free(text);
		return NULL;
	}
	unsigned char *data = pt_reader_unpack(reader, place, &size);
	bool is_there = data && source->offset + source->size <= size;
	char *text = is_there ? strndup((char *)data + source->offset, source->size) :
				NULL;
	free(data);
	return text;
}

void pt_reader_load_text(struct pt_reader *reader, struct pt_reader_file *file)
{
	if (file->file->source)
		return;
	const struct pt_reader_source *stored =
		file->hash ? find_source(reader, file->hash) : NULL;
	char *text = stored ? read_text(reader, stored) : NULL;
	file->file->source = pt_source_from_text(text ? text : "", text ? stored->size : 0);
	free(text);
}

static void free_code(struct pt_reader_code *code)
{
	free(code->info.name);
	free(code->info.qualname);
	free(code->info.import_name);
	free(code->info.module);
	free(code);
}

static void free_file(struct pt_reader_file *file)
{
	pt_file_free(file->file);
	free(file);
}

void pt_model_free(struct pt_reader *reader)
{
	for (size_t i = 0; i < reader->site_count; i++)
		free(reader->sites[i].rendered);
	for (size_t i = 0; i < reader->codes.count; i++) {
		if (reader->codes.items[i])
			free_code(reader->codes.items[i]);
	}
	for (size_t i = 0; i < reader->files.count; i++) {
		if (reader->files.items[i])
			free_file(reader->files.items[i]);
	}
	for (size_t i = 0; i < reader->processes.count; i++) {
		if (reader->processes.items[i])
			free_process(reader->processes.items[i]);
	}
	free(reader->sites);
	free(reader->codes.items);
	free(reader->files.items);
	free(reader->processes.items);
	free(reader->sources);
}

struct pt_reader_site *pt_reader_site(struct pt_reader *reader, uint32_t number)
{
	struct pt_reader_site *site =
		number < reader->site_count ? &reader->sites[number] : NULL;

	if (!site)
		return NULL;
	/* A chunk may refer to one that comes after it. */
	if (!site->code && site->code_number)
		site->code = pt_reader_code(reader, site->code_number);
	return site->code ? site : NULL;
}

struct pt_reader_code *pt_reader_code(struct pt_reader *reader, uint32_t number)
{
	struct pt_reader_code *code = pt_numbered_get(&reader->codes, number);

	if (code && !code->file) {
		code->file = pt_numbered_get(&reader->files, code->file_number);
		code->info.file = code->file ? code->file->file : NULL;
	}
	return code && code->file && code->info.name && code->info.qualname ? code : NULL;
}

struct pt_reader_file *pt_reader_file(struct pt_reader *reader, uint32_t number)
{
	return pt_numbered_get(&reader->files, number);
}
