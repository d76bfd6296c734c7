// SPDX-License-Identifier: GPL-2.0-only
/* What the module keeps, and how to ask for it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/err.h"

/* All settings there are, and as many secrets as there may be. */
#define API_CHANGE_ROOM	(1024 + sizeof(struct secrets) + 8 * ROMON_SECRETS_MAX)

/* Requests of a whole batch go over one connection. */
static struct romon_nl *shared;

/* What complaints of requests begin with that are part of any command. */
static const char *command = "netlink";

void api_set_command(const char *name)
{
	command = name;
}

const char *api_hint(int err, bool has_sentence)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return has_sentence ? " (be root)" :
		       " (needs CAP_NET_ADMIN over the network namespace: be root)";
	case ENETDOWN:
		return " (try: romon set enabled on)";
	case ETIMEDOUT:
		return " (the kernel did not answer)";
	}
	return "";
}

/* The key that a refusal is about: port and config attributes never mix. */
static const char *api_attr_name(const char *what, unsigned int attr)
{
	if (!strncmp(what, "port", 4))
		return attr == ROMON_A_PORT_INTERFACE ? "interface" :
		       settings_name(&port_settings, attr);
	if (!strncmp(what, "set", 3) || !strcmp(what, "restore"))
		return settings_name(&config_settings, attr);
	return NULL;
}

/* One line: what, which key, the kernel's sentence or the errno's, a hint. */
void api_complain(struct romon_nl *nl, const char *what, int err)
{
	const struct romon_nl_refusal *r = nl ? romon_nl_refusal(nl) : NULL;
	const char *key = r && r->attr ? api_attr_name(what, r->attr) : NULL;
	const char *why = r && *r->sentence ? r->sentence : strerror(-err);
	char range[64] = "";

	if (r && r->missing && !*r->sentence)
		why = "missing";
	if (r && r->has_range)
		snprintf(range, sizeof(range), ", %llu to %llu",
			 (unsigned long long)r->min,
			 (unsigned long long)r->max);
	complain("%s: %s%s%s%s%s", what, key ? key : "", key ? ": " : "", why,
		 range, api_hint(err, r && *r->sentence));
}

/*
 * What has become of a change: a complaint of an error, or what the kernel says
 * of one that it has made.
 */
static int api_changed(struct romon_nl *nl, const char *what, int err)
{
	if (err || *romon_nl_refusal(nl)->sentence)
		api_complain(nl, what, err);
	return err;
}

/* Whether the kernel takes signed modules only, by what it says where it is asked. */
static bool api_kernel_is_locked(void)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[64] = "";
	bool locked;

	if (!f)
		return false;
	locked = fgets(line, sizeof(line), f) && !strstr(line, "[none]");
	fclose(f);
	return locked;
}

/* A connection of one's own, for what is sent to it unasked. */
struct romon_nl *api_open(const char *what)
{
	struct romon_nl *nl = NULL;
	int err = romon_nl_open(&nl);

	switch (-err) {
	case 0:
		return nl;
	case ENOENT:
		complain("%s: RoMON is not loaded (%s)", what,
			 api_kernel_is_locked() ?
				 "in lockdown the kernel loads none that is not signed" :
				 "try: modprobe romon");
		break;
	case EPROTONOSUPPORT:
		complain("%s: this kernel has no generic netlink", what);
		break;
	default:
		api_complain(NULL, what, err);
	}
	return NULL;
}

struct romon_nl *api_shared(const char *what)
{
	if (!shared)
		shared = api_open(what);
	return shared;
}

void api_close_shared(void)
{
	romon_nl_close(shared);
	shared = NULL;
}

static int api_config_got(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	(void)cmd;
	api_config_free(arg);
	api_config_read(attrs, arg);
	return 0;
}

int api_config_get(struct api_config *config)
{
	struct romon_nl *nl = api_shared(command);
	int err;

	memset(config, 0, sizeof(*config));
	if (!nl)
		return -ENOENT;
	err = romon_nl_get(nl, romon_nl_msg_new(nl, ROMON_CMD_CONFIG_GET, 0),
			   api_config_got, config);
	if (err)
		api_complain(nl, command, err);
	return err;
}

/* Everything that needs other routers begins with this. */
bool api_require_running(const char *what)
{
	struct api_config config;
	bool enabled;

	if (!api_shared(what) || api_config_get(&config))
		return false;
	enabled = config.set[CONFIG_ENABLED].on;
	api_config_free(&config);
	if (!enabled)
		complain("%s: RoMON not running (try: romon set enabled on)",
			 what);
	return enabled;
}

