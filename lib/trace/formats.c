/* SPDX-License-Identifier: MIT */
/* The one table of formats. */
#include "config.h"

#include "trace/format.h"

#include <string.h>

const struct pt_format *const pt_formats[] = {
	&pt_format_text,
	&pt_format_trace,
	&pt_format_json,
	NULL,
};

const struct pt_format *pt_format_find(const char *name)
{
	for (size_t i = 0; pt_formats[i]; i++) {
		if (strcmp(pt_formats[i]->name, name) == 0)
			return pt_formats[i];
	}
	return NULL;
}
