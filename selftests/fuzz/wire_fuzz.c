// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz the parser of frames, and what is built from frames that it accepts.
 *
 * An input is PREFIX bytes and then a frame, from its type byte on:
 *
 *	0  2  how much of the frame is readable at first
 *	2  1  length of the identity in the answer to a Discover
 *	3  1  length of the board in it
 *
 * Every buffer is on the heap and exactly as long as its owner may know, so
 * that the address sanitizer sees each byte read or written outside of it.
 */

#include <stdlib.h>

#include "libfuzzer.h"

#define PREFIX		4
#define FRAME_MAX	(0xffff - ETH_HLEN)

static const u8 own_id[ETH_ALEN] = { 0x02, 0x52, 0x6f, 0x4d, 0x4f, 0x4e };
static const u8 neigh[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x11 };
static const struct romon_end ingress = {
	.link = 0x01020304, .l2mtu = 1598, .cost = 100,
	.mac = { 0x02, 0, 0, 0, 0, 0x22 },
};

static const struct romon_end egress = {
	.link = 0xfffefdfc, .l2mtu = 1500, .cost = 65535,
	.mac = { 0x02, 0, 0, 0, 0, 0x33 },
};

/* A copy of @from, if any, and not a byte longer. */
static void *exact(const void *from, size_t len)
{
	u8 *p = malloc(len);

	assert(p || !len);
	if (from && len)
		memcpy(p, from, len);
	return p;
}

static int parse_whole(struct romon_frame *f, const void *frame,
		       unsigned int len)
{
	int verdict = romon_wire_parse(f, frame, len, len);

	assert(verdict >= ROMON_DROP_NONE);
	assert(verdict <= ROMON_DROP_bad_transport);
	assert(*romon_drop_name(verdict) && *romon_drop_text(verdict));
	return verdict;
}

/* What those who use an accepted frame read without asking. */
static unsigned int used(const struct romon_frame *f)
{
	switch (f->type) {
	case ROMON_TYPE_DATA:
		return f->body + sizeof(struct romon_wire_ports);
	case ROMON_TYPE_DISCOVER:
	case ROMON_TYPE_RESP:
		return f->len;
	}
	return f->body;
}

/* As the kernel does it: pull what the parser asks for, then ask again. */
static int parse_split(struct romon_frame *f, const u8 *frame,
		       unsigned int linear, unsigned int total)
{
	int verdict;

	for (;;) {
		u8 *buf = exact(frame, linear);

		memset(f, 0xa5, sizeof(*f));
		verdict = romon_wire_parse(f, buf, linear, total);
		free(buf);
		if (verdict != ROMON_WIRE_MORE) {
			assert(verdict || linear >= used(f));
			return verdict;
		}
		assert(f->need > linear);
		assert(f->need <= total);
		linear = f->need;
	}
}

static void check_span(const struct romon_frame *f, const u8 *frame,
		       const struct romon_span *span, u8 tag)
{
	if (!span->off) {
		assert(!span->len);
		return;
	}
	assert(span->off >= f->body + ROMON_TLV_HLEN);
	assert(span->off + span->len <= f->len);
	assert(frame[span->off - 2] == tag);
	assert(frame[span->off - 1] == span->len);
}

static void check_discover(const struct romon_frame *f, const u8 *frame)
{
	const struct romon_wire_header *h = (const void *)frame;
	unsigned int i;

	assert(f->entries == sizeof(struct romon_wire_discover));
	assert(f->body == f->entries +
			  f->hops * sizeof(struct romon_wire_entry));
	assert(f->ptr <= f->hops);
	if (f->type == ROMON_TYPE_DISCOVER) {
		assert(f->ptr == f->hops);
		assert(f->n_routes == 1);
	} else {
		assert(f->n_routes == 2);
		assert(!memcmp(frame + f->route[1], h->dst, ETH_ALEN));
	}
	assert(romon_wire_is_id(frame + f->route[0]));
	assert(!f->hops == !memcmp(frame + f->route[0], h->src, ETH_ALEN));

	for (i = 0; i < f->n_routes; i++) {
		assert(f->route[i] >= f->body + ROMON_TLV_HLEN);
		assert(f->route[i] + sizeof(struct romon_wire_route) <= f->len);
		assert(frame[f->route[i] - 2] == ROMON_TLV_ROUTE);
	}
	check_span(f, frame, &f->identity, ROMON_TLV_IDENTITY);
	check_span(f, frame, &f->version, ROMON_TLV_VERSION);
	check_span(f, frame, &f->board, ROMON_TLV_BOARD);
	if (f->version.len) {
		char text[ROMON_VERSION_STRLEN];
		int len;

		assert(f->version.len == ROMON_VERSION_LEN);
		len = romon_wire_version_str(text, sizeof(text),
					     frame + f->version.off);
		assert(len > 0 && (size_t)len < sizeof(text));
	}
}

