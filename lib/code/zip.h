/* SPDX-License-Identifier: MIT */
/* Reading one member of a zip file: the sources of zip applications. */
#ifndef PT_ZIP_H
#define PT_ZIP_H

#include <stdbool.h>

struct pt_buf;

/*
 * Appends to OUT the member that PATH names: the path of a zip file followed by "/" and
 * the member's name. Compressed members need libz, which is loaded with the first one.
 * Returns false if there is no such file or member, or it cannot be read; OUT may then
 * hold a part of it. GIL: not needed.
 */
bool pt_zip_read(const char *path, struct pt_buf *out);

#endif /* PT_ZIP_H */
