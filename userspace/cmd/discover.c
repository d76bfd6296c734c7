// SPDX-License-Identifier: GPL-2.0-only
/* discover: who is there, and by which ways. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/run.h"
#include "cmd.h"
#include "diagnose.h"
#include "nl/api.h"
#include "nl/router.h"
#include "out/view.h"

/* One way to a router; its router's best cost keeps alternatives below it. */
struct discover_row {
	const struct api_node *node;
	uint32_t best;
	size_t index;
};

static int discover_compare(const void *a, const void *b)
{
	const struct discover_row *x = a, *y = b;
	int order;

	if (x->best != y->best)
		return x->best < y->best ? -1 : 1;
	order = memcmp(x->node->id, y->node->id, API_ID_LEN);
	if (order)
		return order;
	if (x->node->active != y->node->active)
		return x->node->active ? -1 : 1;
	if (x->node->cost != y->node->cost)
		return x->node->cost < y->node->cost ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* The kernel gives the ways to one router together, the active one first. */
static struct discover_row *discover_sort(const struct api_nodes *nodes)
{
	struct discover_row *rows = xcalloc(nodes->n, sizeof(*rows));

	for (size_t i = 0; i < nodes->n; i++) {
		const struct api_node *n = &nodes->v[i];
		bool more = i && !memcmp(n->id, nodes->v[i - 1].id, API_ID_LEN);

		rows[i].node = n;
		rows[i].best = more ? rows[i - 1].best : n->cost;
		rows[i].index = i;
	}
	qsort(rows, nodes->n, sizeof(*rows), discover_compare);
	return rows;
}

static bool discover_same_path(const struct api_node *a,
			       const struct api_node *b)
{
	return !memcmp(a->id, b->id, API_ID_LEN) &&
	       a->path_len == b->path_len &&
	       (!a->path_len ||
		!memcmp(a->path, b->path, a->path_len * API_ID_LEN));
}

/* Another way has the same path, by another port: a second cable perhaps. */
static bool discover_has_twin(const struct discover_row *rows, size_t n,
			      size_t i)
{
	const struct api_node *node = rows[i].node;

	for (size_t k = i; k-- && !memcmp(rows[k].node->id, node->id,
					  API_ID_LEN);)
		if (discover_same_path(rows[k].node, node))
			return true;
	for (size_t k = i + 1; k < n && !memcmp(rows[k].node->id, node->id,
						API_ID_LEN); k++)
		if (discover_same_path(rows[k].node, node))
			return true;
	return false;
}

static size_t discover_print(FILE *f, const struct api_nodes *nodes,
			     size_t limit, unsigned int screen)
{
	struct discover_row *rows = discover_sort(nodes);
	struct out *o;

	o = out_begin(f, view_node_cols, VIEW_NODE_COLS,
		      out_options.json ? OUT_LINES : OUT_LIST);
	out_limit(o, limit);
	for (size_t i = 0; i < nodes->n; i++) {
		view_node(o, rows[i].node, NULL);
		if (discover_has_twin(rows, nodes->n, i))
			view_node_interface(o, rows[i].node);
	}
	free(rows);
	return out_end(o, screen);
}

static bool discover_same_string(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool discover_same(const struct api_node *a, const struct api_node *b)
{
	return discover_same_path(a, b) && a->active == b->active &&
	       a->cost == b->cost && a->l2mtu == b->l2mtu &&
	       discover_same_string(a->identity, b->identity) &&
	       discover_same_string(a->version, b->version) &&
	       discover_same_string(a->board, b->board);
}

/* A line for each way that is new or has changed. Both lists are by ID. */
static void discover_print_changes(const struct api_nodes *before,
				   const struct api_nodes *now)
{
	size_t first = 0;
	struct out *o;

	o = out_begin(stdout, view_node_cols, VIEW_NODE_COLS, OUT_LINES);
	for (size_t i = 0; i < now->n; i++) {
		const struct api_node *n = &now->v[i];
		bool known = false;

		while (first < before->n &&
		       memcmp(before->v[first].id, n->id, API_ID_LEN) < 0)
			first++;
		for (size_t b = first; b < before->n && !known; b++) {
			if (memcmp(before->v[b].id, n->id, API_ID_LEN))
				break;
			known = discover_same(&before->v[b], n);
		}
		if (!known)
			view_node(o, n, NULL);
	}
	out_end(o, 0);
}

/* The table where it was before, as much of it as the screen holds. */
static size_t discover_refresh(const struct api_nodes *nodes, size_t lines,
			       bool last)
{
	struct winsize size = { 0 };
	size_t limit, n, len = 0;
	char *text = NULL;
	FILE *f;

	if (ioctl(fileno(stdout), TIOCGWINSZ, &size) || !size.ws_row ||
	    !size.ws_col) {
		size.ws_row = 24;
		size.ws_col = 80;
	}
	/* Rows may be longer than the screen is wide: take fewer of them. */
	for (limit = last ? SIZE_MAX : size.ws_row; ; limit--) {
		f = open_memstream(&text, &len);
		if (!f)
			die_no_memory();
		n = discover_print(f, nodes, limit, size.ws_col);
		fclose(f);
		if (last || n < size.ws_row || limit <= 1)
			break;
		free(text);
	}
	if (lines)
		printf("\033[%zuA\r\033[J", lines);
	fputs(text, stdout);
	fflush(stdout);
	free(text);
	return n;
}

/* Others are known from before, and not forgotten yet. */
static bool discover_heard(const struct api_nodes *nodes, int64_t since)
{
	int64_t ms = (run_now() - since) / (RUN_SECOND / 1000);

	for (size_t i = 0; i < nodes->n; i++)
		if (!nodes->v[i].has_age || nodes->v[i].age_ms <= ms)
			return true;
	return false;
}

static int discover_loop(int64_t duration, bool *heard)
{
	bool live = out_options.escapes && !out_options.json;
	bool changes = out_options.json && duration == RUN_FOREVER;
	int64_t now = run_now(), end, next = now, begin = now;
	struct api_nodes before = { 0 }, nodes = { 0 };
	size_t lines = 0;
	int status;

	end = duration == RUN_FOREVER ? RUN_FOREVER : now + duration;
	for (;;) {
		bool last;

		status = EXIT_FAILED;
		if (now >= next) {
			next = now + RUN_SECOND;
			if (api_discover())
				break;
		}
		/* The first answers come at once: do not let people wait. */
		int64_t step = live || changes ? RUN_SECOND / 5 : RUN_SECOND;
		int64_t until = now + step < next ? now + step : next;

		run_wait(-1, until < end ? until : end);
		now = run_now();
		last = run_stopped() || now >= end;
		if (!live && !changes && !last)
			continue;

		api_nodes_free(&nodes);
		if (api_node_dump(&nodes))
			break;
		*heard = *heard || discover_heard(&nodes, begin);
		if (changes) {
			discover_print_changes(&before, &nodes);
			api_nodes_free(&before);
			before = nodes;
			memset(&nodes, 0, sizeof(nodes));
		} else if (live) {
			lines = discover_refresh(&nodes, lines, last);
		} else {
			discover_print(stdout, &nodes, SIZE_MAX, 0);
		}
		if (last) {
			status = EXIT_DONE;
			break;
		}
	}
	api_nodes_free(&before);
	api_nodes_free(&nodes);
	return status;
}

static int discover_run(struct args *args)
{
	int64_t duration = RUN_FOREVER;
	struct param params[] = {
		PARAM("duration", PARAM_NS, &duration, 0),
	};
	struct diagnosis diagnosis;
	bool heard = false, alone;
	int status;

	if (!params_parse(args, "discover", params, 1))
		return EXIT_USAGE;
	if (!api_require_running("discover"))
		return EXIT_FAILED;
	/* At once: it may go on until it is stopped. */
	alone = router_complain_alone("discover");
	run_begin();
	diagnose_begin(&diagnosis);
	status = discover_loop(duration, &heard);
	run_end();
	diagnose_end(&diagnosis, "discover",
		     heard || alone || status != EXIT_DONE);
	return status;
}

const struct cmd cmd_discover = {
	.name = "discover",
	.run = discover_run,
	.help =
	"romon discover [duration SECONDS]\n"
	"\n"
	"Looks for routers each second, until stopped or for so long. A marks the\n"
	"way to a router that is in use; the others are alternatives.\n",
};
