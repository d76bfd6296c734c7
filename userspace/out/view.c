// SPDX-License-Identifier: GPL-2.0-only
/* How each object looks: the same fields in lists, records and events. */

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "parse/parse.h"
#include "view.h"

enum {
	CONFIG_COL_EVENT, CONFIG_COL_ENABLED, CONFIG_COL_ID,
	CONFIG_COL_CURRENT_ID, CONFIG_COL_IDENTITY, CONFIG_COL_IDENTITY_AUTO,
	CONFIG_COL_BOARD, CONFIG_COL_BOARD_AUTO, CONFIG_COL_SECRETS,
	CONFIG_COL_SECRETS_COUNT, CONFIG_COL_VERSION, CONFIG_COL_UPTIME,
	CONFIG_COL_NODES, CONFIG_COL_EDGES, CONFIG_COL_PLAIN
};

static const struct out_col config_cols[CONFIG_COL_PLAIN] = {
	[CONFIG_COL_EVENT] = { .key = "event" },
	[CONFIG_COL_ENABLED] = { .key = "enabled", .head = "enabled" },
	[CONFIG_COL_ID] = { .key = "id", .head = "id" },
	[CONFIG_COL_CURRENT_ID] = { .key = "current_id", .head = "current-id" },
	[CONFIG_COL_IDENTITY] = { .key = "identity", .head = "identity" },
	[CONFIG_COL_IDENTITY_AUTO] = { .key = "identity_auto" },
	[CONFIG_COL_BOARD] = { .key = "board", .head = "board" },
	[CONFIG_COL_BOARD_AUTO] = { .key = "board_auto" },
	[CONFIG_COL_SECRETS] = { .key = "secrets", .head = "secrets" },
	[CONFIG_COL_SECRETS_COUNT] = { .key = "secrets_count" },
	[CONFIG_COL_VERSION] = { .key = "version", .head = "version" },
	[CONFIG_COL_UPTIME] = { .key = "uptime", .head = "uptime" },
	[CONFIG_COL_NODES] = { .key = "nodes", .head = "nodes" },
	[CONFIG_COL_EDGES] = { .key = "edges", .head = "edges" },
};

/* Behind those that are written here, the other settings in their order. */
const struct out_col *view_config_cols(void)
{
	static char key[CONFIG_SETTINGS][24];
	static struct out_col cols[VIEW_CONFIG_COLS];
	struct out_col *col = cols + CONFIG_COL_PLAIN;
	char *dash;

	static_assert(VIEW_CONFIG_COLS ==
		      CONFIG_COL_PLAIN + CONFIG_SETTINGS - VIEW_CONFIG_PLAIN);
	memcpy(cols, config_cols, sizeof(config_cols));
	for (size_t i = VIEW_CONFIG_PLAIN; i < CONFIG_SETTINGS; i++, col++) {
		const char *name = config_settings.v[i].name;

		snprintf(key[i], sizeof(key[i]), "%s", name);
		while ((dash = strchr(key[i], '-')))
			*dash = '_';
		col->key = key[i];
		col->head = name;
	}
	return cols;
}

enum {
	PORT_COL_EVENT, PORT_COL_FLAGS, PORT_COL_INTERFACE, PORT_COL_DEVICE,
	PORT_COL_COST, PORT_COL_FORBID, PORT_COL_DISABLED, PORT_COL_STATE,
	PORT_COL_LINK, PORT_COL_L2MTU, PORT_COL_MAC, PORT_COL_SECRETS,
	PORT_COL_SECRETS_COUNT, PORT_COL_COMMENT
};

