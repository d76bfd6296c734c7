// SPDX-License-Identifier: GPL-2.0-only
/* ping: does a router answer, and how fast. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/run.h"
#include "cmd.h"
#include "diagnose.h"
#include "kernel/path/wire.h"
#include "nl/echo.h"
#include "nl/router.h"
#include "out/out.h"

enum { PING_SEQ, PING_HOST, PING_TIME, PING_SIZE, PING_STATUS, PING_COLS };

static const struct out_col ping_cols[PING_COLS] = {
	[PING_SEQ] = { "seq", "SEQ", .width = 5, .right = true },
	[PING_HOST] = { "host", "HOST", .gap = 1, .width = 17 },
	[PING_TIME] = { "time_ms", "TIME", .gap = 2, .width = 8 },
	[PING_SIZE] = { "size", "SIZE", .gap = 1, .right = true },
	[PING_STATUS] = { "status", "STATUS", .gap = 1 },
};

enum { SUM_SENT, SUM_RECEIVED, SUM_LOSS, SUM_MIN, SUM_AVG, SUM_MAX, SUM_COLS };

static const struct out_col sum_cols[SUM_COLS] = {
	[SUM_SENT] = { "sent", "sent" },
	[SUM_RECEIVED] = { "received", "received" },
	[SUM_LOSS] = { "packet_loss", "packet-loss" },
	[SUM_MIN] = { "min_rtt_ms", "min-rtt" },
	[SUM_AVG] = { "avg_rtt_ms", "avg-rtt" },
	[SUM_MAX] = { "max_rtt_ms", "max-rtt" },
};

enum ping_state { PING_WAITING, PING_ANSWERED, PING_LOST };

/* How often the way in use is looked at, which tells where an echo was lost. */
#define PING_LOOK	RUN_SECOND
/* Numbers that no echo of a ping comes to, for those to routers on its way. */
#define PING_SEARCH_SEQ	UINT32_C(0xc0000000)

struct ping_probe {
	int64_t sent;
	int64_t rtt;
	size_t size;
	enum ping_state state;
};

/* Where echoes are lost: each router on the way they took is asked, twice. */
struct ping_search {
	struct api_node way;
	uint32_t seq;		/* of the first router on it */
	bool *answered;
	size_t left;		/* that have not */
	int64_t again, end;	/* end 0: nothing is searched */
};

struct ping {
	struct echo echo;
	struct out *out;
	uint8_t id[API_ID_LEN];
	/* The way in use when it was looked at last, and the one before it. */
	struct api_node way, way_before;
	int64_t looked, changed;
	struct ping_search search;
	bool searched;		/* and nothing was answered since */
	uint64_t count, size;	/* count 0: until stopped */
	int64_t interval, timeout;

	/* Those that are out, by sequence number: [first, next) */
	struct ping_probe *probes;
	size_t room;
	uint32_t first, next;

	uint64_t received, lost;
	int64_t min, max;
	double sum;
	bool failed;
};

static struct ping_probe *ping_probe(struct ping *p, uint32_t seq)
{
	return &p->probes[seq % p->room];
}

static void ping_row(struct ping *p, uint32_t seq, size_t size, int64_t rtt,
		     const char *status)
{
	struct out *o = p->out;
	char text[32];

	out_row(o);
	out_uint(o, PING_SEQ, seq);
	out_color(o, OUT_ADDRESS);
	out_id(o, PING_HOST, p->id);
	if (!status) {
		snprintf(text, sizeof(text), "%.3fms", (double)rtt / 1e6);
		out_number(o, PING_TIME, (double)rtt / 1e6, text);
	}
	out_uint(o, PING_SIZE, size);
	if (status)
		out_color(o, OUT_BAD);
	out_str(o, PING_STATUS, status);
	out_flush(o);
}

/* The kernel changes the way without a word when answers stay out. */
static void ping_look(struct ping *p, int64_t now)
{
	struct api_node way;

	if (now < p->looked + PING_LOOK)
		return;
	p->looked = now;
	if (api_node_find(p->id, &way))
		return;
	if (way.path_len == p->way.path_len && way.path_len &&
	    !memcmp(way.path, p->way.path, way.path_len * API_ID_LEN)) {
		api_node_free(&p->way);
	} else {
		api_node_free(&p->way_before);
		p->way_before = p->way;
		p->changed = now;
	}
	p->way = way;
}

