/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "python/message.h"

#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP "\u2026"

/* How deep tuples are looked into. */
#define MAX_NESTING 3

/* Returns how many of SIZE bytes at TEXT are whole characters. */
static size_t whole_characters(const char *text, size_t size)
{
	while (size && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

static void add_bytes(struct pt_message *message, const char *text, size_t size)
{
	size_t room = sizeof(message->text) - message->size;

	if (message->is_cut)
		return;
	if (size > room) {
		size = whole_characters(text, room);
		message->is_cut = true;
	}
	memcpy(message->text + message->size, text, size);
	message->size += size;
}

void pt_message_add(struct pt_message *message, const char *text)
{
	add_bytes(message, text, strlen(text));
}

void pt_message_add_number(struct pt_message *message, long long number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", number);
	pt_message_add(message, digits);
}

void pt_message_add_gap(struct pt_message *message)
{
	pt_message_add(message, GAP);
}

/*
 * Returns a str that is not much longer than what can be shown, a new reference: a long
 * one is not encoded as a whole.
 */
static PyObject *shortened(PyObject *value)
{
	PyObject *start = NULL;

	if (pt_py.PyUnicode_GetLength(value) > PT_MESSAGE_SIZE)
		start = pt_py.PyUnicode_Substring(value, 0, PT_MESSAGE_SIZE + 1);
	else
		pt_py.Py_IncRef(value);
	return start ? start : value;
}

/* Adds the first line. */
static void add_text(struct pt_message *message, PyObject *value)
{
	PyObject *start = shortened(value);
	char *text = pt_python_text(start);
	size_t size = text ? strcspn(text, "\r\n") : 0;

	if (!text) {
		pt_message_add_gap(message);
	} else {
		add_bytes(message, text, size);
		if (text[size + strspn(text + size, "\r\n")])
			message->is_cut = true;
	}
	free(text);
	pt_python_drop(start);
}

/*
 * Reads one character of UTF-8. Returns its number of bytes; a byte that is no character
 * gives the surrogate that Python uses for it.
 */
static size_t read_character(const unsigned char *text, size_t size, Py_UCS4 *character)
{
	static const unsigned char leads[] = { 0, 0xc0, 0xe0, 0xf0 };
	size_t count = 1;

	*character = *text;
	if (*text < 0x80)
		return 1;
	while (count < 4 && count < size && (text[count] & 0xc0) == 0x80)
		count++;
	while (count > 1 && *text < leads[count - 1])
		count--;
	if (count == 1) {
		*character = 0xdc00 + *text;
		return 1;
	}
	*character = *text & (0xff >> (count + 1));
	for (size_t i = 1; i < count; i++)
		*character = *character << 6 | (text[i] & 0x3f);
	return count;
}

static bool is_shown(Py_UCS4 character, bool is_bytes)
{
	if (character < 0x80)
		return character >= ' ' && character != 0x7f;
	return !is_bytes && (!pt_py.is_printable || pt_py.is_printable(character));
}

static void add_escaped(struct pt_message *message, Py_UCS4 character)
{
	char escape[12];

	if (character == '\t' || character == '\n' || character == '\r')
		snprintf(escape, sizeof(escape), "\\%c",
			 character == '\t' ? 't' : character == '\n' ? 'n' : 'r');
	else if (character <= 0xff)
		snprintf(escape, sizeof(escape), "\\x%02x", (unsigned int)character);
	else if (character <= 0xffff)
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned int)character);
	else
		snprintf(escape, sizeof(escape), "\\U%08x", (unsigned int)character);
	pt_message_add(message, escape);
}

/* Adds a text or bytes as Python writes them. */
static void add_quoted(struct pt_message *message, const char *text, size_t size,
		       bool is_bytes)
{
	bool is_double = memchr(text, '\'', size) && !memchr(text, '"', size);
	Py_UCS4 quote = is_double ? '"' : '\'';
	Py_UCS4 character = 0;
	size_t count = 1;

	pt_message_add(message, is_double ? "\"" : "'");
	for (size_t at = 0; at < size && !message->is_cut; at += count) {
		const unsigned char *here = (const unsigned char *)text + at;
		character = *here;
		count = is_bytes ? 1 : read_character(here, size - at, &character);
		if (character == quote || character == '\\')
			pt_message_add(message, "\\");
		if (is_shown(character, is_bytes))
			add_bytes(message, text + at, count);
		else
			add_escaped(message, character);
	}
	pt_message_add(message, is_double ? "\"" : "'");
}