const struct out_col view_port_cols[VIEW_PORT_COLS] = {
	[PORT_COL_EVENT] = { .key = "event" },
	[PORT_COL_FLAGS] = { .head = "", .width = 1 },
	[PORT_COL_INTERFACE] = { "interface", "INTERFACE", .gap = 1 },
	[PORT_COL_DEVICE] = { "device", "DEVICE", .gap = 1, .optional = true },
	[PORT_COL_COST] = { "cost", "COST", .gap = 2, .right = true },
	[PORT_COL_FORBID] = { "forbid", "FORBID", .gap = 2 },
	[PORT_COL_DISABLED] = { .key = "disabled" },
	[PORT_COL_STATE] = { "state", "STATE", .gap = 2 },
	[PORT_COL_LINK] = { "link", "LINK", .gap = 2, .right = true },
	[PORT_COL_L2MTU] = { "l2mtu", "L2MTU", .gap = 2, .right = true },
	[PORT_COL_MAC] = { "mac", "MAC", .gap = 2, .optional = true },
	[PORT_COL_SECRETS] = { "secrets", "SECRETS", .gap = 2, .optional = true },
	[PORT_COL_SECRETS_COUNT] = { .key = "secrets_count" },
	[PORT_COL_COMMENT] = { "comment", "COMMENT", .gap = 2, .optional = true },
};

enum {
	NODE_EVENT, NODE_ACTIVE, NODE_ADDRESS, NODE_COST, NODE_HOPS, NODE_PATH,
	NODE_L2MTU, NODE_IDENTITY, NODE_VERSION, NODE_BOARD, NODE_INTERFACE,
	NODE_REASON
};

const struct out_col view_node_cols[VIEW_NODE_COLS] = {
	[NODE_EVENT] = { .key = "event" },
	[NODE_ACTIVE] = { "active", "", .width = 1 },
	[NODE_ADDRESS] = { "address", "ADDRESS", .gap = 1, .width = 17 },
	/* One blank between them, so that 80 columns are enough. */
	[NODE_COST] = { "cost", "COST", .gap = 1, .right = true },
	[NODE_HOPS] = { "hops", "HOPS", .gap = 1, .right = true },
	[NODE_PATH] = { "path", "PATH", .gap = 1, .width = 17, .cap = 17 },
	[NODE_L2MTU] = { "l2mtu", "L2MTU", .gap = 1, .right = true },
	[NODE_IDENTITY] = { "identity", "IDENTITY", .gap = 1 },
	[NODE_VERSION] = { "version", "VERSION", .gap = 1 },
	[NODE_BOARD] = { "board", "BOARD", .gap = 1 },
	[NODE_INTERFACE] = { "interface", "VIA", .gap = 1, .optional = true },
	[NODE_REASON] = { "reason", "REASON", .gap = 2, .optional = true },
};

enum {
	NEIGH_EVENT, NEIGH_INTERFACE, NEIGH_LINK, NEIGH_MAC, NEIGH_ADDRESS,
	NEIGH_IDENTITY, NEIGH_STATE, NEIGH_SINCE, NEIGH_HEARD, NEIGH_RTT,
	NEIGH_SECRET
};

const struct out_col view_neighbor_cols[VIEW_NEIGHBOR_COLS] = {
	[NEIGH_EVENT] = { .key = "event" },
	[NEIGH_INTERFACE] = { "interface", "INTERFACE" },
	[NEIGH_LINK] = { .key = "link" },
	[NEIGH_MAC] = { "mac", "MAC", .gap = 2, .width = 17 },
	[NEIGH_ADDRESS] = { "address", "ADDRESS", .gap = 2, .width = 17 },
	[NEIGH_IDENTITY] = { "identity", "IDENTITY", .gap = 2 },
	[NEIGH_STATE] = { "state", "STATE", .gap = 2 },
	[NEIGH_SINCE] = { "since", "SINCE", .gap = 2 },
	[NEIGH_HEARD] = { "heard", "HEARD", .gap = 2, .right = true },
	[NEIGH_RTT] = { "rtt_ms", "RTT", .gap = 2, .right = true },
	[NEIGH_SECRET] = { "secret", "SECRET", .gap = 2 },
};

enum { REFUSED_EVENT, REFUSED_INTERFACE, REFUSED_MAC, REFUSED_REASON };

const struct out_col view_refused_cols[VIEW_REFUSED_COLS] = {
	[REFUSED_EVENT] = { .key = "event" },
	[REFUSED_INTERFACE] = { "interface", "INTERFACE" },
	[REFUSED_MAC] = { "mac", "MAC" },
	[REFUSED_REASON] = { "reason", "REASON" },
};

