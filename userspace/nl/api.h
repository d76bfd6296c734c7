/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module keeps, as structures, and how to ask for it. */

#ifndef ROMON_API_H
#define ROMON_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/romon.h>

#include "nl.h"
#include "parse/secrets.h"
#include "settings.h"

#define API_ID_LEN	ROMON_ID_LEN
/* What an entry of a route begins with, before the MAC. */
#define API_LINK_LEN	4
#define API_HOP_LEN	10	/* of a binary route: link, MAC */

struct api_drop {
	char *reason;
	uint64_t packets;
};

struct api_stats {
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes;
	uint64_t forwarded, delivered;
	struct api_drop *drop;
	size_t n_drops;
};

struct api_config {
	struct setting_value set[CONFIG_SETTINGS];
	bool has_current_id, has_uptime, has_stats;
	bool identity_auto, board_auto;
	uint8_t current_id[API_ID_LEN];
	char *version;
	uint32_t uptime, nodes, edges;
	bool has_secrets_count;
	uint32_t secrets_count;
	struct api_stats stats;
};

/* The last frame that authentication has refused at a port. */
struct api_refusal {
	uint8_t mac[API_ID_LEN];
	char *reason;		/* NULL if there was none */
	uint32_t age_ms;
};

struct api_port {
	char interface[ROMON_IFNAME_MAX_LEN + 1];
	char device[ROMON_IFNAME_MAX_LEN + 1];	/* empty if that is the same */
	struct setting_value set[PORT_SETTINGS];
	bool is_default, dynamic;
	bool has_state, has_link, has_l2mtu, has_mac, has_stats;
	uint32_t secrets_count;
	uint32_t state, link, l2mtu;
	uint32_t ifindex;	/* 0 if there is no such device */
	uint8_t mac[API_ID_LEN];
	struct api_stats stats;
	struct api_refusal refused;
};

struct api_node {
	uint8_t id[API_ID_LEN];
	bool active, has_cost, has_hops, has_l2mtu, has_age, has_reason;
	uint32_t cost, hops, l2mtu, age_ms, reason;
	char *identity, *version, *board;	/* NULL if not known */
	char interface[ROMON_IFNAME_MAX_LEN + 1];
	uint8_t (*path)[API_ID_LEN];
	size_t path_len;
	uint8_t *route;		/* path_len times API_HOP_LEN, or NULL */
	size_t route_len;	/* in hops */
};

struct api_end {
	uint8_t id[API_ID_LEN];
	uint8_t mac[API_ID_LEN];
	uint32_t link, cost, l2mtu;
};

struct api_edge {
	struct api_end from, to;
	uint32_t cost, l2mtu, age_ms;
	bool active;
};

struct api_neighbor {
	char interface[ROMON_IFNAME_MAX_LEN + 1];
	uint8_t mac[API_ID_LEN], id[API_ID_LEN];
	char *identity;		/* NULL if not known */
	bool has_id, has_link, has_state, has_since, has_heard, has_rtt;
	uint64_t since_ms;
	uint32_t link, state, heard_ms, rtt_us;
	uint32_t secret;	/* from 1; 0 if not known */
};

struct api_refused {
	char interface[ROMON_IFNAME_MAX_LEN + 1];
	bool has_mac;
	uint8_t mac[API_ID_LEN];
	char *reason;
};

struct api_ports {
	struct api_port *v;
	size_t n;
};

struct api_nodes {
	struct api_node *v;
	size_t n;
};

struct api_edges {
	struct api_edge *v;
	size_t n;
};

struct api_neighbors {
	struct api_neighbor *v;
	size_t n;
};

struct api_datagram {
	uint8_t id[API_ID_LEN];
	uint16_t local_port, remote_port;
	const uint8_t *payload;
	size_t len;
	const uint8_t *route;
	size_t hops;
	uint32_t error;		/* of ROMON_CMD_DATAGRAM_ERROR */
};

/* What may help, behind the kernel's sentence or what stands for it. */
const char *api_hint(int err, bool has_sentence);

/* All of these complain; the result is only what to do next. */
void api_set_command(const char *name);
struct romon_nl *api_open(const char *what);
struct romon_nl *api_shared(const char *what);
void api_close_shared(void);
void api_complain(struct romon_nl *nl, const char *what, int err);
bool api_require_running(const char *what);

int api_config_get(struct api_config *config);
/* All that is given, or nothing of it. */
int api_config_set(const struct setting_value *set, const char *what);
int api_port_get(const char *interface, struct api_port *port);
int api_port_dump(struct api_ports *ports);

/* Not the wildcard, which is the entry of many. */
static inline bool api_port_is_running(const struct api_port *port)
{
	return port->has_state && !port->is_default &&
	       port->state == ROMON_PORT_STATE_RUNNING;
}

/*
 * @cmd: ROMON_CMD_PORT_ADD, _SET or _DEL. What is not given stays, or is the
 * default; none may be, for NULL.
 */
int api_port_change(int cmd, const char *interface,
		    const struct setting_value *set, const char *what);
int api_node_dump(struct api_nodes *nodes);
int api_edge_dump(struct api_edges *edges);
int api_neighbor_dump(struct api_neighbors *neighbors);
int api_discover(void);
int api_discover_quietly(void);

/* Whose number it is that something queued was refused by. */
enum api_number {
	API_NUMBER_OTHER,
	API_NUMBER_BIND,
	API_NUMBER_BIND_FIRST,		/* it was not bound, which is no matter */
};

/* These leave complaints to the caller. */
int api_node_find(const uint8_t *id, struct api_node *node);
int api_bind(struct romon_nl *nl, uint16_t *local_port);
void api_queue_unbind(struct romon_nl *nl, uint16_t local_port);
void api_queue_bind(struct romon_nl *nl, uint16_t local_port);
enum api_number api_number(uint32_t number, uint16_t *local_port);
int api_send(struct romon_nl *nl, const struct api_datagram *d);
uint32_t api_queue(struct romon_nl *nl, const struct api_datagram *d);
uint32_t api_queue_node(struct romon_nl *nl, const uint8_t *id);

void api_config_read(struct romon_nl_attrs attrs, struct api_config *config);
void api_port_read(struct romon_nl_attrs attrs, struct api_port *port);
void api_node_read(struct romon_nl_attrs attrs, struct api_node *node);
void api_edge_read(struct romon_nl_attrs attrs, struct api_edge *edge);
void api_neighbor_read(struct romon_nl_attrs attrs, struct api_neighbor *n);
void api_refused_read(struct romon_nl_attrs attrs, struct api_refused *r);
void api_datagram_read(struct romon_nl_attrs attrs, struct api_datagram *d);

void api_config_free(struct api_config *config);
void api_port_free(struct api_port *port);
void api_node_free(struct api_node *node);
void api_ports_free(struct api_ports *ports);
void api_nodes_free(struct api_nodes *nodes);
void api_edges_free(struct api_edges *edges);
void api_neighbor_free(struct api_neighbor *neighbor);
void api_neighbors_free(struct api_neighbors *neighbors);
void api_refused_free(struct api_refused *refused);

const char *api_state_name(uint32_t state);
const char *api_neighbor_state_name(uint32_t state);
const char *api_route_reason_name(uint32_t reason);

#endif /* ROMON_API_H */