static void check_accepted(const struct romon_frame *f, const u8 *frame,
			   unsigned int total)
{
	const struct romon_wire_header *h = (const void *)frame;

	assert(f->type == frame[0]);
	assert(f->len <= total);
	assert(f->len + ETH_HLEN == be16_to_cpu(h->len));
	assert(f->entries <= f->body && f->body <= f->len);
	assert(romon_wire_is_id(h->src));

	switch (f->type) {
	case ROMON_TYPE_DISCOVER:
	case ROMON_TYPE_RESP:
		check_discover(f, frame);
		break;
	case ROMON_TYPE_DATA:
		assert(f->hops && f->ptr < f->hops);
		assert(f->body == sizeof(struct romon_wire_data) +
				  f->hops * sizeof(struct romon_wire_entry));
		assert(f->body + sizeof(struct romon_wire_ports) <= f->len);
		assert(romon_wire_is_id(h->dst));
		break;
	case ROMON_TYPE_SEQERR:
	case ROMON_TYPE_HELLO:
		assert(!f->hops && !f->ptr);
		assert(f->body == sizeof(*h));
		break;
	default:
		assert(0);
	}
}

static void check_end(const struct romon_wire_end *w,
		      const struct romon_end *expected)
{
	struct romon_end end = { 0 };

	romon_wire_end_get(&end, w);
	assert(end.link == expected->link);
	assert(end.l2mtu == expected->l2mtu);
	assert(end.cost == expected->cost);
	assert(!memcmp(end.mac, expected->mac, ETH_ALEN));
}

static void check_forward(const struct romon_frame *f, const u8 *frame)
{
	unsigned int len = romon_wire_forward_len(f);
	unsigned int before = f->route[0] - f->body;
	unsigned int after = f->route[0] + sizeof(struct romon_wire_route);
	const struct romon_wire_discover *d;
	const struct romon_wire_route *route;
	const struct romon_wire_entry *e;
	struct romon_frame g;
	u8 *built;

	/* what the hop limit and the egress MTU keep from being built */
	if (f->hops == 255 || len > FRAME_MAX)
		return;
	built = exact(NULL, len);
	romon_wire_build_forward(built, frame, f, own_id, neigh, &ingress,
				 &egress);
	assert(!parse_whole(&g, built, len));
	check_accepted(&g, built, len);
	assert(g.len == len);
	assert(g.hops == f->hops + 1 && g.ptr == g.hops);

	d = (const void *)built;
	e = &d->entry[f->hops];
	assert(!memcmp(d->h.src, frame + offsetof(struct romon_wire_header,
						  src), 2 * ETH_ALEN));
	assert(!memcmp(d->entry, frame + f->entries, f->body - f->entries));
	assert(be32_to_cpu(e->link) == ingress.link);
	assert(!memcmp(e->mac, neigh, ETH_ALEN));

	route = (const void *)(built + g.route[0]);
	assert(!memcmp(route->id, own_id, ETH_ALEN));
	check_end(&route->in, &ingress);
	check_end(&route->out, &egress);
	assert(!memcmp(built + g.body, frame + f->body, before));
	assert(!memcmp(route + 1, frame + after, f->len - after));
	free(built);
}

static void check_resp(const struct romon_frame *f, const u8 *frame,
		       const u8 *prefix)
{
	struct romon_about about = {
		.identity_len = prefix[2],
		.board_len = prefix[3],
		.version = { 7, 13, 'f', 0 },
	};
	static const struct romon_end none;
	static const u8 zero[6];
	const struct romon_wire_discover *d;
	const struct romon_wire_route *route;
	unsigned int len = romon_wire_resp_len(f, &about);
	struct romon_frame g;
	char *identity, *board;
	u8 *built;

	identity = exact(NULL, about.identity_len);
	board = exact(NULL, about.board_len);
	memset(identity, 'i', about.identity_len);
	memset(board, 'b', about.board_len);
	about.identity = identity;
	about.board = board;

	built = exact(NULL, len);
	romon_wire_build_resp(built, frame, f, own_id, &ingress, &about);
	assert(!parse_whole(&g, built, len));
	check_accepted(&g, built, len);
	assert(g.type == ROMON_TYPE_RESP && g.len == len);
	assert(g.hops == f->hops && g.ptr == f->hops);

	d = (const void *)built;
	assert(!memcmp(d->h.src, frame + offsetof(struct romon_wire_header,
						  src), ETH_ALEN));
	assert(!memcmp(d->h.dst, own_id, ETH_ALEN));
	assert(!memcmp(d->zero, zero, sizeof(d->zero)));
	assert(!memcmp(d->entry, frame + f->entries, f->body - f->entries));
	assert(!memcmp(built + g.route[0], frame + f->route[0],
		       sizeof(*route)));
	route = (const void *)(built + g.route[1]);
	check_end(&route->in, &ingress);
	check_end(&route->out, &none);
	assert(g.identity.len == about.identity_len);
	assert(!memcmp(built + g.identity.off, identity, g.identity.len));
	assert(g.board.len == about.board_len);
	assert(!memcmp(built + g.board.off, board, g.board.len));
	assert(!memcmp(built + g.version.off, about.version, g.version.len));
	free(built);
	free(board);
	free(identity);
}