static void view_stats(struct out *o, const struct api_stats *s)
{
	uint64_t dropped = 0;

	out_open(o, "stats");
	out_in_uint(o, "rx_packets", s->rx_packets);
	out_in_uint(o, "rx_bytes", s->rx_bytes);
	out_in_uint(o, "tx_packets", s->tx_packets);
	out_in_uint(o, "tx_bytes", s->tx_bytes);
	out_in_uint(o, "forwarded", s->forwarded);
	out_in_uint(o, "delivered", s->delivered);
	for (size_t i = 0; i < s->n_drops; i++)
		dropped += s->drop[i].packets;
	out_in_uint(o, "dropped", dropped);
	if (out_options.json || dropped) {
		out_open(o, "drops");
		for (size_t i = 0; i < s->n_drops; i++)
			if (s->drop[i].packets)
				out_in_uint(o, s->drop[i].reason,
					    s->drop[i].packets);
		out_close(o);
	}
	out_close(o);
}

/* Seconds as 1d02:03:04, as RouterOS shows them. */
static void view_seconds(struct out *o, size_t col, uint32_t s)
{
	if (s >= 86400)
		out_text(o, col, "%ud%02u:%02u:%02u", s / 86400,
			 s / 3600 % 24, s / 60 % 60, s % 60);
	else
		out_text(o, col, "%02u:%02u:%02u", s / 3600, s / 60 % 60,
			 s % 60);
}

/* The last one, in the words of the drops. */
static void view_refusal(struct out *o, const struct api_refusal *r)
{
	char buf[ID_STRLEN];

	if (!r->reason)
		return;
	if (!out_options.json) {
		out_note(o, "refused  last %.1fs ago  %s  from %s",
			 r->age_ms / 1000.0, r->reason, id_str(buf, r->mac));
		return;
	}
	out_open(o, "refused");
	out_in_id(o, "mac", r->mac);
	out_in_str(o, "reason", r->reason);
	out_in_number(o, "age", r->age_ms / 1000.0);
	out_close(o);
}

/* Whoever may not know them is told how many there are. */
static void view_secrets(struct out *o, size_t col, size_t count_col,
			 const struct secrets *secrets, uint32_t count)
{
	if (secrets)
		out_secrets(o, col, secrets);
	else if (count)
		out_text(o, col, "%u (not told)", count);
	if (out_options.json && count)
		out_uint(o, count_col, count);
}

static void view_name(struct out *o, size_t col, const char *name, bool is_auto)
{
	/* A name that is still to be chosen is not known. */
	if (is_auto && name && !*name) {
		out_text(o, col, "auto");
		return;
	}
	out_word(o, col, name, is_auto ? " (auto)" : "");
}

static void view_setting(struct out *o, size_t col, const struct setting *s,
			 const struct setting_value *v)
{
	switch (s->type) {
	case SETTING_BOOL:
		out_bool(o, col, v->on, "on", "off");
		break;
	case SETTING_U8:
	case SETTING_ANY_U16:
	case SETTING_U32:
		if (out_options.json)
			out_uint(o, col, v->number);
		else
			out_text(o, col, "%" PRIu64 "%s", v->number, s->unit);
		break;
	case SETTING_ID:
		if (id_is_zero(v->id))
			out_str(o, col, "auto");
		else
			out_id(o, col, v->id);
		break;
	case SETTING_NAME:
	case SETTING_TEXT:
		out_word(o, col, v->text && *v->text ? v->text : NULL, "");
		break;
	case SETTING_SECRETS:
		break;
	}
}

static void view_config_setting(struct out *o, size_t col,
				const struct api_config *c, size_t i)
{
	view_setting(o, col, &config_settings.v[i], &c->set[i]);
}

static void view_port_setting(struct out *o, size_t col,
			      const struct api_port *p, size_t i)
{
	view_setting(o, col, &port_settings.v[i], &p->set[i]);
}

