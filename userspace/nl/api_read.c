// SPDX-License-Identifier: GPL-2.0-only
/* Attributes to structures. */

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/err.h"

/* As the netlink spec spells them. */
const char *api_state_name(uint32_t state)
{
	static const char * const names[] = {
		[ROMON_PORT_STATE_RUNNING] = "running",
		[ROMON_PORT_STATE_OFF] = "off",
		[ROMON_PORT_STATE_ABSENT] = "absent",
		[ROMON_PORT_STATE_DOWN] = "down",
		[ROMON_PORT_STATE_NO_CARRIER] = "no-carrier",
		[ROMON_PORT_STATE_FORBIDDEN] = "forbidden",
		[ROMON_PORT_STATE_DISABLED] = "disabled",
		[ROMON_PORT_STATE_LOOPBACK] = "loopback",
		[ROMON_PORT_STATE_NOT_ETHERNET] = "not-ethernet",
		[ROMON_PORT_STATE_MASTER] = "master",
		[ROMON_PORT_STATE_MEMBER] = "member",
		[ROMON_PORT_STATE_LIMIT] = "limit",
		[ROMON_PORT_STATE_MACSEC] = "macsec",
		[ROMON_PORT_STATE_LOCKED] = "locked",
	};

	if (state < sizeof(names) / sizeof(names[0]))
		return names[state];
	return "unknown";
}

const char *api_route_reason_name(uint32_t reason)
{
	static const char * const names[] = {
		[ROMON_ROUTE_REASON_PORT_DOWN] = "port-down",
		[ROMON_ROUTE_REASON_PORT_CHANGED] = "port-changed",
		[ROMON_ROUTE_REASON_NEIGHBOR_LOST] = "neighbor-lost",
		[ROMON_ROUTE_REASON_NO_ANSWER] = "no-answer",
		[ROMON_ROUTE_REASON_CONFIRMED] = "confirmed",
		[ROMON_ROUTE_REASON_FORGOTTEN] = "forgotten",
		[ROMON_ROUTE_REASON_CHEAPER] = "cheaper",
		[ROMON_ROUTE_REASON_EDGE_CHANGED] = "edge-changed",
		[ROMON_ROUTE_REASON_EDGE_LOST] = "edge-lost",
		[ROMON_ROUTE_REASON_SETTINGS] = "settings",
		[ROMON_ROUTE_REASON_OFF] = "off",
	};

	if (reason < sizeof(names) / sizeof(names[0]))
		return names[reason];
	return "unknown";
}

const char *api_neighbor_state_name(uint32_t state)
{
	switch (state) {
	case ROMON_NEIGHBOR_STATE_INIT:
		return "init";
	case ROMON_NEIGHBOR_STATE_UP:
		return "up";
	}
	return "unknown";
}

static bool read_u64(const struct nlattr *attr, uint64_t *to)
{
	return romon_nl_uint(attr, to);
}

static bool read_u32(const struct nlattr *attr, uint32_t *to)
{
	uint64_t v;

	if (!romon_nl_uint(attr, &v))
		return false;
	*to = (uint32_t)v;
	return true;
}

static bool read_bool(const struct nlattr *attr)
{
	uint64_t v;

	return romon_nl_uint(attr, &v) && v;
}

static bool read_id(const struct nlattr *attr, uint8_t *id)
{
	struct romon_nl_attrs v = romon_nl_value(attr);

	if (v.len != API_ID_LEN)
		return false;
	memcpy(id, v.data, API_ID_LEN);
	return true;
}

/* NULL if the attribute is not there. */
static char *read_string(const struct nlattr *attr)
{
	struct romon_nl_attrs v = romon_nl_value(attr);
	char *s;

	if (!v.len)
		return NULL;
	s = xcalloc(v.len + 1, 1);
	memcpy(s, v.data, v.len);
	return s;
}

static void read_interface(const struct nlattr *attr, char *to)
{
	struct romon_nl_attrs v = romon_nl_value(attr);
	size_t len = v.len ? strnlen(v.data, v.len) : 0;

	if (len > ROMON_IFNAME_MAX_LEN)
		len = ROMON_IFNAME_MAX_LEN;
	if (len)
		memcpy(to, v.data, len);
	to[len] = '\0';
}

static void read_drop(const struct nlattr *attr, struct api_stats *stats)
{
	const struct nlattr *tb[ROMON_A_DROP_MAX + 1];
	struct api_drop *drop;

	romon_nl_parse(romon_nl_value(attr), tb, ROMON_A_DROP_MAX);
	if (!tb[ROMON_A_DROP_REASON])
		return;
	stats->drop = xrealloc(stats->drop, stats->n_drops + 1, sizeof(*drop));
	drop = &stats->drop[stats->n_drops++];
	drop->packets = 0;
	drop->reason = read_string(tb[ROMON_A_DROP_REASON]);
	if (!drop->reason)
		drop->reason = xstrdup("unknown");
	read_u64(tb[ROMON_A_DROP_PACKETS], &drop->packets);
}

