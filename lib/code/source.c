/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "code/source.h"

#include "base/util.h"
#include "code/zip.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer files are not read: no human wrote them. */
#define MAX_SIZE (64U << 20)

#define READ_SIZE ((size_t)16 << 10)
#define TAB_WIDTH 8

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* The text as UTF-8 with "\n" as line end, and where its lines begin. */
struct pt_source {
	char *text;
	size_t *starts; /* count + 1 of them: the last one is the end of the text */
	int count;
	bool is_zipped; /* it was read from a zip file */
};

/* Names that Python knows and iconv does not. */
static const struct {
	const char *python;
	const char *iconv;
} aliases[] = {
	{ "latin-1", "ISO-8859-1" },
	{ "latin1", "ISO-8859-1" },
	{ "iso-latin-1", "ISO-8859-1" },
	{ "l1", "ISO-8859-1" },
	{ "ascii", "US-ASCII" },
	{ "mbcs", "UTF-8" },
	{ "mac-roman", "MACINTOSH" },
	{ "sjis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "s-jis", "CP932" },
	{ "shiftjis", "CP932" },
	{ "ms-kanji", "CP932" },
	{ "latin", "ISO-8859-1" },
	{ "macroman", "MACINTOSH" },
	{ "utf8", "UTF-8" },
	{ "utf-8-sig", "UTF-8" },
	{ "u8", "UTF-8" },
};

/* What may precede a line's text. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Finds the encoding named in a comment line. Returns its length, 0 if there is none. */
static size_t find_cookie(const char *line, size_t size, const char **name)
{
	static const char key[] = "coding";
	const char *end = line + size;
	const char *p = line;

	while (p < end && is_blank(*p))
		p++;
	if (p == end || *p != '#')
		return 0;
	while ((p = memmem(p, (size_t)(end - p), key, strlen(key)))) {
		p += strlen(key);
		if (p == end || (*p != ':' && *p != '='))
			continue;
		p++;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		*name = p;
		while (p < end && is_name_character(*p))
			p++;
		if (p > *name)
			return (size_t)(p - *name);
	}
	return 0;
}

/* Returns whether after this first line the second one may name the encoding. */
static bool is_blank_or_comment(const char *line, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (line[i] == '#')
			return true;
		if (!is_blank(line[i]) && line[i] != '\r')
			return false;
	}
	return true;
}

/*
 * Returns the encoding that the first two lines name (PEP 263), by iconv's name; the
 * caller frees it.
 */
static char *declared_encoding(const char *bytes, size_t size)
{
	const char *line = bytes;
	const char *end = bytes + size;

	for (int i = 0; i < 2 && line < end; i++) {
		size_t length = 0;
		while (line + length < end && line[length] != '\n' &&
		       line[length] != '\r')
			length++;
		const char *name = NULL;
		size_t found = find_cookie(line, length, &name);
		if (found)
			return strndup(name, found);
		if (!is_blank_or_comment(line, length))
			break;
		line += length + 1;
		if (line < end && line[-1] == '\r' && *line == '\n')
			line++;
	}
	return strdup("utf-8");
}

/* Names that may continue after a dash: editors write "utf-8-unix". */
static const char *const stems[] = { "utf-8", "latin-1", "iso-8859-1", "iso-latin-1" };

/* Turns Python's name of an encoding into one that iconv knows, in place or anew. */
static char *iconv_name(char *name)
{
	for (char *p = name; *p; p++)
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	for (size_t i = 0; i < PT_ARRAY_SIZE(stems); i++) {
		size_t length = strlen(stems[i]);
		if (strncmp(name, stems[i], length) == 0 && name[length] == '-')
			name[length] = '\0';
	}
	for (size_t i = 0; i < PT_ARRAY_SIZE(aliases); i++) {
		if (strcmp(name, aliases[i].python) == 0) {
			free(name);
			return strdup(aliases[i].iconv);
		}
	}
	return name;
}

/* Appends BYTES if they are UTF-8. Returns false if not. */
static bool copy_utf8(const char *bytes, size_t size, struct pt_buf *out)
{
	for (size_t i = 0; i < size;) {
		size_t length = pt_utf8_length(bytes + i, size - i);
		if (!length)
			return false;
		i += length;
	}
	pt_buf_add(out, bytes, size);
	return !out->failed;
}

/* Appends BYTES to OUT as UTF-8. Returns false if they are not in that encoding. */
static bool convert(const char *encoding, const char *bytes, size_t size,
		    struct pt_buf *out)
{
	iconv_t converter = iconv_open("UTF-8", encoding);
	char *in = (char *)(size_t)bytes; /* iconv does not write to it */
	bool is_done = false;

	if (converter == (iconv_t)-1)
		return false;
	while (!is_done && pt_buf_reserve(out, size + 16)) {
		char *to = out->data + out->size;
		size_t room = out->capacity - out->size;
		size_t result = iconv(converter, &in, &size, &to, &room);
		out->size = (size_t)(to - out->data);
		if (result != (size_t)-1)
			is_done = true;
		else if (errno != E2BIG)
			break;
	}
	iconv_close(converter);
	return is_done;
}

