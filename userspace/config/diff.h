/* SPDX-License-Identifier: GPL-2.0-only */
/* What leads from one configuration to another: requests, in their order. */

#ifndef ROMON_DIFF_H
#define ROMON_DIFF_H

#include "model.h"

struct diff_change {
	int cmd;		/* ROMON_CMD_CONFIG_SET, _PORT_ADD, _SET or _DEL */
	const char *interface;	/* of a port */
	struct setting_value set[SETTINGS_MAX];
};

/* Of both models: they must outlive it. */
struct diff {
	struct diff_change *v;
	size_t n;
};

void diff_make(struct diff *d, const struct model *want,
	       const struct model *is);
void diff_free(struct diff *d);

#endif /* ROMON_DIFF_H */
