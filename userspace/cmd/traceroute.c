// SPDX-License-Identifier: GPL-2.0-only
/* traceroute: who answers along the way, and where it ends. */

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/run.h"
#include "cmd.h"
#include "diagnose.h"
#include "nl/echo.h"
#include "nl/router.h"
#include "out/out.h"

#define TRACE_PROBES	3
#define TRACE_TIMEOUT	RUN_SECOND

enum {
	TRACE_HOP, TRACE_ADDRESS, TRACE_IDENTITY, TRACE_COST, TRACE_RECEIVED,
	TRACE_TIME, TRACE_COLS
};

static const struct out_col trace_cols[TRACE_COLS] = {
	[TRACE_HOP] = { "hop", "HOP", .width = 5, .right = true },
	[TRACE_ADDRESS] = { "address", "ADDRESS", .gap = 2, .width = 17 },
	[TRACE_IDENTITY] = { "identity", "IDENTITY", .gap = 2, .width = 12 },
	[TRACE_COST] = { "cost", "COST", .gap = 2, .width = 5, .right = true },
	[TRACE_RECEIVED] = { .key = "received" },
	[TRACE_TIME] = { "time_ms", "TIME", .gap = 2 },
};

struct trace {
	struct echo echo;
	const uint8_t *id;	/* who is asked */
	uint32_t seq;
	int64_t sent, rtt;	/* rtt < 0: no answer yet */
	int error;
	bool answered;		/* anybody at all */
	bool failed;		/* complained of: asking on makes no sense */
};

static void trace_answer(const uint8_t *id, uint32_t seq, size_t size,
			 int64_t at, int error, void *arg)
{
	struct trace *t = arg;

	(void)size;
	if (memcmp(id, t->id, API_ID_LEN))
		return;
	if (error)
		t->error = error;
	else if (seq == t->seq && t->rtt < 0)
		t->rtt = at - t->sent;
}

/* One echo; its time, or less than 0. */
static int64_t trace_probe(struct trace *t, const struct api_node *node,
			   size_t hop)
{
	int64_t until;
	int err;

	t->id = node->path[hop];
	t->seq++;
	t->rtt = -1;
	t->error = 0;
	t->sent = run_now();
	err = echo_send(&t->echo, t->id, t->seq, node->route, hop + 1);
	if (err) {
		api_complain(t->echo.nl, "traceroute", err);
		t->failed = true;
		return -1;
	}
	until = t->sent + TRACE_TIMEOUT;
	while (t->rtt < 0 && !t->error && !run_stopped() && run_now() < until)
		if (echo_wait(&t->echo, until))
			break;
	return t->rtt;
}

/*
 * Asks the router at one hop. Once one was silent those behind it get a single
 * chance, in order to be done soon.
 */
static unsigned int trace_hop(struct trace *t, struct out *o,
			      const struct api_node *node,
			      const struct api_nodes *nodes, size_t hop,
			      int probes)
{
	const struct api_node *known = router_by_id(nodes, node->path[hop]);
	char times[TRACE_PROBES * 24 + 1] = "";
	unsigned int received = 0;
	double sum = 0;
	size_t len = 0;

	for (int i = 0; i < probes && !t->failed && !run_stopped(); i++) {
		int64_t rtt = trace_probe(t, node, hop);

		if (rtt >= 0) {
			t->answered = true;
			received++;
			sum += (double)rtt / 1e6;
		}
		if (len < sizeof(times) && rtt >= 0)
			len += (size_t)snprintf(times + len,
						sizeof(times) - len,
						"%s%.3fms", i ? "  " : "",
						(double)rtt / 1e6);
		else if (len < sizeof(times))
			len += (size_t)snprintf(times + len,
						sizeof(times) - len, "%s*",
						i ? "  " : "");
	}

	out_row(o);
	out_uint(o, TRACE_HOP, hop + 1);
	out_color(o, OUT_ADDRESS);
	out_id(o, TRACE_ADDRESS, node->path[hop]);
	out_color(o, OUT_NAME);
	out_str(o, TRACE_IDENTITY, known ? known->identity : NULL);
	if (known && known->has_cost)
		out_uint(o, TRACE_COST, known->cost);
	if (out_options.json)
		out_uint(o, TRACE_RECEIVED, received);
	if (!received)
		out_color(o, OUT_BAD);
	if (received || !out_options.json)
		out_number(o, TRACE_TIME, received ? sum / received : 0, times);
	out_flush(o);
	return received;
}

static int trace_walk(struct trace *t, const struct api_node *node,
		      const struct api_nodes *nodes)
{
	int probes = TRACE_PROBES;
	size_t last = 0;
	struct out *o;

	o = out_begin(stdout, trace_cols, TRACE_COLS,
		      out_options.json ? OUT_LIST : OUT_LINES);
	for (size_t hop = 0; hop < node->path_len && !t->failed &&
	     !run_stopped(); hop++) {
		if (trace_hop(t, o, node, nodes, hop, probes))
			last = hop + 1;
		else
			probes = 1;
	}
	out_end(o, 0);
	if (last == node->path_len)
		return EXIT_DONE;
	if (!run_stopped() && !t->failed)
		router_complain_lost("traceroute", nodes,
				     last ? node->path[last - 1] : NULL);
	return EXIT_FAILED;
}

static int traceroute_run(struct args *args)
{
	const char *router = args_next(args);
	struct api_nodes nodes = { 0 };
	struct trace trace = { 0 };
	struct diagnosis diagnosis;
	bool silent = false;
	struct api_node node;
	int status = EXIT_FAILED;

	if (!router) {
		complain("traceroute: which router? (see: romon traceroute help)");
		return EXIT_USAGE;
	}
	if (!args_end(args, "traceroute"))
		return EXIT_USAGE;

	if (!api_require_running("traceroute"))
		return EXIT_FAILED;
	run_begin();
	diagnose_begin(&diagnosis);
	if (!router_find("traceroute", router, NULL, &node)) {
		silent = true;
		goto out;
	}
	/* The first one is asked for itself. */
	diagnose_way(&diagnosis, &node, 1);
	if (!node.path_len || node.route_len < node.path_len) {
		complain("traceroute: no route to %s", router);
		goto out_free;
	}
	if (api_node_dump(&nodes) ||
	    !echo_open(&trace.echo, "traceroute", ECHO_SIZE, trace_answer,
		       &trace))
		goto out_free;
	status = trace_walk(&trace, &node, &nodes);
	silent = !trace.answered && !trace.failed && !run_stopped();
	echo_close(&trace.echo);
out_free:
	api_nodes_free(&nodes);
	api_node_free(&node);
out:
	run_end();
	diagnose_end(&diagnosis, "traceroute", !silent);
	return status;
}

const struct cmd cmd_traceroute = {
	.name = "traceroute",
	.run = traceroute_run,
	.help =
	"romon traceroute ROUTER\n"
	"\n"
	"Asks each router on the way for three echoes, and tells behind which one\n"
	"they are lost. COST is that of the best way to it.\n",
};
