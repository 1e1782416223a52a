/* SPDX-License-Identifier: MIT */
/* Input: the bytes of a source file. */
#include "config.h"

#include "base/util.h"
#include "code/source.h"
#include "fuzz.h"

static void check_text(const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t length = pt_utf8_length(text + i, size - i);
		FUZZ_EXPECT(length > 0);
		FUZZ_EXPECT(text[i] != '\n' && text[i] != '\r');
		i += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1);
	size_t length = 0;

	FUZZ_EXPECT(bytes);
	memcpy(bytes, data, size);
	struct pt_source *source = pt_source_parse(bytes, size);
	free(bytes); /* the source has what it needs */
	FUZZ_EXPECT(source);
	int count = pt_source_line_count(source);
	FUZZ_EXPECT(count >= 0);
	for (int i = 1; i <= count; i++) {
		const char *text = pt_source_line(source, i, &length);
		FUZZ_EXPECT(text);
		check_text(text, length);
		const char *start = text;
		size_t rest = length;
		pt_source_indent(&start, &rest);
		FUZZ_EXPECT(start + rest == text + length && rest <= length);
	}
	FUZZ_EXPECT(!pt_source_line(source, 0, &length));
	FUZZ_EXPECT(!pt_source_line(source, -1, &length));
	FUZZ_EXPECT(!pt_source_line(source, count + 1, &length));
	pt_source_free(source);
	return 0;
}
