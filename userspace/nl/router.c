// SPDX-License-Identifier: GPL-2.0-only
/* From what people call a router to its ID. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/run.h"
#include "base/text.h"
#include "parse/parse.h"
#include "router.h"

#define SEARCH_NS	(RUN_SECOND * 3 / 2)
/* The longest one, if others become known all the time. */
#define SEARCH_LONG_NS	(RUN_SECOND * 6)
#define SEARCH_ASK_NS	(RUN_SECOND / 2)
#define SEARCH_STEP_NS	(RUN_SECOND / 20)
/* After one of that name has answered: another may be further away. */
#define SETTLE_NS	(RUN_SECOND * 3 / 10)

/* The first of a router's entries: a dump is sorted by ID, active ones first. */
const struct api_node *router_by_id(const struct api_nodes *nodes,
				    const uint8_t *id)
{
	size_t low = 0, high = nodes->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(nodes->v[mid].id, id, API_ID_LEN) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == nodes->n || memcmp(nodes->v[low].id, id, API_ID_LEN))
		return NULL;
	return &nodes->v[low];
}

char *router_word(const char *identity, const uint8_t *id)
{
	char buf[ID_STRLEN];

	return identity && *identity ? text_quote(identity) :
				       xstrdup(id_str(buf, id));
}

void router_complain_lost(const char *what, const struct api_nodes *nodes,
			  const uint8_t *id)
{
	const struct api_node *known;
	char *word;

	if (!id) {
		complain("%s: lost after this router", what);
		return;
	}
	known = router_by_id(nodes, id);
	word = router_word(known ? known->identity : NULL, id);
	complain_clean("%s: lost after %s", what, word);
	free(word);
}

/* What people call a router. */
struct router_name {
	const char *word;
	const char *also;		/* another name that it may have, or NULL */
	uint8_t id[API_ID_LEN];
	bool is_id;
	bool any_case;			/* for want of one that is spelt so */
};

static bool router_is(const struct router_name *name, const char *identity)
{
	int (*compare)(const char *a, const char *b) =
		name->any_case ? strcasecmp : strcmp;

	return identity && (!compare(identity, name->word) ||
			    (name->also && !compare(identity, name->also)));
}

static size_t router_count_case(const struct api_nodes *nodes,
				const struct router_name *name, uint8_t *id)
{
	size_t found = 0;

	for (size_t i = 0; i < nodes->n; i++) {
		const struct api_node *n = &nodes->v[i];

		if (!n->active || !router_is(name, n->identity))
			continue;
		if (!found++)
			memcpy(id, n->id, API_ID_LEN);
	}
	return found;
}

/*
 * How many routers have that name; *id is the first. ssh passes names of hosts
 * on in lower case, however they were written.
 */
static size_t router_count(const struct api_nodes *nodes,
			   struct router_name *name, uint8_t *id)
{
	size_t found;

	name->any_case = false;
	found = router_count_case(nodes, name, id);
	if (found)
		return found;
	name->any_case = true;
	return router_count_case(nodes, name, id);
}

static void router_complain_ambiguous(const char *what,
				      const struct api_nodes *nodes,
				      const struct router_name *name)
{
	size_t size = 0, shown = 0;
	char buf[ID_STRLEN];
	char *list = NULL;
	FILE *f = open_memstream(&list, &size);

	if (!f)
		die_no_memory();
	for (size_t i = 0; i < nodes->n; i++) {
		const struct api_node *n = &nodes->v[i];

		if (!n->active || !router_is(name, n->identity))
			continue;
		if (shown++ == 8) {
			fputs(", ...", f);
			break;
		}
		fprintf(f, "%s%s", shown > 1 ? ", " : "",
			id_str(buf, n->id));
	}
	fclose(f);
	complain("%s: more than one router is called %s%s%s: %s", what,
		 name->word, name->also ? " or " : "",
		 name->also ? name->also : "", list);
	free(list);
}

static size_t router_known(const struct api_nodes *nodes)
{
	size_t n = 0;

	for (size_t i = 0; i < nodes->n; i++)
		n += nodes->v[i].active;
	return n;
}

