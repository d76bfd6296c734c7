// SPDX-License-Identifier: GPL-2.0-only
/* monitor: events as they happen, one line each. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/run.h"
#include "cmd.h"
#include "nl/api.h"
#include "out/view.h"

#define MONITOR_DISCOVER	(10 * RUN_SECOND)

/* A device, by the name that it was told with last. */
struct monitor_dev {
	uint32_t ifindex;
	char interface[ROMON_IFNAME_MAX_LEN + 1];
};

struct monitor {
	struct romon_nl *nl;
	struct out *config, *port, *node, *neighbor, *refused;
	struct monitor_dev *devs;
	size_t n_devs;
};

/* What an event is called in JSON, and to people. */
static const struct monitor_event {
	uint8_t cmd;
	const char *name;
	const char *words;	/* NULL: they depend on its state */
} monitor_events[] = {
	{ ROMON_CMD_CONFIG_CHANGE_NTF, "config-change", "settings changed" },
	{ ROMON_CMD_PORT_ADD_NTF, "port-add", "port added" },
	{ ROMON_CMD_PORT_CHANGE_NTF, "port-change", "port changed" },
	{ ROMON_CMD_PORT_DEL_NTF, "port-del", "port removed" },
	{ ROMON_CMD_NODE_ADD_NTF, "node-add", "router found" },
	{ ROMON_CMD_NODE_CHANGE_NTF, "node-change", "router changed" },
	{ ROMON_CMD_NODE_DEL_NTF, "node-del", "router lost" },
	{ ROMON_CMD_NEIGHBOR_CHANGE_NTF, "neighbor-change", NULL },
	{ ROMON_CMD_REFUSED_NTF, "refused", "frame refused" },
};

static void monitor_clock(char *buf, size_t size)
{
	struct timespec ts;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	len = strftime(buf, size, "%H:%M:%S", &tm);
	snprintf(buf + len, size - len, ".%03ld", ts.tv_nsec / 1000000);
}

static double monitor_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void monitor_prefix(struct out *o, const char *words)
{
	char now[32];

	monitor_clock(now, sizeof(now));
	out_prefix(o, "%s %s:", now, words);
}

static void monitor_node(struct monitor *m, const struct api_node *node,
			 const char *name, const char *words)
{
	monitor_prefix(m->node, words);
	view_node(m->node, node, name);
	out_json_number(m->node, "time", monitor_time());
	out_flush(m->node);
}

static void monitor_port(struct monitor *m, const struct api_port *port,
			 const char *name, const char *words)
{
	monitor_prefix(m->port, words);
	view_port(m->port, port, name, false);
	out_json_number(m->port, "time", monitor_time());
	out_flush(m->port);
}

/* A name that is given away, or a device that has gone, is not known more. */
static void monitor_forget(struct monitor *m, const struct api_port *port)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n_devs; i++)
		if (m->devs[i].ifindex != port->ifindex &&
		    strcmp(m->devs[i].interface, port->interface))
			m->devs[kept++] = m->devs[i];
	m->n_devs = kept;
}

static void monitor_learn(struct monitor *m, const struct api_port *port)
{
	struct monitor_dev *dev;

	monitor_forget(m, port);
	if (!port->ifindex)
		return;
	m->devs = xrealloc(m->devs, m->n_devs + 1, sizeof(*m->devs));
	dev = &m->devs[m->n_devs++];
	dev->ifindex = port->ifindex;
	strcpy(dev->interface, port->interface);
}

static void monitor_learn_all(struct monitor *m, const struct api_ports *ports)
{
	m->n_devs = 0;
	for (size_t i = 0; i < ports->n; i++)
		monitor_learn(m, &ports->v[i]);
}

/*
 * A name that no device has any more: a port that is gone, unless there are
 * settings for it.
 */
static void monitor_old_name(struct monitor *m, const char *interface)
{
	struct api_port gone = { .has_state = true };
	const struct api_port *left = NULL;
	struct api_ports ports;

	api_port_dump(&ports);
	for (size_t i = 0; i < ports.n; i++)
		if (!ports.v[i].dynamic &&
		    !strcmp(ports.v[i].interface, interface))
			left = &ports.v[i];
	if (left) {
		monitor_port(m, left, "port-change", "port changed");
	} else {
		strcpy(gone.interface, interface);
		gone.dynamic = true;
		gone.state = ROMON_PORT_STATE_ABSENT;
		for (size_t i = 0; i < ports.n; i++)
			if (ports.v[i].is_default) {
				gone.set[PORT_COST] = ports.v[i].set[PORT_COST];
				gone.set[PORT_FORBID] = ports.v[i].set[PORT_FORBID];
			}
		monitor_port(m, &gone, "port-del", "port removed");
	}
	api_ports_free(&ports);
}

