// SPDX-License-Identifier: GPL-2.0-only
/* Parse and build frames on plain buffers. */

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#endif

#include "wire.h"

/* In the order of enum romon_drop, which comes from the same list. */
static const char * const romon_drop_names[] = {
	"none",
#define X(name, text) #name,
	ROMON_DROP_REASONS(X)
#undef X
};

static const char * const romon_drop_texts[] = {
	"not dropped",
#define X(name, text) text,
	ROMON_DROP_REASONS(X)
#undef X
};

const char *romon_drop_name(enum romon_drop reason)
{
	return reason < ROMON_DROP_COUNT ? romon_drop_names[reason] : "unknown";
}

const char *romon_drop_text(enum romon_drop reason)
{
	return reason < ROMON_DROP_COUNT ? romon_drop_texts[reason] : "unknown";
}

static int romon_wire_more(struct romon_frame *f, unsigned int need)
{
	f->need = need;
	return ROMON_WIRE_MORE;
}

/* Read the head of a TLV. Return: whether all of it is before @end. */
static bool romon_wire_tlv(const u8 *buf, unsigned int off, unsigned int end,
			   u8 *tag, u8 *len)
{
	if (end - off < ROMON_TLV_HLEN)
		return false;
	*tag = buf[off];
	*len = buf[off + 1];
	return end - off - ROMON_TLV_HLEN >= *len;
}

/*
 * The value lengths of the known TLVs are checked here, so that everybody
 * after this may use them without looking.
 */
static int romon_wire_parse_tlvs(struct romon_frame *f, const u8 *buf)
{
	unsigned int off = f->body;
	u8 tag, len;

	for (; off < f->len; off += len) {
		if (!romon_wire_tlv(buf, off, f->len, &tag, &len))
			return ROMON_DROP_bad_tlv;
		off += ROMON_TLV_HLEN;

		switch (tag) {
		case ROMON_TLV_ROUTE:
			if (len != sizeof(struct romon_wire_route))
				return ROMON_DROP_bad_tlv;
			if (f->n_routes == 2)
				return ROMON_DROP_bad_route_tlv;
			f->route[f->n_routes++] = off;
			break;
		case ROMON_TLV_IDENTITY:
			f->identity.off = off;
			f->identity.len = len;
			break;
		case ROMON_TLV_VERSION:
			if (len != ROMON_VERSION_LEN)
				return ROMON_DROP_bad_tlv;
			f->version.off = off;
			f->version.len = len;
			break;
		case ROMON_TLV_BOARD:
			f->board.off = off;
			f->board.len = len;
			break;
		}
	}
	return ROMON_DROP_NONE;
}

static int romon_wire_parse_hello(struct romon_frame *f, const u8 *buf)
{
	unsigned int off = f->body;
	u8 tag, len;

	for (; off < f->len; off += len) {
		if (!romon_wire_tlv(buf, off, f->len, &tag, &len))
			return ROMON_DROP_bad_tlv;
		off += ROMON_TLV_HLEN;

		switch (tag) {
		case ROMON_TLV_CHALLENGE:
			if (len != ROMON_CHALLENGE_LEN)
				return ROMON_DROP_bad_tlv;
			f->challenge = off;
			break;
		case ROMON_TLV_ECHO:
			if (len != ROMON_CHALLENGE_LEN)
				return ROMON_DROP_bad_tlv;
			f->echo = off;
			break;
		case ROMON_TLV_MARK:
			if (len != ROMON_MARK_LEN)
				return ROMON_DROP_bad_tlv;
			f->mark = off;
			break;
		}
	}
	return ROMON_DROP_NONE;
}

