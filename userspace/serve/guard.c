// SPDX-License-Identifier: GPL-2.0-only
/* Who may begin no session for a while. */

#include <string.h>

#include "base/rate.h"
#include "base/run.h"
#include "guard.h"

#define GUARD_HEADS	1024		/* a power of two */
#define GUARD_HEADS_LOG	10

/* Of one counter. What nobody knows yet counts as if it would fail. */
struct guard_score {
	uint32_t failed;		/* less what was forgiven */
	uint32_t open;			/* nobody knows yet */
	int64_t last;			/* when one failed */
	int64_t forgiven;		/* counted until then */
};

/*
 * Beyond those that are free each failure doubles the time until the next
 * attempt. In the long run there is one as often as one is forgiven.
 */
struct guard_level {
	uint32_t open, free;
	int64_t first, most, forgive;
	const char *why;
};

static const struct guard_level guard_of_link = {
	.open = 24, .free = 16, .first = RUN_SECOND, .most = 16 * RUN_SECOND,
	.forgive = 15 * RUN_SECOND,
	.why = "too many failed logins by this link",
};

static const struct guard_level guard_of_neighbor = {
	.open = 16, .free = 8, .first = 2 * RUN_SECOND,
	.most = 64 * RUN_SECOND, .forgive = 60 * RUN_SECOND,
	.why = "too many failed logins by this neighbour",
};

static const struct guard_level guard_of_id = {
	.open = 8, .free = 3, .first = 4 * RUN_SECOND,
	.most = 1024 * RUN_SECOND, .forgive = 240 * RUN_SECOND,
	.why = "too many failed logins by this router",
};

/* A neighbour, or an ID of one. */
struct guard_entry {
	struct guard_entry *chain;	/* of the same head, or of free ones */
	struct guard_entry *newer, *older;
	struct guard_link *link;
	struct guard_who who;
	bool neighbor;			/* all of its IDs */
	bool known;			/* somebody has logged in from there */
	struct guard_score score;
	struct rate rate;
	uint64_t failed, refused;	/* not told of; a neighbour's */
};

struct guard_list {
	struct guard_entry *newest, *oldest;
};

struct guard_link {
	bool used;
	uint8_t number[API_LINK_LEN];
	uint64_t touched;
	unsigned int n;
	struct guard_list list[2];	/* by known */
	struct guard_score score;
};

static struct {
	uint64_t seed[4];
	uint64_t turn;
	int64_t untold;
	struct guard_entry *free;
	struct guard_entry *heads[GUARD_HEADS];
	struct guard_link links[GUARD_LINKS];
	struct guard_entry entries[GUARD_ENTRIES];
} guard;

void guard_open(const uint64_t seed[4])
{
	memset(&guard, 0, sizeof(guard));
	memcpy(guard.seed, seed, sizeof(guard.seed));
	guard.untold = RUN_FOREVER;
	for (size_t i = 0; i < GUARD_ENTRIES; i++) {
		guard.entries[i].chain = guard.free;
		guard.free = &guard.entries[i];
	}
}

/*
 * A sum of secret multiples of the 32-bit words: of two keys that somebody
 * chooses without knowing the factors, one in as many as there are heads has
 * the head of the other.
 */
static struct guard_entry **guard_head(const struct guard_who *who,
				       bool neighbor)
{
	uint32_t word[(sizeof(*who) + 3) / 4] = { 0 };
	uint64_t sum = neighbor;

	memcpy(word, who, sizeof(*who));
	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		sum += (guard.seed[i] | 1) * word[i];
	return &guard.heads[sum >> (64 - GUARD_HEADS_LOG)];
}

static void guard_unlist(struct guard_entry *e)
{
	struct guard_list *l = &e->link->list[e->known];

	*(e->newer ? &e->newer->older : &l->newest) = e->older;
	*(e->older ? &e->older->newer : &l->oldest) = e->newer;
}

static void guard_list(struct guard_entry *e)
{
	struct guard_list *l = &e->link->list[e->known];

	e->newer = NULL;
	e->older = l->newest;
	*(l->newest ? &l->newest->newer : &l->oldest) = e;
	l->newest = e;
}

static void guard_forget(struct guard_entry *e)
{
	struct guard_entry **at = guard_head(&e->who, e->neighbor);

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	guard_unlist(e);
	e->link->n--;
	e->link = NULL;
	e->chain = guard.free;
	guard.free = e;
}

/*
 * The oldest of a link; not of those that somebody has logged in from, unless
 * there is no other but one, which may have been made just now.
 */
static void guard_forget_oldest(struct guard_link *l)
{
	struct guard_list *unknown = &l->list[false], *known = &l->list[true];

	if (unknown->oldest != unknown->newest || !known->oldest)
		guard_forget(unknown->oldest);
	else
		guard_forget(known->oldest);
}

/* This link's own, if none has more. */
static void guard_make_room(struct guard_link *own)
{
	struct guard_link *greediest = own, *l;

	if (guard.free)
		return;
	for (l = guard.links; l < guard.links + GUARD_LINKS; l++)
		if (l->n > greediest->n)
			greediest = l;
	guard_forget_oldest(greediest);
}

/* Where there are more links than that, the one that was not used for longest. */
static struct guard_link *guard_link(const uint8_t *number)
{
	struct guard_link *oldest = guard.links, *l;

	for (l = guard.links; l < guard.links + GUARD_LINKS; l++) {
		if (l->used && !memcmp(l->number, number, API_LINK_LEN))
			break;
		if (l->touched < oldest->touched)
			oldest = l;
	}
	if (l == guard.links + GUARD_LINKS) {
		l = oldest;
		while (l->n)
			guard_forget_oldest(l);
		memset(l, 0, sizeof(*l));
		l->used = true;
		memcpy(l->number, number, API_LINK_LEN);
	}
	l->touched = ++guard.turn;
	return l;
}