static bool read_stats(const struct nlattr *attr, struct api_stats *stats)
{
	const struct nlattr *tb[ROMON_A_STATS_MAX + 1];
	struct romon_nl_attrs rest = romon_nl_value(attr);

	if (!attr)
		return false;
	romon_nl_parse(rest, tb, ROMON_A_STATS_MAX);
	read_u64(tb[ROMON_A_STATS_RX_PACKETS], &stats->rx_packets);
	read_u64(tb[ROMON_A_STATS_RX_BYTES], &stats->rx_bytes);
	read_u64(tb[ROMON_A_STATS_TX_PACKETS], &stats->tx_packets);
	read_u64(tb[ROMON_A_STATS_TX_BYTES], &stats->tx_bytes);
	read_u64(tb[ROMON_A_STATS_FORWARDED], &stats->forwarded);
	read_u64(tb[ROMON_A_STATS_DELIVERED], &stats->delivered);
	while ((attr = romon_nl_next(&rest)))
		if ((attr->nla_type & NLA_TYPE_MASK) == ROMON_A_STATS_DROP)
			read_drop(attr, stats);
	return true;
}

/* NULL if there are none, or if they are not told. */
static struct secrets *read_secrets(const struct nlattr *nest)
{
	struct romon_nl_attrs rest = romon_nl_value(nest), v;
	struct secrets *secrets = NULL;
	const struct nlattr *attr;

	while ((attr = romon_nl_next(&rest))) {
		if ((attr->nla_type & NLA_TYPE_MASK) != ROMON_A_SECRETS_SECRET)
			continue;
		if (!secrets)
			secrets = secrets_new();
		v = romon_nl_value(attr);
		secrets_add(secrets, v.data, v.len);
	}
	return secrets;
}

static bool read_setting(const struct nlattr *attr, enum setting_type type,
			 struct setting_value *v)
{
	switch (type) {
	case SETTING_BOOL:
		v->on = read_bool(attr);
		break;
	case SETTING_U8:
	case SETTING_ANY_U16:
	case SETTING_U32:
		return read_u64(attr, &v->number);
	case SETTING_ID:
		return read_id(attr, v->id);
	case SETTING_NAME:
	case SETTING_TEXT:
		v->text = read_string(attr);
		return v->text;
	case SETTING_SECRETS:
		v->secrets = read_secrets(attr);
		break;
	}
	return attr;
}

static void read_settings(const struct nlattr **tb, const struct settings *s,
			  struct setting_value *v)
{
	for (size_t i = 0; i < s->n; i++)
		v[i].given = read_setting(tb[s->v[i].attr], s->v[i].type,
					  &v[i]);
}

void api_config_read(struct romon_nl_attrs attrs, struct api_config *c)
{
	const struct nlattr *tb[ROMON_A_CONFIG_MAX + 1];

	memset(c, 0, sizeof(*c));
	romon_nl_parse(attrs, tb, ROMON_A_CONFIG_MAX);
	read_settings(tb, &config_settings, c->set);
	c->has_current_id = read_id(tb[ROMON_A_CONFIG_CURRENT_ID],
				    c->current_id);
	c->identity_auto = read_bool(tb[ROMON_A_CONFIG_IDENTITY_AUTO]);
	c->board_auto = read_bool(tb[ROMON_A_CONFIG_BOARD_AUTO]);
	c->version = read_string(tb[ROMON_A_CONFIG_VERSION]);
	c->has_uptime = read_u32(tb[ROMON_A_CONFIG_UPTIME], &c->uptime);
	c->has_secrets_count = read_u32(tb[ROMON_A_CONFIG_SECRETS_COUNT],
					&c->secrets_count);
	read_u32(tb[ROMON_A_CONFIG_NODES], &c->nodes);
	read_u32(tb[ROMON_A_CONFIG_EDGES], &c->edges);
	c->has_stats = read_stats(tb[ROMON_A_CONFIG_STATS], &c->stats);
}

static void read_refusal(const struct nlattr *attr, struct api_refusal *r)
{
	const struct nlattr *tb[ROMON_A_REFUSAL_MAX + 1];

	romon_nl_parse(romon_nl_value(attr), tb, ROMON_A_REFUSAL_MAX);
	read_id(tb[ROMON_A_REFUSAL_MAC], r->mac);
	read_u32(tb[ROMON_A_REFUSAL_AGE], &r->age_ms);
	r->reason = read_string(tb[ROMON_A_REFUSAL_REASON]);
}

