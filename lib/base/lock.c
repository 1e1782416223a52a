/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/lock.h"

#include <pthread.h>

/* See lock.h. */
static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void pt_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void pt_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

void pt_lock_before_fork(void)
{
	pt_lock();
}

void pt_lock_after_fork_in_parent(void)
{
	pt_unlock();
}

void pt_lock_after_fork_in_child(void)
{
	/* Its owner is this thread, under the number that it had in the parent. */
	static const pthread_mutex_t initial = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

	mutex = initial;
}