static void add_quoted_text(struct pt_message *message, PyObject *value)
{
	PyObject *start = shortened(value);
	PyObject *encoded = NULL;
	char *bytes = NULL;
	Py_ssize_t size = 0;
	const char *text = pt_py.PyUnicode_AsUTF8AndSize(start, &size);

	if (!text) {
		pt_py.PyErr_Clear();
		encoded = pt_py.PyUnicode_EncodeFSDefault(start);
	}
	if (encoded && pt_py.PyBytes_AsStringAndSize(encoded, &bytes, &size) == 0)
		text = bytes;
	if (text)
		add_quoted(message, text, (size_t)size, false);
	else
		pt_message_add_gap(message);
	if (!text)
		pt_py.PyErr_Clear();
	pt_python_drop(encoded);
	pt_python_drop(start);
}

static void add_quoted_bytes(struct pt_message *message, PyObject *value)
{
	char *bytes = NULL;
	Py_ssize_t size = 0;

	if (pt_py.PyBytes_AsStringAndSize(value, &bytes, &size) != 0) {
		pt_py.PyErr_Clear();
		return;
	}
	pt_message_add(message, "b");
	add_quoted(message, bytes, (size_t)size, true);
}

/* Converting an int too long for C would make the interpreter check for signals. */
static void add_int(struct pt_message *message, PyObject *value)
{
	int overflow = 0;
	long long number = pt_py.PyLong_AsLongLongAndOverflow(value, &overflow);

	if (overflow)
		pt_message_add_gap(message);
	else
		pt_message_add_number(message, number);
}

static void add_float(struct pt_message *message, PyObject *value)
{
	PyObject *text = pt_py.PyObject_Str(value);

	if (text)
		add_text(message, text);
	else
		pt_py.PyErr_Clear();
	pt_python_drop(text);
}

static void add_value(struct pt_message *message, PyObject *value, int nesting);

static void add_tuple(struct pt_message *message, PyObject *tuple, int nesting)
{
	Py_ssize_t count = pt_py.PyTuple_Size(tuple);

	pt_message_add(message, "(");
	for (Py_ssize_t i = 0; i < count && !message->is_cut; i++) {
		pt_message_add(message, i ? ", " : "");
		add_value(message, pt_py.PyTuple_GetItem(tuple, i), nesting + 1);
	}
	pt_message_add(message, count == 1 ? ",)" : ")");
}

/* Adds what repr() gives. */
static void add_value(struct pt_message *message, PyObject *value, int nesting)
{
	if (!value)
		pt_message_add_gap(message);
	else if (value == pt_py.none)
		pt_message_add(message, "None");
	else if (pt_python_is_exactly(value, pt_py.str_type))
		add_quoted_text(message, value);
	else if (pt_python_is_exactly(value, pt_py.int_type))
		add_int(message, value);
	else if (pt_python_is_exactly(value, pt_py.bool_type))
		pt_message_add(message, pt_py.PyLong_AsLong(value) ? "True" : "False");
	else if (pt_python_is_exactly(value, pt_py.float_type))
		add_float(message, value);
	else if (pt_python_is_exactly(value, pt_py.bytes_type))
		add_quoted_bytes(message, value);
	else if (pt_python_is_exactly(value, pt_py.tuple_type) && nesting < MAX_NESTING)
		add_tuple(message, value, nesting);
	else
		pt_message_add_gap(message);
}

void pt_message_add_repr(struct pt_message *message, PyObject *value)
{
	add_value(message, value, 0);
}

void pt_message_add_str(struct pt_message *message, PyObject *value)
{
	if (value && pt_python_is_exactly(value, pt_py.str_type))
		add_text(message, value);
	else
		add_value(message, value, 0);
}

char *pt_message_end(struct pt_message *message)
{
	return pt_format("%.*s%s", (int)message->size, message->text,
			 message->is_cut ? GAP : "");
}
