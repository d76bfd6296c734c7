// SPDX-License-Identifier: GPL-2.0-only
/* port: the devices that take part. */

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cmd.h"
#include "config/keys.h"
#include "nl/api.h"
#include "out/view.h"

static int port_show(struct args *args)
{
	struct api_ports ports = { 0 };
	const char *dev = NULL;
	struct out *o;

	if (args->n) {
		dev = keys_parse_dev(args, "port show");
		if (!dev || !args_end(args, "port show"))
			return EXIT_USAGE;
	}
	if (dev) {
		struct api_port port;

		if (api_port_get(dev, &port))
			return EXIT_FAILED;
		o = out_begin(stdout, view_port_cols, VIEW_PORT_COLS, OUT_LIST);
		view_port(o, &port, NULL, option_stats);
		out_end(o, 0);
		api_port_free(&port);
		return EXIT_DONE;
	}
	if (api_port_dump(&ports)) {
		api_ports_free(&ports);
		return EXIT_FAILED;
	}
	o = out_begin(stdout, view_port_cols, VIEW_PORT_COLS, OUT_LIST);
	for (size_t i = 0; i < ports.n; i++)
		view_port(o, &ports.v[i], NULL, option_stats);
	out_end(o, 0);
	api_ports_free(&ports);
	return EXIT_DONE;
}

static int port_change(struct args *args, const char *verb, int cmd)
{
	char what[16 + ROMON_IFNAME_MAX_LEN];
	struct setting_value set[PORT_SETTINGS] = { 0 };
	const char *interface;
	int err;

	/* Alone it is the name of a device only where that does no harm. */
	if (cmd != ROMON_CMD_PORT_DEL && args->n == 1 && args_help(args))
		return EXIT_USAGE;
	snprintf(what, sizeof(what), "port %s", verb);
	interface = keys_parse_dev(args, what);
	if (!interface)
		return EXIT_USAGE;
	snprintf(what, sizeof(what), "port %s %s", verb, interface);
	if (cmd == ROMON_CMD_PORT_DEL) {
		if (!args_end(args, what))
			return EXIT_USAGE;
	} else {
		if (cmd == ROMON_CMD_PORT_SET && !args->n) {
			complain("%s: nothing to set (see: romon port help)",
				 what);
			return EXIT_USAGE;
		}
		if (!keys_parse(args, what, &port_settings, set))
			return EXIT_USAGE;
	}
	err = api_port_change(cmd, interface, set, what);
	settings_free(&port_settings, set);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int port_run(struct args *args)
{
	if (!args->n || args_take(args, "show"))
		return port_show(args);
	if (args_take(args, "add"))
		return port_change(args, "add", ROMON_CMD_PORT_ADD);
	if (args_take(args, "set"))
		return port_change(args, "set", ROMON_CMD_PORT_SET);
	if (args_take(args, "del"))
		return port_change(args, "del", ROMON_CMD_PORT_DEL);
	if (args_help(args))
		return EXIT_USAGE;
	complain("port: unknown command: %s (see: romon port help)",
		 args_peek(args));
	return EXIT_USAGE;
}

const struct cmd cmd_port = {
	.name = "port",
	.run = port_run,
	.keys = &port_settings,
	.usage =
	"romon port [show [DEV]]\n"
	"romon port add DEV",
	.help =
	"romon port set DEV|all ...     the same keys\n"
	"romon port del DEV\n"
	"\n"
	"An entry of its own beats the wildcard entry, all. Flags: * the wildcard\n"
	"entry, D no entry of its own, X disabled. Secrets of a port replace those\n"
	"of the router; see: romon set help\n",
};
