/* SPDX-License-Identifier: MIT */
/* Environments as arrays of strings. */
#ifndef PT_ENVIRONMENT_H
#define PT_ENVIRONMENT_H

/*
 * Returns the value of NAME in ENVIRONMENT, borrowed, or NULL. This is not getenv():
 * another thread of the host may be changing the environment. GIL: not needed.
 */
const char *pt_environment_value(char *const *environment, const char *name);

#endif /* PT_ENVIRONMENT_H */
