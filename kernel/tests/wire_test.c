// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parsing and building frames. The same file is a KUnit suite and, with
 * selftests/unit/kunit/test.h, a program.
 *
 * Frames are written out byte by byte, never by what is tested. Each parse
 * is of a copy on the heap without a byte to spare, for KASAN.
 */

#include <kunit/test.h>

#include "path/wire.h"

/* The two of protocol.rst. */
static const u8 discover[] = {
	/* type, length */
	0x01, 0x00, 0x00, 0x62,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs */
	0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	/* hops, pointer */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* Route: its own, no in */
	0x01, 0x22, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x0a, 0x06, 0x3e, 0x00, 0x64, 0xd4, 0xca, 0x6d, 0xdd, 0x8c, 0xbe,
};

static const u8 resp[] = {
	/* type, length */
	0x02, 0x00, 0x00, 0x9e,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs: who asked, who answers */
	0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3a,
	/* hops, pointer */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* Route of the Discover */
	0x01, 0x22, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x0a, 0x06, 0x3e, 0x00, 0x64, 0xd4, 0xca, 0x6d, 0xdd, 0x8c, 0xbe,
	/* Route: its own, no out */
	0x01, 0x22, 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3a, 0x00, 0x00, 0x00, 0x0c,
	0x06, 0x38, 0x00, 0x64, 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3a, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* Identity: DuneGW */
	0x03, 0x06, 0x44, 0x75, 0x6e, 0x65, 0x47, 0x57,
	/* Version: 7.13 */
	0x04, 0x04, 0x07, 0x0d, 0x66, 0x00,
	/* Board: RB750Gr3 */
	0x05, 0x08, 0x52, 0x42, 0x37, 0x35, 0x30, 0x47, 0x72, 0x33,
};

static const u8 discover_2[] = {
	/* type, length */
	0x01, 0x00, 0x00, 0x81,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs */
	0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	/* hops, pointer */
	0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* entries */
	0x00, 0x00, 0x00, 0x1b, 0x02, 0x00, 0x00, 0x00, 0x0a, 0x01, 0x00, 0x00,
	0x00, 0x06, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x01,
	/* unknown */
	0x09, 0x03, 0x6e, 0x65, 0x77,
	/* Route of the last forwarder */
	0x01, 0x22, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x00, 0x0d,
	0x06, 0x3e, 0x00, 0x64, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x02, 0x00, 0x00,
	0x00, 0x29, 0x05, 0xdc, 0x00, 0xfa, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x03,
	/* unknown and empty */
	0xc8, 0x00,
	/* Identity */
	0x03, 0x02, 0x67, 0x77,
};

static const u8 resp_2[] = {
	/* type, length */
	0x02, 0x00, 0x00, 0xa8,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs */
	0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0c,
	/* hops, pointer: one router further */
	0x02, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* entries */
	0x00, 0x00, 0x00, 0x1b, 0x02, 0x00, 0x00, 0x00, 0x0a, 0x01, 0x00, 0x00,
	0x00, 0x06, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x01,
	/* Route of the Discover */
	0x01, 0x22, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x00, 0x0d,
	0x06, 0x3e, 0x00, 0x64, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x02, 0x00, 0x00,
	0x00, 0x29, 0x05, 0xdc, 0x00, 0xfa, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x03,
	/* Route: its own */
	0x01, 0x22, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x10,
	0x05, 0xdc, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x0c, 0x01, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* Identity: c */
	0x03, 0x01, 0x63,
	/* Version: 6.47beta7 */
	0x04, 0x04, 0x06, 0x2f, 0x62, 0x07,
	/* Board: x86 */
	0x05, 0x03, 0x78, 0x38, 0x36,
};

static const u8 data[] = {
	/* type, length */
	0x03, 0x00, 0x00, 0x66,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs */
	0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0c,
	/* hops, pointer */
	0x03, 0x01, 0x00, 0x00, 0x00, 0x00,
	/* entries */
	0x00, 0x00, 0x00, 0x06, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x01, 0x00, 0x00,
	0x00, 0x10, 0x02, 0x00, 0x00, 0x00, 0x0c, 0x01, 0x00, 0x00, 0x00, 0x29,
	0x02, 0x00, 0x00, 0x00, 0x0d, 0x01,
	/* ports */
	0x40, 0x00, 0x00, 0x01,
	/* payload */
	0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00,
};

static const u8 hello[] = {
	/* type, length */
	0x05, 0x00, 0x00, 0x40,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs */
	0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	/* challenge */
	0x01, 0x08, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
};

static const u8 seqerr[] = {
	/* type, length */
	0x04, 0x00, 0x00, 0x40,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs */
	0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b,
	/* echo */
	0x02, 0x08, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
};

static const u8 forwarded[] = {
	/* type, length */
	0x01, 0x00, 0x00, 0x6c,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs, the origin's */
	0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	/* hops, pointer */
	0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* entry: ingress link, MAC of the neighbour */
	0x00, 0x00, 0x00, 0x0c, 0xd4, 0xca, 0x6d, 0xdd, 0x8c, 0xbe,
	/* Route: its own */
	0x01, 0x22, 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3a, 0x00, 0x00, 0x00, 0x0c,
	0x06, 0x38, 0x00, 0x64, 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3a, 0x00, 0x00,
	0x00, 0x0d, 0x05, 0xdc, 0x01, 0x2c, 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3b,
};

static const u8 forwarded_2[] = {
	/* type, length */
	0x01, 0x00, 0x00, 0x8b,
	/* authentication */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* IDs, the origin's */
	0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	/* hops, pointer */
	0x03, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* entries, one more */
	0x00, 0x00, 0x00, 0x1b, 0x02, 0x00, 0x00, 0x00, 0x0a, 0x01, 0x00, 0x00,
	0x00, 0x06, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x01, 0x00, 0x00, 0x00, 0x10,
	0x02, 0x00, 0x00, 0x00, 0x0b, 0x03,
	/* unknown, as it was */
	0x09, 0x03, 0x6e, 0x65, 0x77,
	/* Route: its own */
	0x01, 0x22, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x10,
	0x05, 0xdc, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x0c, 0x01, 0xff, 0xfe,
	0xfd, 0xfc, 0x23, 0x28, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x0c, 0x02,
	/* unknown, as it was */
	0xc8, 0x00,
	/* Identity, as it was */
	0x03, 0x02, 0x67, 0x77,
};