void api_port_read(struct romon_nl_attrs attrs, struct api_port *p)
{
	const struct nlattr *tb[ROMON_A_PORT_MAX + 1];

	memset(p, 0, sizeof(*p));
	romon_nl_parse(attrs, tb, ROMON_A_PORT_MAX);
	read_settings(tb, &port_settings, p->set);
	read_interface(tb[ROMON_A_PORT_INTERFACE], p->interface);
	read_interface(tb[ROMON_A_PORT_DEVICE], p->device);
	read_u32(tb[ROMON_A_PORT_SECRETS_COUNT], &p->secrets_count);
	p->is_default = read_bool(tb[ROMON_A_PORT_DEFAULT]);
	p->dynamic = read_bool(tb[ROMON_A_PORT_DYNAMIC]);
	p->has_state = read_u32(tb[ROMON_A_PORT_STATE], &p->state);
	p->has_link = read_u32(tb[ROMON_A_PORT_LINK], &p->link);
	p->has_l2mtu = read_u32(tb[ROMON_A_PORT_L2MTU], &p->l2mtu);
	read_u32(tb[ROMON_A_PORT_IFINDEX], &p->ifindex);
	p->has_mac = read_id(tb[ROMON_A_PORT_MAC], p->mac);
	p->has_stats = read_stats(tb[ROMON_A_PORT_STATS], &p->stats);
	read_refusal(tb[ROMON_A_PORT_REFUSED], &p->refused);
}

void api_node_read(struct romon_nl_attrs attrs, struct api_node *n)
{
	const struct nlattr *tb[ROMON_A_NODE_MAX + 1];
	struct romon_nl_attrs route;
	const struct nlattr *attr;

	memset(n, 0, sizeof(*n));
	romon_nl_parse(attrs, tb, ROMON_A_NODE_MAX);
	read_id(tb[ROMON_A_NODE_ID], n->id);
	n->active = read_bool(tb[ROMON_A_NODE_ACTIVE]);
	n->has_cost = read_u32(tb[ROMON_A_NODE_COST], &n->cost);
	n->has_hops = read_u32(tb[ROMON_A_NODE_HOPS], &n->hops);
	n->has_l2mtu = read_u32(tb[ROMON_A_NODE_L2MTU], &n->l2mtu);
	n->has_age = read_u32(tb[ROMON_A_NODE_AGE], &n->age_ms);
	n->has_reason = read_u32(tb[ROMON_A_NODE_REASON], &n->reason);
	n->identity = read_string(tb[ROMON_A_NODE_IDENTITY]);
	n->version = read_string(tb[ROMON_A_NODE_VERSION]);
	n->board = read_string(tb[ROMON_A_NODE_BOARD]);
	read_interface(tb[ROMON_A_NODE_INTERFACE], n->interface);

	while ((attr = romon_nl_next(&attrs))) {
		if ((attr->nla_type & NLA_TYPE_MASK) != ROMON_A_NODE_PATH)
			continue;
		n->path = xrealloc(n->path, n->path_len + 1, API_ID_LEN);
		if (read_id(attr, n->path[n->path_len]))
			n->path_len++;
	}

	route = romon_nl_value(tb[ROMON_A_NODE_ROUTE]);
	n->route_len = route.len / API_HOP_LEN;
	if (n->route_len) {
		n->route = xcalloc(n->route_len, API_HOP_LEN);
		memcpy(n->route, route.data, n->route_len * API_HOP_LEN);
	}
}

static void read_end(const struct nlattr *attr, struct api_end *end)
{
	const struct nlattr *tb[ROMON_A_EDGE_END_MAX + 1];

	romon_nl_parse(romon_nl_value(attr), tb, ROMON_A_EDGE_END_MAX);
	read_id(tb[ROMON_A_EDGE_END_ID], end->id);
	read_id(tb[ROMON_A_EDGE_END_MAC], end->mac);
	read_u32(tb[ROMON_A_EDGE_END_LINK], &end->link);
	read_u32(tb[ROMON_A_EDGE_END_COST], &end->cost);
	read_u32(tb[ROMON_A_EDGE_END_L2MTU], &end->l2mtu);
}

void api_edge_read(struct romon_nl_attrs attrs, struct api_edge *e)
{
	const struct nlattr *tb[ROMON_A_EDGE_MAX + 1];

	memset(e, 0, sizeof(*e));
	romon_nl_parse(attrs, tb, ROMON_A_EDGE_MAX);
	read_end(tb[ROMON_A_EDGE_FROM], &e->from);
	read_end(tb[ROMON_A_EDGE_TO], &e->to);
	read_u32(tb[ROMON_A_EDGE_COST], &e->cost);
	read_u32(tb[ROMON_A_EDGE_L2MTU], &e->l2mtu);
	read_u32(tb[ROMON_A_EDGE_AGE], &e->age_ms);
	e->active = read_bool(tb[ROMON_A_EDGE_ACTIVE]);
}

