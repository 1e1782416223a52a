/* SPDX-License-Identifier: MIT */
/*
 * A library to be preloaded in front of libpytrace: libc's functions fail where they are
 * called from there, and there alone. The environment says which, and how:
 *
 *     FAULTS_FUNCTION=malloc  the function; none: calls are only counted
 *     FAULTS_AT=3             the number of the call in each process, from 1 on
 *     FAULTS_ERROR=12         errno; 0: half of what was asked for is read or written
 *     FAULTS_ALWAYS=1         all later calls fail, too
 *     FAULTS_SPARED=2         calls with this descriptor work, and do not count
 *     FAULTS_COUNTS=FILE      uint64_t for each function, in the order of FUNCTIONS: the
 *                             largest number of calls that a process has made
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* Whose calls fail. */
#define LIBRARY "libpytrace.so"

/* Functions that can fail; faults.py reads the names from here. */
#define FUNCTIONS(X)          \
	X(access)             \
	X(calloc)             \
	X(clock_gettime)      \
	X(close)              \
	X(dlopen)             \
	X(dlsym)              \
	X(fallocate)          \
	X(fchmod)             \
	X(fcntl)              \
	X(fgetxattr)          \
	X(flock)              \
	X(fsetxattr)          \
	X(fstat)              \
	X(fstatat)            \
	X(fstatfs)            \
	X(ftruncate)          \
	X(futimens)           \
	X(getcwd)             \
	X(gethostname)        \
	X(iconv_open)         \
	X(kill)               \
	X(linkat)             \
	X(localtime_r)        \
	X(lseek)              \
	X(lstat)              \
	X(malloc)             \
	X(mkdir)              \
	X(mmap)               \
	X(on_exit)            \
	X(open)               \
	X(openat)             \
	X(posix_fallocate)    \
	X(pread)              \
	X(pthread_key_create) \
	X(pthread_setspecific) \
	X(pwrite)             \
	X(pwritev2)           \
	X(read)               \
	X(readlinkat)         \
	X(realloc)            \
	X(realpath)           \
	X(rename)             \
	X(setenv)             \
	X(stat)               \
	X(strdup)             \
	X(strndup)            \
	X(syscall)            \
	X(unlink)             \
	X(unlinkat)           \
	X(write)

enum function {
#define ENUMERATOR(name) FUNCTION_##name,
	FUNCTIONS(ENUMERATOR)
#undef ENUMERATOR
	FUNCTION_COUNT,
};

static const char *const names[] = {
#define NAME(name) #name,
	FUNCTIONS(NAME)
#undef NAME
};

/* libc's allocation, for those who replace it. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);

/* In libpytrace they replace libc's; here they are what is called. */
int on_exit(void (*function)(int, void *), void *argument);

/* Code of the library under test. */
static uintptr_t code_start;
static size_t code_size;

/* What the environment says. */
static int chosen = FUNCTION_COUNT;
static uint64_t chosen_call;
static int chosen_error;
static bool is_for_good;
static int spared = -1;

/* Of this process, and of all. */
static atomic_uint_fast64_t counts[FUNCTION_COUNT];
static _Atomic(uint64_t) *shared_counts;

static enum { UNKNOWN, FINDING, FOUND } state;

/* The next definition of a function. */
#define REAL(name) ((__typeof__(&name))find_real(FUNCTION_##name))

static void *find_real(enum function function)
{
	static void *real[FUNCTION_COUNT];
	static const char *const versions[] = { "GLIBC_2.34", "GLIBC_2.17",
						"GLIBC_2.2.5" };

	for (size_t i = 0; !real[FUNCTION_dlsym] && i < 3; i++)
		real[FUNCTION_dlsym] = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
	__typeof__(&dlsym) look_up = (__typeof__(&dlsym))real[FUNCTION_dlsym];
	if (!real[function])
		real[function] = look_up(RTLD_NEXT, names[function]);
	return real[function];
}

static int find_code(struct dl_phdr_info *info, size_t size, void *unused)
{
	const char *slash = strrchr(info->dlpi_name, '/');
	(void)size, (void)unused;

	if (strcmp(slash ? slash + 1 : info->dlpi_name, LIBRARY) != 0)
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		code_start = info->dlpi_addr + segment->p_vaddr;
		code_size = segment->p_memsz;
	}
	return 1;
}

static long number_of(const char *name, long initial)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 10) : initial;
}