static void check_answer(const struct romon_frame *f, const u8 *frame,
			 const struct romon_wire_entry *route)
{
	const struct romon_wire_header *h = (const void *)frame;
	unsigned int body = f->body + sizeof(struct romon_wire_ports);
	unsigned int payload = f->type == ROMON_TYPE_DATA ? f->len - body : 32;
	unsigned int len = romon_wire_data_len(f->hops, payload);
	const struct romon_wire_ports *ports;
	struct romon_frame g;
	u8 *built, *to;

	built = exact(NULL, len);
	to = romon_wire_build_data(built, own_id, h->src, route, f->hops,
				   0x1234, ROMON_SERVICE_ECHO, payload);
	assert(to + payload == built + len);
	memset(to, 0, payload);
	assert(!parse_whole(&g, built, len));
	check_accepted(&g, built, len);
	assert(g.type == ROMON_TYPE_DATA && g.len == len);
	assert(g.hops == f->hops && !g.ptr);
	assert(!memcmp(built + g.entries, route, g.body - g.entries));
	ports = (const void *)(built + g.body);
	assert(be16_to_cpu(ports->src) == 0x1234);
	assert(be16_to_cpu(ports->dst) == ROMON_SERVICE_ECHO);
	free(built);
}

static void check_reverse(const struct romon_frame *f, const u8 *frame)
{
	size_t size = f->body - f->entries;
	struct romon_wire_entry *there = exact(frame + f->entries, size);
	struct romon_wire_entry *back = exact(NULL, size);

	romon_wire_reverse(back, there, f->hops);
	assert(!memcmp(&back[0], &there[f->hops - 1], sizeof(*back)));
	check_answer(f, frame, back);
	romon_wire_reverse_inplace(there, f->hops);
	assert(!memcmp(back, there, size));
	romon_wire_reverse_inplace(there, f->hops);
	assert(!memcmp(there, frame + f->entries, size));
	free(back);
	free(there);
}

int fuzz_input(const u8 *data, size_t size)
{
	unsigned int total, linear;
	struct romon_frame f, g;
	int verdict;
	u8 *frame;

	if (size < PREFIX)
		return 0;
	total = size - PREFIX;
	linear = (data[0] << 8 | data[1]) % (total + 1);
	frame = exact(data + PREFIX, total);

	verdict = parse_whole(&f, frame, total);
	assert(parse_split(&g, frame, linear, total) == verdict);
	if (verdict)
		goto out;
	assert(!memcmp(&f, &g, sizeof(f)));
	check_accepted(&f, frame, total);

	/* Padding decides nothing, the last byte of the frame does. */
	assert(!parse_split(&g, frame, f.len, f.len));
	assert(!memcmp(&f, &g, sizeof(f)));
	assert(parse_split(&g, frame, f.len - 1, f.len - 1) ==
	       (f.len > sizeof(struct romon_wire_header) ?
		ROMON_DROP_bad_length : ROMON_DROP_too_short));

	if (f.type == ROMON_TYPE_DISCOVER &&
	    memcmp(frame + offsetof(struct romon_wire_header, src), own_id,
		   ETH_ALEN) &&
	    memcmp(frame + f.route[0], own_id, ETH_ALEN)) {
		check_forward(&f, frame);
		check_resp(&f, frame, data);
	}
	if (f.hops)
		check_reverse(&f, frame);
out:
	free(frame);
	return 0;
}

/*
 * Left alone, nearly every mutation ends at the length field; set it right
 * most of the time, with the frame's end before its last byte now and then.
 */
size_t fuzz_mutate(u8 *data, size_t size, size_t max, unsigned int seed)
{
	unsigned int len;

	size = libfuzzer_mutate(data, size, max);
	if (size < PREFIX + sizeof(struct romon_wire_header) || seed % 8 == 0)
		return size;
	len = size - PREFIX + ETH_HLEN - (seed % 8 == 1 ? seed / 8 % 8 : 0);
	data[PREFIX + 2] = len >> 8;
	data[PREFIX + 3] = len;
	return size;
}