static void ping_search_send(struct ping *p)
{
	struct ping_search *s = &p->search;

	/* One that is not sent is one that is not answered. */
	for (size_t i = 0; i < s->way.path_len; i++)
		if (!s->answered[i])
			echo_send(&p->echo, s->way.path[i],
				  s->seq + (uint32_t)i, s->way.route, i + 1);
}

/* An echo that was sent then is lost: ask along the way that it took. */
static void ping_search(struct ping *p, int64_t sent)
{
	struct api_node *way = p->way_before.path_len && sent < p->changed ?
			       &p->way_before : &p->way;
	struct ping_search *s = &p->search;
	int64_t now = run_now(), wait;

	if (p->searched || s->end || !way->path_len ||
	    way->route_len < way->path_len)
		return;
	p->searched = true;
	s->way = *way;
	memset(way, 0, sizeof(*way));
	p->looked = 0;
	s->answered = xcalloc(s->way.path_len, sizeof(*s->answered));
	s->left = s->way.path_len;
	s->seq = (s->seq | PING_SEARCH_SEQ) + UINT8_MAX;
	wait = p->timeout < RUN_SECOND ? p->timeout : RUN_SECOND;
	s->again = now + wait / 2;
	s->end = now + wait;
	ping_search_send(p);
}

static void ping_search_answer(struct ping_search *s, const uint8_t *id,
			       uint32_t seq)
{
	size_t i = seq - s->seq;

	if (!s->end || i >= s->way.path_len || s->answered[i] ||
	    memcmp(id, s->way.path[i], API_ID_LEN))
		return;
	s->answered[i] = true;
	s->left--;
}

/* Behind the last one that answers; if all do it was nothing that lasts. */
static void ping_search_complain(const struct ping_search *s)
{
	size_t last = s->way.path_len;
	struct api_nodes nodes;

	while (last && !s->answered[last - 1])
		last--;
	if (last == s->way.path_len)
		return;
	api_node_dump(&nodes);
	router_complain_lost("ping", &nodes,
			     last ? s->way.path[last - 1] : NULL);
	api_nodes_free(&nodes);
}

static void ping_search_end(struct ping_search *s)
{
	api_node_free(&s->way);
	memset(&s->way, 0, sizeof(s->way));
	free(s->answered);
	s->answered = NULL;
	s->end = 0;
}

static void ping_search_go_on(struct ping *p, int64_t now)
{
	struct ping_search *s = &p->search;

	if (!s->end)
		return;
	if (!s->left || now >= s->end) {
		ping_search_complain(s);
		ping_search_end(s);
	} else if (now >= s->again) {
		s->again = RUN_FOREVER;
		ping_search_send(p);
	}
}

/* Bytes of a frame, without its Ethernet header, that are not payload. */
static uint32_t ping_overhead(const struct ping *p)
{
	return sizeof(struct romon_wire_data) +
	       p->way.hops * sizeof(struct romon_wire_entry) +
	       sizeof(struct romon_wire_ports);
}

/* Complains: no more can be sent. */
static void ping_fail(struct ping *p, int err)
{
	p->failed = true;
	if (err == -EMSGSIZE && p->way.l2mtu > ping_overhead(p))
		complain("ping: size %llu: too long for this route, whose L2 MTU is %u: at most %u",
			 (unsigned long long)p->size, p->way.l2mtu,
			 p->way.l2mtu - ping_overhead(p));
	else
		api_complain(p->echo.nl, "ping", err);
}

static void ping_lose(struct ping *p, uint32_t seq, const char *status)
{
	ping_probe(p, seq)->state = PING_LOST;
	p->lost++;
	ping_row(p, seq, p->size, 0, status);
}