static const u8 origin[ETH_ALEN] = { 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
static const u8 answerer[ETH_ALEN] = { 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3a };
static const u8 third[ETH_ALEN] = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x0c };
static const u8 fourth[ETH_ALEN] = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x77 };
static const u8 group_bit[ETH_ALEN] = { 0x03, 0x00, 0x00, 0x00, 0x00, 0x77 };
static const u8 nobody[ETH_ALEN];
static const u8 everybody[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* the origin's port in the examples, */
static const struct romon_end origin_out = {
	.link = 10, .l2mtu = 1598, .cost = 100,
	.mac = { 0xd4, 0xca, 0x6d, 0xdd, 0x8c, 0xbe },
};

/* the answering router's, and another one of it, */
static const struct romon_end answerer_in = {
	.link = 12, .l2mtu = 1592, .cost = 100,
	.mac = { 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3a },
};

static const struct romon_end answerer_out = {
	.link = 13, .l2mtu = 1500, .cost = 300,
	.mac = { 0x18, 0xfd, 0x74, 0x73, 0xc5, 0x3b },
};

/* and those of the router that hears discover_2. */
static const struct romon_end third_in = {
	.link = 16, .l2mtu = 1500, .cost = 65535,
	.mac = { 0x02, 0x00, 0x00, 0x00, 0x0c, 0x01 },
};

static const struct romon_end third_out = {
	.link = 0xfffefdfc, .l2mtu = 9000, .cost = 0,
	.mac = { 0x02, 0x00, 0x00, 0x00, 0x0c, 0x02 },
};

static const struct romon_about answerer_about = {
	.identity = "DuneGW", .identity_len = 6,
	.board = "RB750Gr3", .board_len = 8,
	.version = { 7, 13, 'f', 0 },
};

static const struct romon_about third_about = {
	.identity = "c", .identity_len = 1,
	.board = "x86", .board_len = 3,
	.version = { 6, 47, 'b', 7 },
};

static const u8 discover_2_neigh[ETH_ALEN] = {
	0x02, 0x00, 0x00, 0x00, 0x0b, 0x03
};

/* From this length on, until the next row's. */
struct cut {
	u16 from;
	int verdict;
};

/*
 * A good frame of each kind: @reach is what of it must be linear, in the
 * order of asking; @cuts is what becomes of it if it ends earlier.
 */
struct example {
	const char *desc;
	const u8 *bytes;
	u16 len;
	u8 hops;
	u8 ptr;
	u8 ptr_min;
	u8 ptr_max;
	u16 entries;
	u16 body;
	u16 route[2];
	u16 reach[3];
	struct cut cuts[13];
};

#define FRAME(f)	.bytes = (f), .len = sizeof(f)

static const struct example examples[] = {
	{
		.desc = "Discover", FRAME(discover),
		.entries = 48, .body = 48, .route = { 50 },
		.reach = { 40, 48, 84 },
		.cuts = {
			{ 0, ROMON_DROP_too_short },
			{ 48, ROMON_DROP_bad_route_tlv },
			{ 49, ROMON_DROP_bad_tlv },
			{ 84, ROMON_DROP_NONE },
		},
	}, {
		.desc = "Discover after two hops", FRAME(discover_2),
		.hops = 2, .ptr = 2, .ptr_min = 2, .ptr_max = 2,
		.entries = 48, .body = 68, .route = { 75 },
		.reach = { 40, 48, 115 },
		.cuts = {
			{ 0, ROMON_DROP_too_short },
			{ 48, ROMON_DROP_bad_hops },
			{ 68, ROMON_DROP_bad_route_tlv },
			{ 69, ROMON_DROP_bad_tlv },
			{ 73, ROMON_DROP_bad_route_tlv },
			{ 74, ROMON_DROP_bad_tlv },
			{ 109, ROMON_DROP_NONE },
			{ 110, ROMON_DROP_bad_tlv },
			{ 111, ROMON_DROP_NONE },
			{ 112, ROMON_DROP_bad_tlv },
			{ 115, ROMON_DROP_NONE },
		},
	}, {
		.desc = "DiscoverResp", FRAME(resp),
		.entries = 48, .body = 48, .route = { 50, 86 },
		.reach = { 40, 48, 144 },
		.cuts = {
			{ 0, ROMON_DROP_too_short },
			{ 48, ROMON_DROP_bad_route_tlv },
			{ 49, ROMON_DROP_bad_tlv },
			{ 84, ROMON_DROP_bad_route_tlv },
			{ 85, ROMON_DROP_bad_tlv },
			{ 120, ROMON_DROP_NONE },
			{ 121, ROMON_DROP_bad_tlv },
			{ 128, ROMON_DROP_NONE },
			{ 129, ROMON_DROP_bad_tlv },
			{ 134, ROMON_DROP_NONE },
			{ 135, ROMON_DROP_bad_tlv },
			{ 144, ROMON_DROP_NONE },
		},
	}, {
		.desc = "DiscoverResp on its way", FRAME(resp_2),
		.hops = 2, .ptr = 1, .ptr_max = 2,
		.entries = 48, .body = 68, .route = { 70, 106 },
		.reach = { 40, 48, 154 },
		.cuts = {
			{ 0, ROMON_DROP_too_short },
			{ 48, ROMON_DROP_bad_hops },
			{ 68, ROMON_DROP_bad_route_tlv },
			{ 69, ROMON_DROP_bad_tlv },
			{ 104, ROMON_DROP_bad_route_tlv },
			{ 105, ROMON_DROP_bad_tlv },
			{ 140, ROMON_DROP_NONE },
			{ 141, ROMON_DROP_bad_tlv },
			{ 143, ROMON_DROP_NONE },
			{ 144, ROMON_DROP_bad_tlv },
			{ 149, ROMON_DROP_NONE },
			{ 150, ROMON_DROP_bad_tlv },
			{ 154, ROMON_DROP_NONE },
		},
	}, {
		.desc = "Data", FRAME(data),
		.hops = 3, .ptr = 1, .ptr_max = 2,
		.entries = 46, .body = 76,
		.reach = { 40, 46, 80 },
		.cuts = {
			{ 0, ROMON_DROP_too_short },
			{ 46, ROMON_DROP_bad_hops },
			{ 76, ROMON_DROP_bad_transport },
			{ 80, ROMON_DROP_NONE },
		},
	}, {
		.desc = "SeqErr", FRAME(seqerr),
		.entries = 40, .body = 40,
		.reach = { 40, 50 },
		.cuts = {
			{ 0, ROMON_DROP_too_short },
			{ 40, ROMON_DROP_NONE },
			{ 41, ROMON_DROP_bad_tlv },
			{ 50, ROMON_DROP_NONE },
		},
	}, {
		.desc = "Hello", FRAME(hello),
		.entries = 40, .body = 40,
		.reach = { 40, 50 },
		.cuts = {
			{ 0, ROMON_DROP_too_short },
			{ 40, ROMON_DROP_NONE },
			{ 41, ROMON_DROP_bad_tlv },
			{ 50, ROMON_DROP_NONE },
		},
	},
};

KUNIT_ARRAY_PARAM_DESC(examples, examples, desc);

static int cut_verdict(const struct example *e, unsigned int len)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(e->cuts) && e->cuts[i].from; i++) {
		if (len < e->cuts[i].from)
			break;
	}
	return e->cuts[i - 1].verdict;
}

static void *heap(struct kunit *test, const void *from, unsigned int len)
{
	void *buf = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	if (from)
		memcpy(buf, from, len);
	return buf;
}

static int parse_part(struct kunit *test, struct romon_frame *f,
		      const void *frame, unsigned int linear,
		      unsigned int total)
{
	void *buf = heap(test, frame, linear);
	int verdict;

	memset(f, 0xa5, sizeof(*f));
	verdict = romon_wire_parse(f, buf, linear, total);
	kunit_kfree(test, buf);
	return verdict;
}

static int parse(struct kunit *test, struct romon_frame *f, const void *frame,
		 unsigned int len)
{
	return parse_part(test, f, frame, len, len);
}

static void set_length(u8 *frame, unsigned int len)
{
	frame[2] = len >> 8;
	frame[3] = len;
}

static void expect_end(struct kunit *test, const u8 *bytes,
		       const struct romon_end *expected)
{
	struct romon_end end = { 0 };

	romon_wire_end_get(&end, (const void *)bytes);
	KUNIT_EXPECT_EQ(test, end.link, expected->link);
	KUNIT_EXPECT_EQ(test, end.l2mtu, expected->l2mtu);
	KUNIT_EXPECT_EQ(test, end.cost, expected->cost);
	KUNIT_EXPECT_MEMEQ(test, end.mac, expected->mac, ETH_ALEN);
}

static void expect_span(struct kunit *test, const u8 *frame,
			const struct romon_span *span, const void *expected,
			size_t len)
{
	KUNIT_ASSERT_EQ(test, (size_t)span->len, len);
	KUNIT_EXPECT_MEMEQ(test, frame + span->off, expected, len);
}