/* Decodes to UTF-8. An unknown encoding or bad bytes leave OUT empty. */
static void decode(const char *bytes, size_t size, struct pt_buf *out)
{
	bool has_mark = size >= 3 && memcmp(bytes, BYTE_ORDER_MARK, 3) == 0;
	char *encoding = has_mark ? strdup("UTF-8") : declared_encoding(bytes, size);

	if (has_mark) {
		bytes += 3;
		size -= 3;
	} else if (encoding) {
		encoding = iconv_name(encoding);
	}
	bool is_utf8 = encoding && strcasecmp(encoding, "UTF-8") == 0;
	if (!encoding || !(is_utf8 ? copy_utf8(bytes, size, out) :
				     convert(encoding, bytes, size, out)))
		pt_buf_clear(out);
	free(encoding);
}

/* Makes every line end a single "\n", in place, and returns the new size. */
static size_t unify_line_ends(char *text, size_t size)
{
	char *out = text;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		if (c == '\r') {
			i += i + 1 < size && text[i + 1] == '\n';
			c = '\n';
		}
		*out++ = c;
	}
	return (size_t)(out - text);
}

/* Notes where each line begins. A last line without a line end counts. */
static bool index_lines(struct pt_source *source, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += source->text[i] == '\n' || i + 1 == size;
	if (count > INT_MAX)
		return false;
	source->starts = malloc((count + 1) * sizeof(*source->starts));
	if (!source->starts)
		return false;
	size_t line = 0;
	source->starts[0] = 0;
	for (size_t i = 0; i < size; i++) {
		if (source->text[i] == '\n')
			source->starts[++line] = i + 1;
	}
	/* As if the last line had a line end as well. */
	if (line < count)
		source->starts[count] = size + 1;
	source->count = (int)count;
	return true;
}

/* Makes a source from decoded text, which it takes over. */
static struct pt_source *new_source(struct pt_buf *text)
{
	struct pt_source *source = calloc(1, sizeof(*source));
	size_t size = text->size ? unify_line_ends(text->data, text->size) : 0;

	if (!source) {
		pt_buf_destroy(text);
		return NULL;
	}
	source->text = text->data;
	if (!index_lines(source, size)) {
		pt_source_free(source);
		return NULL;
	}
	return source;
}

struct pt_source *pt_source_parse(const char *bytes, size_t size)
{
	struct pt_buf text = { 0 };

	decode(bytes, size, &text);
	return new_source(&text);
}

struct pt_source *pt_source_from_text(const char *text, size_t size)
{
	struct pt_buf copy = { 0 };

	if (!copy_utf8(text, size, &copy))
		pt_buf_clear(&copy);
	return new_source(&copy);
}

void pt_source_stamp(const char *path, struct pt_source_stamp *stamp)
{
	struct stat status;

	*stamp = (struct pt_source_stamp){ 0 };
	if (!path || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	stamp->device = status.st_dev;
	stamp->inode = status.st_ino;
	stamp->size = status.st_size;
	stamp->modified = status.st_mtim;
	stamp->changed = status.st_ctim;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool pt_source_is_same(const struct pt_source_stamp *a, const struct pt_source_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       is_same_time(&a->modified, &b->modified) &&
	       is_same_time(&a->changed, &b->changed);
}

/* Reads a whole regular file. Returns false if it cannot. */
static bool read_file(const char *path, struct pt_buf *out)
{
	struct stat status;
	/* Non-blocking: opening a FIFO must not hang the program. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t got = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size <= MAX_SIZE) {
		while (out->size <= MAX_SIZE && pt_buf_reserve(out, READ_SIZE)) {
			got = read(fd, out->data + out->size, out->capacity - out->size);
			if (got < 0 && errno == EINTR)
				continue;
			if (got <= 0)
				break;
			out->size += (size_t)got;
		}
	}
	close(fd);
	return got == 0;
}

struct pt_source *pt_source_read(const char *path)
{
	struct pt_buf bytes = { 0 };
	struct stat status;
	bool is_zipped = false;

	/* Looks at the name first: opening a device can have side effects. */
	if (!path || (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) ||
	    !(read_file(path, &bytes) || (is_zipped = pt_zip_read(path, &bytes))))
		pt_buf_clear(&bytes);
	struct pt_source *source = pt_source_parse(bytes.data, bytes.size);
	pt_buf_destroy(&bytes);
	if (source)
		source->is_zipped = is_zipped;
	return source;
}

bool pt_source_is_zipped(const struct pt_source *source)
{
	return source && source->is_zipped;
}

void pt_source_free(struct pt_source *source)
{
	if (!source)
		return;
	free(source->text);
	free(source->starts);
	free(source);
}

const char *pt_source_text(const struct pt_source *source, size_t *size)
{
	*size = source->starts[source->count];
	return source->text;
}

const char *pt_source_line(const struct pt_source *source, int line, size_t *size)
{
	if (!source || line < 1 || line > source->count)
		return NULL;
	*size = source->starts[line] - source->starts[line - 1] - 1;
	return source->text + source->starts[line - 1];
}

int pt_source_line_count(const struct pt_source *source)
{
	return source ? source->count : 0;
}

size_t pt_source_indent(const char **text, size_t *size)
{
	size_t width = 0;

	for (; *size && is_blank(**text); (*text)++, (*size)--) {
		if (**text == '\t')
			width += TAB_WIDTH - width % TAB_WIDTH;
		else if (**text == '\f')
			width = 0;
		else
			width++;
	}
	return width;
}
