/* SPDX-License-Identifier: MIT */
/* The opcode events of the program's own sys.settrace, which ours must not take away. */
#ifndef PT_OPCODE_EVENTS_H
#define PT_OPCODE_EVENTS_H

#include <stdbool.h>

/* Keeps them in the current interpreter, 3.13 or later. GIL: held. */
void pt_opcode_events_keep(void);

#endif /* PT_OPCODE_EVENTS_H */
