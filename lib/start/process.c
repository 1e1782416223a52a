/* SPDX-License-Identifier: MIT */
/*
 * The functions below replace libc's. Each does its part and calls the real one.
 *
 * The child of vfork shares our memory until it calls exec or _exit: it may not flush,
 * lock or allocate anything. We know it by its pid, which is not the one noted.
 *
 * Signal handlers may call most of these functions, and may have interrupted us anywhere.
 * So these allocate nothing and take no lock except the turn (turn.h), which is refused
 * if the thread has it already. Only fork is not made for handlers.
 */
#include "config.h"

#include "start/process.h"

#include "base/lock.h"
#include "base/util.h"
#include "out/stage.h"
#include "out/turn.h"
#include "start/follow.h"
#include "start/lifecycle.h"
#include "start/run.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The process that owns this memory; 0: tracing is not prepared yet. */
static pid_t owner;

/* The libc functions that ours call. */
#define REAL_FUNCTIONS(X) \
	X(abort)          \
	X(execve)         \
	X(fexecve)        \
	X(kill)           \
	X(killpg)         \
	X(popen)          \
	X(posix_spawn)    \
	X(posix_spawnp)   \
	X(pthread_kill)   \
	X(raise)          \
	X(setsid)         \
	X(system)         \
	X(wait4)          \
	X(waitid)

/* Their addresses; NULL: not looked up yet. */
static struct {
#define DECLARE(name) _Atomic(__typeof__(&name)) name;
	REAL_FUNCTIONS(DECLARE)
} found;

/* Environments of about a thousand variables fit; threads may have stacks of 32 KiB. */
#define SMALL_SIZE 8192

/* Memory for a larger one; NULL: there is none. */
struct mapping {
	void *data;
	size_t size;
};

/*
 * What the last child of vfork left behind in this thread's memory when it became another
 * program.
 */
static _Thread_local struct mapping left_behind __attribute__((tls_model("initial-exec")));

/* Finds the next definition of a function. There always is one, in libc. */
#define FIND(name) (found.name = (__typeof__(&name))dlsym(RTLD_NEXT, #name))

/*
 * In programs that are not Python, and before the start, each is looked up when called.
 */
#define REAL(name) (found.name ? found.name : FIND(name))

/* The child of vfork and signal handlers must find them there. */
static void find_all(void)
{
#define FIND_ONE(name) FIND(name);
	REAL_FUNCTIONS(FIND_ONE)
}

static bool is_owner(void)
{
	return owner && owner == getpid();
}

bool pt_process_is_traced(void)
{
	return is_owner();
}

/* Writes out what is staged. */
static void flush(void)
{
	if (is_owner())
		pt_stage_flush_all();
}

/* The current fork has the turn; only one fork at a time does. */
static bool has_turn;

static void before_fork(void)
{
	flush(); /* what came before shall stand before what the child writes */
	/* The child must find everything that the turn guards in order. */
	has_turn = is_owner() && pt_turn_take();
	pt_lock_before_fork();
}

static void after_fork_in_parent(void)
{
	pt_lock_after_fork_in_parent();
	if (has_turn)
		pt_turn_give();
}

static void after_fork_in_child(void)
{
	pt_lock_after_fork_in_child();
	pt_turn_after_fork_in_child();
	owner = getpid();
	pt_run_after_fork();
}

static void on_exit_status(int status, void *unused)
{
	(void)unused;
	if (is_owner())
		pt_lifecycle_exit(status);
}