/* The seen Discover has exactly the fields that protocol.rst gives. */
static void example_discover_has_the_fields_of_the_protocol(struct kunit *test)
{
	static const struct romon_end none;
	struct romon_frame f;

	KUNIT_ASSERT_EQ(test, parse(test, &f, discover, sizeof(discover)), 0);
	KUNIT_EXPECT_EQ(test, f.type, ROMON_TYPE_DISCOVER);
	KUNIT_EXPECT_EQ(test, f.len, 84);
	KUNIT_EXPECT_EQ(test, f.hops, 0);
	KUNIT_EXPECT_EQ(test, f.n_routes, 1);
	KUNIT_EXPECT_MEMEQ(test, discover + f.route[0], origin, ETH_ALEN);
	expect_end(test, discover + f.route[0] + 6, &none);
	expect_end(test, discover + f.route[0] + 20, &origin_out);
	KUNIT_EXPECT_EQ(test, f.identity.len + f.version.len + f.board.len, 0);
}

/* So has the seen DiscoverResp. */
static void example_resp_has_the_fields_of_the_protocol(struct kunit *test)
{
	static const struct romon_end none;
	struct romon_frame f;

	KUNIT_ASSERT_EQ(test, parse(test, &f, resp, sizeof(resp)), 0);
	KUNIT_EXPECT_EQ(test, f.type, ROMON_TYPE_RESP);
	KUNIT_EXPECT_EQ(test, f.len, 144);
	KUNIT_EXPECT_EQ(test, f.n_routes, 2);
	KUNIT_EXPECT_MEMEQ(test, resp + f.route[0], origin, ETH_ALEN);
	expect_end(test, resp + f.route[0] + 6, &none);
	expect_end(test, resp + f.route[0] + 20, &origin_out);
	KUNIT_EXPECT_MEMEQ(test, resp + f.route[1], answerer, ETH_ALEN);
	expect_end(test, resp + f.route[1] + 6, &answerer_in);
	expect_end(test, resp + f.route[1] + 20, &none);
	expect_span(test, resp, &f.identity, "DuneGW", 6);
	expect_span(test, resp, &f.version, answerer_about.version, 4);
	expect_span(test, resp, &f.board, "RB750Gr3", 8);
}

/* A good frame of any kind is accepted and its parts are where they are. */
static void good_frame_is_accepted(struct kunit *test)
{
	const struct example *e = test->param_value;
	struct romon_frame f;

	KUNIT_ASSERT_EQ(test, parse(test, &f, e->bytes, e->len), 0);
	KUNIT_EXPECT_EQ(test, f.type, e->bytes[0]);
	KUNIT_EXPECT_EQ(test, f.len, e->len);
	KUNIT_EXPECT_EQ(test, f.hops, e->hops);
	KUNIT_EXPECT_EQ(test, f.ptr, e->ptr);
	KUNIT_EXPECT_EQ(test, f.entries, e->entries);
	KUNIT_EXPECT_EQ(test, f.body, e->body);
	KUNIT_EXPECT_EQ(test, f.n_routes, !!e->route[0] + !!e->route[1]);
	KUNIT_EXPECT_EQ(test, f.route[0], e->route[0]);
	KUNIT_EXPECT_EQ(test, f.route[1], e->route[1]);
}

/* A buffer that ends before the frame does is refused at every length. */
static void buffer_cut_short_is_refused(struct kunit *test)
{
	const struct example *e = test->param_value;
	struct romon_frame f;
	unsigned int len;

	for (len = 0; len < e->len; len++)
		KUNIT_EXPECT_EQ_MSG(test, parse(test, &f, e->bytes, len),
				    len < 40 ? ROMON_DROP_too_short :
					       ROMON_DROP_bad_length,
				    "%u bytes", len);
}

/* A frame that says it ends earlier is judged by what is left of it. */
static void frame_cut_short_is_judged_by_what_is_left(struct kunit *test)
{
	const struct example *e = test->param_value;
	u8 *frame = heap(test, e->bytes, e->len);
	struct romon_frame f;
	unsigned int len;

	for (len = 40; len <= e->len; len++) {
		set_length(frame, len + ETH_HLEN);
		KUNIT_EXPECT_EQ_MSG(test, parse(test, &f, frame, len),
				    cut_verdict(e, len), "%u bytes", len);
		KUNIT_EXPECT_EQ_MSG(test, parse(test, &f, frame, e->len),
				    cut_verdict(e, len),
				    "%u bytes and padding", len);
	}
}

/* No value of the length field is taken for another. */
static void every_length_is_judged(struct kunit *test)
{
	const struct example *e = test->param_value;
	u8 *frame = heap(test, e->bytes, e->len);
	struct romon_frame f;
	unsigned int len;

	for (len = 0; len <= 0xffff; len++) {
		int verdict;

		if (len < ETH_HLEN + 40)
			verdict = ROMON_DROP_too_short;
		else if (len > ETH_HLEN + e->len)
			verdict = ROMON_DROP_bad_length;
		else
			verdict = cut_verdict(e, len - ETH_HLEN);
		set_length(frame, len);
		if (romon_wire_parse(&f, frame, e->len, e->len) != verdict)
			KUNIT_FAIL(test, "length field %u", len);
	}
}

/* Whatever follows the frame in its buffer changes nothing. */
static void padding_is_ignored(struct kunit *test)
{
	const struct example *e = test->param_value;
	u8 *frame = heap(test, NULL, e->len + 64);
	struct romon_frame plain, padded;
	unsigned int pad;

	memcpy(frame, e->bytes, e->len);
	KUNIT_ASSERT_EQ(test, parse(test, &plain, e->bytes, e->len), 0);
	for (pad = 0; pad <= 64; pad++) {
		memset(frame + e->len, 0xff, pad);
		KUNIT_EXPECT_EQ(test, parse(test, &padded, frame, e->len + pad),
				0);
		KUNIT_EXPECT_MEMEQ(test, &padded, &plain, sizeof(plain));
	}
}

/* The parser asks for each part once, in order, and for no byte more. */
static void asks_for_exactly_what_it_needs(struct kunit *test)
{
	const struct example *e = test->param_value;
	u8 *frame = heap(test, NULL, e->len + 8);
	struct romon_frame f;
	unsigned int i = 0;
	unsigned int len;

	memcpy(frame, e->bytes, e->len);
	memset(frame + e->len, 0xff, 8);
	for (len = 0; len <= e->len + 8u; len++) {
		int verdict = parse_part(test, &f, frame, len, e->len + 8);

		if (i < ARRAY_SIZE(e->reach) && len == e->reach[i])
			i++;
		if (i == ARRAY_SIZE(e->reach) || !e->reach[i]) {
			KUNIT_EXPECT_EQ_MSG(test, verdict, 0, "%u linear", len);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, verdict, ROMON_WIRE_MORE,
				    "%u linear", len);
		KUNIT_EXPECT_EQ_MSG(test, f.need, e->reach[i], "%u linear",
				    len);
	}
}

/* A pointer is accepted exactly if it points into the route, if there is one. */
static void pointer_outside_of_the_route_is_refused(struct kunit *test)
{
	const struct example *e = test->param_value;
	u8 *frame = heap(test, e->bytes, e->len);
	struct romon_frame f;
	unsigned int ptr;

	/* Hello and SeqErr have none. */
	if (e->entries == 40)
		return;
	for (ptr = 0; ptr <= 255; ptr++) {
		frame[41] = ptr;
		KUNIT_EXPECT_EQ_MSG(test, parse(test, &f, frame, e->len),
				    ptr < e->ptr_min || ptr > e->ptr_max ?
				    ROMON_DROP_bad_pointer : ROMON_DROP_NONE,
				    "pointer %u", ptr);
	}
}

