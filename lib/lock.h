/* SPDX-License-Identifier: MIT */
/*
 * The one lock of the library. Nothing on the line path takes it: it guards tables while
 * they grow. It is never held while the interpreter is called, which may stop all threads
 * and wait for them. It may be taken again by the thread that has it.
 */
#ifndef PT_LOCK_H
#define PT_LOCK_H

/* Take and release the lock. GIL: not needed. */
void pt_lock(void);
void pt_unlock(void);

/* To be called around fork, so that the child does not find the lock taken for ever. */
void pt_lock_before_fork(void);
void pt_lock_after_fork_in_parent(void);
void pt_lock_after_fork_in_child(void);

#endif /* PT_LOCK_H */
