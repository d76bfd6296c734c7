/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection to the address of a service. */

#ifndef ROMON_SERVE_TARGET_H
#define ROMON_SERVE_TARGET_H

#include "conf.h"

/*
 * A socket, whose connecting may go on, or a negative errno: -EAGAIN if as many
 * wait there as may, of whose end nothing tells.
 */
int serve_target_connect(const struct serve_offer *offer);

#endif /* ROMON_SERVE_TARGET_H */