/* Found or made, and the newest of its link now. */
static struct guard_entry *guard_entry(struct guard_link *link,
				       const struct guard_who *who,
				       bool neighbor)
{
	struct guard_who key = *who;
	struct guard_entry *e, **head;

	if (neighbor)
		memset(key.id, 0, sizeof(key.id));
	head = guard_head(&key, neighbor);
	for (e = *head; e; e = e->chain)
		if (e->neighbor == neighbor &&
		    !memcmp(&e->who, &key, sizeof(key)))
			break;
	if (e) {
		guard_unlist(e);
	} else {
		guard_make_room(link);
		e = guard.free;
		guard.free = e->chain;
		memset(e, 0, sizeof(*e));
		e->who = key;
		e->neighbor = neighbor;
		e->link = link;
		link->n++;
		e->chain = *head;
		*head = e;
	}
	guard_list(e);
	return e;
}

static void guard_know(struct guard_entry *e)
{
	guard_unlist(e);
	e->known = true;
	guard_list(e);
}

static bool guard_score_refuses(struct guard_score *s,
				const struct guard_level *level, int64_t now)
{
	int64_t times = (now - s->forgiven) / level->forgive, wait;
	uint32_t beyond, most;

	s->failed -= times < s->failed ? (uint32_t)times : s->failed;
	s->forgiven += times * level->forgive;
	most = level->open > s->failed ? level->open - s->failed : 1;
	if (s->open >= most)
		return true;
	if (s->failed <= level->free)
		return false;
	beyond = s->failed - level->free - 1;
	wait = beyond < 16 ? level->first << beyond : level->most;
	return now < s->last + (wait < level->most ? wait : level->most);
}

static void guard_score_over(struct guard_score *s, enum guard_end end,
			     const struct guard_level *level, int64_t now)
{
	s->open -= !!s->open;
	if (end != GUARD_FAILED)
		return;
	/* More would not be told from it, and be forgiven too late. */
	if (s->failed < level->free + 16)
		s->failed++;
	if (s->failed == 1)
		s->forgiven = now;
	s->last = now;
}

bool guard_may_begin(const struct guard_who *who, uint32_t a_second,
		     uint32_t at_once, int64_t now)
{
	struct guard_link *l = guard_link(who->neighbor);

	return rate_take(&guard_entry(l, who, false)->rate, a_second, at_once,
			 now);
}

static void guard_count(uint64_t *what, int64_t now)
{
	++*what;
	if (now < guard.untold)
		guard.untold = now;
}

const char *guard_refuses(const struct guard_who *who, int64_t now)
{
	struct guard_link *l = guard_link(who->neighbor);
	struct guard_entry *id = guard_entry(l, who, false);
	struct guard_entry *neighbor = guard_entry(l, who, true);
	const struct guard_level *of = NULL;

	if (guard_score_refuses(&id->score, &guard_of_id, now))
		of = &guard_of_id;
	else if (!id->known && guard_score_refuses(&neighbor->score,
						   &guard_of_neighbor, now))
		of = &guard_of_neighbor;
	else if (!id->known && !neighbor->known &&
		 guard_score_refuses(&l->score, &guard_of_link, now))
		of = &guard_of_link;
	if (!of)
		return NULL;
	guard_count(&neighbor->refused, now);
	return of->why;
}

bool guard_knows(const struct guard_who *who)
{
	struct guard_link *l = guard_link(who->neighbor);

	return guard_entry(l, who, false)->known;
}

void guard_login(const struct guard_who *who)
{
	struct guard_link *l = guard_link(who->neighbor);

	l->score.open++;
	guard_entry(l, who, true)->score.open++;
	guard_entry(l, who, false)->score.open++;
}

void guard_login_over(const struct guard_who *who, enum guard_end end,
		      int64_t now)
{
	struct guard_link *l = guard_link(who->neighbor);
	struct guard_entry *id = guard_entry(l, who, false);
	struct guard_entry *neighbor = guard_entry(l, who, true);

	guard_score_over(&id->score, end, &guard_of_id, now);
	guard_score_over(&neighbor->score, end, &guard_of_neighbor, now);
	guard_score_over(&l->score, end, &guard_of_link, now);
	if (end == GUARD_FAILED)
		guard_count(&neighbor->failed, now);
	if (end != GUARD_LOGGED_IN)
		return;
	guard_know(id);
	guard_know(neighbor);
}

int64_t guard_untold(void)
{
	return guard.untold;
}

size_t guard_tell(struct guard_told *told, size_t max)
{
	size_t n = 0, i;

	guard.untold = RUN_FOREVER;
	for (struct guard_entry *e = guard.entries;
	     e < guard.entries + GUARD_ENTRIES; e++) {
		uint64_t failed = e->failed, refused = e->refused;

		e->failed = 0;
		e->refused = 0;
		/* Who mistypes is not told of. */
		if (!e->link || !e->neighbor ||
		    (!refused && failed <= guard_of_id.free))
			continue;
		for (i = n; i && (told[i - 1].failed < failed ||
				  (told[i - 1].failed == failed &&
				   told[i - 1].refused < refused)); i--)
			if (i < max)
				told[i] = told[i - 1];
		if (i == max)
			continue;
		memcpy(told[i].neighbor, e->who.neighbor, API_HOP_LEN);
		told[i].failed = failed;
		told[i].refused = refused;
		n += n < max;
	}
	return n;
}
