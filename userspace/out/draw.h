/* SPDX-License-Identifier: GPL-2.0-only */
/* The topology as a picture. */

#ifndef ROMON_DRAW_H
#define ROMON_DRAW_H

#include <stdio.h>

#include "nl/api.h"

#define DRAW_LABEL_LEN	(ROMON_IDENTITY_MAX_LEN + 24)

struct draw {
	struct api_config config;
	struct api_nodes nodes;
	struct api_edges edges;
};

int draw_load(struct draw *draw);
void draw_free(struct draw *draw);
const char *draw_identity(const struct draw *draw, const uint8_t *id);
const char *draw_label(const struct draw *draw, char *buf, const uint8_t *id);

void draw_tree(const struct draw *draw, FILE *f);
void draw_dot(const struct draw *draw, FILE *f);
int draw_svg(const struct draw *draw);

#endif /* ROMON_DRAW_H */