static void api_put_secrets(struct romon_nl_msg *msg, int type,
			    const struct secrets *secrets)
{
	size_t nest = romon_nl_nest(msg, type);

	for (size_t i = 0; secrets && i < secrets->n; i++)
		romon_nl_put(msg, ROMON_A_SECRETS_SECRET,
			     secrets->v[i].value, secrets->v[i].len);
	romon_nl_nest_end(msg, nest);
}

static void api_put_setting(struct romon_nl_msg *msg, const struct setting *s,
			    const struct setting_value *v)
{
	switch (s->type) {
	case SETTING_BOOL:
		romon_nl_put_u8(msg, s->attr, v->on);
		break;
	case SETTING_U8:
		romon_nl_put_u8(msg, s->attr, (uint8_t)v->number);
		break;
	case SETTING_ANY_U16:
		romon_nl_put_u16(msg, s->attr, (uint16_t)v->number);
		break;
	case SETTING_U32:
		romon_nl_put_u32(msg, s->attr, (uint32_t)v->number);
		break;
	case SETTING_ID:
		romon_nl_put(msg, s->attr, v->id, API_ID_LEN);
		break;
	case SETTING_NAME:
	case SETTING_TEXT:
		romon_nl_put_string(msg, s->attr, v->text);
		break;
	case SETTING_SECRETS:
		api_put_secrets(msg, s->attr, v->secrets);
		break;
	}
}

static void api_put_settings(struct romon_nl_msg *msg,
			     const struct settings *s,
			     const struct setting_value *set)
{
	for (size_t i = 0; i < s->n; i++)
		if (set[i].given)
			api_put_setting(msg, &s->v[i], &set[i]);
}

int api_config_set(const struct setting_value *set, const char *what)
{
	struct romon_nl *nl = api_shared(what);
	struct romon_nl_msg *msg;

	if (!nl)
		return -ENOENT;
	msg = romon_nl_msg_new(nl, ROMON_CMD_CONFIG_SET, API_CHANGE_ROOM);
	api_put_settings(msg, &config_settings, set);
	return api_changed(nl, what, romon_nl_request(nl, msg, NULL, NULL));
}

static int api_port_got(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	(void)cmd;
	api_port_free(arg);
	api_port_read(attrs, arg);
	return 0;
}

int api_port_get(const char *interface, struct api_port *port)
{
	struct romon_nl *nl = api_shared(command);
	struct romon_nl_msg *msg;
	int err;

	memset(port, 0, sizeof(*port));
	if (!nl)
		return -ENOENT;
	msg = romon_nl_msg_new(nl, ROMON_CMD_PORT_GET, 64);
	romon_nl_put_string(msg, ROMON_A_PORT_INTERFACE, interface);
	err = romon_nl_get(nl, msg, api_port_got, port);
	if (err) {
		char what[32];

		snprintf(what, sizeof(what), "port %s", interface);
		api_complain(nl, what, err);
	}
	return err;
}

static void api_ports_restart(void *arg)
{
	api_ports_free(arg);
}

static void api_nodes_restart(void *arg)
{
	api_nodes_free(arg);
}

static void api_edges_restart(void *arg)
{
	api_edges_free(arg);
}

static void api_neighbors_restart(void *arg)
{
	api_neighbors_free(arg);
}

/* Room for one more, so that a list grows in steps of its own size. */
static void *api_grow(void *v, size_t n, size_t size)
{
	return n & (n - 1) ? v : xrealloc(v, n ? n * 2 : 1, size);
}

static int api_ports_add(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	struct api_ports *ports = arg;

	(void)cmd;
	ports->v = api_grow(ports->v, ports->n, sizeof(*ports->v));
	api_port_read(attrs, &ports->v[ports->n++]);
	return 0;
}

static int api_nodes_add(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	struct api_nodes *nodes = arg;

	(void)cmd;
	nodes->v = api_grow(nodes->v, nodes->n, sizeof(*nodes->v));
	api_node_read(attrs, &nodes->v[nodes->n++]);
	return 0;
}

static int api_edges_add(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	struct api_edges *edges = arg;

	(void)cmd;
	edges->v = api_grow(edges->v, edges->n, sizeof(*edges->v));
	api_edge_read(attrs, &edges->v[edges->n++]);
	return 0;
}

static int api_neighbors_add(uint8_t cmd, struct romon_nl_attrs attrs,
			     void *arg)
{
	struct api_neighbors *neighbors = arg;

	(void)cmd;
	neighbors->v = api_grow(neighbors->v, neighbors->n,
				sizeof(*neighbors->v));
	api_neighbor_read(attrs, &neighbors->v[neighbors->n++]);
	return 0;
}

