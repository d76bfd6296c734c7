/* SPDX-License-Identifier: GPL-2.0-only */
/* When nobody answers: what authentication has refused meanwhile. */

#ifndef ROMON_DIAGNOSE_H
#define ROMON_DIAGNOSE_H

#include <stdbool.h>

#include "api.h"

struct diagnosis {
	struct api_ports before;
};

void diagnose_begin(struct diagnosis *d);
void diagnose_end(struct diagnosis *d, bool answered);

#endif /* ROMON_DIAGNOSE_H */