static void map_counts(const char *path)
{
	int fd = path ? REAL(open)(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *data = REAL(mmap)(NULL, sizeof(uint64_t) * FUNCTION_COUNT,
				PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (data != MAP_FAILED)
		shared_counts = data;
	REAL(close)(fd);
}

static void prepare(void)
{
	const char *function = getenv("FAULTS_FUNCTION");

	state = FINDING;
	for (int i = 0; function && i < FUNCTION_COUNT; i++) {
		if (strcmp(function, names[i]) == 0)
			chosen = i;
	}
	chosen_call = (uint64_t)number_of("FAULTS_AT", 1);
	chosen_error = (int)number_of("FAULTS_ERROR", ENOMEM);
	is_for_good = number_of("FAULTS_ALWAYS", 0) != 0;
	spared = (int)number_of("FAULTS_SPARED", -1);
	map_counts(getenv("FAULTS_COUNTS"));
	dl_iterate_phdr(find_code, NULL);
	state = FOUND;
}

/* Counts a call from that address. Returns whether it fails, with errno set. */
static bool fails(enum function function, const void *caller)
{
	if (state == UNKNOWN)
		prepare();
	if (state != FOUND || (uintptr_t)caller - code_start >= code_size)
		return false;
	uint64_t call = atomic_fetch_add(&counts[function], 1) + 1;
	if (shared_counts) {
		uint64_t most = atomic_load(&shared_counts[function]);
		while (most < call &&
		       !atomic_compare_exchange_weak(&shared_counts[function], &most,
						     call))
			;
	}
	if ((int)function != chosen || call < chosen_call ||
	    (call > chosen_call && !is_for_good))
		return false;
	errno = chosen_error;
	return true;
}

/* Calls the wrapped function with what is in the parentheses, unless it is to fail. */
#define CALLER __builtin_return_address(0)

#define WRAP(result, name, failure, parameters, ...)        \
	EXPORT result name parameters                       \
	{                                                   \
		if (fails(FUNCTION_##name, CALLER))         \
			return failure;                     \
		return REAL(name)(__VA_ARGS__);             \
	}

WRAP(int, access, -1, (const char *path, int mode), path, mode)
WRAP(int, clock_gettime, -1, (clockid_t clock, struct timespec *time), clock, time)
WRAP(int, fallocate, -1, (int fd, int mode, off_t start, off_t size), fd, mode, start,
     size)
WRAP(int, fchmod, -1, (int fd, mode_t mode), fd, mode)
WRAP(int, flock, -1, (int fd, int operation), fd, operation)
WRAP(ssize_t, fgetxattr, -1, (int fd, const char *name, void *value, size_t size), fd,
     name, value, size)
WRAP(int, fsetxattr, -1,
     (int fd, const char *name, const void *value, size_t size, int flags), fd, name,
     value, size, flags)
WRAP(int, fstat, -1, (int fd, struct stat *status), fd, status)
WRAP(int, fstatat, -1, (int folder, const char *path, struct stat *status, int flags),
     folder, path, status, flags)
WRAP(int, fstatfs, -1, (int fd, struct statfs *status), fd, status)
WRAP(int, ftruncate, -1, (int fd, off_t size), fd, size)
WRAP(int, futimens, -1, (int fd, const struct timespec times[2]), fd, times)
WRAP(char *, getcwd, NULL, (char *buffer, size_t size), buffer, size)
WRAP(int, gethostname, -1, (char *name, size_t size), name, size)
WRAP(iconv_t, iconv_open, (iconv_t)-1, (const char *to, const char *from), to, from)
WRAP(int, kill, -1, (pid_t pid, int signal), pid, signal)
WRAP(int, linkat, -1,
     (int folder, const char *path, int new_folder, const char *new_path, int flags),
     folder, path, new_folder, new_path, flags)
WRAP(struct tm *, localtime_r, NULL, (const time_t *time, struct tm *result), time,
     result)
WRAP(off_t, lseek, -1, (int fd, off_t offset, int whence), fd, offset, whence)
WRAP(int, lstat, -1, (const char *path, struct stat *status), path, status)
WRAP(int, mkdir, -1, (const char *path, mode_t mode), path, mode)
WRAP(void *, mmap, MAP_FAILED,
     (void *address, size_t size, int access, int flags, int fd, off_t offset), address,
     size, access, flags, fd, offset)
WRAP(int, on_exit, -1, (void (*function)(int, void *), void *argument), function,
     argument)
WRAP(int, posix_fallocate, errno, (int fd, off_t start, off_t size), fd, start, size)
WRAP(int, pthread_key_create, errno, (pthread_key_t *key, void (*end)(void *)), key, end)
WRAP(int, pthread_setspecific, errno, (pthread_key_t key, const void *value), key, value)
WRAP(ssize_t, readlinkat, -1, (int folder, const char *path, char *out, size_t size),
     folder, path, out, size)
WRAP(char *, realpath, NULL, (const char *path, char *out), path, out)
WRAP(int, rename, -1, (const char *from, const char *to), from, to)
WRAP(int, setenv, -1, (const char *name, const char *value, int replaces), name, value,
     replaces)
WRAP(int, stat, -1, (const char *path, struct stat *status), path, status)
WRAP(char *, strdup, NULL, (const char *text), text)
WRAP(char *, strndup, NULL, (const char *text, size_t size), text, size)
WRAP(int, unlink, -1, (const char *path), path)
WRAP(int, unlinkat, -1, (int folder, const char *path, int flags), folder, path, flags)

EXPORT void *malloc(size_t size)
{
	return fails(FUNCTION_malloc, CALLER) ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
	return fails(FUNCTION_calloc, CALLER) ? NULL : __libc_calloc(count, size);
}

EXPORT void *realloc(void *data, size_t size)
{
	return fails(FUNCTION_realloc, CALLER) ? NULL : __libc_realloc(data, size);
}

/* The descriptor is free afterwards, as it is when the disk is full at last. */
EXPORT int close(int fd)
{
	bool is_failure = fails(FUNCTION_close, CALLER);
	int error = errno;
	int result = REAL(close)(fd);

	if (!is_failure)
		return result;
	errno = error;
	return -1;
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list args;

	if (fails(FUNCTION_open, CALLER))
		return -1;
	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return REAL(open)(path, flags, mode);
}

EXPORT int openat(int folder, const char *path, int flags, ...)
{
	va_list args;

	if (fails(FUNCTION_openat, CALLER))
		return -1;
	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return REAL(openat)(folder, path, flags, mode);
}

/* Only what needs a descriptor more, or a lock. */
EXPORT int fcntl(int fd, int command, ...)
{
	va_list args;

	if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_SETLK) &&
	    fails(FUNCTION_fcntl, CALLER))
		return -1;
	va_start(args, command);
	void *argument = va_arg(args, void *);
	va_end(args);
	return REAL(fcntl)(fd, command, argument);
}

static size_t half(size_t size)
{
	return size > 1 ? size / 2 : size;
}

EXPORT ssize_t read(int fd, void *data, size_t size)
{
	if (!fails(FUNCTION_read, CALLER))
		return REAL(read)(fd, data, size);
	return errno ? -1 : REAL(read)(fd, data, half(size));
}

EXPORT ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	if (!fails(FUNCTION_pread, CALLER))
		return REAL(pread)(fd, data, size, offset);
	return errno ? -1 : REAL(pread)(fd, data, half(size), offset);
}

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
	if (fd == spared || !fails(FUNCTION_write, CALLER))
		return REAL(write)(fd, data, size);
	return errno ? -1 : REAL(write)(fd, data, half(size));
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	if (!fails(FUNCTION_pwrite, CALLER))
		return REAL(pwrite)(fd, data, size, offset);
	return errno ? -1 : REAL(pwrite)(fd, data, half(size), offset);
}