static int api_dump(uint8_t cmd, romon_nl_fn *add, void (*restart)(void *arg),
		    void *list)
{
	struct romon_nl *nl = api_shared(command);
	int err;

	if (!nl)
		return -ENOENT;
	err = romon_nl_dump(nl, cmd, add, restart, list);
	if (err > 0) {
		complain("%s: changes faster than it can be read, entries may be missing",
			 command);
		return 0;
	}
	if (err)
		api_complain(nl, command, err);
	return err;
}

static int api_port_compare(const void *a, const void *b)
{
	const struct api_port *x = a, *y = b;

	if (x->is_default != y->is_default)
		return x->is_default ? -1 : 1;
	if (x->dynamic != y->dynamic)
		return x->dynamic ? 1 : -1;
	return strverscmp(x->interface, y->interface);
}

/*
 * The wildcard entry, entries, devices without one, each by name: the order
 * in which entries were added would not survive save and restore.
 */
int api_port_dump(struct api_ports *ports)
{
	int err;

	memset(ports, 0, sizeof(*ports));
	err = api_dump(ROMON_CMD_PORT_GET, api_ports_add, api_ports_restart,
		       ports);
	if (!err && ports->n)
		qsort(ports->v, ports->n, sizeof(*ports->v), api_port_compare);
	return err;
}

int api_node_dump(struct api_nodes *nodes)
{
	memset(nodes, 0, sizeof(*nodes));
	return api_dump(ROMON_CMD_NODE_GET, api_nodes_add, api_nodes_restart,
			nodes);
}

int api_edge_dump(struct api_edges *edges)
{
	memset(edges, 0, sizeof(*edges));
	return api_dump(ROMON_CMD_EDGE_GET, api_edges_add, api_edges_restart,
			edges);
}

int api_neighbor_dump(struct api_neighbors *neighbors)
{
	memset(neighbors, 0, sizeof(*neighbors));
	return api_dump(ROMON_CMD_NEIGHBOR_GET, api_neighbors_add,
			api_neighbors_restart, neighbors);
}

int api_port_change(int cmd, const char *interface,
		    const struct setting_value *set, const char *what)
{
	struct romon_nl *nl = api_shared(what);
	struct romon_nl_msg *msg;

	if (!nl)
		return -ENOENT;
	msg = romon_nl_msg_new(nl, (uint8_t)cmd, API_CHANGE_ROOM);
	romon_nl_put_string(msg, ROMON_A_PORT_INTERFACE, interface);
	if (set)
		api_put_settings(msg, &port_settings, set);
	return api_changed(nl, what, romon_nl_request(nl, msg, NULL, NULL));
}

/* Not complained of: RoMON may be off, or we without the right. */
int api_discover_quietly(void)
{
	struct romon_nl *nl = api_shared(command);

	if (!nl)
		return -ENOENT;
	return romon_nl_request(nl,
				romon_nl_msg_new(nl, ROMON_CMD_DISCOVER, 0),
				NULL, NULL);
}

int api_discover(void)
{
	struct romon_nl *nl = api_shared(command);
	int err;

	if (!nl)
		return -ENOENT;
	err = api_discover_quietly();
	if (err)
		api_complain(nl, command, err);
	return err;
}

static int api_node_got(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	(void)cmd;
	api_node_free(arg);
	api_node_read(attrs, arg);
	return 0;
}

/* The active route to a router; an errno if there is none. */
int api_node_find(const uint8_t *id, struct api_node *node)
{
	struct romon_nl *nl = api_shared(command);
	struct romon_nl_msg *msg;

	memset(node, 0, sizeof(*node));
	if (!nl)
		return -ENOPROTOOPT;
	msg = romon_nl_msg_new(nl, ROMON_CMD_NODE_GET, 64);
	romon_nl_put(msg, ROMON_A_NODE_ID, id, API_ID_LEN);
	return romon_nl_get(nl, msg, api_node_got, node);
}

/* NULL if there is no memory. */
static struct romon_nl_msg *api_port_msg(struct romon_nl *nl, uint8_t cmd,
					 uint16_t local_port)
{
	struct romon_nl_msg *msg = romon_nl_msg_try(nl, cmd, 64);

	if (msg)
		romon_nl_put_u16(msg, ROMON_A_DATAGRAM_LOCAL_PORT, local_port);
	return msg;
}

static int api_bound(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	struct api_datagram d;

	(void)cmd;
	api_datagram_read(attrs, &d);
	*(uint16_t *)arg = d.local_port;
	return 0;
}

