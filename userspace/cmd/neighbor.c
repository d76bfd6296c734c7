// SPDX-License-Identifier: GPL-2.0-only
/* neighbor: who has proved on which port that it knows a secret. */

#include "base/err.h"
#include "cmd.h"
#include "nl/api.h"
#include "nl/router.h"
#include "out/view.h"

/* Of a list that is empty: why it can be no other. */
static void neighbor_complain(void)
{
	struct api_config config;
	struct api_ports ports;
	uint32_t secrets;

	if (router_complain_alone("neighbor") || api_config_get(&config))
		return;
	secrets = config.secrets_count;
	api_config_free(&config);
	if (!api_port_dump(&ports)) {
		for (size_t i = 0; i < ports.n; i++)
			secrets += ports.v[i].secrets_count;
		if (!secrets)
			complain("neighbor: no secret is set, so nobody proves to know one");
	}
	api_ports_free(&ports);
}

static int neighbor_run(struct args *args)
{
	struct api_neighbors neighbors;
	struct out *o;

	args_take(args, "show");
	if (!args_end(args, "neighbor"))
		return EXIT_USAGE;
	if (api_neighbor_dump(&neighbors)) {
		api_neighbors_free(&neighbors);
		return EXIT_FAILED;
	}
	o = out_begin(stdout, view_neighbor_cols, VIEW_NEIGHBOR_COLS, OUT_LIST);
	for (size_t i = 0; i < neighbors.n; i++)
		view_neighbor(o, &neighbors.v[i], NULL);
	out_end(o, 0);
	if (!neighbors.n)
		neighbor_complain();
	api_neighbors_free(&neighbors);
	return EXIT_DONE;
}

const struct cmd cmd_neighbor = {
	.name = "neighbor",
	.run = neighbor_run,
	.help =
	"romon neighbor [show]\n"
	"\n"
	"The routers next to this one that have sent a frame hashed with a secret\n"
	"that is set here: up once they have proved that they are alive; since when,\n"
	"last heard how long ago, the round trip of that proof, and which secret of\n"
	"the list their last frame was hashed with.\n",
};
