/* SPDX-License-Identifier: GPL-2.0-only */
/* What romon can do: one function for each object, and its help. */

#ifndef ROMON_CMD_H
#define ROMON_CMD_H

#include "nl/settings.h"
#include "parse/parse.h"

struct cmd {
	const char *name;
	int (*run)(struct args *args);
	const struct settings *keys;	/* NULL, or which are in help first */
	const char *usage;		/* ... behind this */
	const char *help;
};

extern const struct cmd cmd_show, cmd_set, cmd_port, cmd_neighbor,
			cmd_discover, cmd_topology, cmd_ping, cmd_traceroute,
			cmd_ssh, cmd_connect, cmd_forward, cmd_serve, cmd_monitor,
			cmd_decode, cmd_save, cmd_restore, cmd_confirm,
			cmd_stretch;

/* The options that more than the output depends on. */
extern bool option_stats;

int cmd_usage(const struct cmd *cmd);
int cmd_run_words(struct args *args);

#endif /* ROMON_CMD_H */