/* *local_port 0 asks for one that is free, and is told which. */
int api_bind(struct romon_nl *nl, uint16_t *local_port)
{
	struct romon_nl_msg *msg;

	msg = api_port_msg(nl, ROMON_CMD_ENDPOINT_BIND, *local_port);
	return msg ? romon_nl_request(nl, msg, api_bound, local_port) : -ENOMEM;
}

/*
 * Answered by what looks like an event: ROMON_CMD_NODE_GET, as of
 * api_node_find(), or a refusal. It is what is known at that moment: for a route
 * that is just changing the kernel does not wait, nor does the caller. @id: NULL
 * for the ID of this router, in an answer without a route. Returns its number, or
 * 0 if there is no memory.
 */
uint32_t api_queue_node(struct romon_nl *nl, const uint8_t *id)
{
	struct romon_nl_msg *msg;

	msg = romon_nl_msg_try(nl, ROMON_CMD_NODE_GET, 64);
	if (!msg)
		return 0;
	romon_nl_put(msg, ROMON_A_NODE_NOW, NULL, 0);
	if (id)
		romon_nl_put(msg, ROMON_A_NODE_ID, id, API_ID_LEN);
	return romon_nl_queue(nl, msg);
}

/* At the next romon_nl_flush(). Without memory it stays bound. */
void api_queue_unbind(struct romon_nl *nl, uint16_t local_port)
{
	struct romon_nl_msg *msg;

	msg = api_port_msg(nl, ROMON_CMD_ENDPOINT_UNBIND, local_port);
	if (msg)
		romon_nl_queue(nl, msg);
}

/* Of queued requests, none that romon_nl_queue() gives. */
#define API_BIND	0xc0000000u
#define API_BIND_FIRST	0xc0010000u

/*
 * For another process, which shares the connection, has not the right, and is
 * told the answer, as a bind whose event it has not asked for, or a refusal. It
 * may have missed that before, so a port that was bound is bound anew. At the
 * next romon_nl_flush(); without memory it has to ask again.
 */
void api_queue_bind(struct romon_nl *nl, uint16_t local_port)
{
	struct romon_nl_msg *unbind = NULL, *bind;

	if (local_port)
		unbind = api_port_msg(nl, ROMON_CMD_ENDPOINT_UNBIND,
				      local_port);
	if (unbind)
		romon_nl_queue_as(nl, unbind, API_BIND_FIRST | local_port);
	bind = api_port_msg(nl, ROMON_CMD_ENDPOINT_BIND, local_port);
	if (bind)
		romon_nl_queue_as(nl, bind, API_BIND | local_port);
}

enum api_number api_number(uint32_t number, uint16_t *local_port)
{
	*local_port = (uint16_t)number;
	if (number - *local_port == API_BIND)
		return API_NUMBER_BIND;
	return number - *local_port == API_BIND_FIRST ? API_NUMBER_BIND_FIRST :
	       API_NUMBER_OTHER;
}

static struct romon_nl_msg *api_datagram_msg(struct romon_nl *nl,
					     const struct api_datagram *d)
{
	struct romon_nl_msg *msg;

	msg = romon_nl_msg_try(nl, ROMON_CMD_DATAGRAM_SEND,
			       d->len + d->hops * API_HOP_LEN + 128);
	if (!msg)
		return NULL;
	romon_nl_put(msg, ROMON_A_DATAGRAM_ID, d->id, API_ID_LEN);
	romon_nl_put_u16(msg, ROMON_A_DATAGRAM_LOCAL_PORT, d->local_port);
	romon_nl_put_u16(msg, ROMON_A_DATAGRAM_REMOTE_PORT, d->remote_port);
	if (d->hops)
		romon_nl_put(msg, ROMON_A_DATAGRAM_ROUTE, d->route,
			     d->hops * API_HOP_LEN);
	romon_nl_put(msg, ROMON_A_DATAGRAM_PAYLOAD, d->payload, d->len);
	return msg;
}

int api_send(struct romon_nl *nl, const struct api_datagram *d)
{
	struct romon_nl_msg *msg = api_datagram_msg(nl, d);

	return msg ? romon_nl_request(nl, msg, NULL, NULL) : -ENOMEM;
}

/*
 * With others, at the next romon_nl_flush(). Returns its number; 0 if there is no
 * memory for it.
 */
uint32_t api_queue(struct romon_nl *nl, const struct api_datagram *d)
{
	struct romon_nl_msg *msg = api_datagram_msg(nl, d);

	return msg ? romon_nl_queue(nl, msg) : 0;
}
