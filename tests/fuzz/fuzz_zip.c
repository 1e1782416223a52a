/* SPDX-License-Identifier: MIT */
/* Input: the name of a member, ended by NUL, and the bytes of a zip file. */
#include "config.h"

#include "base/util.h"
#include "code/zip.h"
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pt_buf out = { 0 };
	char *name = fuzz_take(&data, &size);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_EXPECT(fd >= 0);
	if (name && write(fd, data, size) == (ssize_t)size) {
		char *path = pt_format("/proc/self/fd/%d/%s", fd, name);
		FUZZ_EXPECT(path);
		pt_zip_read(path, &out);
		FUZZ_EXPECT(out.size <= out.capacity);
		free(path);
	}
	pt_buf_destroy(&out);
	close(fd);
	free(name);
	return 0;
}
