// SPDX-License-Identifier: GPL-2.0-only
/* Which sessions there may be: who is permitted, how many, and how often. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/run.h"
#include "listener_internal.h"
#include "nl/api.h"
#include "share.h"

/* For its turn to be started. */
#define LISTENER_WAIT_NS	(15 * RUN_SECOND)

static bool listener_permits(const struct serve_offer *o, const uint8_t *id)
{
	for (uint16_t i = 0; i < o->n_allow; i++)
		if (!memcmp(o->allow[i], id, API_ID_LEN))
			return true;
	return !o->n_allow;
}

/* What there is, seen by who wants one more. */
struct listener_tally {
	unsigned int all, service, peer, both;
	unsigned int yielded;		/* no place, but a command that goes on */
	unsigned int unknown;		/* nobody has logged in yet */
	unsigned int link;
	const uint32_t *link_turn;	/* of the last of this link that waits */
};

/*
 * One ID by two neighbours may be of two routers, of which one claims to be the
 * other: each has its own share.
 */
static void listener_tally(struct listener_tally *t, const struct serve_offer *o,
			   const struct guard_who *newcomer)
{
	memset(t, 0, sizeof(*t));
	for (struct listener_session *s = listener.sessions; s; s = s->next) {
		bool same_peer = !memcmp(&s->who, newcomer, sizeof(s->who));
		bool same_link = !memcmp(s->who.neighbor, newcomer->neighbor,
					 API_LINK_LEN);
		bool same_service = s->peer.local_port == o->port;

		if (s->gone)
			continue;
		t->yielded += s->yielded;
		if (s->yielded)
			continue;
		t->all++;
		t->peer += same_peer;
		t->service += same_service;
		t->both += same_peer && same_service;
		t->unknown += s->login.wanted && !s->login.in;
		t->link += same_link;
		if (same_link && s->command == COMMAND_WAITS &&
		    (!t->link_turn || (int32_t)(s->turn - *t->link_turn) > 0))
			t->link_turn = &s->turn;
	}
}

/* NULL, or which limit of a router or a service is reached. */
static const char *listener_full(const struct serve_offer *o,
				 const struct listener_tally *t)
{
	if (t->peer >= listener.limits.per_peer)
		return "as many sessions as a router may have";
	if (o->sessions && t->service >= o->sessions)
		return "as many sessions as the service may have";
	if (o->per_peer && t->both >= o->per_peer)
		return "as many sessions as a router may have of the service";
	return NULL;
}

/*
 * All places are taken: the session of another neighbour that gives way, or NULL.
 * Its command may go on for a while, but of such there may not be many.
 */
static struct listener_session *
listener_yields(const struct listener_tally *t,
		const struct guard_who *newcomer)
{
	struct share_place *places, *p;
	struct listener_session *found;
	struct romon_stream_info info;
	size_t n = 0;

	if (t->yielded > listener.limits.sessions / SHARE_PART)
		return NULL;
	places = calloc(t->all, sizeof(*places));
	if (!places)
		return NULL;
	for (struct listener_session *s = listener.sessions; s; s = s->next) {
		if (s->gone || s->yielded || s->over)
			continue;
		romon_stream_info(s->relay.stream, &info);
		memcpy(places[n].neighbor, s->who.neighbor,
		       sizeof(places[n].neighbor));
		places[n].who = s;
		places[n].spoke = s->login.wanted ? s->login.in : info.spoke;
		places[n++].since = s->began;
	}
	p = share_yields(places, n, newcomer->neighbor);
	found = p ? p->who : NULL;
	free(places);
	return found;
}

/* Has this router started too much in the last seconds? */
static bool listener_may_start(const struct guard_who *who)
{
	uint32_t rate = listener.limits.starts_per_peer;

	return guard_may_begin(who, rate, 2 * rate, run_now());
}

bool listener_identify(struct serve_peer *peer)
{
	const uint8_t *own_id;
	const char *identity;
	bool all;

	static_assert(sizeof(peer->identity) > ROMON_IDENTITY_MAX_LEN);
	all = endpoint_peer(listener.ep, peer->id, &identity, &own_id);
	/* A name is not forgotten with what others have taken the place of. */
	if (*identity)
		strcpy(peer->identity, identity);
	memcpy(peer->local_id, own_id, sizeof(peer->local_id));
	return all;
}

