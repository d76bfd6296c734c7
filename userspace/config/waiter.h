/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that goes back unless somebody confirms. */

#ifndef ROMON_WAITER_H
#define ROMON_WAITER_H

#include <stdbool.h>

/* What undo_keep() has kept is being waited for. False after a complaint. */
bool waiter_start(const char *what);
/* That process, which "romon confirm wait" becomes. What to exit with. */
int waiter_run(void);

#endif /* ROMON_WAITER_H */