void view_config(struct out *o, const struct api_config *c, const char *event,
		 bool stats)
{
	out_row(o);
	out_str(o, CONFIG_COL_EVENT, event);
	out_color(o, c->set[CONFIG_ENABLED].on ? OUT_GOOD : OUT_BAD);
	view_config_setting(o, CONFIG_COL_ENABLED, c, CONFIG_ENABLED);
	view_config_setting(o, CONFIG_COL_ID, c, CONFIG_ID);
	if (c->has_current_id) {
		out_color(o, OUT_ADDRESS);
		out_id(o, CONFIG_COL_CURRENT_ID, c->current_id);
	}
	out_color(o, OUT_NAME);
	view_name(o, CONFIG_COL_IDENTITY, c->set[CONFIG_IDENTITY].text,
		  c->identity_auto);
	view_name(o, CONFIG_COL_BOARD, c->set[CONFIG_BOARD].text,
		  c->board_auto);
	out_str(o, CONFIG_COL_VERSION, c->version);
	if (out_options.json) {
		out_bool(o, CONFIG_COL_IDENTITY_AUTO, c->identity_auto, "", "");
		out_bool(o, CONFIG_COL_BOARD_AUTO, c->board_auto, "", "");
	}
	view_secrets(o, CONFIG_COL_SECRETS, CONFIG_COL_SECRETS_COUNT,
		     c->set[CONFIG_SECRETS].secrets, c->secrets_count);
	if (c->has_uptime && out_options.json)
		out_uint(o, CONFIG_COL_UPTIME, c->uptime);
	else if (c->has_uptime)
		view_seconds(o, CONFIG_COL_UPTIME, c->uptime);
	out_uint(o, CONFIG_COL_NODES, c->nodes);
	out_uint(o, CONFIG_COL_EDGES, c->edges);
	for (size_t i = VIEW_CONFIG_PLAIN; i < CONFIG_SETTINGS; i++)
		if (c->set[i].given)
			view_config_setting(o, CONFIG_COL_PLAIN + i -
					    VIEW_CONFIG_PLAIN, c, i);
	if (stats && c->has_stats)
		view_stats(o, &c->stats);
}

static enum out_color view_state_color(uint32_t state)
{
	switch (state) {
	case ROMON_PORT_STATE_RUNNING:
		return OUT_GOOD;
	case ROMON_PORT_STATE_LOOPBACK:
	case ROMON_PORT_STATE_NOT_ETHERNET:
	case ROMON_PORT_STATE_MASTER:
	case ROMON_PORT_STATE_MACSEC:
		return OUT_DIM;
	}
	return OUT_BAD;
}

/* Flags as RouterOS has them: * default, D dynamic, X disabled. */
void view_port(struct out *o, const struct api_port *p, const char *event,
	       bool stats)
{
	char flags[4] = "";
	size_t n = 0;

	if (p->is_default)
		flags[n++] = '*';
	if (p->dynamic)
		flags[n++] = 'D';
	if (p->set[PORT_DISABLED].on)
		flags[n++] = 'X';

	out_row(o);
	out_str(o, PORT_COL_EVENT, event);
	if (!event)
		out_text(o, PORT_COL_FLAGS, "%s", flags);
	out_color(o, OUT_NAME);
	out_str(o, PORT_COL_INTERFACE, p->interface);
	out_str(o, PORT_COL_DEVICE, *p->device ? p->device : NULL);
	view_port_setting(o, PORT_COL_COST, p, PORT_COST);
	view_port_setting(o, PORT_COL_FORBID, p, PORT_FORBID);
	if (out_options.json) {
		view_port_setting(o, PORT_COL_DISABLED, p, PORT_DISABLED);
		out_json_bool(o, "default", p->is_default);
		out_json_bool(o, "dynamic", p->dynamic);
	}
	if (p->has_state && !p->is_default) {
		out_color(o, view_state_color(p->state));
		out_str(o, PORT_COL_STATE, api_state_name(p->state));
	}
	if (p->has_link)
		out_uint(o, PORT_COL_LINK, p->link);
	if (p->has_l2mtu)
		out_uint(o, PORT_COL_L2MTU, p->l2mtu);
	if (p->has_mac && (out_options.json || stats))
		out_id(o, PORT_COL_MAC, p->mac);
	view_secrets(o, PORT_COL_SECRETS, PORT_COL_SECRETS_COUNT,
		     p->set[PORT_SECRETS].secrets, p->secrets_count);
	view_port_setting(o, PORT_COL_COMMENT, p, PORT_COMMENT);
	if (stats && p->has_stats) {
		view_stats(o, &p->stats);
		view_refusal(o, &p->refused);
	}
}