/* Or it is not known. */
static bool router_has_port(void)
{
	struct api_ports ports;
	bool found;

	found = api_port_dump(&ports);
	for (size_t i = 0; i < ports.n; i++)
		found |= api_port_is_running(&ports.v[i]);
	api_ports_free(&ports);
	return found;
}

bool router_complain_alone(const char *what)
{
	if (!api_require_running(what))
		return true;
	if (router_has_port())
		return false;
	complain("%s: no port is running, so nobody is known (see: romon port)",
		 what);
	return true;
}

/*
 * 1 found, 0 not known, -1 complained of. A router that is found by its name
 * is only taken from *settle on, which is set when it is seen first.
 */
static int router_look(const char *what, struct router_name *name,
		       struct api_node *node, int64_t *settle)
{
	uint8_t id[API_ID_LEN];
	struct api_nodes nodes;
	int result = 0;
	size_t found;

	if (name->is_id)
		return !api_node_find(name->id, node);
	if (api_node_dump(&nodes))
		return -1;
	found = router_count(&nodes, name, id);
	if (found > 1) {
		router_complain_ambiguous(what, &nodes, name);
		result = -1;
	} else if (found) {
		if (*settle == RUN_FOREVER)
			*settle = run_now() + SETTLE_NS;
		if (run_now() >= *settle)
			result = !api_node_find(id, node);
	}
	api_nodes_free(&nodes);
	return result;
}

static void router_complain_unknown(const char *what,
				    const struct router_name *name)
{
	struct api_config config;
	struct api_nodes nodes;

	if (!api_config_get(&config)) {
		bool self = name->is_id ? config.has_current_id &&
			    !memcmp(name->id, config.current_id, API_ID_LEN) :
			    router_is(name, config.set[CONFIG_IDENTITY].text);

		api_config_free(&config);
		if (self) {
			complain("%s: %s is this router", what, name->word);
			return;
		}
	}
	if (router_complain_alone(what))
		return;
	if (api_node_dump(&nodes))
		return;
	complain("%s: no such router: %s (%zu known, see: romon discover)",
		 what, name->word, router_known(&nodes));
	api_nodes_free(&nodes);
}

static uint32_t router_n_known(void)
{
	struct api_config config;
	uint32_t n;

	if (api_config_get(&config))
		return 0;
	n = config.nodes;
	api_config_free(&config);
	return n;
}

/* How far a search for a router is. */
struct router_search {
	int64_t ask, end, limit;
	int64_t settle;
	uint32_t known;
};

/*
 * A large network takes several floods and some time to be known, and as long as
 * others become known this one may. Return: whether it is time to give up.
 */
static bool router_search_ends(struct router_search *search, int64_t now)
{
	uint32_t known = router_n_known();

	if (known > search->known) {
		search->known = known;
		if (search->end < now + SEARCH_ASK_NS)
			search->end = now + SEARCH_ASK_NS;
		if (search->end > search->limit)
			search->end = search->limit;
	}
	/* The search may end while one that is known settles. */
	if (search->settle != RUN_FOREVER && search->end < search->settle)
		search->end = search->settle + SEARCH_STEP_NS;
	return now >= search->end;
}

bool router_find(const char *what, const char *word, const char *also,
		 struct api_node *node)
{
	struct router_name name = { .word = word, .also = also };
	struct router_search search = { .settle = 0 };
	int64_t now = run_now();
	int found;

	name.is_id = parse_id(word, name.id);
	memset(node, 0, sizeof(*node));
	if (!api_require_running(what))
		return false;
	/* A name that is known already has had its time to become ambiguous. */
	found = router_look(what, &name, node, &search.settle);
	if (found)
		return found > 0;

	search = (struct router_search){
		.ask = now,
		.end = now + SEARCH_NS,
		.limit = now + SEARCH_LONG_NS,
		.settle = RUN_FOREVER,
		.known = router_n_known(),
	};
	for (; !router_search_ends(&search, now); now = run_now()) {
		if (now >= search.ask) {
			if (api_discover())
				return false;
			search.ask = now + SEARCH_ASK_NS;
		}
		run_wait(-1, now + SEARCH_STEP_NS);
		if (run_stopped())
			return false;
		found = router_look(what, &name, node, &search.settle);
		if (found)
			return found > 0;
	}
	router_complain_unknown(what, &name);
	return false;
}