/* What came in; for those that were given up already it is too late. */
static void ping_answer(const uint8_t *id, uint32_t seq, size_t size,
			int64_t at, int error, void *arg)
{
	struct ping_probe *probe;
	struct ping *p = arg;

	if (!error && seq >= PING_SEARCH_SEQ) {
		ping_search_answer(&p->search, id, seq);
		return;
	}
	if (memcmp(id, p->id, API_ID_LEN) || p->failed)
		return;
	/* No way is wide enough, which took a search. */
	if (error == EMSGSIZE && !p->received) {
		ping_fail(p, -error);
		return;
	}
	if (error) {
		/* Which one it was is not told: the one that waits longest. */
		for (seq = p->first; seq != p->next; seq++) {
			if (ping_probe(p, seq)->state != PING_WAITING)
				continue;
			ping_lose(p, seq, error == EHOSTUNREACH ||
				  error == ENETUNREACH ? "no route" :
				  strerror(error));
			return;
		}
		return;
	}
	if (seq - p->first >= p->next - p->first)
		return;
	probe = ping_probe(p, seq);
	if (probe->state != PING_WAITING || size != p->size)
		return;
	probe->state = PING_ANSWERED;
	probe->rtt = at - probe->sent;
	p->received++;
	p->searched = false;
	p->sum += (double)probe->rtt;
	if (p->received == 1 || probe->rtt < p->min)
		p->min = probe->rtt;
	if (p->received == 1 || probe->rtt > p->max)
		p->max = probe->rtt;
	ping_row(p, seq, size, probe->rtt, NULL);
}

/* Gives up those whose time is over; forgets the settled ones. */
static void ping_expire(struct ping *p, int64_t now)
{
	for (uint32_t seq = p->first; seq != p->next; seq++) {
		struct ping_probe *probe = ping_probe(p, seq);

		if (probe->state == PING_WAITING) {
			if (probe->sent + p->timeout > now)
				break;
			ping_lose(p, seq, "timeout");
			ping_search(p, probe->sent);
		}
	}
	while (p->first != p->next &&
	       ping_probe(p, p->first)->state != PING_WAITING)
		p->first++;
}

static void ping_make_room(struct ping *p)
{
	size_t used = p->next - p->first, room;
	struct ping_probe *probes;

	if (used < p->room)
		return;
	room = p->room ? p->room * 2 : 64;
	probes = xcalloc(room, sizeof(*probes));
	for (uint32_t seq = p->first; seq != p->next; seq++)
		probes[seq % room] = *ping_probe(p, seq);
	free(p->probes);
	p->probes = probes;
	p->room = room;
}

static bool ping_send(struct ping *p)
{
	uint32_t seq = p->next;
	struct ping_probe *probe;
	int err;

	ping_make_room(p);
	probe = ping_probe(p, seq);
	memset(probe, 0, sizeof(*probe));
	probe->sent = run_now();
	/* The answer may be here before the request is known to be sent. */
	p->next++;
	err = echo_send(&p->echo, p->id, seq, NULL, 0);
	if (!err)
		return true;
	if (err == -EHOSTUNREACH || err == -ENETUNREACH) {
		ping_lose(p, seq, "no route");
		return true;
	}
	if (err == -ENOBUFS || err == -EAGAIN || err == -ETIMEDOUT)
		return true;
	if (err == -EMSGSIZE && p->received) {
		/* It has fitted: the way has become another one. */
		ping_lose(p, seq, "too long");
		return true;
	}
	p->next--;
	ping_fail(p, err);
	return false;
}

static void ping_loop(struct ping *p)
{
	int64_t now = run_now(), next = now, until;
	uint64_t sent = 0;

	while (!run_stopped()) {
		bool more = !p->count || sent < p->count;

		ping_expire(p, now);
		ping_search_go_on(p, now);
		if (more && now >= next &&
		    (p->interval || p->first == p->next)) {
			sent++;
			ping_look(p, now);
			if (!ping_send(p))
				return;
			/* By the clock, but never two at once to catch up. */
			next += p->interval;
			now = run_now();
			if (next < now - p->interval)
				next = now;
			ping_expire(p, now);
			more = !p->count || sent < p->count;
		}
		if (!more && p->first == p->next && !p->search.end)
			return;

		until = RUN_FOREVER;
		if (more && (p->interval || p->first == p->next))
			until = next;
		if (p->first != p->next) {
			int64_t lost = ping_probe(p, p->first)->sent +
				       p->timeout;

			if (lost < until)
				until = lost;
		}
		if (p->search.end && p->search.again < until)
			until = p->search.again;
		if (p->search.end && p->search.end < until)
			until = p->search.end;
		if (echo_wait(&p->echo, until)) {
			complain("ping: the answers can not be read");
			p->failed = true;
		}
		if (p->failed)
			return;
		now = run_now();
	}
}

