// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams over the kernel's RoMON: the stream library, with netlink below it
 * and the loop around it.
 */

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/run.h"
#include "endpoint.h"
#include "known.h"
#include "nl/api.h"
#include "parse/parse.h"

/* Of the datagrams sent last, where to, for refusals; a power of two. */
#define ENDPOINT_SENT	1024
/* For routers that are not known: how often at most, and how long it takes. */
#define ENDPOINT_SEARCH	(30 * RUN_SECOND)
#define ENDPOINT_LOOK	RUN_SECOND
/* At the end, for what was written and has not arrived yet. */
#define ENDPOINT_GRACE	RUN_SECOND
/* For another process to bind a port: then it is asked again, or it has failed. */
#define ENDPOINT_BIND	RUN_SECOND
#define ENDPOINT_TRIES	3
/* A Data frame without its route and payload, after the Ethernet header. */
#define ENDPOINT_HEAD	(46 + 4)
/* Batches of datagrams taken in one turn, before files and timers have theirs. */
#define ENDPOINT_BATCHES	16

struct endpoint_sent {
	uint32_t number;
	/* No datagram: a question about this ID, or about ourselves. */
	bool asks;
	uint32_t len;
	uint8_t id[API_ID_LEN];
	uint16_t local_port, remote_port;
	uint8_t hops;
	uint8_t head[ROMON_STREAM_HEAD_LEN];
};

struct endpoint {
	struct loop_task task;		/* the first */
	struct loop_watch watch;
	const char *what;
	struct romon_nl *nl;
	struct romon_mux *mux;
	endpoint_accept_fn *accept;
	void *accept_arg;
	/*
	 * Bound for the next stream. Binding waits for its answer, and what
	 * comes in meanwhile goes to the library, which must not be in use.
	 */
	uint16_t spare;
	bool hears;			/* it has no rights any more */
	void (*ask)(void *arg, uint16_t port);
	void *ask_arg;
	void (*told)(void *arg, int err);
	void *told_arg;
	int64_t ask_at;			/* for a spare one, again */
	int bind_err;			/* why one to listen at was not bound */
	/*
	 * When to look whether a router is known that was not, after searching
	 * for it; and not before which time to search again.
	 */
	int64_t look_at, search_at;
	/* Asked for without waiting: frames of others drive who wants it. */
	struct known_table known;
	struct known own;	/* this router; no more than its ID */
	uint16_t search_from;		/* a port that is bound */
	uint8_t bound[(UINT16_MAX + 1) / 8];	/* ports to listen at */
	char sentence[256];
	int unsent;		/* errno so said, if nothing has come in since */
	struct endpoint_sent sent[ENDPOINT_SENT];
};

static struct endpoint_sent *endpoint_sent(struct endpoint *ep, uint32_t number,
					   const uint8_t *id)
{
	struct endpoint_sent *sent = &ep->sent[number % ENDPOINT_SENT];

	memset(sent, 0, sizeof(*sent));
	sent->number = number;
	if (id)
		memcpy(sent->id, id, sizeof(sent->id));
	return sent;
}

/* What there was no memory for is asked again when it is due. */
static void endpoint_ask(struct endpoint *ep, uint32_t number,
			 const uint8_t *id)
{
	if (number)
		endpoint_sent(ep, number, id)->asks = true;
}

static int endpoint_xmit(void *arg, const struct romon_datagram *d)
{
	struct endpoint *ep = arg;
	struct api_datagram out = {
		.local_port = d->local_port,
		.remote_port = d->remote_port,
		.payload = d->payload,
		.len = d->len,
		.route = d->route,
		.hops = d->hops,
	};
	struct endpoint_sent *sent;
	uint32_t number;

	memcpy(out.id, d->id, sizeof(out.id));
	number = api_queue(ep->nl, &out);
	if (!number)
		return -ENOMEM;
	sent = endpoint_sent(ep, number, d->id);
	sent->local_port = d->local_port;
	sent->remote_port = d->remote_port;
	sent->hops = (uint8_t)d->hops;
	sent->len = (uint32_t)d->len;
	memcpy(sent->head, d->payload, d->len < sizeof(sent->head) ? d->len :
	       sizeof(sent->head));
	return 0;
}