/*
 * Where many want to log in at a time. A link's part is its own, and who has
 * logged in before is none of the many.
 */
static bool listener_unlucky(const struct listener_tally *t,
			     const struct guard_who *newcomer)
{
	uint32_t random = 0;

	if (t->link < listener.limits.sessions / SHARE_PART ||
	    guard_knows(newcomer) ||
	    getrandom(&random, sizeof(random), 0) != sizeof(random))
		return false;
	return share_refuses_early(t->unknown, listener.limits.sessions, random);
}

/*
 * NULL, or why there is not one more. Who gives way for it is told so when it is
 * its turn, not amid what comes in for others.
 */
static const char *listener_admits(const struct serve_offer *o,
				   const struct guard_who *newcomer,
				   uint32_t *turn)
{
	struct listener_session *old = NULL;
	struct listener_tally t;
	const char *why;

	listener_tally(&t, o, newcomer);
	*turn = listener_next_turn(t.link_turn);
	if (t.all >= listener.limits.sessions) {
		old = listener_yields(&t, newcomer);
		if (!old)
			return "as many sessions as there may be";
	}
	why = listener_full(o, &t);
	if (why)
		return why;
	if (!listener_may_start(newcomer))
		return "more sessions a second than a router may begin";
	why = o->login ? guard_refuses(newcomer, run_now()) : NULL;
	if (why) {
		listener_due(0);
		return why;
	}
	if (o->login && !old && listener_unlucky(&t, newcomer))
		return "many want to log in, and some are refused at random";
	if (old) {
		old->yielded = true;
		listener_due(0);
	}
	return NULL;
}

static void listener_opened(struct relay *r)
{
	struct listener_session *s = (struct listener_session *)r;
	const struct serve_offer *o = listener_offer(s->peer.local_port);

	if (!o) {
		listener_break(s, ROMON_STREAM_UNKNOWN,
			       "not served any more");
		return;
	}
	listener_identify(&s->peer);
	s->kind = o->kind;
	s->deadline = run_now() + (s->kind == SERVE_COMMAND ?
				   LISTENER_WAIT_NS : LISTENER_START_NS);
	listener_due(s->deadline);
	if (s->kind != SERVE_COMMAND) {
		listener_connect(s);
		return;
	}
	s->command = COMMAND_WAITS;
	listener_start_waiting();
}

/* The router has answered, so it is where it says, and receives. */
enum romon_stream_reason listener_accept(void *arg,
					 struct romon_stream *stream)
{
	struct romon_stream_info info;
	const struct serve_offer *o;
	struct serve_peer peer = { 0 };
	struct listener_session *s;
	struct guard_who who;
	const char *why;
	uint32_t turn;

	(void)arg;
	romon_stream_info(stream, &info);
	memcpy(peer.id, info.id, sizeof(peer.id));
	memcpy(who.id, info.id, sizeof(who.id));
	memcpy(who.neighbor, info.neighbor, sizeof(who.neighbor));
	peer.port = info.remote_port;
	peer.local_port = info.local_port;
	o = listener_offer(info.local_port);
	if (!o)
		return ROMON_STREAM_UNKNOWN;
	if (!listener_permits(o, info.id)) {
		listener_log_refusal(&peer, "not permitted");
		return ROMON_STREAM_NOT_PERMITTED;
	}
	why = listener_admits(o, &who, &turn);
	if (why) {
		listener_log_refusal(&peer, why);
		return ROMON_STREAM_BUSY;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		listener_log_refusal(&peer, "no memory");
		return ROMON_STREAM_BUSY;
	}
	s->number = ++listener.last_number;
	s->peer = peer;
	s->who = who;
	s->turn = turn;
	listener_login_begin(s, o);
	s->began = run_now();
	s->deadline = RUN_FOREVER;
	s->connect_at = RUN_FOREVER;
	s->connect.fd = -1;
	s->relay.opened = listener_opened;
	s->relay.done = listener_relay_done;
	s->next = listener.sessions;
	listener.sessions = s;
	relay_attach(&s->relay, stream);
	return ROMON_STREAM_END;
}
