// SPDX-License-Identifier: GPL-2.0-only
/*
 * When nobody answers: what authentication has refused, or what others may
 * have. Without this secrets that differ look like a cable that is cut.
 *
 * Whoever refuses a frame says nothing to its sender, who could be anybody.
 * What there is to go by is what has come from there: frames that were refused
 * here, meanwhile or within some hello intervals, and what is known of the
 * neighbour.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/run.h"
#include "base/text.h"
#include "diagnose.h"
#include "nl/router.h"
#include "out/view.h"
#include "parse/parse.h"

/* A weak one only tells something if no other counts. */
static const struct {
	const char *reason;
	const char *frames;
	const char *advice;
	bool weak;
} refusals[] = {
	{
		"wrong_digest", "hashed with a secret that is not set here",
		"compare the secrets of both ends (see: romon --show-secrets show)",
	}, {
		"unhashed", "that are not hashed, as the secrets set here demand",
		"set one at the other end too, or the empty one beside it here",
	}, {
		"hashed", "that are hashed, while no secret is set here",
		"set that of the other end (see: romon set help)",
	}, {
		"no_md5", "of any kind: secrets are set, but there is no MD5",
		"this kernel is in FIPS mode",
	}, {
		"replayed", "whose sequence number was used before or is too old",
		"somebody sends recorded frames, or two routers share a MAC",
	}, {
		"neighbor_down", "of a neighbour that has yet to prove that it is alive",
		"try again (see: romon neighbor)",
	}, {
		"no_secret", "of a router that has a secret, while none is set here",
		"set it here (see: romon set help)", .weak = true,
	},
};

#define REFUSALS	(sizeof(refusals) / sizeof(refusals[0]))

void diagnose_begin(struct diagnosis *d)
{
	memset(d, 0, sizeof(*d));
	d->begun = run_now();
	api_port_dump(&d->before);
}

/* What was tried is the way to a router, or its first hops. */
void diagnose_way(struct diagnosis *d, const struct api_node *node, size_t hops)
{
	if (!node->route_len || !node->path_len)
		return;
	memcpy(d->interface, node->interface, sizeof(d->interface));
	/* An entry of a route: the link, the MAC. */
	memcpy(d->mac, node->route + API_HOP_LEN - API_ID_LEN, API_ID_LEN);
	memcpy(d->id, node->path[0], API_ID_LEN);
	d->direct = hops == 1;
}

static uint64_t diagnose_count(const struct api_port *port, const char *reason)
{
	for (size_t i = 0; port && i < port->stats.n_drops; i++)
		if (!strcmp(port->stats.drop[i].reason, reason))
			return port->stats.drop[i].packets;
	return 0;
}

static const struct api_port *diagnose_find(const struct api_ports *ports,
					    const char *interface)
{
	for (size_t i = 0; i < ports->n; i++)
		if (!strcmp(ports->v[i].interface, interface))
			return &ports->v[i];
	return NULL;
}

/* The reason that counts most at a port. True if there is any. */
static bool diagnose_counters(const struct api_port *before,
			      const struct api_port *now)
{
	uint64_t most = 0;
	size_t which = 0;

	for (size_t i = 0; i < REFUSALS; i++) {
		uint64_t n = diagnose_count(now, refusals[i].reason);
		uint64_t old = diagnose_count(before, refusals[i].reason);

		/* A port that was taken away and is back counts anew. */
		if (n >= old)
			n -= old;
		if (n <= most || (refusals[i].weak && most))
			continue;
		most = n;
		which = i;
	}
	if (!most)
		return false;
	complain("%s refused %llu frame%s %s (%s): %s", now->interface,
		 (unsigned long long)most, most == 1 ? "" : "s",
		 refusals[which].frames, refusals[which].reason,
		 refusals[which].advice);
	return true;
}

/*
 * Whether whose frame was refused last has proved to be alive since, and its
 * frames are taken. Who uses the MAC of another has not.
 */
static bool diagnose_is_past(const struct api_port *port,
			     const struct api_neighbors *all)
{
	const struct api_refusal *r = &port->refused;

	for (size_t i = 0; i < all->n; i++) {
		const struct api_neighbor *n = &all->v[i];

		if (!strcmp(n->interface, port->interface) &&
		    !memcmp(n->mac, r->mac, API_ID_LEN))
			return n->state == ROMON_NEIGHBOR_STATE_UP &&
			       n->has_since && n->since_ms < r->age_ms;
	}
	return false;
}

/* What was refused before, but not too long ago. True if there is anything. */
static bool diagnose_refusal(const struct api_port *port,
			     const struct api_neighbors *neighbors,
			     int64_t patience)
{
	const struct api_refusal *r = &port->refused;
	char buf[ID_STRLEN];

	if (!r->reason || (int64_t)r->age_ms > patience ||
	    diagnose_is_past(port, neighbors))
		return false;
	for (size_t i = 0; i < REFUSALS; i++) {
		if (strcmp(r->reason, refusals[i].reason))
			continue;
		complain("%s refuses frames %s (%s), the last %.1f s ago, from %s: %s",
			 port->interface, refusals[i].frames, r->reason,
			 r->age_ms / 1000.0, id_str(buf, r->mac),
			 refusals[i].advice);
		return true;
	}
	return false;
}

static const struct secrets *diagnose_secrets(const struct api_port *port,
					      const struct api_config *config)
{
	const struct secrets *own = port->set[PORT_SECRETS].secrets;

	return own ? own : config->set[CONFIG_SECRETS].secrets;
}

/* "r2 at eth0", each of both a word; to be freed. */
static char *diagnose_at(const char *identity, const uint8_t *id,
			 const char *interface)
{
	char *name = router_word(identity, id), *dev = text_quote(interface);
	char *both;

	if (asprintf(&both, "%s at %s", name, dev) < 0)
		die_no_memory();
	free(dev);
	free(name);
	return both;
}