/* More entries than the frame has room for are refused as that. */
static void hops_beyond_the_frame_are_refused(struct kunit *test)
{
	const struct example *e = test->param_value;
	u8 *frame = heap(test, e->bytes, e->len);
	struct romon_frame f;
	unsigned int hops;

	for (hops = 0; hops <= 255; hops++) {
		bool fit = e->entries == 40 ||
			   (hops * 10 <= e->len - e->entries &&
			    (hops || e->bytes[0] != ROMON_TYPE_DATA));
		int verdict;

		frame[40] = hops;
		frame[41] = e->bytes[0] == ROMON_TYPE_DATA ? 0 : hops;
		verdict = parse(test, &f, frame, e->len);
		KUNIT_EXPECT_EQ_MSG(test, verdict == ROMON_DROP_bad_hops, !fit,
				    "%u hops", hops);
	}
}

/* Bytes that are zero when sent and bytes of the hash decide nothing. */
static void reserved_bytes_decide_nothing(struct kunit *test)
{
	const struct example *e = test->param_value;
	u8 *frame = heap(test, e->bytes, e->len);
	struct romon_frame plain, f;

	KUNIT_ASSERT_EQ(test, parse(test, &plain, frame, e->len), 0);
	frame[1] = 0xff;
	memset(frame + 4, 0xff, ROMON_AUTH_LEN);
	if (e->entries > 42)
		memset(frame + 42, 0xff, e->entries - 42);
	KUNIT_EXPECT_EQ(test, parse(test, &f, frame, e->len), 0);
	KUNIT_EXPECT_MEMEQ(test, &f, &plain, sizeof(f));
}

/* One field changed in a good frame; @linear is what shows that. */
struct edit {
	const char *desc;
	const u8 *bytes;
	u16 len;
	u16 at;
	u8 n;
	const u8 *id;
	u8 to[2];
	int verdict;
	u16 linear;
};

#define AT(offset, ...) \
	.at = (offset), .n = sizeof((u8[]){ __VA_ARGS__ }), .to = { __VA_ARGS__ }
#define ID(offset, addr) \
	.at = (offset), .n = ETH_ALEN, .id = (addr), .to = {}

static const struct edit edits[] = {
	{ "Discover from zero", FRAME(discover), ID(28, nobody),
	  ROMON_DROP_bad_id, 40 },
	{ "Discover from all ones", FRAME(discover), ID(28, everybody),
	  ROMON_DROP_bad_id, 40 },
	{ "DiscoverResp to zero's Discover", FRAME(resp), ID(28, nobody),
	  ROMON_DROP_bad_id, 40 },
	{ "DiscoverResp to everybody's Discover", FRAME(resp), ID(28, everybody),
	  ROMON_DROP_bad_id, 40 },
	{ "Data from zero", FRAME(data), ID(28, nobody),
	  ROMON_DROP_bad_id, 40 },
	{ "Data from all ones", FRAME(data), ID(28, everybody),
	  ROMON_DROP_bad_id, 40 },
	{ "Hello from zero", FRAME(hello), ID(28, nobody),
	  ROMON_DROP_bad_id, 40 },
	{ "Hello from all ones", FRAME(hello), ID(28, everybody),
	  ROMON_DROP_bad_id, 40 },
	{ "SeqErr from zero", FRAME(seqerr), ID(28, nobody),
	  ROMON_DROP_bad_id, 40 },
	{ "SeqErr from all ones", FRAME(seqerr), ID(28, everybody),
	  ROMON_DROP_bad_id, 40 },

	{ "Discover to one router", FRAME(discover), ID(34, fourth),
	  ROMON_DROP_bad_id, 84 },
	{ "Discover to zero", FRAME(discover), ID(34, nobody),
	  ROMON_DROP_bad_id, 84 },
	{ "DiscoverResp of zero", FRAME(resp), ID(34, nobody),
	  ROMON_DROP_bad_id, 144 },
	{ "DiscoverResp of everybody", FRAME(resp), ID(34, everybody),
	  ROMON_DROP_bad_id, 144 },
	{ "DiscoverResp of another than its Route TLV", FRAME(resp),
	  ID(34, fourth), ROMON_DROP_bad_route_tlv, 144 },
	{ "Data to zero", FRAME(data), ID(34, nobody),
	  ROMON_DROP_bad_id, 46 },
	{ "Data to everybody", FRAME(data), ID(34, everybody),
	  ROMON_DROP_bad_id, 46 },
	{ "Hello to one router", FRAME(hello), ID(34, fourth),
	  ROMON_DROP_NONE, 50 },
	{ "Hello, challenge of 7 bytes", FRAME(hello), AT(41, 7),
	  ROMON_DROP_bad_tlv, 50 },
	{ "Hello, challenge of 9 bytes", FRAME(hello), AT(41, 9),
	  ROMON_DROP_bad_tlv, 50 },
	{ "Hello, challenge of 0 bytes", FRAME(hello), AT(41, 0),
	  ROMON_DROP_bad_tlv, 50 },
	{ "SeqErr, echo of 7 bytes", FRAME(seqerr), AT(41, 7),
	  ROMON_DROP_bad_tlv, 50 },
	{ "Data to an ID that is no unicast address", FRAME(data),
	  ID(34, group_bit), ROMON_DROP_NONE, 80 },
	{ "Data from an ID that is no unicast address", FRAME(data),
	  ID(28, group_bit), ROMON_DROP_NONE, 80 },

	{ "Data without route", FRAME(data), AT(40, 0, 0),
	  ROMON_DROP_bad_hops, 46 },
	{ "Data whose route ends where its ports should", FRAME(data),
	  AT(40, 4), ROMON_DROP_bad_transport, 46 },
	{ "Data whose route ends behind the frame", FRAME(data),
	  AT(40, 5), ROMON_DROP_bad_hops, 46 },
	{ "Data whose pointer is its hops", FRAME(data), AT(40, 3, 3),
	  ROMON_DROP_bad_pointer, 46 },
	{ "Discover with more hops than entries", FRAME(discover_2),
	  AT(40, 7, 7), ROMON_DROP_bad_hops, 48 },
	{ "Discover with a hop that its pointer lacks", FRAME(discover),
	  AT(40, 1, 0), ROMON_DROP_bad_pointer, 84 },
	{ "Discover with a hop instead of its Route TLV", FRAME(discover),
	  AT(40, 1, 1), ROMON_DROP_bad_route_tlv, 84 },
	{ "DiscoverResp whose pointer is past its hops", FRAME(resp),
	  AT(40, 0, 1), ROMON_DROP_bad_pointer, 144 },

	{ "Route TLV one byte short", FRAME(discover), AT(49, 33),
	  ROMON_DROP_bad_tlv, 84 },
	{ "Route TLV one byte long", FRAME(discover), AT(49, 35),
	  ROMON_DROP_bad_tlv, 84 },
	{ "Route TLV under another tag", FRAME(discover), AT(48, 2),
	  ROMON_DROP_bad_route_tlv, 84 },
	{ "second Route TLV under another tag", FRAME(resp), AT(84, 6),
	  ROMON_DROP_bad_route_tlv, 144 },
	{ "origin's own copy with another's Route TLV", FRAME(discover),
	  ID(50, fourth), ROMON_DROP_bad_route_tlv, 84 },
	{ "forwarded copy with the origin's Route TLV", FRAME(discover_2),
	  ID(75, origin), ROMON_DROP_bad_route_tlv, 115 },
};

KUNIT_ARRAY_PARAM_DESC(edits, edits, desc);