void api_neighbor_read(struct romon_nl_attrs attrs, struct api_neighbor *n)
{
	const struct nlattr *tb[ROMON_A_NEIGHBOR_MAX + 1];

	memset(n, 0, sizeof(*n));
	romon_nl_parse(attrs, tb, ROMON_A_NEIGHBOR_MAX);
	read_interface(tb[ROMON_A_NEIGHBOR_INTERFACE], n->interface);
	n->has_link = read_u32(tb[ROMON_A_NEIGHBOR_LINK], &n->link);
	read_id(tb[ROMON_A_NEIGHBOR_MAC], n->mac);
	n->has_id = read_id(tb[ROMON_A_NEIGHBOR_ID], n->id);
	n->identity = read_string(tb[ROMON_A_NEIGHBOR_IDENTITY]);
	n->has_state = read_u32(tb[ROMON_A_NEIGHBOR_STATE], &n->state);
	n->has_since = romon_nl_uint(tb[ROMON_A_NEIGHBOR_SINCE], &n->since_ms);
	n->has_heard = read_u32(tb[ROMON_A_NEIGHBOR_HEARD], &n->heard_ms);
	n->has_rtt = read_u32(tb[ROMON_A_NEIGHBOR_RTT], &n->rtt_us);
	read_u32(tb[ROMON_A_NEIGHBOR_SECRET], &n->secret);
}

void api_refused_read(struct romon_nl_attrs attrs, struct api_refused *r)
{
	const struct nlattr *tb[ROMON_A_REFUSED_MAX + 1];

	memset(r, 0, sizeof(*r));
	romon_nl_parse(attrs, tb, ROMON_A_REFUSED_MAX);
	read_interface(tb[ROMON_A_REFUSED_INTERFACE], r->interface);
	r->has_mac = read_id(tb[ROMON_A_REFUSED_MAC], r->mac);
	r->reason = read_string(tb[ROMON_A_REFUSED_REASON]);
}

/* What it points at is the message's. */
void api_datagram_read(struct romon_nl_attrs attrs, struct api_datagram *d)
{
	const struct nlattr *tb[ROMON_A_DATAGRAM_MAX + 1];
	struct romon_nl_attrs v;
	uint64_t port;

	memset(d, 0, sizeof(*d));
	romon_nl_parse(attrs, tb, ROMON_A_DATAGRAM_MAX);
	read_id(tb[ROMON_A_DATAGRAM_ID], d->id);
	if (romon_nl_uint(tb[ROMON_A_DATAGRAM_LOCAL_PORT], &port))
		d->local_port = (uint16_t)port;
	if (romon_nl_uint(tb[ROMON_A_DATAGRAM_REMOTE_PORT], &port))
		d->remote_port = (uint16_t)port;
	v = romon_nl_value(tb[ROMON_A_DATAGRAM_PAYLOAD]);
	d->payload = v.data;
	d->len = v.len;
	v = romon_nl_value(tb[ROMON_A_DATAGRAM_ROUTE]);
	d->route = v.data;
	d->hops = v.len / API_HOP_LEN;
	read_u32(tb[ROMON_A_DATAGRAM_ERROR], &d->error);
}

static void stats_free(struct api_stats *stats)
{
	for (size_t i = 0; i < stats->n_drops; i++)
		free(stats->drop[i].reason);
	free(stats->drop);
}

void api_config_free(struct api_config *c)
{
	settings_free(&config_settings, c->set);
	free(c->version);
	stats_free(&c->stats);
}

void api_port_free(struct api_port *p)
{
	settings_free(&port_settings, p->set);
	stats_free(&p->stats);
	free(p->refused.reason);
}

void api_node_free(struct api_node *n)
{
	free(n->identity);
	free(n->version);
	free(n->board);
	free(n->path);
	free(n->route);
}

void api_ports_free(struct api_ports *ports)
{
	for (size_t i = 0; i < ports->n; i++)
		api_port_free(&ports->v[i]);
	free(ports->v);
	memset(ports, 0, sizeof(*ports));
}

void api_nodes_free(struct api_nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++)
		api_node_free(&nodes->v[i]);
	free(nodes->v);
	memset(nodes, 0, sizeof(*nodes));
}

void api_edges_free(struct api_edges *edges)
{
	free(edges->v);
	memset(edges, 0, sizeof(*edges));
}

void api_neighbor_free(struct api_neighbor *n)
{
	free(n->identity);
}

void api_neighbors_free(struct api_neighbors *neighbors)
{
	for (size_t i = 0; i < neighbors->n; i++)
		api_neighbor_free(&neighbors->v[i]);
	free(neighbors->v);
	memset(neighbors, 0, sizeof(*neighbors));
}

void api_refused_free(struct api_refused *r)
{
	free(r->reason);
}
