/* SPDX-License-Identifier: GPL-2.0-only */
/* Users of the process that talks to others. */

#ifndef ROMON_SERVE_PRIV_H
#define ROMON_SERVE_PRIV_H

#include <stdbool.h>

#include "conf.h"

/* The user for good, if it is root, who may. False after a complaint. */
bool serve_priv_become(const struct serve_user *user);
/* What fn returns as that user, or a negative errno; then it is root again. */
int serve_priv_as(const struct serve_user *user, int (*fn)(const void *arg),
		  const void *arg);

#endif /* ROMON_SERVE_PRIV_H */
