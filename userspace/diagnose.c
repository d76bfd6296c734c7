// SPDX-License-Identifier: GPL-2.0-only
/*
 * When nobody answers: what authentication has refused meanwhile. Without this
 * secrets that differ look like a cable that is cut.
 */

#include <string.h>

#include "diagnose.h"
#include "err.h"

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
	api_port_dump(&d->before);
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
static bool diagnose_port(const struct api_port *before,
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

/* Whether a port in use takes hashed frames only. */
static bool diagnose_demands_hash(const struct api_ports *ports)
{
	struct api_config config;
	bool demands = false;

	if (api_config_get(&config))
		return false;
	for (size_t i = 0; i < ports->n && !demands; i++) {
		const struct api_port *p = &ports->v[i];

		if (p->has_state && !p->is_default &&
		    p->state == ROMON_PORT_STATE_RUNNING)
			demands = secrets_demand_hash(p->secrets ? p->secrets :
						      config.secrets);
	}
	api_config_free(&config);
	return demands;
}

/* Nothing was refused here, but the others may refuse what we send. */
static void diagnose_silence(const struct api_ports *ports)
{
	struct api_neighbors neighbors;
	bool up;

	if (!diagnose_demands_hash(ports))
		return;
	up = api_neighbor_dump(&neighbors);
	for (size_t i = 0; i < neighbors.n; i++)
		up = up || neighbors.v[i].state == ROMON_NEIGHBOR_STATE_UP;
	api_neighbors_free(&neighbors);
	if (!up)
		complain("no neighbour has proved to know a secret set here (see: romon neighbor)");
}

void diagnose_end(struct diagnosis *d, bool answered)
{
	struct api_ports now = { 0 };
	bool refused = false;

	if (!answered && !api_port_dump(&now)) {
		for (size_t i = 0; i < now.n; i++) {
			const struct api_port *p = &now.v[i];

			if (p->has_stats &&
			    diagnose_port(diagnose_find(&d->before,
							p->interface), p))
				refused = true;
		}
		if (!refused)
			diagnose_silence(&now);
	}
	api_ports_free(&now);
	api_ports_free(&d->before);
}
