// SPDX-License-Identifier: GPL-2.0-only
/* Simulated links, programs and time. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "sim.h"
#include "stream.h"

/* What a frame has beside the payload of its datagram. */
#define SIM_OVERHEAD	(14 + 46 + 4 + 24 + 10)
#define SIM_FRAME	(1500 + SIM_OVERHEAD)

uint64_t sim_random(struct sim *sim)
{
	uint64_t z = sim->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static bool sim_chance(struct sim *sim, unsigned int of_a_million)
{
	return of_a_million && sim_random(sim) % 1000000 < of_a_million;
}

static uint8_t sim_byte(int side, uint64_t at)
{
	return (at ^ at >> 8 ^ at >> 16) * 31 + side * 101;
}

static bool sim_before(const struct sim_packet *a, const struct sim_packet *b)
{
	return a->at < b->at || (a->at == b->at && a->number < b->number);
}

static void sim_push(struct sim *sim, struct sim_packet *p)
{
	size_t i = sim->n++;

	if (i == sim->size) {
		sim->size = sim->size ? sim->size * 2 : 256;
		sim->packets = realloc(sim->packets,
				       sim->size * sizeof(*sim->packets));
	}
	while (i && sim_before(p, sim->packets[(i - 1) / 2])) {
		sim->packets[i] = sim->packets[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	sim->packets[i] = p;
}

static struct sim_packet *sim_pop(struct sim *sim)
{
	struct sim_packet *top = sim->packets[0];
	struct sim_packet *p = sim->packets[--sim->n];
	size_t i = 0, child;

	for (;;) {
		child = 2 * i + 1;
		if (child >= sim->n)
			break;
		if (child + 1 < sim->n &&
		    sim_before(sim->packets[child + 1], sim->packets[child]))
			child++;
		if (sim_before(p, sim->packets[child]))
			break;
		sim->packets[i] = sim->packets[child];
		i = child;
	}
	sim->packets[i] = p;
	return top;
}

/* To the other side; or back, if it is refused. */
static void sim_send(struct sim *sim, int from, const struct romon_datagram *d,
		     int64_t at, int refused)
{
	unsigned int fail = alloc_fail;
	struct sim_packet *p;

	/* Of the simulator's own pieces none is refused. */
	alloc_fail = 0;
	p = calloc(1, sizeof(*p));
	p->at = at;
	p->number = sim->count++;
	p->to = refused ? from : !from;
	p->refused = refused;
	p->from_port = d->local_port;
	p->to_port = d->remote_port;
	p->hops = d->hops;
	p->len = d->len;
	p->payload = malloc(d->len ? d->len : 1);
	memcpy(p->payload, d->payload, d->len);
	sim_push(sim, p);
	alloc_fail = fail;
}

/* What the host says of it. */
static int sim_refuses(const struct sim_link *link,
		       const struct romon_datagram *d)
{
	if (link->refuse && (d->hops || !link->routed))
		return link->refuse;
	if (link->mtu && d->len > link->mtu && !link->silent)
		return -EMSGSIZE;
	return 0;
}

static int sim_xmit(void *arg, const struct romon_datagram *d)
{
	struct sim_app *self = arg;
	struct sim *sim = self->sim;
	struct sim_side *side = &sim->side[self->side];
	const struct sim_link *link = &side->link;
	int64_t bits = (int64_t)(d->len + SIM_OVERHEAD) * 8, at, took = 0;
	int refused = sim_refuses(link, d);

	if (refused && (link->late || link->refuse)) {
		side->refused++;
		sim_send(sim, self->side, d, sim->now, refused);
		return 0;
	}
	if (refused)
		return refused;
	side->xmitted++;
	side->bytes += d->len + SIM_OVERHEAD;
	if (sim->tap && !sim->tap(sim, self->side, d))
		return 0;
	if (link->down || memcmp(d->id, sim->side[!self->side].id, sizeof(d->id)))
		return 0;
	if (link->mtu && d->len > link->mtu)
		return 0;
	if (link->rate)
		took = bits * SIM_SECOND / link->rate;
	if (side->free_at < sim->now)
		side->free_at = sim->now;
	/* So many frames of full size, or as many bytes. */
	if (link->queue && link->rate &&
	    side->free_at - sim->now >= (int64_t)link->queue * SIM_FRAME * 8 *
					SIM_SECOND / link->rate) {
		side->dropped++;
		return 0;
	}
	side->free_at += took;
	at = side->free_at + link->delay;
	if (sim_chance(sim, link->loss))
		return 0;
	if (sim_chance(sim, link->dup))
		sim_send(sim, self->side, d, at + SIM_MS / 10, 0);
	if (sim_chance(sim, link->reorder))
		at += sim_random(sim) % link->reorder_delay;
	sim_send(sim, self->side, d, at, 0);
	return 0;
}

static size_t sim_room(void *arg, const uint8_t *id, const uint8_t *route,
		       size_t hops)
{
	struct sim_app *self = arg;

	(void)id;
	(void)route;
	(void)hops;
	return self->sim->side[self->side].link.room;
}

static int sim_bind(void *arg, uint16_t *port)
{
	struct sim_app *self = arg;
	struct sim_side *side = &self->sim->side[self->side];

	side->bound++;
	*port = side->next_port++;
	if (side->next_port < 49152)
		side->next_port = 49152;
	return 0;
}

static void sim_unbind(void *arg, uint16_t port)
{
	struct sim_app *self = arg;

	(void)port;
	self->sim->side[self->side].bound--;
}

static void sim_fill(void *arg, void *buf, size_t len)
{
	struct sim_app *self = arg;
	uint8_t *p = buf;

	while (len--)
		*p++ = sim_random(self->sim);
}

static enum romon_stream_reason sim_accept(void *arg, struct romon_stream *s)
{
	struct sim_app *self = arg, *app;
	struct sim_side *side = &self->sim->side[self->side];

	side->asked++;
	if (side->refuse)
		return side->refuse;
	if (side->n_accepted == 1024)
		return ROMON_STREAM_BUSY;
	app = malloc(sizeof(*app));
	if (!app)
		return ROMON_STREAM_BUSY;
	*app = side->template;
	app->sim = self->sim;
	app->side = self->side;
	app->s = s;
	side->accepted[side->n_accepted++] = app;
	romon_stream_set_arg(s, app);
	return ROMON_STREAM_END;
}

void sim_app_read(struct sim_app *app)
{
	uint8_t buf[5000];
	ssize_t n = 0, i;

	while (app->s) {
		size_t most = sizeof(buf);

		if (app->paused)
			return;
		if (app->read_most && app->read_most - app->received < most)
			most = app->read_most - app->received;
		if (!most)
			return;
		n = romon_stream_read(app->s, buf, most);
		if (n <= 0)
			break;
		for (i = 0; i < n; i++)
			app->wrong += buf[i] != sim_byte(!app->side,
							 app->received + i);
		app->received += n;
	}
	if (!app->s)
		return;
	if (n == 0 && !app->got_end) {
		app->got_end = true;
		app->end_at = app->sim->now;
		if (app->end_on_end)
			romon_stream_end(app->s);
	}
}

void sim_app_write(struct sim_app *app)
{
	uint8_t buf[3000];
	ssize_t n = 0, i;

	while (app->sent < app->send) {
		size_t most = sizeof(buf);

		if (app->send - app->sent < most)
			most = app->send - app->sent;
		for (i = 0; i < (ssize_t)most; i++)
			buf[i] = sim_byte(app->side, app->sent + i);
		n = romon_stream_write(app->s, buf, most);
		if (n <= 0)
			return;
		app->sent += n;
	}
	if (app->end_after && !app->ended) {
		app->ended = true;
		romon_stream_end(app->s);
	}
}

static void sim_event(void *arg, struct romon_stream *s, unsigned int events)
{
	struct sim_app *app = romon_stream_arg(s);
	unsigned int i;

	(void)arg;
	for (i = 0; i < 4; i++)
		app->events[i] += events >> i & 1;
	if (events & ROMON_STREAM_OPENED) {
		app->opened = true;
		app->opened_at = app->sim->now;
	}
	if (events & ROMON_STREAM_READABLE)
		sim_app_read(app);
	if (events & (ROMON_STREAM_OPENED | ROMON_STREAM_WRITABLE))
		sim_app_write(app);
	if (events & ROMON_STREAM_CLOSED) {
		app->closed = true;
		app->closed_at = app->sim->now;
		app->error = romon_stream_error(s);
		app->reason = romon_stream_reason(s);
		if (!app->keep && !app->paused) {
			app->s = NULL;
			romon_stream_free(s);
		}
	}
}

static const struct romon_mux_ops sim_ops = {
	.xmit = sim_xmit,
	.room = sim_room,
	.bind = sim_bind,
	.unbind = sim_unbind,
	.random = sim_fill,
	.accept = sim_accept,
	.event = sim_event,
};

void sim_set_link(struct sim *sim, const struct sim_link *link)
{
	sim->side[0].link = *link;
	sim->side[1].link = *link;
}

struct sim *sim_new(uint64_t seed, const struct sim_link *link)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	int i;

	sim->random = seed;
	sim->now = SIM_SECOND;
	sim_set_link(sim, link);
	for (i = 0; i < 2; i++) {
		struct sim_side *side = &sim->side[i];

		memset(side->id, i + 1, sizeof(side->id));
		side->next_port = 49152;
		side->template.sim = sim;
		side->template.side = i;
		side->template.end_on_end = true;
		side->mux = romon_mux_new(&sim_ops, &side->template, sim->now);
		romon_mux_listen(side->mux, ROMON_STREAM_PORT_SSH);
	}
	return sim;
}

void sim_free(struct sim *sim)
{
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		romon_mux_free(sim->side[i].mux);
		for (j = 0; j < sim->side[i].n_accepted; j++)
			free(sim->side[i].accepted[j]);
	}
	while (sim->n) {
		struct sim_packet *p = sim_pop(sim);

		free(p->payload);
		free(p);
	}
	free(sim->packets);
	free(sim);
}

struct sim_app *sim_open(struct sim *sim, int side, uint16_t port,
			 uint64_t send)
{
	struct sim_app *app = calloc(1, sizeof(*app));
	int err;

	app->sim = sim;
	app->side = side;
	app->send = send;
	app->end_after = true;
	app->s = romon_stream_open(sim->side[side].mux, sim->side[!side].id,
				   port, app, &err);
	if (app->s && sim->side[side].iss)
		app->s->iss = sim->side[side].iss;
	if (app->s)
		return app;
	app->error = err;
	app->closed = true;
	return app;
}

/* Other keys are as good, so those are looked for with which it is. */
void sim_wrap(struct sim *sim, int side, uint32_t within)
{
	struct sim_side *from = &sim->side[!side];
	struct romon_cookies *c = &sim->side[side].mux->cookies;
	struct romon_datagram d = {
		.local_port = ROMON_STREAM_PORT_SSH,
		.remote_port = from->next_port,
	};

	memcpy(d.id, from->id, sizeof(d.id));
	while (-romon_cookie_make(c, &d, from->iss) > within)
		c->key[0].k0++;
}

void sim_app_free(struct sim_app *app)
{
	romon_stream_free(app->s);
	free(app);
}

void sim_inject(struct sim *sim, int side, const uint8_t *id, uint16_t local,
		uint16_t remote, const void *payload, size_t len)
{
	uint8_t route[32 * ROMON_STREAM_ENTRY_LEN] = { 0, 0, 0, sim->neighbor };
	struct romon_datagram d = {
		.local_port = local,
		.remote_port = remote,
		.len = len,
		.route = route,
		.hops = sim->side[side].link.hops ? sim->side[side].link.hops : 1,
	};
	/* No longer than it is, so that reading beyond is seen. */
	void *copy = malloc(len ? len : 1);

	memcpy(copy, payload, len);
	d.payload = copy;
	memcpy(d.id, id, sizeof(d.id));
	alloc_fail = sim->fail;
	romon_mux_input(sim->side[side].mux, &d, sim->now);
	alloc_fail = 0;
	free(copy);
}

static void sim_refused(struct sim *sim, const struct sim_packet *p)
{
	struct romon_datagram d = {
		.local_port = p->from_port,
		.remote_port = p->to_port,
		.payload = p->payload,
		.len = p->len,
		.hops = p->hops,
	};

	memcpy(d.id, sim->side[!p->to].id, sizeof(d.id));
	romon_mux_refused(sim->side[p->to].mux, &d, p->refused, sim->now);
}

static void sim_deliver(struct sim *sim, struct sim_packet *p)
{
	struct sim_side *side = &sim->side[p->to];

	if (p->refused) {
		sim_refused(sim, p);
	} else if (p->to_port == ROMON_STREAM_PORT_ECHO) {
		struct romon_datagram d = {
			.local_port = p->to_port,
			.remote_port = p->from_port,
			.payload = p->payload,
			.len = p->len,
		};

		side->echoes++;
		memcpy(d.id, sim->side[!p->to].id, sizeof(d.id));
		if (!side->no_echo)
			sim_xmit(&side->template, &d);
	} else if (!side->dead) {
		sim_inject(sim, p->to, sim->side[!p->to].id, p->to_port,
			   p->from_port, p->payload, p->len);
	}
	free(p->payload);
	free(p);
}

bool sim_run(struct sim *sim, int64_t until, bool (*done)(void *arg), void *arg)
{
	struct romon_mux_stats stats;
	int64_t next;
	int i;

	while (!done || !done(arg)) {
		next = sim->n ? sim->packets[0]->at : SIM_NEVER;
		for (i = 0; i < 2; i++) {
			int64_t due = sim->side[i].dead ? SIM_NEVER :
				      romon_mux_deadline(sim->side[i].mux);

			if (due < next)
				next = due;
		}
		if (next > until) {
			sim->now = until > sim->now ? until : sim->now;
			return false;
		}
		sim->now = next > sim->now ? next : sim->now;
		while (sim->n && sim->packets[0]->at <= sim->now)
			sim_deliver(sim, sim_pop(sim));
		for (i = 0; i < 2; i++) {
			if (sim->side[i].dead)
				continue;
			alloc_fail = sim->fail;
			romon_mux_run(sim->side[i].mux, sim->now);
			alloc_fail = 0;
			romon_mux_stats(sim->side[i].mux, &stats);
			if (stats.memory > sim->memory[i])
				sim->memory[i] = stats.memory;
		}
	}
	return true;
}
