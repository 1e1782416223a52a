/* SPDX-License-Identifier: MIT */
/* Import events, from the calls that importlib makes. */
#ifndef PT_IMPORTS_H
#define PT_IMPORTS_H

struct pt_code;
struct pt_thread;

/*
 * Called for each call of code with a role, whose frame is the current one. Shows an
 * import if the importing module is traced or the rules want the imported one. No
 * exception may be pending, and none is left; errno stays. GIL: held.
 */
void pt_imports_call(struct pt_thread *thread, const struct pt_code *code);

#endif /* PT_IMPORTS_H */