/*
 * How long datagrams may be is known if a route is. A router that has been
 * found by the other one, which opens a stream, may not know any: then it
 * searches, and until it has found one segments are shorter than they could be.
 */
static void endpoint_search(struct endpoint *ep, const uint8_t *id)
{
	struct api_datagram echo = {
		.local_port = ep->search_from,
		.remote_port = ROMON_STREAM_PORT_ECHO,
	};
	int64_t now = loop_now();

	if (now < ep->search_at || !ep->search_from)
		return;
	ep->search_at = now + ENDPOINT_SEARCH;
	/* Without a route the kernel searches, for which nobody needs a right. */
	memcpy(echo.id, id, sizeof(echo.id));
	api_queue(ep->nl, &echo);
	ep->look_at = now + ENDPOINT_LOOK;
}

/* What was last known of a router; if that is old, it is asked for meanwhile. */
static const struct known *endpoint_want(struct endpoint *ep, const uint8_t *id)
{
	struct known *k;
	bool ask;

	k = known_want(&ep->known, id, loop_now(), &ask);
	if (ask)
		endpoint_ask(ep, api_queue_node(ep->nl, id), id);
	return k;
}

/* The kernel has answered; @node: NULL if it knows none of that ID. */
static void endpoint_told(struct endpoint *ep, const uint8_t *id,
			  const struct api_node *node)
{
	struct known *k = known_find(&ep->known, id);
	struct known before;

	if (!k)
		return;
	before = *k;
	k->waits = false;
	k->found = node && node->active;
	k->hops = k->found ? node->hops : 0;
	k->l2mtu = k->found ? node->l2mtu : 0;
	*k->identity = '\0';
	/* Half of a name would be another name. */
	if (node && node->identity &&
	    strlen(node->identity) < sizeof(k->identity))
		strcpy(k->identity, node->identity);
	if (!k->found)
		endpoint_search(ep, id);
	else if (k->hops != before.hops || k->l2mtu != before.l2mtu)
		romon_mux_room_changed(ep->mux, id, loop_now());
}

static size_t endpoint_room(void *arg, const uint8_t *id, const uint8_t *route,
			    size_t hops)
{
	const struct known *k = endpoint_want(arg, id);
	size_t head;

	if (!k->found)
		return 0;
	/* The route taken may be longer than the best one. */
	head = ENDPOINT_HEAD +
	       API_HOP_LEN * (route && hops > k->hops ? hops : k->hops);
	return k->l2mtu > head ? k->l2mtu - head : 0;
}

static int endpoint_bind(void *arg, uint16_t *port)
{
	struct endpoint *ep = arg;

	if (!ep->spare)
		return -EADDRNOTAVAIL;
	*port = ep->spare;
	ep->search_from = ep->spare;
	ep->spare = 0;
	return 0;
}

static void endpoint_unbind(void *arg, uint16_t port)
{
	struct endpoint *ep = arg;

	ep->bound[port / 8] &= (uint8_t)~(1 << port % 8);
	if (ep->search_from == port)
		ep->search_from = 0;
	api_queue_unbind(ep->nl, port);
}

/* Up to 256 bytes come whole, and without waiting once there are any. */
static void endpoint_random(void *arg, void *buf, size_t len)
{
	struct endpoint *ep = arg;

	while (getrandom(buf, len, 0) != (ssize_t)len) {
		if (errno == EINTR)
			continue;
		complain("%s: no random numbers: %s", ep->what,
			 strerror(errno));
		exit(EXIT_FAILED);
	}
}