/* Not is_valid_ether_addr(): an ID need not be an address (protocol.rst). */
bool romon_wire_is_id(const u8 *id)
{
	static const u8 none[ETH_ALEN];
	static const u8 all[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	/* An ID in a TLV may stand at an odd address. */
	return memcmp(id, none, ETH_ALEN) && memcmp(id, all, ETH_ALEN);
}

static int romon_wire_parse_discover(struct romon_frame *f, const u8 *buf)
{
	const struct romon_wire_header *h = (const void *)buf;
	const struct romon_wire_route *route;
	int err;

	if (f->type == ROMON_TYPE_DISCOVER ? f->ptr != f->hops :
					     f->ptr > f->hops)
		return ROMON_DROP_bad_pointer;

	err = romon_wire_parse_tlvs(f, buf);
	if (err)
		return err;

	if (f->type == ROMON_TYPE_DISCOVER) {
		if (!is_broadcast_ether_addr(h->dst))
			return ROMON_DROP_bad_id;
		if (f->n_routes != 1)
			return ROMON_DROP_bad_route_tlv;
	} else {
		if (!romon_wire_is_id(h->dst))
			return ROMON_DROP_bad_id;
		if (f->n_routes != 2)
			return ROMON_DROP_bad_route_tlv;
		route = (const void *)(buf + f->route[1]);
		if (memcmp(route->id, h->dst, ETH_ALEN))
			return ROMON_DROP_bad_route_tlv;
	}

	/* The origin is the first parent, and of nobody else's copies. */
	route = (const void *)(buf + f->route[0]);
	if (!romon_wire_is_id(route->id) ||
	    !memcmp(route->id, h->src, ETH_ALEN) != !f->hops)
		return ROMON_DROP_bad_route_tlv;
	if (f->type == ROMON_TYPE_RESP &&
	    (!memcmp(route->id, h->dst, ETH_ALEN) ||
	     !memcmp(h->src, h->dst, ETH_ALEN)))
		return ROMON_DROP_bad_route_tlv;
	return ROMON_DROP_NONE;
}

/**
 * romon_wire_parse() - settle all lengths of a frame and check its form
 * @f:		what is found; undefined unless 0 is returned, but for @need
 * @buf:	the frame from its type byte on
 * @linear:	bytes of it that are readable at @buf
 * @total:	bytes of it in all, with Ethernet padding
 *
 * Route entries of Data and all of a Discover or DiscoverResp must be
 * readable, the payload of Data need not be.
 *
 * Return: 0, a reason to drop the frame (enum romon_drop), or ROMON_WIRE_MORE
 * if f->need bytes, never more than @total, must be readable first.
 */
int romon_wire_parse(struct romon_frame *f, const void *buf,
		     unsigned int linear, unsigned int total)
{
	const struct romon_wire_header *h = buf;
	const u8 *bytes = buf;
	unsigned int len;

	if (total < sizeof(*h))
		return ROMON_DROP_too_short;
	if (linear < sizeof(*h))
		return romon_wire_more(f, sizeof(*h));

	len = be16_to_cpu(h->len);
	if (len < ETH_HLEN + sizeof(*h))
		return ROMON_DROP_too_short;
	len -= ETH_HLEN;
	if (len > total)
		return ROMON_DROP_bad_length;

	memset(f, 0, sizeof(*f));
	f->type = h->type;
	f->len = len;

	switch (h->type) {
	case ROMON_TYPE_DISCOVER:
	case ROMON_TYPE_RESP:
		f->entries = sizeof(struct romon_wire_discover);
		break;
	case ROMON_TYPE_DATA:
		f->entries = sizeof(struct romon_wire_data);
		break;
	case ROMON_TYPE_SEQERR:
	case ROMON_TYPE_HELLO:
		f->entries = sizeof(*h);
		f->body = sizeof(*h);
		if (!romon_wire_is_id(h->src))
			return ROMON_DROP_bad_id;
		if (linear < len)
			return romon_wire_more(f, len);
		return romon_wire_parse_hello(f, bytes);
	default:
		return ROMON_DROP_unknown_type;
	}

	if (!romon_wire_is_id(h->src))
		return ROMON_DROP_bad_id;
	if (len < f->entries)
		return ROMON_DROP_too_short;
	if (linear < f->entries)
		return romon_wire_more(f, f->entries);

	f->hops = bytes[offsetof(struct romon_wire_data, hops)];
	f->ptr = bytes[offsetof(struct romon_wire_data, ptr)];
	if (f->hops * sizeof(struct romon_wire_entry) > len - f->entries)
		return ROMON_DROP_bad_hops;
	f->body = f->entries + f->hops * sizeof(struct romon_wire_entry);

	if (f->type == ROMON_TYPE_DATA) {
		if (!f->hops)
			return ROMON_DROP_bad_hops;
		if (f->ptr >= f->hops)
			return ROMON_DROP_bad_pointer;
		if (!romon_wire_is_id(h->dst))
			return ROMON_DROP_bad_id;
		if (len < f->body + sizeof(struct romon_wire_ports))
			return ROMON_DROP_bad_transport;
		if (linear < f->body + sizeof(struct romon_wire_ports))
			return romon_wire_more(f, f->body +
					       sizeof(struct romon_wire_ports));
		return ROMON_DROP_NONE;
	}

	if (linear < len)
		return romon_wire_more(f, len);
	return romon_wire_parse_discover(f, buf);
}

static void romon_wire_put_header(struct romon_wire_header *h, u8 type,
				  unsigned int len, const u8 *src,
				  const u8 *dst)
{
	memset(h, 0, sizeof(*h));
	h->type = type;
	h->len = cpu_to_be16(len + ETH_HLEN);
	memcpy(h->src, src, ETH_ALEN);
	memcpy(h->dst, dst, ETH_ALEN);
}

static void romon_wire_put_end(struct romon_wire_end *w,
			       const struct romon_end *end)
{
	w->link = cpu_to_be32(end->link);
	w->l2mtu = cpu_to_be16(end->l2mtu);
	w->cost = cpu_to_be16(end->cost);
	memcpy(w->mac, end->mac, ETH_ALEN);
}

static void romon_wire_put_route(struct romon_wire_route *route, const u8 *id,
				 const struct romon_end *in,
				 const struct romon_end *out)
{
	memset(route, 0, sizeof(*route));
	memcpy(route->id, id, ETH_ALEN);
	if (in)
		romon_wire_put_end(&route->in, in);
	if (out)
		romon_wire_put_end(&route->out, out);
}

static u8 *romon_wire_put_tlv(u8 *p, u8 tag, const void *value, u8 len)
{
	*p++ = tag;
	*p++ = len;
	memcpy(p, value, len);
	return p + len;
}

/**
 * romon_wire_build_discover() - a Discover as its origin sends it
 * @buf:	room for it, or NULL to ask for the length only
 * @id:		the origin's ID
 * @out:	the port that it leaves by
 *
 * Return: its length.
 */
unsigned int romon_wire_build_discover(void *buf, const u8 *id,
				       const struct romon_end *out)
{
	static const u8 everybody[ETH_ALEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};
	unsigned int len = sizeof(struct romon_wire_discover) +
			   ROMON_ROUTE_TLV_LEN;
	struct romon_wire_discover *d = buf;
	u8 *tlv = (u8 *)(d + 1);

	if (!buf)
		return len;

	memset(d, 0, sizeof(*d));
	romon_wire_put_header(&d->h, ROMON_TYPE_DISCOVER, len, id, everybody);
	tlv[0] = ROMON_TLV_ROUTE;
	tlv[1] = sizeof(struct romon_wire_route);
	romon_wire_put_route((void *)(tlv + ROMON_TLV_HLEN), id, NULL, out);
	return len;
}

/**
 * romon_wire_forward_len() - length of a Discover passed on
 * @f:	the Discover as received
 *
 * Return: the length, which may be more than any frame can have.
 */
unsigned int romon_wire_forward_len(const struct romon_frame *f)
{
	return f->len + sizeof(struct romon_wire_entry);
}

/**
 * romon_wire_build_forward() - pass a Discover on
 * @buf:	room for romon_wire_forward_len() bytes
 * @in:		the Discover as received
 * @f:		its parse
 * @id:		ID of this node
 * @neigh:	link MAC of the neighbour it came from
 * @ingress:	the port it came in by
 * @egress:	the port it leaves by
 *
 * TLVs other than Route are passed on as they are.
 */
void romon_wire_build_forward(void *buf, const void *in,
			      const struct romon_frame *f, const u8 *id,
			      const u8 *neigh, const struct romon_end *ingress,
			      const struct romon_end *egress)
{
	struct romon_wire_discover *d = buf;
	struct romon_wire_entry *e;
	u8 *tlvs = (u8 *)buf + f->body + sizeof(*e);

	memcpy(buf, in, f->body);
	memset(&d->h.auth, 0, sizeof(d->h.auth));
	d->h.len = cpu_to_be16(romon_wire_forward_len(f) + ETH_HLEN);
	d->hops = f->hops + 1;
	d->ptr = f->hops + 1;
	e = &d->entry[f->hops];
	e->link = cpu_to_be32(ingress->link);
	memcpy(e->mac, neigh, ETH_ALEN);
	memcpy(tlvs, (const u8 *)in + f->body, f->len - f->body);
	romon_wire_put_route((void *)(tlvs + f->route[0] - f->body), id,
			     ingress, egress);
}

/**
 * romon_wire_resp_len() - length of the answer to a Discover
 * @f:		the Discover
 * @about:	this node
 *
 * Return: the length, which may be more than any frame can have.
 */
unsigned int romon_wire_resp_len(const struct romon_frame *f,
				 const struct romon_about *about)
{
	return f->body + 2 * ROMON_ROUTE_TLV_LEN +
	       ROMON_TLV_HLEN + about->identity_len +
	       ROMON_TLV_HLEN + ROMON_VERSION_LEN +
	       ROMON_TLV_HLEN + about->board_len;
}

/**
 * romon_wire_build_resp() - answer a Discover
 * @buf:	room for romon_wire_resp_len() bytes
 * @in:		the Discover as received
 * @f:		its parse
 * @id:		ID of this node
 * @ingress:	the port it came in by, and the answer leaves by
 * @about:	this node
 */
void romon_wire_build_resp(void *buf, const void *in,
			   const struct romon_frame *f, const u8 *id,
			   const struct romon_end *ingress,
			   const struct romon_about *about)
{
	struct romon_wire_discover *d = buf;
	struct romon_wire_route own;
	u8 *p = (u8 *)buf + f->body;

	memcpy(buf, in, f->body);
	d->h.type = ROMON_TYPE_RESP;
	d->h.zero = 0;
	d->h.len = cpu_to_be16(romon_wire_resp_len(f, about) + ETH_HLEN);
	memset(&d->h.auth, 0, sizeof(d->h.auth));
	memcpy(d->h.dst, id, ETH_ALEN);
	memset(d->zero, 0, sizeof(d->zero));

	romon_wire_put_route(&own, id, ingress, NULL);
	p = romon_wire_put_tlv(p, ROMON_TLV_ROUTE,
			       (const u8 *)in + f->route[0], sizeof(own));
	p = romon_wire_put_tlv(p, ROMON_TLV_ROUTE, &own, sizeof(own));
	p = romon_wire_put_tlv(p, ROMON_TLV_IDENTITY, about->identity,
			       about->identity_len);
	p = romon_wire_put_tlv(p, ROMON_TLV_VERSION, about->version,
			       ROMON_VERSION_LEN);
	romon_wire_put_tlv(p, ROMON_TLV_BOARD, about->board, about->board_len);
}

/**
 * romon_wire_data_len() - length of a Data frame
 * @hops:	route entries
 * @payload:	bytes after the ports
 */
unsigned int romon_wire_data_len(u8 hops, unsigned int payload)
{
	return sizeof(struct romon_wire_data) +
	       hops * sizeof(struct romon_wire_entry) +
	       sizeof(struct romon_wire_ports) + payload;
}

/**
 * romon_wire_build_data() - a Data frame as its sender sends it
 * @buf:	room for romon_wire_data_len() bytes
 * @src:	ID of this node
 * @dst:	ID of the node at the end of @route
 * @route:	the way there
 * @hops:	entries in @route, at least 1
 * @src_port:	RoMON port of the sender
 * @dst_port:	RoMON port of the receiver
 * @payload:	bytes of payload
 *
 * Return: where the payload goes, which the caller writes.
 */
void *romon_wire_build_data(void *buf, const u8 *src, const u8 *dst,
			    const struct romon_wire_entry *route, u8 hops,
			    u16 src_port, u16 dst_port, unsigned int payload)
{
	struct romon_wire_data *d = buf;
	struct romon_wire_ports *ports;

	memset(d, 0, sizeof(*d));
	romon_wire_put_header(&d->h, ROMON_TYPE_DATA,
			      romon_wire_data_len(hops, payload), src, dst);
	d->hops = hops;
	memcpy(d->entry, route, hops * sizeof(*route));
	ports = (void *)&d->entry[hops];
	ports->src = cpu_to_be16(src_port);
	ports->dst = cpu_to_be16(dst_port);
	return ports + 1;
}

/**
 * romon_wire_build_refusal() - the close that a segment for no stream gets
 * @to:		the close
 * @s:		the segment
 * @payload:	bytes of payload behind it
 *
 * It carries what the segment has told back, so that its sender can see that
 * it is about something that was sent. Ours; nothing is known.
 *
 * Return: false if @s is no segment, or one that is not to be answered.
 */
bool romon_wire_build_refusal(struct romon_wire_close *to,
			      const struct romon_wire_segment *s,
			      unsigned int payload)
{
	if (s->kind >= ROMON_KIND_CLOSE)
		return false;
	if (s->kind != ROMON_KIND_DATA)
		payload = 0;
	memset(to, 0, sizeof(*to));
	to->s.kind = ROMON_KIND_CLOSE;
	to->s.seq = s->ack;
	to->s.ack = cpu_to_be32(be32_to_cpu(s->seq) + payload);
	to->reason = ROMON_CLOSE_UNKNOWN;
	return true;
}

/**
 * romon_wire_build_hello() - a Hello or a SeqErr
 * @buf:	room for it, or NULL to ask for the length only
 * @type:	which of them
 * @id:		ID of this node
 * @challenge:	ROMON_CHALLENGE_LEN bytes, or NULL
 * @echo:	likewise
 * @mark:	of the sending port, ROMON_MARK_LEN bytes, or NULL
 *
 * Return: its length.
 */
unsigned int romon_wire_build_hello(void *buf, u8 type, const u8 *id,
				    const u8 *challenge, const u8 *echo,
				    const u8 *mark)
{
	static const u8 everybody[ETH_ALEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};
	unsigned int tlv = ROMON_TLV_HLEN + ROMON_CHALLENGE_LEN;
	unsigned int len = sizeof(struct romon_wire_header) +
			   (challenge ? tlv : 0) + (echo ? tlv : 0) +
			   (mark ? ROMON_TLV_HLEN + ROMON_MARK_LEN : 0);
	struct romon_wire_header *h = buf;
	u8 *p = (u8 *)(h + 1);

	if (!buf)
		return len;
	romon_wire_put_header(h, type, len, id, everybody);
	if (challenge)
		p = romon_wire_put_tlv(p, ROMON_TLV_CHALLENGE, challenge,
				       ROMON_CHALLENGE_LEN);
	if (echo)
		p = romon_wire_put_tlv(p, ROMON_TLV_ECHO, echo,
				       ROMON_CHALLENGE_LEN);
	if (mark)
		romon_wire_put_tlv(p, ROMON_TLV_MARK, mark, ROMON_MARK_LEN);
	return len;
}

/**
 * romon_wire_body() - where the part begins that no forwarder changes
 * @buf:	a frame that this node has built or has found to be well-formed,
 *		readable up to its body
 *
 * Return: the offset from the type byte.
 */
unsigned int romon_wire_body(const void *buf)
{
	const struct romon_wire_data *d = buf;

	switch (d->h.type) {
	case ROMON_TYPE_DISCOVER:
	case ROMON_TYPE_RESP:
		return sizeof(struct romon_wire_discover) +
		       d->hops * sizeof(struct romon_wire_entry);
	case ROMON_TYPE_DATA:
		return sizeof(struct romon_wire_data) +
		       d->hops * sizeof(struct romon_wire_entry);
	default:
		return sizeof(struct romon_wire_header);
	}
}

/* Read what a Route TLV tells of a port. */
void romon_wire_end_get(struct romon_end *end, const struct romon_wire_end *w)
{
	end->link = be32_to_cpu(w->link);
	end->l2mtu = be16_to_cpu(w->l2mtu);
	end->cost = be16_to_cpu(w->cost);
	memcpy(end->mac, w->mac, ETH_ALEN);
}

/*
 * A recorded route, read backwards, is the way back: protocol.rst, "Source
 * routes". @to and @from do not overlap.
 */
void romon_wire_reverse(struct romon_wire_entry *to,
			const struct romon_wire_entry *from, u8 hops)
{
	unsigned int i;

	for (i = 0; i < hops; i++)
		to[i] = from[hops - 1 - i];
}

void romon_wire_reverse_inplace(struct romon_wire_entry *entry, u8 hops)
{
	unsigned int i;

	for (i = 0; i < hops / 2; i++) {
		struct romon_wire_entry tmp = entry[i];

		entry[i] = entry[hops - 1 - i];
		entry[hops - 1 - i] = tmp;
	}
}

/**
 * romon_wire_version_str() - a version as people write it
 * @buf:	at least ROMON_VERSION_STRLEN bytes
 * @size:	of @buf
 * @version:	major, minor, kind, number
 *
 * 7.13 is 07 0d 'f' 00, 6.47beta7 is 06 2f 'b' 07, 7.13.5 is 07 0d 'f' 05.
 *
 * Return: what snprintf() returns.
 */
int romon_wire_version_str(char *buf, size_t size, const u8 *version)
{
	const char *kind = "?";

	switch (version[2]) {
	case 'f':
		if (!version[3])
			return snprintf(buf, size, "%u.%u", version[0],
					version[1]);
		kind = ".";
		break;
	case 'a':
		kind = "alpha";
		break;
	case 'b':
		kind = "beta";
		break;
	case 'c':
		kind = "rc";
		break;
	}
	return snprintf(buf, size, "%u.%u%s%u", version[0], version[1], kind,
			version[3]);
}