/*
 * The kernel tells of a device that was renamed as one that has changed, and
 * does not know how it was called. Returns whether its name is new.
 */
static bool monitor_renamed(struct monitor *m, const struct api_port *port)
{
	for (size_t i = 0; port->ifindex && i < m->n_devs; i++) {
		if (m->devs[i].ifindex != port->ifindex)
			continue;
		if (!strcmp(m->devs[i].interface, port->interface))
			return false;
		monitor_old_name(m, m->devs[i].interface);
		return true;
	}
	return false;
}

static void monitor_port_event(struct monitor *m, const struct api_port *port,
			       uint8_t cmd, const struct monitor_event *e)
{
	const char *name = e->name, *words = e->words;

	if (cmd == ROMON_CMD_PORT_DEL_NTF) {
		monitor_forget(m, port);
	} else {
		if (monitor_renamed(m, port) && port->dynamic) {
			name = "port-add";
			words = "port added";
		}
		monitor_learn(m, port);
	}
	monitor_port(m, port, name, words);
}

static void monitor_config(struct monitor *m, const struct api_config *config,
			   const char *name, const char *words)
{
	monitor_prefix(m->config, words);
	view_config(m->config, config, name, false);
	out_json_number(m->config, "time", monitor_time());
	out_flush(m->config);
}

static void monitor_neighbor(struct monitor *m, const struct api_neighbor *n,
			     const char *name, const char *words)
{
	bool up = n->has_state && n->state == ROMON_NEIGHBOR_STATE_UP;

	monitor_prefix(m->neighbor, words ? words :
		       up ? "neighbour up" : "neighbour lost");
	view_neighbor(m->neighbor, n, name);
	out_json_number(m->neighbor, "time", monitor_time());
	out_flush(m->neighbor);
}

static void monitor_refused(struct monitor *m, const struct api_refused *r,
			    const char *name, const char *words)
{
	monitor_prefix(m->refused, words);
	view_refused(m->refused, r, name);
	out_json_number(m->refused, "time", monitor_time());
	out_flush(m->refused);
}

static int monitor_event(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	const struct monitor_event *e = NULL;
	struct monitor *m = arg;
	struct api_neighbor neighbor;
	struct api_refused refused;
	struct api_config config;
	struct api_node node;
	struct api_port port;

	for (size_t i = 0; !e && i < sizeof(monitor_events) / sizeof(*e); i++)
		if (monitor_events[i].cmd == cmd)
			e = &monitor_events[i];
	if (!e)
		return 0;
	if (cmd == ROMON_CMD_CONFIG_CHANGE_NTF) {
		api_config_read(attrs, &config);
		monitor_config(m, &config, e->name, e->words);
		api_config_free(&config);
	} else if (!strncmp(e->name, "port", 4)) {
		api_port_read(attrs, &port);
		monitor_port_event(m, &port, cmd, e);
		api_port_free(&port);
	} else if (cmd == ROMON_CMD_NEIGHBOR_CHANGE_NTF) {
		api_neighbor_read(attrs, &neighbor);
		monitor_neighbor(m, &neighbor, e->name, e->words);
		api_neighbor_free(&neighbor);
	} else if (cmd == ROMON_CMD_REFUSED_NTF) {
		api_refused_read(attrs, &refused);
		monitor_refused(m, &refused, e->name, e->words);
		api_refused_free(&refused);
	} else {
		api_node_read(attrs, &node);
		monitor_node(m, &node, e->name, e->words);
		api_node_free(&node);
	}
	return 0;
}

