// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capture files: pcap and pcapng, as in draft-ietf-opsawg-pcap and
 * draft-ietf-opsawg-pcapng.
 *
 * A reader of our own: libpcap brings a dozen libraries into a program that
 * runs as root, for a few numbers in front of each frame.
 */

#include <byteswap.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "capture.h"

/* Of the links that are read, as in the registry of link types. */
#define LINK_ETHERNET		1
#define LINK_LINUX_SLL		113
#define LINK_LINUX_SLL2		276
/* The rest of the word tells of the frame check sequence. */
#define PCAP_LINK_MASK		0x0fffffff

#define PCAP_HEADER		24
#define PCAP_RECORD		16
/* What tcpdump writes at most. */
#define PCAP_FRAME_MAX		262144

#define NG_SECTION		0x0a0d0d0a
#define NG_INTERFACE		1
#define NG_OLD_PACKET		2
#define NG_SIMPLE_PACKET	3
#define NG_PACKET		6
#define NG_BYTE_ORDER		0x1a2b3c4d
/* Type and length of a block, and its length again. */
#define NG_BLOCK_HEAD		8
#define NG_BLOCK_TAIL		4
#define NG_OPTION_END		0
#define NG_OPTION_TSRESOL	9
#define NG_OPTION_TSOFFSET	14

static const char cut_off[] = "it ends within a record";

/* An interface of a pcapng section. */
struct capture_link {
	unsigned int type;
	uint32_t snaplen;	/* 0 for none */
	double unit;		/* seconds */
	double offset;		/* likewise */
};

struct capture {
	const uint8_t *data;
	size_t len, at;
	bool swapped;
	struct frames *frames;
	struct capture_link *link;
	size_t n_links;
	bool other;		/* something of another link was passed over */
};

static uint32_t get32(const struct capture *c, const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return c->swapped ? bswap_32(value) : value;
}

static uint64_t get64(const struct capture *c, const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return c->swapped ? bswap_64(value) : value;
}

static uint16_t get16(const struct capture *c, const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return c->swapped ? bswap_16(value) : value;
}

bool capture_is_one(const uint8_t *data, size_t len)
{
	static const uint8_t magics[][4] = {
		{ 0xa1, 0xb2, 0xc3, 0xd4 }, { 0xd4, 0xc3, 0xb2, 0xa1 },
		{ 0xa1, 0xb2, 0x3c, 0x4d }, { 0x4d, 0x3c, 0xb2, 0xa1 },
		{ 0x0a, 0x0d, 0x0d, 0x0a },
	};

	for (size_t i = 0; len >= 4 && i < sizeof(magics) / 4; i++)
		if (!memcmp(data, magics[i], 4))
			return true;
	return false;
}

/* What is in front of the frame of a link, and where its EtherType is. */
static bool link_head(unsigned int link, size_t *head, size_t *type)
{
	switch (link) {
	case LINK_ETHERNET:
		*head = 0;
		*type = 0;
		return true;
	case LINK_LINUX_SLL:
		*head = 16;
		*type = 14;
		return true;
	case LINK_LINUX_SLL2:
		*head = 20;
		*type = 0;
		return true;
	default:
		return false;
	}
}

/* @len bytes of a frame that had @wire_len. */
static void capture_add(struct capture *c, const struct capture_link *link,
			const uint8_t *data, size_t len, size_t wire_len,
			double time)
{
	size_t head, type;
	struct frame *f;

	if (!link_head(link->type, &head, &type)) {
		c->other = true;
		return;
	}
	if (head) {
		if (len < head || data[type] != 0x88 || data[type + 1] != 0xbf)
			return;
		data += head;
		len -= head;
		wire_len = wire_len > head ? wire_len - head : 0;
	}
	f = frames_add(c->frames, data, len);
	f->wire_len = wire_len > len ? wire_len : len;
	f->time = time;
	f->cooked = head;
}

static const char *pcap_parse(struct capture *c, bool nano)
{
	struct capture_link link = { .unit = 1. / (nano ? 1000000000 : 1000000) };
	uint32_t len;

	if (c->len < PCAP_HEADER)
		return "it ends within its header";
	link.type = get32(c, c->data + 20) & PCAP_LINK_MASK;
	for (c->at = PCAP_HEADER; c->at < c->len; c->at += len) {
		const uint8_t *p = c->data + c->at;

		if (c->len - c->at < PCAP_RECORD)
			return cut_off;
		c->at += PCAP_RECORD;
		len = get32(c, p + 8);
		if (len > PCAP_FRAME_MAX)
			return "a record of more than 256 KiB";
		if (len > c->len - c->at)
			return cut_off;
		capture_add(c, &link, p + PCAP_RECORD, len, get32(c, p + 12),
			    get32(c, p) + get32(c, p + 4) * link.unit);
	}
	return NULL;
}

static double ng_unit(uint8_t resolution)
{
	double unit = 1;

	for (int i = resolution & 0x7f; i; i--)
		unit /= resolution & 0x80 ? 2 : 10;
	return unit;
}

