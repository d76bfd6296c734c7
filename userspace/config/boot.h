/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration that there shall be after a boot, as files of it. */

#ifndef ROMON_BOOT_H
#define ROMON_BOOT_H

#include "model.h"

#define BOOT_DIR	"/etc/romon"
#define BOOT_FILE	"romon.conf"
#define BOOT_MORE	"conf.d"	/* all in there that ends in .conf */

/* All of @dir's as one, by lines_add(). Complains; what to exit with. */
int boot_read(struct model *m, const char *dir);

#endif /* ROMON_BOOT_H */