/* One piece at a time. */
EXPORT ssize_t pwritev2(int fd, const struct iovec *pieces, int count, off_t offset, int flags)
{
	if (!fails(FUNCTION_pwritev2, CALLER))
		return REAL(pwritev2)(fd, pieces, count, offset, flags);
	const struct iovec first = { pieces->iov_base, half(pieces->iov_len) };
	return errno ? -1 : REAL(pwritev2)(fd, &first, 1, offset, flags);
}

/* Only what libc has no function for. */
EXPORT long syscall(long number, ...)
{
	long arguments[6];
	va_list args;

	if ((number == SYS_getdents64 || number == SYS_pidfd_open ||
	     number == SYS_pidfd_getfd) &&
	    fails(FUNCTION_syscall, CALLER))
		return -1;
	va_start(args, number);
	for (size_t i = 0; i < 6; i++)
		arguments[i] = va_arg(args, long);
	va_end(args);
	return REAL(syscall)(number, arguments[0], arguments[1], arguments[2],
			     arguments[3], arguments[4], arguments[5]);
}

/* The real ones look at who calls: these are jumps, which leave the caller as it is. */
#define JUMPS __attribute__((optimize("O2")))

EXPORT JUMPS void *dlopen(const char *path, int mode)
{
	if (fails(FUNCTION_dlopen, CALLER))
		return NULL;
	return REAL(dlopen)(path, mode);
}

/* What the process has had from its start is always found. */
EXPORT JUMPS void *dlsym(void *handle, const char *name)
{
	if (handle != RTLD_NEXT && handle != RTLD_DEFAULT &&
	    fails(FUNCTION_dlsym, CALLER))
		return NULL;
	return REAL(dlsym)(handle, name);
}
