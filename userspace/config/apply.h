/* SPDX-License-Identifier: GPL-2.0-only */
/* Making the kernel's configuration another. */

#ifndef ROMON_APPLY_H
#define ROMON_APPLY_H

#include "model.h"

/* All of it, or as far as can be nothing; complains, and what to exit with. */
int apply_model(const struct model *want, const char *what);

#endif /* ROMON_APPLY_H */
