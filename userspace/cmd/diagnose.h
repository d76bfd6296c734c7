/* SPDX-License-Identifier: GPL-2.0-only */
/* When nobody answers: why authentication may be the reason. */

#ifndef ROMON_DIAGNOSE_H
#define ROMON_DIAGNOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "nl/api.h"

struct diagnosis {
	struct api_ports before;
	int64_t begun;
	/* The way that was tried, if one is known: its first hop. */
	char interface[ROMON_IFNAME_MAX_LEN + 1];
	uint8_t mac[API_ID_LEN], id[API_ID_LEN];
	bool direct;		/* that one is who was asked */
};

void diagnose_begin(struct diagnosis *d);
void diagnose_way(struct diagnosis *d, const struct api_node *node,
		  size_t hops);
void diagnose_end(struct diagnosis *d, const char *what, bool answered);

#endif /* ROMON_DIAGNOSE_H */
