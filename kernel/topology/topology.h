/* SPDX-License-Identifier: GPL-2.0-only */
/* The network as this router knows it, and datagrams that need a route. */

#ifndef ROMON_TOPOLOGY_H
#define ROMON_TOPOLOGY_H

#include <linux/types.h>

struct romon_map;
struct romon_net;
struct romon_route;
struct romon_topology;

/* From process context. */
void romon_topology_count(struct romon_net *rn, u32 *nodes, u32 *edges);
int romon_topology_settle(struct romon_net *rn);

/* Under RCU. */
struct romon_topology *romon_topology_rcu(struct romon_net *rn);
const struct romon_map *romon_topology_map_rcu(struct romon_topology *topo);
const struct romon_route *romon_topology_route_rcu(struct romon_topology *topo,
						   const struct romon_map *map,
						   u32 node,
						   unsigned int *index,
						   struct romon_route *buf);
bool romon_topology_uses_rcu(struct romon_topology *topo,
			     const struct romon_map *map, u32 end);

/* Under rtnl; none of these waits. */
void romon_topology_port_changed(struct romon_net *rn);
void romon_topology_settings_changed(struct romon_net *rn);
int romon_topology_start(struct romon_net *rn, const u8 *id);
void romon_topology_stop(struct romon_net *rn);

void romon_topology_net_init(struct romon_net *rn);
void romon_topology_net_exit(struct romon_net *rn);
void romon_topology_charge(struct romon_net *rn);

#endif /* ROMON_TOPOLOGY_H */
