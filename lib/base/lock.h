/* SPDX-License-Identifier: MIT */
/*
 * The one lock of the library, recursive. It guards what threads share and change: the
 * tables of code records, files, interned names and rule questions, the rendered lines,
 * the list of threads. It is held while these are changed, which may allocate memory and
 * read source files, and over fork. Nothing on the line path takes it. It is never held
 * while the interpreter is called, which may stop all threads and wait for them.
 */
#ifndef PT_LOCK_H
#define PT_LOCK_H

/* Take and release the lock. GIL: not needed. */
void pt_lock(void);
void pt_unlock(void);

/*
 * Called around fork, so that the child does not find the lock taken for ever. The
 * child's lock is a fresh one. GIL: not needed.
 */
void pt_lock_before_fork(void);
void pt_lock_after_fork_in_parent(void);
void pt_lock_after_fork_in_child(void);

#endif /* PT_LOCK_H */