static void endpoint_note_refusal(struct endpoint *ep)
{
	snprintf(ep->sentence, sizeof(ep->sentence), "%s",
		 romon_nl_refusal(ep->nl)->sentence);
}

static bool endpoint_is_bound(const struct endpoint *ep, uint16_t port)
{
	return ep->bound[port / 8] & 1 << port % 8;
}

static void endpoint_set_bound(struct endpoint *ep, uint16_t port)
{
	ep->bound[port / 8] |= (uint8_t)(1 << port % 8);
	ep->search_from = port;
}

static int endpoint_ask_port(struct endpoint *ep, uint16_t *port)
{
	int err = api_bind(ep->nl, port);
	const char *why;

	if (!err)
		return 0;
	why = romon_nl_refusal(ep->nl)->sentence;
	snprintf(ep->sentence, sizeof(ep->sentence), "%s%s",
		 *why ? why : strerror(-err), api_hint(err, *why));
	return err;
}

/* Another process is asked, and the kernel's answer comes here. */
static int endpoint_await_port(struct endpoint *ep, uint16_t port)
{
	struct pollfd p = { .fd = romon_nl_fd(ep->nl), .events = POLLIN };
	int64_t end;

	for (int try = 0; try < ENDPOINT_TRIES && ep->ask; try++) {
		ep->bind_err = 0;
		ep->ask(ep->ask_arg, port);
		end = run_now() + ENDPOINT_BIND;
		do {
			poll(&p, 1, ENDPOINT_BIND / 1000000 / 10);
			romon_nl_receive_batch(ep->nl);
			if (endpoint_is_bound(ep, port) || ep->bind_err)
				return ep->bind_err;
		} while (run_now() < end);
	}
	return -ETIMEDOUT;
}

/* Bound, by who was asked. */
static void endpoint_got_port(struct endpoint *ep, uint16_t port, int err)
{
	if (!ep->told) {
		ep->bind_err = err;
		if (!err)
			endpoint_set_bound(ep, port);
		return;
	}
	ep->ask_at = RUN_FOREVER;
	if (!err && ep->spare) {
		/* It was asked for twice, and both came. */
		api_queue_unbind(ep->nl, port);
		return;
	}
	if (!err)
		ep->spare = port;
	ep->told(ep->told_arg, err);
}

static enum romon_stream_reason endpoint_accept(void *arg,
						struct romon_stream *s)
{
	struct endpoint *ep = arg;

	return ep->accept ? ep->accept(ep->accept_arg, s) :
	       ROMON_STREAM_UNKNOWN;
}

static void endpoint_event(void *arg, struct romon_stream *s,
			   unsigned int events)
{
	struct endpoint_user *user = romon_stream_arg(s);

	(void)arg;
	if (user)
		user->event(user, s, events);
}

static const struct romon_mux_ops endpoint_ops = {
	.xmit = endpoint_xmit,
	.room = endpoint_room,
	.bind = endpoint_bind,
	.unbind = endpoint_unbind,
	.random = endpoint_random,
	.accept = endpoint_accept,
	.event = endpoint_event,
};

/* The answer to what was asked without waiting. */
static void endpoint_answered(struct endpoint *ep, struct romon_nl_attrs attrs)
{
	struct api_node node;

	/* It is asked again. */
	if (!err_keep_memory())
		return;
	api_node_read(attrs, &node);
	if (node.active) {
		endpoint_told(ep, node.id, &node);
	} else {
		memcpy(ep->own.id, node.id, sizeof(ep->own.id));
		ep->own.waits = false;
	}
	api_node_free(&node);
}

