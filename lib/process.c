/* SPDX-License-Identifier: MIT */
/*
 * The child of vfork shares our memory until it calls exec or _exit: in it, nothing may
 * be flushed, locked or allocated. It is known by its pid, which is not the one noted.
 */
#include "config.h"

#include "process.h"

#include "lock.h"
#include "run.h"
#include "thread.h"
#include "util.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The process that this memory belongs to; 0: tracing has not been prepared. */
static pid_t owner;

static void before_fork(void)
{
	pt_lock_before_fork();
}

static void after_fork_in_parent(void)
{
	pt_lock_after_fork_in_parent();
}

static void after_fork_in_child(void)
{
	pt_lock_after_fork_in_child();
	owner = getpid();
	pt_run_after_fork();
}

void pt_process_start(void)
{
	if (owner)
		return;
	owner = getpid();
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* Writes out what is staged, unless this is the child of a vfork. */
static void flush(void)
{
	int saved = errno;

	if (owner && owner == getpid())
		pt_thread_flush_all();
	errno = saved;
}

/* The process ends by exit() or by returning from main. */
__attribute__((destructor)) static void on_unload(void)
{
	flush();
}

/*
 * The functions below take the place of libc's. Each writes out what is staged and goes
 * on to the real one.
 */

PT_EXPORT void _exit(int status)
{
	flush();
	syscall(SYS_exit_group, status);
	__builtin_trap();
}

PT_EXPORT void _Exit(int status)
{
	_exit(status);
}

/* Calls the next definition of a function with the given arguments. */
#define CALL_NEXT(name, ...)                                                 \
	__typeof__(&name) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
	if (!next) {                                                         \
		errno = ENOSYS;                                              \
		return -1;                                                   \
	}                                                                    \
	return next(__VA_ARGS__)

PT_EXPORT int execv(const char *path, char *const argv[])
{
	flush();
	CALL_NEXT(execv, path, argv);
}

PT_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	flush();
	CALL_NEXT(execve, path, argv, envp);
}

PT_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	flush();
	CALL_NEXT(fexecve, fd, argv, envp);
}