static void ng_options(struct capture *c, struct capture_link *link,
		       const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 4) {
		unsigned int code = get16(c, p), len = get16(c, p + 2);
		size_t padded = (len + 3u) & ~3u;

		p += 4;
		if (code == NG_OPTION_END || padded > (size_t)(end - p))
			return;
		if (code == NG_OPTION_TSRESOL && len == 1)
			link->unit = ng_unit(*p);
		else if (code == NG_OPTION_TSOFFSET && len == 8)
			link->offset = (double)(int64_t)get64(c, p);
		p += padded;
	}
}

static const char *ng_interface(struct capture *c, const uint8_t *p, size_t len)
{
	struct capture_link *link;

	if (len < 8)
		return cut_off;
	c->link = xrealloc(c->link, c->n_links + 1, sizeof(*link));
	link = &c->link[c->n_links++];
	*link = (struct capture_link){
		.type = get16(c, p),
		.snaplen = get32(c, p + 4),
		.unit = 1. / 1000000,
	};
	ng_options(c, link, p + 8, p + len);
	return NULL;
}

/* @p: both halves of the time, both lengths, the frame */
static const char *ng_packet(struct capture *c, size_t number, const uint8_t *p,
			     size_t len)
{
	const struct capture_link *link;
	uint64_t time;
	uint32_t n;

	if (len < 16)
		return cut_off;
	if (number >= c->n_links)
		return "a frame of an interface that it does not describe";
	link = &c->link[number];
	time = (uint64_t)get32(c, p) << 32 | get32(c, p + 4);
	n = get32(c, p + 8);
	if (n > len - 16)
		return cut_off;
	capture_add(c, link, p + 16, n, get32(c, p + 12),
		    (double)time * link->unit + link->offset);
	return NULL;
}

/* Of the first interface; nobody has noted when. */
static const char *ng_simple(struct capture *c, const uint8_t *p, size_t len)
{
	size_t wire_len, n;

	if (len < 4)
		return cut_off;
	if (!c->n_links)
		return "a frame of an interface that it does not describe";
	wire_len = get32(c, p);
	n = wire_len;
	if (c->link->snaplen && n > c->link->snaplen)
		n = c->link->snaplen;
	if (n > len - 4)
		n = len - 4;
	capture_add(c, c->link, p + 4, n, wire_len, 0);
	return NULL;
}

static const char *ng_body(struct capture *c, uint32_t type, const uint8_t *p,
			   size_t len)
{
	switch (type) {
	case NG_INTERFACE:
		return ng_interface(c, p, len);
	case NG_PACKET:
		return len < 4 ? cut_off :
		       ng_packet(c, get32(c, p), p + 4, len - 4);
	case NG_OLD_PACKET:
		return len < 4 ? cut_off :
		       ng_packet(c, get16(c, p), p + 4, len - 4);
	case NG_SIMPLE_PACKET:
		return ng_simple(c, p, len);
	default:
		return NULL;
	}
}

/* Each section has a byte order and interfaces of its own. */
static const char *ng_section(struct capture *c, const uint8_t *p, size_t len)
{
	if (len < NG_BLOCK_HEAD + 4)
		return cut_off;
	c->swapped = false;
	if (get32(c, p + NG_BLOCK_HEAD) != NG_BYTE_ORDER) {
		c->swapped = true;
		if (get32(c, p + NG_BLOCK_HEAD) != NG_BYTE_ORDER)
			return "a section of no byte order";
	}
	c->n_links = 0;
	return NULL;
}

static const char *ng_parse(struct capture *c)
{
	const char *wrong = NULL;
	uint32_t len, type;

	for (; c->at < c->len && !wrong; c->at += len) {
		const uint8_t *p = c->data + c->at;
		size_t left = c->len - c->at;

		if (left < NG_BLOCK_HEAD + NG_BLOCK_TAIL)
			return cut_off;
		/* The same in either byte order. */
		type = get32(c, p);
		if (type == NG_SECTION) {
			wrong = ng_section(c, p, left);
			if (wrong)
				return wrong;
		}
		len = get32(c, p + 4);
		if (len > left)
			return cut_off;
		if (len < NG_BLOCK_HEAD + NG_BLOCK_TAIL || len % 4)
			return "a block of a length that none can have";
		wrong = ng_body(c, type, p + NG_BLOCK_HEAD,
				len - NG_BLOCK_HEAD - NG_BLOCK_TAIL);
	}
	return wrong;
}

const char *capture_parse(struct frames *frames, const uint8_t *data,
			  size_t len)
{
	struct capture c = { .data = data, .len = len, .frames = frames };
	size_t had = frames->n;
	const char *wrong;
	uint32_t magic;

	magic = get32(&c, data);
	if (magic == NG_SECTION) {
		wrong = ng_parse(&c);
	} else {
		c.swapped = magic != 0xa1b2c3d4 && magic != 0xa1b23c4d;
		wrong = pcap_parse(&c, get32(&c, data) == 0xa1b23c4d);
	}
	free(c.link);
	if (!wrong && c.other && frames->n == had)
		wrong = "not a capture of Ethernet";
	return wrong;
}