/* A wrong field gives its reason as soon as it can be read. */
static void wrong_field_gives_its_reason(struct kunit *test)
{
	const struct edit *e = test->param_value;
	u8 *frame = heap(test, e->bytes, e->len);
	struct romon_frame f;

	memcpy(frame + e->at, e->id ?: e->to, e->n);
	KUNIT_EXPECT_EQ(test, parse(test, &f, frame, e->len), e->verdict);
	KUNIT_EXPECT_EQ(test, parse_part(test, &f, frame, e->linear, e->len),
			e->verdict);
	KUNIT_EXPECT_EQ(test, parse_part(test, &f, frame, e->linear - 1,
					 e->len), ROMON_WIRE_MORE);
}

static const u8 challenge[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };
static const u8 echo[] = { 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8 };

/* Challenge and echo are found wherever they are, among what is not known. */
static void hello_tlvs_are_found(struct kunit *test)
{
	static const u8 tlvs[] = {
		0x09, 0x00,
		0x02, 0x08, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
		0x0a, 0x03, 0x01, 0x08, 0x02,
		0x01, 0x08, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
		0xff, 0x01, 0x00,
	};
	unsigned int len = 40 + sizeof(tlvs);
	u8 *frame = heap(test, NULL, len);
	struct romon_frame f;

	memcpy(frame, hello, 40);
	memcpy(frame + 40, tlvs, sizeof(tlvs));
	set_length(frame, len + ETH_HLEN);
	KUNIT_ASSERT_EQ(test, parse(test, &f, frame, len), 0);
	KUNIT_EXPECT_EQ(test, f.echo, 44);
	KUNIT_EXPECT_MEMEQ(test, frame + f.echo, echo, 8);
	KUNIT_EXPECT_EQ(test, f.challenge, 59);
	KUNIT_EXPECT_MEMEQ(test, frame + f.challenge, challenge, 8);

	KUNIT_ASSERT_EQ(test, parse(test, &f, hello, sizeof(hello)), 0);
	KUNIT_EXPECT_EQ(test, f.challenge, 42);
	KUNIT_EXPECT_EQ(test, f.echo, 0);
	KUNIT_ASSERT_EQ(test, parse(test, &f, seqerr, sizeof(seqerr)), 0);
	KUNIT_EXPECT_EQ(test, f.challenge, 0);
	KUNIT_EXPECT_EQ(test, f.echo, 42);
}

/* Built Hellos are those of protocol.rst, at the length asked for. */
static void hello_is_built_as_written(struct kunit *test)
{
	u8 *frame = heap(test, NULL, 70);
	u8 wanted[70];
	unsigned int i;

	for (i = 0; i < 8; i++) {
		const u8 *mark = i & 4 ? (const u8 *)"the mark" : NULL;
		const u8 *ask = i & 1 ? challenge : NULL;
		const u8 *answer = i & 2 ? echo : NULL;
		u8 type = i & 1 ? ROMON_TYPE_HELLO : ROMON_TYPE_SEQERR;
		unsigned int len = 40;

		memset(wanted, 0, sizeof(wanted));
		wanted[0] = type;
		memcpy(wanted + 28, origin, ETH_ALEN);
		memset(wanted + 34, 0xff, ETH_ALEN);
		if (ask) {
			wanted[len] = 1;
			wanted[len + 1] = 8;
			memcpy(wanted + len + 2, challenge, 8);
			len += 10;
		}
		if (answer) {
			wanted[len] = 2;
			wanted[len + 1] = 8;
			memcpy(wanted + len + 2, echo, 8);
			len += 10;
		}
		if (mark) {
			wanted[len] = 3;
			wanted[len + 1] = 8;
			memcpy(wanted + len + 2, mark, 8);
			len += 10;
		}
		set_length(wanted, len + ETH_HLEN);
		memset(frame, 0x5a, 70);
		KUNIT_EXPECT_EQ(test,
				romon_wire_build_hello(NULL, type, NULL, ask,
						       answer, mark), len);
		KUNIT_EXPECT_EQ(test,
				romon_wire_build_hello(frame, type, origin, ask,
						       answer, mark), len);
		KUNIT_EXPECT_MEMEQ(test, frame, wanted, len);
		KUNIT_EXPECT_TRUE(test, len == 70 || frame[len] == 0x5a);
	}
}

/* The body begins where parsing says. */
static void body_is_where_parsing_finds_it(struct kunit *test)
{
	const struct example *e = test->param_value;

	KUNIT_EXPECT_EQ(test, romon_wire_body(e->bytes), e->body);
}

/* What is too short or too long is told without reading any of it. */
static void impossible_lengths_need_no_reading(struct kunit *test)
{
	struct romon_frame f;

	KUNIT_EXPECT_EQ(test, parse_part(test, &f, NULL, 0, 0),
			ROMON_DROP_too_short);
	KUNIT_EXPECT_EQ(test, parse_part(test, &f, NULL, 0, 39),
			ROMON_DROP_too_short);
	KUNIT_EXPECT_EQ(test, parse_part(test, &f, discover, 40, 83),
			ROMON_DROP_bad_length);
}

/* Five types are known, and no other. */
static void other_types_are_unknown(struct kunit *test)
{
	u8 *frame = heap(test, hello, sizeof(hello));
	struct romon_frame f;
	unsigned int type;

	for (type = 0; type <= 255; type++) {
		int verdict;

		if (type >= ROMON_TYPE_DISCOVER && type <= ROMON_TYPE_HELLO)
			continue;
		frame[0] = type;
		verdict = parse(test, &f, frame, sizeof(hello));
		KUNIT_EXPECT_EQ_MSG(test, verdict, ROMON_DROP_unknown_type,
				    "type %u", type);
	}
}

/*
 * Destination and Route TLVs by the letters of their IDs: [o]rigin, [a]nswerer, a [t]hird
 * router, [0] and [f]f:ff:ff:ff:ff:ff.
 */
struct routes {
	u8 type;
	u8 hops;
	char to;
	const char *routes;
	int verdict;
};

static const struct routes route_tlvs[] = {
	{ ROMON_TYPE_DISCOVER, 0, 'f', "o", ROMON_DROP_NONE },
	{ ROMON_TYPE_DISCOVER, 0, 'f', "", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 0, 'f', "t", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 0, 'f', "oo", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 0, 'f', "ot", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 0, 'f', "oto", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 1, 'f', "t", ROMON_DROP_NONE },
	{ ROMON_TYPE_DISCOVER, 1, 'f', "", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 1, 'f', "o", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 1, 'f', "0", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 1, 'f', "f", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 1, 'f', "ta", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_DISCOVER, 255, 'f', "t", ROMON_DROP_NONE },
	{ ROMON_TYPE_DISCOVER, 255, 'f', "o", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'a', "oa", ROMON_DROP_NONE },
	{ ROMON_TYPE_RESP, 0, 'a', "", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'a', "o", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'a', "a", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'a', "ao", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'a', "ta", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'a', "ot", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'a', "aa", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'a', "oat", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 0, 'o', "oo", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 1, 'a', "ta", ROMON_DROP_NONE },
	{ ROMON_TYPE_RESP, 1, 'a', "oa", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 1, 'a', "aa", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 1, 'a', "0a", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 1, 'a', "fa", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 1, 'a', "tt", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 1, 'a', "tat", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 1, 'o', "to", ROMON_DROP_bad_route_tlv },
	{ ROMON_TYPE_RESP, 255, 'a', "ta", ROMON_DROP_NONE },
};

static void route_tlvs_describe(const struct routes *r, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s to %c, %u hops, Route TLVs of \"%s\"",
		 r->type == ROMON_TYPE_DISCOVER ? "Discover" : "DiscoverResp",
		 r->to, r->hops, r->routes);
}

KUNIT_ARRAY_PARAM(route_tlvs, route_tlvs, route_tlvs_describe);

