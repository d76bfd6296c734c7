// SPDX-License-Identifier: GPL-2.0-only
/* show, set: this router. */

#include <string.h>

#include "base/err.h"
#include "cmd.h"
#include "config/keys.h"
#include "nl/api.h"
#include "out/view.h"

static int show_run(struct args *args)
{
	struct api_config config;
	struct out *o;

	if (!args_end(args, "show"))
		return EXIT_USAGE;
	if (api_config_get(&config))
		return EXIT_FAILED;
	o = out_begin(stdout, view_config_cols(), VIEW_CONFIG_COLS, OUT_RECORD);
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
	struct setting_value set[CONFIG_SETTINGS];
	int err;

	if (!args->n) {
		complain("set: nothing to set (see: romon set help)");
		return EXIT_USAGE;
	}
	if (!keys_parse(args, "set", &config_settings, set))
		return EXIT_USAGE;
	err = api_config_set(set, "set");
	settings_free(&config_settings, set);
	return err ? EXIT_FAILED : EXIT_DONE;
}

const struct cmd cmd_set = {
	.name = "set",
	.run = set_run,
	.keys = &config_settings,
	.usage = "romon set",
	.help =
	"\n"
	"All keys of one command are applied, or none. LIST is secrets with commas\n"
	"between them; \",new\" is the empty secret, for frames without one, and new.\n"
	"PATH has one a line, - is standard input: so ps does not show them. With the\n"
	"NAME of a network each is stretched first: slow to guess, and another in\n"
	"each network. All its routers are to set theirs so; see: romon stretch help\n",
};