/* Neighbours that were up once. True if there are any. */
static bool diagnose_lost(const struct api_neighbors *all)
{
	bool told = false;
	char *word;

	for (size_t i = 0; i < all->n; i++) {
		const struct api_neighbor *n = &all->v[i];

		if (!n->has_heard || id_is_zero(n->id))
			continue;
		word = diagnose_at(n->identity, n->id, n->interface);
		complain_clean("%s was heard %.1f s ago and no more: it is off, or has new secrets",
			       word, n->heard_ms / 1000.0);
		free(word);
		told = true;
	}
	return told;
}

/* Nothing was refused here, but the others may refuse what we send. */
static void diagnose_silence(const struct api_ports *ports,
			     const struct api_config *config)
{
	struct api_neighbors neighbors;
	bool demands = false, told;

	for (size_t i = 0; i < ports->n && !demands; i++) {
		const struct api_port *p = &ports->v[i];

		if (api_port_is_running(p))
			demands = secrets_demand_hash(diagnose_secrets(p, config));
	}
	if (!demands)
		return;
	told = api_neighbor_dump(&neighbors);
	for (size_t i = 0; i < neighbors.n; i++)
		told = told || neighbors.v[i].state == ROMON_NEIGHBOR_STATE_UP;
	/* Without them there is no way to anybody. */
	if (!told)
		told = diagnose_lost(&neighbors);
	api_neighbors_free(&neighbors);
	if (!told)
		complain("no neighbour has proved to know a secret set here (see: romon neighbor)");
}

static const struct api_neighbor *
diagnose_neighbor(const struct diagnosis *d, const struct api_neighbors *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].interface, d->interface) &&
		    !memcmp(all->v[i].mac, d->mac, API_ID_LEN))
			return &all->v[i];
	return NULL;
}

/*
 * What is known of the first router on the way, @who. True if that tells
 * anything.
 */
static bool diagnose_next(const struct diagnosis *d, const char *who,
			  const struct api_neighbor *n,
			  const struct secrets *secrets, int64_t hello)
{
	int64_t silence = run_now() - d->begun;

	silence /= RUN_SECOND / 1000;
	if (!n) {
		/* Those that only accept hashed frames too are in the table. */
		if (!secrets->v[0].len)
			return false;
		complain_clean("%s has not proved to know a secret set here (see: romon neighbor)",
			       who);
		return true;
	}
	if (n->state != ROMON_NEIGHBOR_STATE_UP) {
		complain_clean("%s was heard %.1f s ago and no more: it is off, or has new secrets",
			       who, n->heard_ms / 1000.0);
		return true;
	}
	if (n->secret > 1) {
		complain_clean("%s hashes with the %s of the secrets set here: %s",
			       who, view_nth(n->secret), secrets->v[0].len ?
			       "perhaps it does not know the first, which is what we send with" :
			       "perhaps it demands that, while what we send is not hashed");
		return true;
	}
	/* One that is alive answers for itself, and at least says Hello. */
	if (!d->direct || silence > hello * 3 / 2)
		silence = hello * 3 / 2;
	if (n->has_heard && n->heard_ms > silence) {
		complain_clean("%s was last heard %.1f s ago: it is off, or has new secrets",
			       who, n->heard_ms / 1000.0);
		return true;
	}
	return false;
}

static void diagnose_hop(const struct diagnosis *d, const char *what,
			 const struct secrets *secrets, int64_t hello)
{
	struct api_neighbors neighbors;
	struct api_node node = { 0 };
	bool told = false;
	char *who;

	api_node_find(d->id, &node);
	who = diagnose_at(node.identity, d->id, d->interface);
	if (secrets && !api_neighbor_dump(&neighbors)) {
		told = diagnose_next(d, who, diagnose_neighbor(d, &neighbors),
				     secrets, hello);
		api_neighbors_free(&neighbors);
	}
	if (!told && !d->direct)
		complain("%s: nothing was refused here: traceroute tells where it is lost",
			 what);
	free(who);
	api_node_free(&node);
}

static void diagnose(const struct diagnosis *d, const char *what,
		     const struct api_ports *ports,
		     const struct api_config *config)
{
	int64_t hello = (int64_t)config->set[CONFIG_HELLO_INTERVAL].number * 1000;
	int64_t patience;
	struct api_neighbors neighbors;
	const struct api_port *port;
	bool refused = false;

	/* Without them nothing is known to be past. */
	api_neighbor_dump(&neighbors);
	/* Within this a router that is alive has said Hello. */
	patience = (run_now() - d->begun) / (RUN_SECOND / 1000) + hello * 5 / 2;
	for (size_t i = 0; i < ports->n; i++) {
		port = &ports->v[i];
		if (!port->has_stats ||
		    (*d->interface && strcmp(port->interface, d->interface)))
			continue;
		if (diagnose_counters(diagnose_find(&d->before,
						    port->interface), port) ||
		    diagnose_refusal(port, &neighbors, patience))
			refused = true;
	}
	api_neighbors_free(&neighbors);
	if (refused)
		return;
	port = diagnose_find(ports, d->interface);
	if (port)
		diagnose_hop(d, what, diagnose_secrets(port, config), hello);
	else
		diagnose_silence(ports, config);
}

void diagnose_end(struct diagnosis *d, const char *what, bool answered)
{
	struct api_ports now = { 0 };
	struct api_config config;

	if (!answered && !api_port_dump(&now) && !api_config_get(&config)) {
		diagnose(d, what, &now, &config);
		api_config_free(&config);
	}
	api_ports_free(&now);
	api_ports_free(&d->before);
}