static const u8 *letter_id(char letter)
{
	switch (letter) {
	case 'o':
		return origin;
	case 'a':
		return answerer;
	case 't':
		return third;
	case 'f':
		return everybody;
	}
	return nobody;
}

/* How many Route TLVs there are, and of whom, follows from type and hops. */
static void route_tlvs_are_those_of_type_and_hops(struct kunit *test)
{
	const struct routes *r = test->param_value;
	unsigned int n = strlen(r->routes);
	unsigned int len = 48 + r->hops * 10 + n * 36;
	u8 *frame = heap(test, NULL, len);
	u8 *tlv = frame + len - n * 36;
	struct romon_frame f;
	unsigned int i;

	memset(frame, 0, len);
	frame[0] = r->type;
	set_length(frame, len + ETH_HLEN);
	memcpy(frame + 28, origin, ETH_ALEN);
	memcpy(frame + 34, letter_id(r->to), ETH_ALEN);
	frame[40] = r->hops;
	frame[41] = r->hops;
	for (i = 0; i < n; i++, tlv += 36) {
		tlv[0] = ROMON_TLV_ROUTE;
		tlv[1] = 34;
		memcpy(tlv + 2, letter_id(r->routes[i]), ETH_ALEN);
	}
	KUNIT_EXPECT_EQ(test, parse(test, &f, frame, len), r->verdict);
}

/* A known TLV of any other length than its own is refused. */
static void tlv_of_a_wrong_length_is_refused(struct kunit *test)
{
	/* both Routes, Version, and Board, behind which the frame ends */
	static const u8 at[] = { 49, 85, 129, 135 };
	u8 *frame = heap(test, resp, sizeof(resp));
	struct romon_frame f;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		for (len = 0; len <= 255; len++) {
			int verdict;

			frame[at[i]] = len;
			verdict = parse(test, &f, frame, sizeof(resp));
			KUNIT_EXPECT_EQ_MSG(test, verdict,
					    len == resp[at[i]] ?
					    ROMON_DROP_NONE :
					    ROMON_DROP_bad_tlv,
					    "%u at %u", len, at[i]);
		}
		frame[at[i]] = resp[at[i]];
	}
}

/* A TLV of an unknown tag, of any length, changes only the length. */
static void unknown_tlvs_are_skipped(struct kunit *test)
{
	u8 *frame = heap(test, NULL, sizeof(discover) + 2 + 255);
	struct romon_frame plain, f;
	unsigned int tag, len;

	memset(frame, 0xff, sizeof(discover) + 2 + 255);
	memcpy(frame, discover, sizeof(discover));
	KUNIT_ASSERT_EQ(test, parse(test, &plain, discover, sizeof(discover)),
			0);
	for (tag = 0; tag <= 255; tag++) {
		if (tag == ROMON_TLV_ROUTE || (tag >= ROMON_TLV_IDENTITY &&
					       tag <= ROMON_TLV_BOARD))
			continue;
		frame[84] = tag;
		for (len = 0; len <= 255; len += 1 + tag % 7) {
			int verdict;

			frame[85] = len;
			set_length(frame, 86 + len + ETH_HLEN);
			verdict = parse(test, &f, frame, 86 + len);
			f.len = plain.len;
			if (verdict || memcmp(&f, &plain, sizeof(f)))
				KUNIT_FAIL(test, "tag %u, %u bytes", tag, len);
		}
	}
}

/* An empty name is a name; one of 255 bytes is, too. */
static void names_have_0_to_255_bytes(struct kunit *test)
{
	u8 *frame = heap(test, NULL, sizeof(discover) + 2 + 255);
	struct romon_frame f;
	unsigned int len;

	memset(frame, 'n', sizeof(discover) + 2 + 255);
	memcpy(frame, discover, sizeof(discover));
	frame[84] = ROMON_TLV_IDENTITY;
	for (len = 0; len <= 255; len++) {
		frame[85] = len;
		set_length(frame, 86 + len + ETH_HLEN);
		KUNIT_EXPECT_EQ(test, parse(test, &f, frame, 86 + len), 0);
		KUNIT_EXPECT_EQ(test, f.identity.off, 86);
		KUNIT_EXPECT_EQ(test, f.identity.len, len);
	}
}

/* Offsets hold in the longest frame that the length field can tell of. */
static void longest_frame_is_parsed_to_its_end(struct kunit *test)
{
	unsigned int len = 0xffff - ETH_HLEN;
	u8 *frame = heap(test, NULL, len);
	struct romon_frame f;
	unsigned int at;

	memset(frame, 0, len);
	memcpy(frame, discover, 48);
	set_length(frame, 0xffff);
	for (at = 48; at < len - 36; at += 2 + frame[at + 1]) {
		frame[at] = 9;
		frame[at + 1] = min(len - 36 - at - 2, 255u);
		/* leaves no single byte, in which no TLV fits */
		if (len - 36 - at - 2 == 256)
			frame[at + 1] = 200;
	}
	memcpy(frame + len - 36, discover + 48, 36);

	KUNIT_EXPECT_EQ(test, parse(test, &f, frame, len), 0);
	KUNIT_EXPECT_EQ(test, f.len, len);
	KUNIT_EXPECT_EQ(test, f.route[0], len - 34);
	KUNIT_EXPECT_EQ(test, parse_part(test, &f, frame, 48, len),
			ROMON_WIRE_MORE);
	KUNIT_EXPECT_EQ(test, f.need, len);
	KUNIT_EXPECT_EQ(test, romon_wire_forward_len(&f), len + 10);

	frame[len - 35]++;
	KUNIT_EXPECT_EQ(test, parse(test, &f, frame, len), ROMON_DROP_bad_tlv);
}

/* A Discover is built as seen, and its length is told without building. */
static void discover_is_built_as_seen(struct kunit *test)
{
	u8 *buf = heap(test, NULL, sizeof(discover));

	KUNIT_ASSERT_EQ(test, romon_wire_build_discover(NULL, origin,
							&origin_out), 84);
	memset(buf, 0xa5, sizeof(discover));
	KUNIT_EXPECT_EQ(test, romon_wire_build_discover(buf, origin,
							&origin_out), 84);
	KUNIT_EXPECT_MEMEQ(test, buf, discover, sizeof(discover));
}

static u8 *build_resp(struct kunit *test, const u8 *frame, unsigned int size,
		      const u8 *id, const struct romon_end *ingress,
		      const struct romon_about *about, unsigned int expected)
{
	struct romon_frame f;
	u8 *buf;

	KUNIT_ASSERT_EQ(test, parse(test, &f, frame, size), 0);
	KUNIT_ASSERT_EQ(test, romon_wire_resp_len(&f, about), expected);
	buf = heap(test, NULL, expected);
	memset(buf, 0xa5, expected);
	romon_wire_build_resp(buf, frame, &f, id, ingress, about);
	return buf;
}

/* The answer to the seen Discover is the seen DiscoverResp. */
static void resp_is_built_as_seen(struct kunit *test)
{
	u8 *buf = build_resp(test, discover, sizeof(discover), answerer,
			     &answerer_in, &answerer_about, sizeof(resp));

	KUNIT_EXPECT_MEMEQ(test, buf, resp, sizeof(resp));
}

/* An answer over several hops has the recorded list and points behind it. */
static void resp_carries_the_recorded_list(struct kunit *test)
{
	u8 *buf = build_resp(test, discover_2, sizeof(discover_2), third,
			     &third_in, &third_about, sizeof(resp_2));

	KUNIT_EXPECT_EQ(test, buf[41], 2);
	/* resp_2 is one router further */
	buf[41]--;
	KUNIT_EXPECT_MEMEQ(test, buf, resp_2, sizeof(resp_2));
}

