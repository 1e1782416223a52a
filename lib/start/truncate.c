/* SPDX-License-Identifier: MIT */
/*
 * Programs that open everything in a directory for writing truncate our staging files,
 * too, which are mapped: touching what is gone is a SIGBUS. The functions below replace
 * libc's, save our files first and call the real one.
 */
#include "config.h"

#include "base/util.h"
#include "out/stage.h"
#include "start/process.h"
#include "trace/record.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <unistd.h>

/* Finds the next definition of a function; there always is one. */
#define REAL(name)                                                                   \
	({                                                                           \
		static _Atomic(__typeof__(&name)) found;                             \
		if (!found)                                                          \
			found = (__typeof__(&name))dlsym(RTLD_NEXT, #name);          \
		found;                                                               \
	})

static void before_open(int directory, const char *path, int flags)
{
	if (!(flags & O_TRUNC) || !path || !pt_process_is_traced())
		return;
	pt_stage_before_truncate(directory, path);
	pt_record_before_truncate(directory, path);
}

/* Takes the mode after FLAGS if there is one; else the real function needs none. */
#define TAKE_MODE(mode, flags)                                              \
	mode_t mode = 0;                                                    \
	if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) {    \
		va_list args;                                               \
		va_start(args, flags);                                      \
		mode = va_arg(args, mode_t);                                \
		va_end(args);                                               \
	}

PT_EXPORT int open(const char *path, int flags, ...)
{
	TAKE_MODE(mode, flags)
	before_open(AT_FDCWD, path, flags);
	return REAL(open)(path, flags, mode);
}

PT_EXPORT int open64(const char *path, int flags, ...)
{
	TAKE_MODE(mode, flags)
	before_open(AT_FDCWD, path, flags);
	return REAL(open64)(path, flags, mode);
}

PT_EXPORT int openat(int directory, const char *path, int flags, ...)
{
	TAKE_MODE(mode, flags)
	before_open(directory, path, flags);
	return REAL(openat)(directory, path, flags, mode);
}

PT_EXPORT int openat64(int directory, const char *path, int flags, ...)
{
	TAKE_MODE(mode, flags)
	before_open(directory, path, flags);
	return REAL(openat64)(directory, path, flags, mode);
}

PT_EXPORT int creat(const char *path, mode_t mode)
{
	before_open(AT_FDCWD, path, O_TRUNC);
	return REAL(creat)(path, mode);
}

PT_EXPORT int creat64(const char *path, mode_t mode)
{
	before_open(AT_FDCWD, path, O_TRUNC);
	return REAL(creat64)(path, mode);
}

PT_EXPORT int truncate(const char *path, off_t size)
{
	before_open(AT_FDCWD, path, O_TRUNC);
	return REAL(truncate)(path, size);
}

PT_EXPORT int truncate64(const char *path, off64_t size)
{
	before_open(AT_FDCWD, path, O_TRUNC);
	return REAL(truncate64)(path, size);
}
