/* SPDX-License-Identifier: MIT */
/* Import events, from the calls that importlib makes. */
#ifndef PT_IMPORTS_H
#define PT_IMPORTS_H

struct pt_code;
struct pt_thread;

/*
 * Is told that code with a role was called; its frame is the current one. An import is
 * shown when the importing or the imported module is traced. No exception may be pending,
 * none is left; errno is left as it was. GIL: held.
 */
void pt_imports_call(struct pt_thread *thread, const struct pt_code *code);

#endif /* PT_IMPORTS_H */