/* What is reserved, and the hash, is not taken over into an answer. */
static void resp_takes_over_no_reserved_bytes(struct kunit *test)
{
	u8 *frame = heap(test, discover, sizeof(discover));
	u8 *buf;

	frame[1] = 0xff;
	memset(frame + 4, 0xff, ROMON_AUTH_LEN);
	memset(frame + 42, 0xff, 6);
	buf = build_resp(test, frame, sizeof(discover), answerer, &answerer_in,
			 &answerer_about, sizeof(resp));
	KUNIT_EXPECT_MEMEQ(test, buf, resp, sizeof(resp));
}

/* Names of 0 and of 255 bytes fit into an answer. */
static void resp_has_room_for_any_name(struct kunit *test)
{
	static const struct romon_about unnamed = { .identity = "", .board = "" };
	struct romon_about about = { .identity_len = 255, .board_len = 255 };
	char *name = heap(test, NULL, 255);
	unsigned int len = 48 + 2 * 36 + 2 * 257 + 6;
	struct romon_frame f;
	u8 *buf;

	memset(name, 'n', 255);
	about.identity = name;
	about.board = name;
	buf = build_resp(test, discover, sizeof(discover), answerer,
			 &answerer_in, &about, len);
	KUNIT_EXPECT_EQ(test, parse(test, &f, buf, len), 0);
	expect_span(test, buf, &f.identity, name, 255);
	expect_span(test, buf, &f.board, name, 255);

	len -= 2 * 255;
	buf = build_resp(test, discover, sizeof(discover), answerer,
			 &answerer_in, &unnamed, len);
	KUNIT_EXPECT_EQ(test, parse(test, &f, buf, len), 0);
	KUNIT_EXPECT_EQ(test, f.identity.len + f.board.len, 0);
}

static u8 *build_forward(struct kunit *test, const u8 *frame,
			 unsigned int size, const u8 *id, const u8 *neigh,
			 const struct romon_end *ingress,
			 const struct romon_end *egress)
{
	struct romon_frame f;
	u8 *buf;

	KUNIT_ASSERT_EQ(test, parse(test, &f, frame, size), 0);
	KUNIT_ASSERT_EQ(test, romon_wire_forward_len(&f), size + 10);
	buf = heap(test, NULL, size + 10);
	memset(buf, 0xa5, size + 10);
	romon_wire_build_forward(buf, frame, &f, id, neigh, ingress, egress);
	return buf;
}

/* A forwarder appends link and neighbour and puts in its own Route TLV. */
static void forwarder_records_the_way_back(struct kunit *test)
{
	u8 *buf = build_forward(test, discover, sizeof(discover), answerer,
				origin_out.mac, &answerer_in, &answerer_out);

	KUNIT_EXPECT_MEMEQ(test, buf, forwarded, sizeof(forwarded));
}

/* A later one keeps the entries before its own, and TLVs that it ignores. */
static void forwarder_keeps_what_is_not_its_own(struct kunit *test)
{
	u8 *buf = build_forward(test, discover_2, sizeof(discover_2), third,
				discover_2_neigh, &third_in, &third_out);

	KUNIT_EXPECT_MEMEQ(test, buf, forwarded_2, sizeof(forwarded_2));
}

/* The hash covers one link only. */
static void forwarder_clears_the_hash(struct kunit *test)
{
	u8 *frame = heap(test, discover, sizeof(discover));
	u8 *buf;

	memset(frame + 4, 0xff, ROMON_AUTH_LEN);
	buf = build_forward(test, frame, sizeof(discover), answerer,
			    origin_out.mac, &answerer_in, &answerer_out);
	KUNIT_EXPECT_MEMEQ(test, buf, forwarded, sizeof(forwarded));
}

/* Passed on by as many routers as can be counted, it is still a Discover. */
static void discover_is_forwarded_255_times(struct kunit *test)
{
	const u8 *ids[] = { answerer, third };
	u8 *frame = heap(test, discover, sizeof(discover));
	unsigned int len = sizeof(discover);
	struct romon_frame f;
	unsigned int i;

	for (i = 0; i < 255; i++, len += 10)
		frame = build_forward(test, frame, len, ids[i % 2],
				      third_out.mac, &third_in, &third_out);
	KUNIT_EXPECT_EQ(test, parse(test, &f, frame, len), 0);
	KUNIT_EXPECT_EQ(test, f.hops, 255);
	KUNIT_EXPECT_EQ(test, f.ptr, 255);
	KUNIT_EXPECT_EQ(test, f.route[0], 48 + 2550 + 2);
}

/* Data is built as written out above, but for the pointer of one sent. */
static void data_is_built_as_written(struct kunit *test)
{
	u8 *buf = heap(test, NULL, sizeof(data));
	u8 *payload;

	memset(buf, 0xa5, sizeof(data));
	KUNIT_ASSERT_EQ(test, romon_wire_data_len(3, 8), sizeof(data));
	payload = romon_wire_build_data(buf, data + 28, data + 34,
					(const void *)(data + 46), 3, 0x4000,
					ROMON_SERVICE_ECHO, 8);
	KUNIT_ASSERT_PTR_EQ(test, payload, buf + 80);
	memcpy(payload, data + 80, 8);
	KUNIT_EXPECT_EQ(test, buf[41], 0);
	buf[41] = data[41];
	KUNIT_EXPECT_MEMEQ(test, buf, data, sizeof(data));
}

/* Neither the longest route nor the longest payload makes the length wrap. */
static void lengths_do_not_wrap(struct kunit *test)
{
	static const struct romon_about about = {
		.identity_len = 255, .board_len = 255,
	};
	struct romon_frame f = {
		.len = 0xffff - ETH_HLEN, .body = 48 + 2550, .hops = 255,
	};

	KUNIT_EXPECT_EQ(test, romon_wire_data_len(255, 0xffff),
			46u + 2550 + 4 + 0xffff);
	KUNIT_EXPECT_EQ(test, romon_wire_forward_len(&f), 0xffffu - 14 + 10);
	KUNIT_EXPECT_EQ(test, romon_wire_resp_len(&f, &about),
			48u + 2550 + 2 * 36 + 2 * 257 + 6);
}

/* A route reversed is read from its end; reversed again it is as before. */
static void reversing_a_route_twice_changes_nothing(struct kunit *test)
{
	struct romon_wire_entry *there = heap(test, NULL, 255 * 10);
	struct romon_wire_entry *back, *in_place;
	unsigned int i, hops;

	for (i = 0; i < 255; i++) {
		there[i].link = cpu_to_be32(i + 1);
		memset(there[i].mac, i, ETH_ALEN);
	}
	for (hops = 0; hops <= 255; hops++) {
		back = heap(test, NULL, hops * sizeof(*back));
		in_place = heap(test, there, hops * sizeof(*back));

		romon_wire_reverse(back, there, hops);
		for (i = 0; i < hops; i++) {
			if (memcmp(&back[i], &there[hops - 1 - i], 10))
				KUNIT_FAIL(test, "entry %u of %u", i, hops);
		}
		romon_wire_reverse_inplace(in_place, hops);
		if (memcmp(in_place, back, hops * sizeof(*back)))
			KUNIT_FAIL(test, "%u hops in place", hops);
		romon_wire_reverse_inplace(in_place, hops);
		if (memcmp(in_place, there, hops * sizeof(*back)))
			KUNIT_FAIL(test, "%u hops back again", hops);
		kunit_kfree(test, in_place);
		kunit_kfree(test, back);
	}
}