void view_node(struct out *o, const struct api_node *n, const char *event)
{
	out_row(o);
	out_str(o, NODE_EVENT, event);
	if (!event || out_options.json)
		out_bool(o, NODE_ACTIVE, n->active, "A", "");
	out_color(o, OUT_ADDRESS);
	out_id(o, NODE_ADDRESS, n->id);
	if (n->has_cost)
		out_uint(o, NODE_COST, n->cost);
	if (n->has_hops)
		out_uint(o, NODE_HOPS, n->hops);
	if (n->path_len)
		out_ids(o, NODE_PATH, n->path[0], n->path_len);
	if (n->has_l2mtu)
		out_uint(o, NODE_L2MTU, n->l2mtu);
	out_color(o, OUT_NAME);
	out_word(o, NODE_IDENTITY, n->identity, "");
	out_str(o, NODE_VERSION, n->version);
	out_word(o, NODE_BOARD, n->board, "");
	if (n->has_reason)
		out_str(o, NODE_REASON, api_route_reason_name(n->reason));
	if (!out_options.json)
		return;
	if (n->has_age)
		out_json_number(o, "age", n->age_ms / 1000.0);
	if (*n->interface)
		out_str(o, NODE_INTERFACE, n->interface);
}

/* For people only: others are told anyway. */
void view_node_interface(struct out *o, const struct api_node *n)
{
	if (!out_options.json && *n->interface)
		out_str(o, NODE_INTERFACE, n->interface);
}

/* Which secret of a list, as people count. */
const char *view_nth(uint32_t n)
{
	static const char * const words[] = {
		"first", "second", "third", "fourth", "fifth", "sixth",
		"seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
		"thirteenth", "fourteenth", "fifteenth", "sixteenth",
	};

	static_assert(sizeof(words) / sizeof(words[0]) == ROMON_SECRETS_MAX);
	return n && n <= ROMON_SECRETS_MAX ? words[n - 1] : NULL;
}

void view_neighbor(struct out *o, const struct api_neighbor *n,
		   const char *event)
{
	bool json = out_options.json;
	char text[32];

	out_row(o);
	out_str(o, NEIGH_EVENT, event);
	out_color(o, OUT_NAME);
	out_str(o, NEIGH_INTERFACE, n->interface);
	if (n->has_link && json)
		out_uint(o, NEIGH_LINK, n->link);
	out_id(o, NEIGH_MAC, n->mac);
	if (n->has_id) {
		out_color(o, OUT_ADDRESS);
		out_id(o, NEIGH_ADDRESS, n->id);
	}
	out_color(o, OUT_NAME);
	out_word(o, NEIGH_IDENTITY, n->identity, "");
	if (n->has_state) {
		out_color(o, n->state == ROMON_NEIGHBOR_STATE_UP ? OUT_GOOD :
			  OUT_BAD);
		out_str(o, NEIGH_STATE, api_neighbor_state_name(n->state));
	}
	if (n->has_since && json)
		out_json_number(o, "since", n->since_ms / 1000.0);
	else if (n->has_since && !event)
		view_seconds(o, NEIGH_SINCE,
			     (uint32_t)(n->since_ms / 1000));
	if (n->has_heard && (json || !event)) {
		snprintf(text, sizeof(text), "%.1fs", n->heard_ms / 1000.0);
		out_number(o, NEIGH_HEARD, n->heard_ms / 1000.0, text);
	}
	if (n->has_rtt) {
		snprintf(text, sizeof(text), "%.3fms", n->rtt_us / 1000.0);
		out_number(o, NEIGH_RTT, n->rtt_us / 1000.0, text);
	}
	if (n->secret && json)
		out_uint(o, NEIGH_SECRET, n->secret);
	else
		out_str(o, NEIGH_SECRET, view_nth(n->secret));
}

void view_refused(struct out *o, const struct api_refused *r,
		  const char *event)
{
	out_row(o);
	out_str(o, REFUSED_EVENT, event);
	out_color(o, OUT_NAME);
	out_str(o, REFUSED_INTERFACE, r->interface);
	if (r->has_mac)
		out_id(o, REFUSED_MAC, r->mac);
	out_color(o, OUT_BAD);
	out_str(o, REFUSED_REASON, r->reason);
}
