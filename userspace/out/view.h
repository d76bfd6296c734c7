/* SPDX-License-Identifier: GPL-2.0-only */
/* How each object looks: the same fields in lists, records and events. */

#ifndef ROMON_VIEW_H
#define ROMON_VIEW_H

#include "nl/api.h"
#include "out.h"

/* From here on settings look alike. */
#define VIEW_CONFIG_PLAIN	CONFIG_HOP_LIMIT
#define VIEW_CONFIG_COLS	(14 + CONFIG_SETTINGS - VIEW_CONFIG_PLAIN)
#define VIEW_PORT_COLS		14
#define VIEW_NODE_COLS		12
#define VIEW_NEIGHBOR_COLS	11
#define VIEW_REFUSED_COLS	4

/* VIEW_CONFIG_COLS of them. */
const struct out_col *view_config_cols(void);
extern const struct out_col view_port_cols[VIEW_PORT_COLS];
extern const struct out_col view_node_cols[VIEW_NODE_COLS];
extern const struct out_col view_neighbor_cols[VIEW_NEIGHBOR_COLS];
extern const struct out_col view_refused_cols[VIEW_REFUSED_COLS];

/* event is what JSON calls the event that told of it, NULL if none did. */
void view_config(struct out *o, const struct api_config *config,
		 const char *event, bool stats);
void view_port(struct out *o, const struct api_port *port, const char *event,
	       bool stats);
void view_node(struct out *o, const struct api_node *node, const char *event);
/* Of the last one, by which port; what tells apart what is else the same. */
void view_node_interface(struct out *o, const struct api_node *node);
void view_neighbor(struct out *o, const struct api_neighbor *neighbor,
		   const char *event);
void view_refused(struct out *o, const struct api_refused *refused,
		  const char *event);

const char *view_nth(uint32_t n);

#endif /* ROMON_VIEW_H */