/* Anything is an ID but none and all. */
static void ids_are_not_none_and_not_all(struct kunit *test)
{
	static const u8 almost_none[ETH_ALEN] = { 0, 0, 0, 0, 0, 1 };
	static const u8 almost_all[ETH_ALEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xfe
	};

	KUNIT_EXPECT_FALSE(test, romon_wire_is_id(nobody));
	KUNIT_EXPECT_FALSE(test, romon_wire_is_id(everybody));
	KUNIT_EXPECT_TRUE(test, romon_wire_is_id(almost_none));
	KUNIT_EXPECT_TRUE(test, romon_wire_is_id(almost_all));
	KUNIT_EXPECT_TRUE(test, romon_wire_is_id(origin));
}

struct version {
	const char *desc;
	u8 bytes[ROMON_VERSION_LEN];
};

static const struct version versions[] = {
	{ "7.13", { 7, 13, 'f', 0 } },
	{ "7.13.5", { 7, 13, 'f', 5 } },
	{ "6.47beta7", { 6, 47, 'b', 7 } },
	{ "7.1rc3", { 7, 1, 'c', 3 } },
	{ "7.20alpha12", { 7, 20, 'a', 12 } },
	{ "7.1beta0", { 7, 1, 'b', 0 } },
	{ "0.0", { 0, 0, 'f', 0 } },
	{ "255.255.255", { 255, 255, 'f', 255 } },
	{ "255.255alpha255", { 255, 255, 'a', 255 } },
	{ "7.13?0", { 7, 13, 0, 0 } },
	{ "7.13?9", { 7, 13, 'F', 9 } },
};

KUNIT_ARRAY_PARAM_DESC(versions, versions, desc);

/* A version reads as people write it, and fits. */
static void version_reads_as_people_write_it(struct kunit *test)
{
	const struct version *v = test->param_value;
	char *text = heap(test, NULL, ROMON_VERSION_STRLEN);
	int len;

	len = romon_wire_version_str(text, ROMON_VERSION_STRLEN, v->bytes);
	KUNIT_EXPECT_EQ(test, len, (int)strlen(v->desc));
	KUNIT_EXPECT_LT(test, len, ROMON_VERSION_STRLEN);
	KUNIT_EXPECT_STREQ(test, text, v->desc);
}

/* Each reason to drop has a name of its own, and a sentence of its own. */
static void drop_reasons_can_be_told_apart(struct kunit *test)
{
	int i, j;

	KUNIT_EXPECT_STREQ(test, romon_drop_name(ROMON_DROP_NONE), "none");
	for (i = 0; i < ROMON_DROP_COUNT; i++) {
		KUNIT_ASSERT_NOT_NULL(test, romon_drop_name(i));
		KUNIT_ASSERT_NOT_NULL(test, romon_drop_text(i));
		KUNIT_EXPECT_GT(test, strlen(romon_drop_name(i)), (size_t)0);
		KUNIT_EXPECT_GT(test, strlen(romon_drop_text(i)), (size_t)0);
		for (j = 0; j < i; j++) {
			if (!strcmp(romon_drop_name(i), romon_drop_name(j)) ||
			    !strcmp(romon_drop_text(i), romon_drop_text(j)))
				KUNIT_FAIL(test, "%d is like %d", i, j);
		}
	}
	KUNIT_EXPECT_STREQ(test, romon_drop_name(ROMON_DROP_COUNT), "unknown");
	KUNIT_EXPECT_STREQ(test, romon_drop_text(ROMON_DROP_COUNT), "unknown");
}

static void segment_for_no_stream_is_told_back_what_it_told(struct kunit *test)
{
	struct romon_wire_segment s = {
		.any = 0xc3,
		.seq = cpu_to_be32(0xfffffffe),
		.ack = cpu_to_be32(0x01020304),
	};
	static const u8 told[4] = { 0xfe, 0xfe, 0x02, 0xfe };
	static const u8 carry[4] = { 0xff, 0xff, 0x00, 0xff };
	struct romon_wire_close to;

	for (s.kind = 0; s.kind < 4; s.kind++) {
		u8 want[11] = { 4, 0, 1, 2, 3, 4, carry[s.kind], carry[s.kind],
				carry[s.kind], told[s.kind], 1 };

		KUNIT_EXPECT_TRUE(test, romon_wire_build_refusal(&to, &s, 4));
		KUNIT_EXPECT_EQ(test, sizeof(to), sizeof(want));
		KUNIT_EXPECT_MEMEQ(test, &to, want, sizeof(want));
	}
	for (s.kind = 4; s.kind; s.kind++)
		KUNIT_EXPECT_FALSE(test, romon_wire_build_refusal(&to, &s, 4));
}

static struct kunit_case romon_wire_cases[] = {
	KUNIT_CASE(example_discover_has_the_fields_of_the_protocol),
	KUNIT_CASE(example_resp_has_the_fields_of_the_protocol),
	KUNIT_CASE_PARAM(good_frame_is_accepted, examples_gen_params),
	KUNIT_CASE_PARAM(buffer_cut_short_is_refused, examples_gen_params),
	KUNIT_CASE_PARAM(frame_cut_short_is_judged_by_what_is_left,
			 examples_gen_params),
	KUNIT_CASE_PARAM(every_length_is_judged, examples_gen_params),
	KUNIT_CASE_PARAM(padding_is_ignored, examples_gen_params),
	KUNIT_CASE_PARAM(asks_for_exactly_what_it_needs, examples_gen_params),
	KUNIT_CASE_PARAM(pointer_outside_of_the_route_is_refused,
			 examples_gen_params),
	KUNIT_CASE_PARAM(hops_beyond_the_frame_are_refused,
			 examples_gen_params),
	KUNIT_CASE_PARAM(reserved_bytes_decide_nothing, examples_gen_params),
	KUNIT_CASE_PARAM(wrong_field_gives_its_reason, edits_gen_params),
	KUNIT_CASE(hello_tlvs_are_found),
	KUNIT_CASE(hello_is_built_as_written),
	KUNIT_CASE_PARAM(body_is_where_parsing_finds_it, examples_gen_params),
	KUNIT_CASE(impossible_lengths_need_no_reading),
	KUNIT_CASE(other_types_are_unknown),
	KUNIT_CASE_PARAM(route_tlvs_are_those_of_type_and_hops,
			 route_tlvs_gen_params),
	KUNIT_CASE(tlv_of_a_wrong_length_is_refused),
	KUNIT_CASE(unknown_tlvs_are_skipped),
	KUNIT_CASE(names_have_0_to_255_bytes),
	KUNIT_CASE(longest_frame_is_parsed_to_its_end),
	KUNIT_CASE(discover_is_built_as_seen),
	KUNIT_CASE(resp_is_built_as_seen),
	KUNIT_CASE(resp_carries_the_recorded_list),
	KUNIT_CASE(resp_takes_over_no_reserved_bytes),
	KUNIT_CASE(resp_has_room_for_any_name),
	KUNIT_CASE(forwarder_records_the_way_back),
	KUNIT_CASE(forwarder_keeps_what_is_not_its_own),
	KUNIT_CASE(forwarder_clears_the_hash),
	KUNIT_CASE(discover_is_forwarded_255_times),
	KUNIT_CASE(data_is_built_as_written),
	KUNIT_CASE(segment_for_no_stream_is_told_back_what_it_told),
	KUNIT_CASE(lengths_do_not_wrap),
	KUNIT_CASE(reversing_a_route_twice_changes_nothing),
	KUNIT_CASE(ids_are_not_none_and_not_all),
	KUNIT_CASE_PARAM(version_reads_as_people_write_it,
			 versions_gen_params),
	KUNIT_CASE(drop_reasons_can_be_told_apart),
	{}
};

static struct kunit_suite romon_wire_test_suite = {
	.name = "romon_wire",
	.test_cases = romon_wire_cases,
};

kunit_test_suites(&romon_wire_test_suite);