static void ping_sum_ms(struct out *o, size_t col, double ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3fms", ns / 1e6);
	out_number(o, col, ns / 1e6, text);
}

/* Those that could still be answered are not counted as sent. */
static void ping_summary(struct ping *p)
{
	uint64_t sent = p->received + p->lost;
	struct out *o = out_begin(stdout, sum_cols, SUM_COLS, OUT_SUMMARY);
	double loss = sent ? (double)p->lost * 100 / (double)sent : 0;
	char text[32];

	out_row(o);
	out_uint(o, SUM_SENT, sent);
	out_uint(o, SUM_RECEIVED, p->received);
	if (sent) {
		snprintf(text, sizeof(text), "%llu%%",
			 (unsigned long long)(p->lost * 100 / sent));
		out_number(o, SUM_LOSS, loss, text);
	}
	if (p->received) {
		ping_sum_ms(o, SUM_MIN, (double)p->min);
		ping_sum_ms(o, SUM_AVG, p->sum / (double)p->received);
		ping_sum_ms(o, SUM_MAX, (double)p->max);
	}
	out_end(o, 0);
}

static int ping_run(struct args *args)
{
	struct ping p = {
		.size = ECHO_SIZE,
		.interval = RUN_SECOND,
		.timeout = RUN_SECOND,
	};
	enum { COUNT, SIZE, INTERVAL, TIMEOUT };
	struct param params[] = {
		[COUNT] = PARAM_RANGE("count", &p.count, 1, UINT32_MAX),
		[SIZE] = PARAM_RANGE("size", &p.size, ECHO_SIZE_MIN,
				     ROMON_PAYLOAD_MAX_LEN),
		[INTERVAL] = PARAM("interval", PARAM_NS, &p.interval, 0),
		[TIMEOUT] = PARAM("timeout", PARAM_NS, &p.timeout, 0),
	};
	const char *router = args_next(args);
	struct diagnosis diagnosis;
	struct api_node node;

	if (!router) {
		complain("ping: which router? (see: romon ping help)");
		return EXIT_USAGE;
	}
	if (!params_parse(args, "ping", params, 4))
		return EXIT_USAGE;

	if (!api_require_running("ping"))
		return EXIT_FAILED;
	run_begin();
	diagnose_begin(&diagnosis);
	if (!router_find("ping", router, NULL, &node)) {
		run_end();
		diagnose_end(&diagnosis, "ping", false);
		return EXIT_FAILED;
	}
	memcpy(p.id, node.id, API_ID_LEN);
	diagnose_way(&diagnosis, &node, node.path_len);
	p.way = node;
	p.looked = run_now();
	if (!echo_open(&p.echo, "ping", p.size, ping_answer, &p)) {
		api_node_free(&p.way);
		run_end();
		diagnose_end(&diagnosis, "ping", true);
		return EXIT_FAILED;
	}
	p.out = out_begin(stdout, ping_cols, PING_COLS, OUT_LINES);
	ping_loop(&p);
	out_end(p.out, 0);
	if (!p.failed || p.received || p.lost)
		ping_summary(&p);
	echo_close(&p.echo);
	ping_search_end(&p.search);
	api_node_free(&p.way);
	api_node_free(&p.way_before);
	free(p.probes);
	run_end();
	diagnose_end(&diagnosis, "ping", p.received || !p.lost);
	return p.received && !p.failed ? EXIT_DONE : EXIT_FAILED;
}

const struct cmd cmd_ping = {
	.name = "ping",
	.run = ping_run,
	.help =
	"romon ping ROUTER [count N] [size BYTES] [interval SECONDS]\n"
	"           [timeout SECONDS]\n"
	"\n"
	"ROUTER is an ID or the identity of a router. Until stopped, unless count\n"
	"is given. BYTES are those of the payload, 32 by default; interval and\n"
	"timeout are 1 second; interval 0 sends as soon as an answer is here.\n"
	"If answers stay out, the routers on the way are asked behind which of them\n"
	"the echoes are lost.\n",
};
