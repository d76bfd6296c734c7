/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration to a file. */

#ifndef ROMON_STORE_H
#define ROMON_STORE_H

#include "model.h"

/*
 * All of the file or nothing, and from the beginning for its owner only. Of a
 * link it is what that leads to. It begins with @head, comments or nothing.
 * Complains; what to exit with.
 */
int store_model(const struct model *m, const char *head, const char *file,
		const char *what);

#endif /* ROMON_STORE_H */