static int endpoint_got(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	struct romon_datagram in = { 0 };
	struct endpoint *ep = arg;
	struct api_datagram d;

	/* Strangers are heard when they cannot do harm any more. */
	if (!ep->hears)
		return 0;
	if (cmd == ROMON_CMD_NODE_GET) {
		endpoint_answered(ep, attrs);
		return 0;
	}
	if (cmd != ROMON_CMD_DATAGRAM_RCV &&
	    cmd != ROMON_CMD_DATAGRAM_ERROR && cmd != ROMON_CMD_ENDPOINT_BIND)
		return 0;
	api_datagram_read(attrs, &d);
	if (cmd == ROMON_CMD_ENDPOINT_BIND) {
		endpoint_got_port(ep, d.local_port, 0);
		return 0;
	}
	if (cmd == ROMON_CMD_DATAGRAM_ERROR) {
		romon_mux_unreachable(ep->mux, d.id, d.local_port,
				      d.remote_port, d.error ?
				      -(int)d.error : -EHOSTUNREACH, loop_now());
		return 0;
	}
	ep->unsent = 0;
	memcpy(in.id, d.id, sizeof(in.id));
	in.local_port = d.local_port;
	in.remote_port = d.remote_port;
	in.payload = d.payload;
	in.len = d.len;
	in.route = d.hops ? d.route : NULL;
	in.hops = d.hops;
	romon_mux_input(ep->mux, &in, loop_now());
	return 0;
}

static void endpoint_refused(uint32_t number, int err, void *arg)
{
	struct endpoint *ep = arg;
	const struct endpoint_sent *sent = &ep->sent[number % ENDPOINT_SENT];
	struct romon_datagram d = {
		.local_port = sent->local_port,
		.remote_port = sent->remote_port,
		.payload = sent->head,
		.len = sent->len,
		.hops = sent->hops,
	};
	enum api_number whose;
	uint16_t port;

	if (sent->number == number && sent->asks) {
		endpoint_told(ep, sent->id, NULL);
		return;
	}
	whose = api_number(number, &port);
	if (whose == API_NUMBER_BIND_FIRST)
		return;
	endpoint_note_refusal(ep);
	if (whose == API_NUMBER_BIND) {
		endpoint_got_port(ep, port, err);
		return;
	}
	ep->unsent = *ep->sentence ? -err : 0;
	/* Sent too long ago to know. */
	if (sent->number != number)
		return;
	memcpy(d.id, sent->id, sizeof(d.id));
	romon_mux_refused(ep->mux, &d, err, loop_now());
}

static void endpoint_readable(struct loop_watch *w, uint32_t events)
{
	struct endpoint *ep = (void *)((char *)w -
				       offsetof(struct endpoint, watch));

	(void)events;
	/*
	 * What stays in the kernel's queue is lost when that is full, while what
	 * is taken costs acknowledgments that are due anyway. Among hundreds of
	 * sockets one batch a turn was not enough. Datagrams that were lost are
	 * sent again.
	 */
	for (int i = 0; i < ENDPOINT_BATCHES; i++)
		if (!romon_nl_receive_batch(ep->nl))
			break;
	if (romon_nl_gone(ep->nl)) {
		complain("%s: the module romon was unloaded, and has forgotten all that was bound",
			 ep->what);
		loop_stop(EXIT_FAILED);
	}
}

static void endpoint_ask_spare(struct endpoint *ep)
{
	ep->ask_at = run_now() + ENDPOINT_BIND;
	ep->ask(ep->ask_arg, 0);
}

static int64_t endpoint_deadline(struct loop_task *t)
{
	struct endpoint *ep = (struct endpoint *)t;
	int64_t deadline = romon_mux_deadline(ep->mux);

	if (ep->ask_at < deadline)
		deadline = ep->ask_at;
	return deadline < ep->look_at ? deadline : ep->look_at;
}

static void endpoint_run(struct loop_task *t)
{
	struct endpoint *ep = (struct endpoint *)t;

	if (ep->look_at <= loop_now()) {
		ep->look_at = RUN_FOREVER;
		romon_mux_room_known(ep->mux, loop_now());
	}
	/* The answer was lost. */
	if (ep->ask_at <= loop_now())
		endpoint_ask_spare(ep);
	romon_mux_run(ep->mux, loop_now());
	romon_nl_flush(ep->nl);
}

