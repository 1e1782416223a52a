/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/turn.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

/* How often a waiting thread only yields before it begins to sleep. */
#define YIELDS 64

#define NAP_NS 100000 /* 0.1 ms */
#define PATIENCE_NAPS 10000

/* The thread that has the turn; 0: nobody. */
static _Atomic(uintptr_t) owner;

static uintptr_t self(void)
{
	return (uintptr_t)pthread_self();
}

bool pt_turn_try(void)
{
	uintptr_t nobody = 0;

	return atomic_compare_exchange_strong(&owner, &nobody, self());
}

static void nap(int tries)
{
	const struct timespec time = { .tv_nsec = NAP_NS };
	int saved = errno;

	if (tries < YIELDS)
		sched_yield();
	else
		nanosleep(&time, NULL);
	errno = saved;
}

bool pt_turn_take(void)
{
	for (int tries = 0; tries < YIELDS + PATIENCE_NAPS; tries++) {
		if (pt_turn_try())
			return true;
		if (atomic_load(&owner) == self())
			return false;
		nap(tries);
	}
	return false;
}

void pt_turn_wait(void)
{
	for (int tries = 0; !pt_turn_try(); tries += tries < YIELDS)
		nap(tries);
}

void pt_turn_give(void)
{
	atomic_store(&owner, 0);
}

void pt_turn_after_fork_in_child(void)
{
	atomic_store(&owner, 0);
}