/* Events were lost: tell all that is true now. */
static bool monitor_resync(struct monitor *m)
{
	struct api_neighbors neighbors;
	struct api_config config;
	struct api_nodes nodes;
	struct api_ports ports;
	bool ok = false;

	complain("monitor: events were lost, what is known now follows");
	memset(&nodes, 0, sizeof(nodes));
	memset(&ports, 0, sizeof(ports));
	memset(&neighbors, 0, sizeof(neighbors));
	if (api_config_get(&config))
		return false;
	if (!api_port_dump(&ports) && !api_node_dump(&nodes) &&
	    !api_neighbor_dump(&neighbors)) {
		monitor_learn_all(m, &ports);
		monitor_config(m, &config, "config-known", "settings are");
		for (size_t i = 0; i < ports.n; i++)
			monitor_port(m, &ports.v[i], "port-known",
				     "port known");
		for (size_t i = 0; i < nodes.n; i++)
			if (nodes.v[i].active)
				monitor_node(m, &nodes.v[i], "node-known",
					     "router known");
		for (size_t i = 0; i < neighbors.n; i++)
			monitor_neighbor(m, &neighbors.v[i], "neighbor-known",
					 "neighbour known");
		ok = true;
	}
	api_neighbors_free(&neighbors);
	api_nodes_free(&nodes);
	api_ports_free(&ports);
	api_config_free(&config);
	return ok;
}

static int monitor_loop(struct monitor *m, int64_t every)
{
	int64_t next = every ? run_now() : RUN_FOREVER;
	int err;

	while (!run_stopped()) {
		if (run_now() >= next) {
			next += every;
			api_discover_quietly();
		}
		if (!run_wait(romon_nl_fd(m->nl), next))
			continue;
		err = romon_nl_receive(m->nl);
		if (err == -ENOBUFS) {
			if (!monitor_resync(m))
				return EXIT_FAILED;
		} else if (err == -ENODEV) {
			complain("monitor: the module romon was unloaded");
			return EXIT_FAILED;
		} else if (err) {
			complain("monitor: %s", strerror(-err));
			return EXIT_FAILED;
		}
	}
	return EXIT_DONE;
}

static int monitor_run(struct args *args)
{
	int64_t every = MONITOR_DISCOVER;
	struct param params[] = {
		PARAM("discover", PARAM_NS, &every, 0),
	};
	struct monitor m = { 0 };
	int status = EXIT_FAILED, err;

	if (!params_parse(args, "monitor", params, 1))
		return EXIT_USAGE;
	if (every && every < RUN_SECOND / 10) {
		complain("monitor: discover: 0, or seconds from 0.1");
		return EXIT_USAGE;
	}
	m.nl = api_open("monitor");
	if (!m.nl)
		return EXIT_FAILED;
	m.config = out_begin(stdout, view_config_cols(), VIEW_CONFIG_COLS,
			     OUT_WORDS);
	m.port = out_begin(stdout, view_port_cols, VIEW_PORT_COLS, OUT_WORDS);
	m.node = out_begin(stdout, view_node_cols, VIEW_NODE_COLS, OUT_WORDS);
	m.neighbor = out_begin(stdout, view_neighbor_cols, VIEW_NEIGHBOR_COLS,
			       OUT_WORDS);
	m.refused = out_begin(stdout, view_refused_cols, VIEW_REFUSED_COLS,
			      OUT_WORDS);
	romon_nl_on_event(m.nl, monitor_event, &m);
	err = romon_nl_subscribe(m.nl, ROMON_MCGRP_EVENTS);
	if (!err)
		err = romon_nl_watch_module(m.nl);
	if (err) {
		api_complain(m.nl, "monitor", err);
	} else {
		struct api_ports ports;

		/* Names of what changes later. */
		if (!api_port_dump(&ports))
			monitor_learn_all(&m, &ports);
		api_ports_free(&ports);
		run_begin();
		status = monitor_loop(&m, every);
		run_end();
	}
	out_end(m.config, 0);
	out_end(m.port, 0);
	out_end(m.node, 0);
	out_end(m.neighbor, 0);
	out_end(m.refused, 0);
	romon_nl_close(m.nl);
	free(m.devs);
	return status;
}

const struct cmd cmd_monitor = {
	.name = "monitor",
	.run = monitor_run,
	.help =
	"romon monitor [discover SECONDS]\n"
	"\n"
	"Events as they happen, one line each: settings, ports, routers found,\n"
	"changed and lost, neighbours up and lost, and frames that were refused, at\n"
	"most one a second for each port. So that changes elsewhere are noticed it\n"
	"looks for routers now and every 10 seconds; discover 0 only listens.\n",
};