/* Other routers decide how much of what they send waits here. */
static void endpoint_limit(struct endpoint *ep)
{
	uint64_t memory = memory_part();
	struct romon_mux_limits limits;

	romon_mux_limits(ep->mux, &limits);
	if (limits.memory > memory)
		limits.memory = (size_t)memory;
	romon_mux_set_limits(ep->mux, &limits);
}

struct endpoint *endpoint_open(const char *what, struct romon_nl *nl)
{
	struct endpoint *ep = xcalloc(1, sizeof(*ep));

	ep->what = what;
	ep->watch.fd = -1;
	ep->look_at = RUN_FOREVER;
	ep->ask_at = RUN_FOREVER;
	ep->nl = nl;
	romon_nl_on_event(ep->nl, endpoint_got, ep);
	romon_nl_watch_module(ep->nl);
	romon_nl_on_refused(ep->nl, endpoint_refused);
	ep->mux = romon_mux_new(&endpoint_ops, ep, run_now());
	if (!ep->mux)
		die_no_memory();
	endpoint_limit(ep);
	ep->task.deadline = endpoint_deadline;
	ep->task.run = endpoint_run;
	loop_add_task(&ep->task);
	if (loop_watch(&ep->watch, romon_nl_fd(ep->nl), EPOLLIN,
		       endpoint_readable)) {
		complain("%s: too many open files", what);
		endpoint_close(ep);
		return NULL;
	}
	return ep;
}

/* Nobody is told of events any more, and nothing is taken. */
static void endpoint_deliver(struct endpoint *ep)
{
	struct pollfd p = { .fd = romon_nl_fd(ep->nl), .events = POLLIN };
	int64_t now = run_now(), end = now + ENDPOINT_GRACE, next;

	ep->accept = NULL;
	for (; now < end; now = run_now()) {
		romon_mux_run(ep->mux, now);
		romon_nl_flush(ep->nl);
		if (!romon_mux_delivers(ep->mux))
			break;
		next = romon_mux_deadline(ep->mux);
		next = next < end ? next : end;
		/* Rounded up: not before it is due. */
		if (next > now)
			poll(&p, 1, (int)((next - now + 999999) / 1000000));
		romon_nl_receive_batch(ep->nl);
	}
}

void endpoint_close(struct endpoint *ep)
{
	if (!ep)
		return;
	loop_unwatch(&ep->watch);
	loop_del_task(&ep->task);
	endpoint_deliver(ep);
	romon_mux_free(ep->mux);
	romon_nl_flush(ep->nl);
	romon_nl_close(ep->nl);
	free(ep);
}

struct romon_mux *endpoint_mux(struct endpoint *ep)
{
	return ep->mux;
}

const char *endpoint_sentence(const struct endpoint *ep, int err)
{
	return *ep->sentence ? ep->sentence : strerror(-err);
}

bool endpoint_peer(struct endpoint *ep, const uint8_t *id,
		   const char **identity, const uint8_t **own_id)
{
	const struct known *k = endpoint_want(ep, id);
	int64_t now = loop_now();

	if (known_is_old(&ep->own, now)) {
		known_asked(&ep->own, now);
		endpoint_ask(ep, api_queue_node(ep->nl, NULL), NULL);
	}
	*identity = k->identity;
	*own_id = ep->own.id;
	return !known_is_coming(k, now) && !known_is_coming(&ep->own, now);
}

void endpoint_on_accept(struct endpoint *ep, endpoint_accept_fn *fn, void *arg)
{
	ep->accept = fn;
	ep->accept_arg = arg;
}

void endpoint_on_ask(struct endpoint *ep,
		     void (*ask)(void *arg, uint16_t port), void *arg)
{
	ep->ask = ask;
	ep->ask_arg = arg;
}

void endpoint_on_port(struct endpoint *ep, void (*told)(void *arg, int err),
		      void *arg)
{
	ep->told = told;
	ep->told_arg = arg;
}

