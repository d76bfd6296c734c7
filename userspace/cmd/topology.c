// SPDX-License-Identifier: GPL-2.0-only
/* topology: who is joined to whom. */

#include <string.h>

#include "base/err.h"
#include "cmd.h"
#include "nl/api.h"
#include "nl/router.h"
#include "out/draw.h"
#include "out/out.h"

enum {
	EDGE_ACTIVE, EDGE_FROM, EDGE_FROM_LINK, EDGE_TO, EDGE_TO_LINK,
	EDGE_COST, EDGE_L2MTU, EDGE_COLS
};

static const struct out_col edge_cols[EDGE_COLS] = {
	[EDGE_ACTIVE] = { "active", "", .width = 1 },
	[EDGE_FROM] = { .head = "FROM", .gap = 1 },
	[EDGE_FROM_LINK] = { .head = "LINK", .gap = 2, .right = true },
	[EDGE_TO] = { .head = "TO", .gap = 2 },
	[EDGE_TO_LINK] = { .head = "LINK", .gap = 2, .right = true },
	[EDGE_COST] = { "cost", "COST", .gap = 2, .right = true },
	[EDGE_L2MTU] = { "l2mtu", "L2MTU", .gap = 2, .right = true },
};

static void topology_end(struct out *o, const struct draw *draw,
			 const char *key, const struct api_end *end)
{
	const char *name = draw_identity(draw, end->id);

	out_open(o, key);
	out_in_id(o, "address", end->id);
	if (name)
		out_in_str(o, "identity", name);
	out_in_uint(o, "link", end->link);
	out_in_id(o, "mac", end->mac);
	out_in_uint(o, "cost", end->cost);
	out_in_uint(o, "l2mtu", end->l2mtu);
	out_close(o);
}

static void topology_list(const struct draw *draw)
{
	struct out *o = out_begin(stdout, edge_cols, EDGE_COLS, OUT_LIST);
	char buf[DRAW_LABEL_LEN];

	for (size_t i = 0; i < draw->edges.n; i++) {
		const struct api_edge *e = &draw->edges.v[i];

		out_row(o);
		out_bool(o, EDGE_ACTIVE, e->active, "A", "");
		if (out_options.json) {
			topology_end(o, draw, "from", &e->from);
			topology_end(o, draw, "to", &e->to);
		} else {
			out_color(o, OUT_NAME);
			out_str(o, EDGE_FROM, draw_label(draw, buf, e->from.id));
			out_uint(o, EDGE_FROM_LINK, e->from.link);
			out_color(o, OUT_NAME);
			out_str(o, EDGE_TO, draw_label(draw, buf, e->to.id));
			out_uint(o, EDGE_TO_LINK, e->to.link);
		}
		out_uint(o, EDGE_COST, e->cost);
		out_uint(o, EDGE_L2MTU, e->l2mtu);
		out_json_number(o, "age", e->age_ms / 1000.0);
	}
	out_end(o, 0);
}

static int topology_run(struct args *args)
{
	static const char * const forms[] = { "tree", "list", "dot", "svg" };
	int form = -1, status = EXIT_FAILED;
	struct draw draw;

	args_take(args, "show");
	for (int i = 0; i < 4 && form < 0; i++)
		if (args_take(args, forms[i]))
			form = i;
	if (!args_end(args, "topology"))
		return EXIT_USAGE;
	if (!api_require_running("topology"))
		return EXIT_FAILED;

	if (!draw_load(&draw)) {
		if (form == 1 || (form <= 0 && out_options.json)) {
			topology_list(&draw);
			status = EXIT_DONE;
		} else if (form <= 0) {
			draw_tree(&draw, stdout);
			status = EXIT_DONE;
		} else if (form == 2) {
			draw_dot(&draw, stdout);
			status = EXIT_DONE;
		} else {
			status = draw_svg(&draw);
		}
		if (!draw.nodes.n)
			router_complain_alone("topology");
	}
	draw_free(&draw);
	return status;
}

const struct cmd cmd_topology = {
	.name = "topology",
	.run = topology_run,
	.help =
	"romon topology [show] [tree|list|dot|svg]\n"
	"\n"
	"tree: the ways in use, from this router; the default. list: all edges, A\n"
	"marks those in use. dot: all of it as graphviz reads it. svg: drawn by\n"
	"graphviz, which must be installed. With -j tree and list are the edges.\n"
	"Shows what is known; romon discover looks anew.\n",
};
