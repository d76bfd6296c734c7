/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frame. Documentation/protocol.rst says where each fact comes from.
 *
 * Neither this file nor wire.c knows an skb, a lock or an allocator: the
 * module, the tool, the unit tests and the fuzzer all link them.
 */

#ifndef ROMON_WIRE_H
#define ROMON_WIRE_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/types.h>
#else
#include "wire-env.h"
#endif

#include "drop.h"

#define ETH_P_ROMON		0x88bf
#define ROMON_GROUP_MAC		{ 0x01, 0x80, 0xc2, 0x00, 0x88, 0xbf }

enum romon_wire_type {
	ROMON_TYPE_DISCOVER	= 1,
	ROMON_TYPE_RESP		= 2,
	ROMON_TYPE_DATA		= 3,
	ROMON_TYPE_SEQERR	= 4,
	ROMON_TYPE_HELLO	= 5,
};

enum romon_wire_tlv {
	ROMON_TLV_ROUTE		= 1,
	ROMON_TLV_IDENTITY	= 3,
	ROMON_TLV_VERSION	= 4,
	ROMON_TLV_BOARD		= 5,
};

/* Hello and SeqErr have tags of their own. */
enum romon_wire_hello_tlv {
	ROMON_TLV_CHALLENGE	= 1,
	ROMON_TLV_ECHO		= 2,
	ROMON_TLV_MARK		= 3,
};

#define ROMON_CHALLENGE_LEN	8
#define ROMON_MARK_LEN		8

enum romon_wire_service {
	ROMON_SERVICE_ECHO	= 1,
	ROMON_SERVICE_SSH	= 3,
	ROMON_SERVICE_WINBOX	= 4,
};

#define ROMON_AUTH_LEN		24
#define ROMON_VERSION_LEN	4
/* "255.255alpha255" and its NUL */
#define ROMON_VERSION_STRLEN	16

#define ROMON_DIGEST_LEN	16

/* All zero in a frame that is not hashed. */
struct romon_wire_auth {
	__be64	seq;
	u8	digest[ROMON_DIGEST_LEN];
} __packed;

struct romon_wire_header {
	u8	type;
	u8	zero;
	__be16	len;		/* of the frame with its Ethernet header */
	struct romon_wire_auth auth;
	u8	src[ETH_ALEN];
	u8	dst[ETH_ALEN];
} __packed;

struct romon_wire_entry {
	__be32	link;
	u8	mac[ETH_ALEN];
} __packed;

struct romon_wire_data {
	struct romon_wire_header h;
	u8	hops;
	u8	ptr;
	u8	zero[4];
	struct romon_wire_entry entry[];
} __packed;

/* Discover and DiscoverResp */
struct romon_wire_discover {
	struct romon_wire_header h;
	u8	hops;
	u8	ptr;
	u8	zero[6];
	struct romon_wire_entry entry[];
} __packed;

struct romon_wire_ports {
	__be16	src;
	__be16	dst;
} __packed;

/* After the ports, of a stream. */
enum romon_wire_kind {
	ROMON_KIND_OPEN		= 0,
	ROMON_KIND_ANSWER	= 1,
	ROMON_KIND_DATA		= 2,
	ROMON_KIND_ACK		= 3,
	ROMON_KIND_CLOSE	= 4,
};

struct romon_wire_segment {
	u8	kind;
	u8	any;
	__be32	seq;
	__be32	ack;
} __packed;

/* Why it was broken off: there is no such stream. Ours; protocol.rst */
#define ROMON_CLOSE_UNKNOWN	1

struct romon_wire_close {
	struct romon_wire_segment s;
	u8	reason;
} __packed;

struct romon_wire_end {
	__be32	link;
	__be16	l2mtu;
	__be16	cost;
	u8	mac[ETH_ALEN];
} __packed;

struct romon_wire_route {
	u8	id[ETH_ALEN];
	struct romon_wire_end in;
	struct romon_wire_end out;
} __packed;

#define ROMON_TLV_HLEN		2
#define ROMON_ROUTE_TLV_LEN	(ROMON_TLV_HLEN + sizeof(struct romon_wire_route))
#define ROMON_TLV_MAX		255

static_assert(sizeof(struct romon_wire_header) == 40);
static_assert(offsetof(struct romon_wire_header, auth) == 4);
static_assert(sizeof(struct romon_wire_auth) == ROMON_AUTH_LEN);
static_assert(offsetof(struct romon_wire_header, src) == 28);
static_assert(sizeof(struct romon_wire_entry) == 10);
static_assert(sizeof(struct romon_wire_data) == 46);
static_assert(sizeof(struct romon_wire_segment) == 10);
static_assert(sizeof(struct romon_wire_discover) == 48);
static_assert(offsetof(struct romon_wire_discover, hops) ==
	      offsetof(struct romon_wire_data, hops));
