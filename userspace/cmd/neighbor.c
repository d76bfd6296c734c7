// SPDX-License-Identifier: GPL-2.0-only
/* neighbor: who has proved on which port that it knows a secret. */

#include "base/err.h"
#include "cmd.h"
#include "nl/api.h"
#include "out/view.h"

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