bool endpoint_confine(struct endpoint *ep, unsigned int use)
{
	ep->hears = confine_rights(ep->what) && confine_calls(ep->what, use);
	return ep->hears;
}

bool endpoint_unsent(const struct endpoint *ep)
{
	return ep->unsent;
}

int endpoint_listen(struct endpoint *ep, uint16_t port)
{
	uint16_t bound = port;
	int err;

	ep->sentence[0] = '\0';
	/* Still bound if streams go on that came in by it before. */
	if (!endpoint_is_bound(ep, port)) {
		/* That it is not any more may be about to be told. */
		romon_nl_flush(ep->nl);
		err = ep->hears ? endpoint_await_port(ep, port) :
				  endpoint_ask_port(ep, &bound);
		if (err)
			return err;
		endpoint_set_bound(ep, port);
	}
	return romon_mux_listen(ep->mux, port);
}

void endpoint_unlisten(struct endpoint *ep, uint16_t port)
{
	romon_mux_unlisten(ep->mux, port);
	romon_nl_flush(ep->nl);
}

bool endpoint_prepare(struct endpoint *ep, int *err)
{
	*err = 0;
	if (ep->spare)
		return true;
	if (!ep->hears)
		*err = endpoint_ask_port(ep, &ep->spare);
	else if (ep->ask && ep->ask_at == RUN_FOREVER)
		endpoint_ask_spare(ep);
	return ep->spare;
}

struct romon_stream *endpoint_connect(struct endpoint *ep, const uint8_t *id,
				      uint16_t port,
				      struct endpoint_user *user, int *err)
{
	ep->sentence[0] = '\0';
	*err = -EAGAIN;
	if (!ep->spare)
		return NULL;
	return romon_stream_open(ep->mux, id, port, user, err);
}

static const char *endpoint_reason(enum romon_stream_reason reason)
{
	switch (reason) {
	case ROMON_STREAM_END:
	case ROMON_STREAM_UNKNOWN:
		return "nothing is served there";
	case ROMON_STREAM_NOT_PERMITTED:
		return "this router is not permitted to use it";
	case ROMON_STREAM_BUSY:
		return "it is too busy, or has as many sessions as it may have";
	case ROMON_STREAM_FAILED:
		return "it could not start the service";
	default:
		return "it refuses";
	}
}

static const char *endpoint_broken(enum romon_stream_reason reason)
{
	switch (reason) {
	case ROMON_STREAM_UNKNOWN:
		return "it does not know the session any more";
	case ROMON_STREAM_TIMEOUT:
		return "it heard nothing from here for too long";
	/* A service is started when both sides know of the stream. */
	case ROMON_STREAM_BUSY:
	case ROMON_STREAM_FAILED:
		return endpoint_reason(reason);
	default:
		return "the other side has broken it off";
	}
}

const char *endpoint_explain(const struct endpoint *ep,
			     const struct romon_stream *s, char *buf,
			     size_t size)
{
	enum romon_stream_reason reason = romon_stream_reason(s);
	int err = romon_stream_error(s);
	struct romon_stream_info info;

	romon_stream_info(s, &info);
	switch (-err) {
	case ECONNREFUSED:
		snprintf(buf, size, "%s", endpoint_reason(reason));
		break;
	case ECONNRESET:
		snprintf(buf, size, "%s", endpoint_broken(reason));
		break;
	case ETIMEDOUT:
		if (ep->unsent)
			snprintf(buf, size, "nothing is sent to it any more: %s",
				 ep->sentence);
		else
			snprintf(buf, size, "it does not answer any more");
		break;
	case EHOSTUNREACH:
		snprintf(buf, size, "no route to it was found");
		break;
	default:
		if (-err == ep->unsent)
			snprintf(buf, size, "nothing is sent any more: %s",
				 ep->sentence);
		else
			snprintf(buf, size, "%s", strerror(-err));
	}
	return buf;
}