static_assert(offsetof(struct romon_wire_discover, ptr) ==
	      offsetof(struct romon_wire_data, ptr));
static_assert(sizeof(struct romon_wire_route) == 34);

/* A value inside a frame, by offset: pointers do not survive an skb. */
struct romon_span {
	u16	off;
	u8	len;
};

/**
 * struct romon_frame - all lengths and offsets of a frame, settled once
 * @type:	one of enum romon_wire_type
 * @hops:	route entries; 0 for Hello and SeqErr
 * @ptr:	route pointer as received
 * @n_routes:	Route TLVs found, 1 in a Discover, 2 in a DiscoverResp
 * @entries:	offset of the first route entry
 * @body:	offset of what follows the route entries: transport header or TLVs
 * @len:	bytes from the type byte to the end, without Ethernet padding
 * @need:	if parsing asked for more: how many linear bytes it needs
 * @route:	offsets of the values of the Route TLVs
 * @identity:	value of the Identity TLV, length 0 if there is none
 * @version:	value of the Version TLV, likewise
 * @board:	value of the Board TLV, likewise
 * @challenge:	offset of the challenge in a Hello or SeqErr, 0 if there is none
 * @echo:	of the echo, likewise
 * @mark:	of the mark of the sending port, likewise
 *
 * Offsets count from the type byte.
 */
struct romon_frame {
	u8	type;
	u8	hops;
	u8	ptr;
	u8	n_routes;
	u16	entries;
	u16	body;
	u16	len;
	u16	need;
	u16	route[2];
	struct romon_span identity;
	struct romon_span version;
	struct romon_span board;
	u16	challenge;
	u16	echo;
	u16	mark;
};

/* returned by romon_wire_parse() beside the reasons of drop.h */
#define ROMON_WIRE_MORE		(-1)

int romon_wire_parse(struct romon_frame *f, const void *buf,
		     unsigned int linear, unsigned int total);

/* What a node tells of one of its ports. */
struct romon_end {
	u32	link;
	u16	l2mtu;
	u16	cost;
	u8	mac[ETH_ALEN];
};

/* What a node tells of itself; strings carry no terminator. */
struct romon_about {
	const char *identity;
	const char *board;
	u8	identity_len;
	u8	board_len;
	u8	version[ROMON_VERSION_LEN];
};

unsigned int romon_wire_build_discover(void *buf, const u8 *id,
				       const struct romon_end *out);

unsigned int romon_wire_forward_len(const struct romon_frame *f);
void romon_wire_build_forward(void *buf, const void *in,
			      const struct romon_frame *f, const u8 *id,
			      const u8 *neigh, const struct romon_end *ingress,
			      const struct romon_end *egress);

unsigned int romon_wire_resp_len(const struct romon_frame *f,
				 const struct romon_about *about);
void romon_wire_build_resp(void *buf, const void *in,
			   const struct romon_frame *f, const u8 *id,
			   const struct romon_end *ingress,
			   const struct romon_about *about);

unsigned int romon_wire_data_len(u8 hops, unsigned int payload);
void *romon_wire_build_data(void *buf, const u8 *src, const u8 *dst,
			    const struct romon_wire_entry *route, u8 hops,
			    u16 src_port, u16 dst_port, unsigned int payload);
bool romon_wire_build_refusal(struct romon_wire_close *to,
			      const struct romon_wire_segment *s,
			      unsigned int payload);

bool romon_wire_is_id(const u8 *id);
unsigned int romon_wire_build_hello(void *buf, u8 type, const u8 *id,
				    const u8 *challenge, const u8 *echo,
				    const u8 *mark);
unsigned int romon_wire_body(const void *buf);

void romon_wire_end_get(struct romon_end *end, const struct romon_wire_end *w);
void romon_wire_reverse(struct romon_wire_entry *to,
			const struct romon_wire_entry *from, u8 hops);
void romon_wire_reverse_inplace(struct romon_wire_entry *entry, u8 hops);
int romon_wire_version_str(char *buf, size_t size, const u8 *version);

const char *romon_drop_name(enum romon_drop reason);
const char *romon_drop_text(enum romon_drop reason);

#endif /* ROMON_WIRE_H */
