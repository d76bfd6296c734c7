// SPDX-License-Identifier: GPL-2.0-only
/* show, set: this router. */

#include <string.h>

#include "base/err.h"
#include "cmd.h"
#include "nl/api.h"
#include "out/view.h"
#include "settings.h"

static int show_run(struct args *args)
{
	struct api_config config;
	struct out *o;

	if (!args_end(args, "show"))
		return EXIT_USAGE;
	if (api_config_get(&config))
		return EXIT_FAILED;
	o = out_begin(stdout, view_config_cols, VIEW_CONFIG_COLS, OUT_RECORD);
	view_config(o, &config, NULL, option_stats);
	out_end(o, 0);
	api_config_free(&config);
	return EXIT_DONE;
}

const struct cmd cmd_show = {
	.name = "show",
	.run = show_run,
	.help =
	"romon show\n"
	"\n"
	"This router: settings and state. With -s also what is counted without\n"
	"belonging to a port.\n",
};

static int set_run(struct args *args)
{
	struct api_config_change change;
	int err;

	if (!args->n) {
		complain("set: nothing to set (see: romon set help)");
		return EXIT_USAGE;
	}
	if (!settings_parse_config(args, "set", &change))
		return EXIT_USAGE;
	err = api_config_set(&change, "set");
	secrets_free(change.secrets);
	return err ? EXIT_FAILED : EXIT_DONE;
}

const struct cmd cmd_set = {
	.name = "set",
	.run = set_run,
	.help =
	"romon set [enabled on|off] [id MAC|auto] [identity NAME|auto]\n"
	"          [board NAME|auto] [secrets LIST|none | secrets-file PATH]\n"
	"          [hop-limit N] [hello-interval SECONDS] [flood-window MS]\n"
	"          [flood-rate N] [answer-delay MS] [node-timeout SECONDS]\n"
	"          [max-nodes N] [max-edges N] [max-origins N] [max-ports N]\n"
	"          [max-endpoints N] [max-neighbors N] [queue-len N]\n"
	"\n"
	"All keys of one command are applied, or none. LIST is secrets with commas\n"
	"between them; \",new\" is the empty secret, for frames without one, and new.\n"
	"PATH has one a line, - is standard input: so ps does not show them.\n",
};