void pt_process_start(void)
{
	if (owner)
		return;
	find_all();
	owner = getpid();
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

void pt_process_watch_exit(void)
{
	on_exit(on_exit_status, NULL);
}

/* The last moment for lines traced after the process began to exit. */
__attribute__((destructor)) static void on_unload(void)
{
	if (is_owner())
		pt_lifecycle_unload();
}

PT_EXPORT void _exit(int status)
{
	if (is_owner())
		pt_lifecycle_end(PT_END_EXIT, status);
	syscall(SYS_exit_group, status);
	__builtin_trap();
}

PT_EXPORT void _Exit(int status)
{
	_exit(status);
}

/* Returns whether a signal would end the process: unhandled, and deadly by default. */
static bool is_deadly(int signal)
{
	struct sigaction action;

	if (signal == SIGKILL)
		return true;
	if (signal == 0 || signal == SIGCHLD || signal == SIGCONT || signal == SIGURG ||
	    signal == SIGWINCH || signal == SIGSTOP || signal == SIGTSTP ||
	    signal == SIGTTIN || signal == SIGTTOU)
		return false;
	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

static bool is_blocked(int signal)
{
	sigset_t mask;

	return pthread_sigmask(SIG_BLOCK, NULL, &mask) != 0 ||
	       sigismember(&mask, signal) == 1;
}

/*
 * This thread is about to send a signal to itself or to the process. If it blocks the
 * signal, another thread may take it, or none: then we say nothing that may turn out
 * wrong, and what waits stays in the staging file. The first process of a namespace, as
 * in a container, survives all signals that it sends to itself.
 */
static bool before_signal(int signal)
{
	bool is_end = is_owner() && owner != 1 && is_deadly(signal) &&
		      (signal == SIGKILL || !is_blocked(signal));

	if (is_end)
		pt_lifecycle_end(PT_END_SIGNAL, signal);
	return is_end;
}

/* The process goes on: returns RESULT of the function that should have ended it. */
static int after_signal(bool is_end, int result)
{
	if (is_end)
		pt_lifecycle_go_on();
	return result;
}

PT_EXPORT int kill(pid_t pid, int signal)
{
	bool is_own = pid == getpid() || pid == 0 || (pid < -1 && -pid == getpgrp());
	bool is_end = is_own && before_signal(signal);

	return after_signal(is_end, REAL(kill)(pid, signal));
}

PT_EXPORT int killpg(pid_t group, int signal)
{
	bool is_end = (group == 0 || group == getpgrp()) && before_signal(signal);

	return after_signal(is_end, REAL(killpg)(group, signal));
}

PT_EXPORT int pthread_kill(pthread_t thread, int signal)
{
	bool is_end = pthread_equal(thread, pthread_self()) && before_signal(signal);

	return after_signal(is_end, REAL(pthread_kill)(thread, signal));
}

PT_EXPORT int raise(int signal)
{
	bool is_end = before_signal(signal);

	return after_signal(is_end, REAL(raise)(signal));
}

PT_EXPORT void abort(void)
{
	/* This ignores whether the signal is blocked. */
	if (is_owner() && is_deadly(SIGABRT))
		pt_lifecycle_end(PT_END_SIGNAL, SIGABRT);
	REAL(abort)();
	__builtin_trap();
}

static void unmap(struct mapping *mapping)
{
	int saved = errno;

	if (mapping->data)
		munmap(mapping->data, mapping->size);
	mapping->data = NULL;
	errno = saved;
}

/*
 * Puts the library back into an environment, if that is forced. The child of vfork must
 * not allocate, so the memory for that is SMALL, of SMALL_SIZE bytes, or a mapping that
 * the caller unmaps. Without memory the environment stays as it is.
 */
static char *const *merge(char *const envp[], void *small, struct mapping *mapping)
{
	size_t size = pt_follow_size(envp);

	unmap(&left_behind);
	if (size == 0)
		return envp;
	if (size <= SMALL_SIZE)
		return pt_follow_merge(envp, small);
	void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (data == MAP_FAILED)
		return envp;
	*mapping = (struct mapping){ data, size };
	return pt_follow_merge(envp, data);
}

/* Calls fexecve, or execve without a descriptor. */
static int exec(const char *path, const int *fd, char *const argv[], char *const envp[])
{
	char *small[SMALL_SIZE / sizeof(char *)];
	struct mapping mapping = { 0 };
	char *const *environment = merge(envp, small, &mapping);

	bool leaves = is_owner();

	if (leaves)
		pt_lifecycle_leave(fd ? "a descriptor" : path, fd || access(path, X_OK) == 0);
	else
		left_behind = mapping;
	int result = fd ? REAL(fexecve)(*fd, argv, environment) :
			  REAL(execve)(path, argv, environment);
	left_behind.data = NULL;
	unmap(&mapping);
	if (leaves)
		pt_lifecycle_go_on();
	return result;
}

PT_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	return exec(path, NULL, argv, envp);
}

PT_EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

PT_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	return exec(NULL, &fd, argv, envp);
}

static int spawn(__typeof__(&posix_spawn) real, pid_t *pid, const char *program,
		 const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attributes, char *const argv[],
		 char *const envp[])
{
	char *small[SMALL_SIZE / sizeof(char *)];
	struct mapping mapping = { 0 };
	char *const *environment = merge(envp, small, &mapping);

	flush(); /* as before fork, whose handlers are not called */
	int result = real(pid, program, actions, attributes, argv, environment);
	unmap(&mapping);
	return result;
}

PT_EXPORT int posix_spawn(pid_t *pid, const char *path,
			  const posix_spawn_file_actions_t *actions,
			  const posix_spawnattr_t *attributes, char *const argv[],
			  char *const envp[])
{
	return spawn(REAL(posix_spawn), pid, path, actions, attributes, argv, envp);
}

PT_EXPORT int posix_spawnp(pid_t *pid, const char *file,
			   const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attributes, char *const argv[],
			   char *const envp[])
{
	return spawn(REAL(posix_spawnp), pid, file, actions, attributes, argv, envp);
}

PT_EXPORT pid_t setsid(void)
{
	if (is_owner())
		pt_lifecycle_leave_session();
	return REAL(setsid)();
}

/* libc starts the shell without a call that we could see. */
PT_EXPORT int system(const char *command)
{
	flush();
	return REAL(system)(command);
}

PT_EXPORT FILE *popen(const char *command, const char *mode)
{
	flush();
	return REAL(popen)(command, mode);
}

/* A child has been reaped, or has stopped. */
static pid_t after_wait(pid_t pid, int status)
{
	if (pid > 0 && is_owner())
		pt_lifecycle_child_reaped(pid, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return pid;
}

PT_EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	int own = 0;
	int *result = status ? status : &own;
	pid_t reaped = REAL(wait4)(pid, result, options, usage);

	return after_wait(reaped, *result);
}

PT_EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

PT_EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

PT_EXPORT pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

PT_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	int result = REAL(waitid)(type, id, info, options);

	/* A wait status holds the number of a signal, above 0. */
	if (result == 0 && info && info->si_pid && !(options & WNOWAIT))
		after_wait(info->si_pid, info->si_code == CLD_KILLED ||
							 info->si_code == CLD_DUMPED ?
						 info->si_status :
						 0);
	return result;
}
