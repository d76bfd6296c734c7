// SPDX-License-Identifier: GPL-2.0-only
/*
 * A frame, field by field. Whether it is right is for the module's own parser
 * to say; this shows what is there, as far as it goes.
 */

#include <stdarg.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text.h"
#include "explain.h"
#include "kernel/path/wire.h"
#include "parse/parse.h"
#include "romon-stream.h"

#define HEX_MAX		8	/* bytes shown of each field */

enum {
	FRAME_NUMBER, FRAME_TIME, FRAME_TYPE, FRAME_LENGTH, FRAME_SOURCE,
	FRAME_DESTINATION, FRAME_ERROR, FRAME_REASON, FRAME_COLS
};

static const struct out_col frame_cols[FRAME_COLS] = {
	[FRAME_NUMBER] = { .key = "frame" },
	[FRAME_TIME] = { .key = "time" },
	[FRAME_TYPE] = { .key = "type" },
	[FRAME_LENGTH] = { .key = "length" },
	[FRAME_SOURCE] = { .key = "source" },
	[FRAME_DESTINATION] = { .key = "destination" },
	[FRAME_ERROR] = { .key = "error" },
	[FRAME_REASON] = { .key = "reason" },
};

/* The bytes from the type byte to where the frame, or the capture, ends. */
struct explain {
	struct out *o;
	const uint8_t *p;
	size_t len;
};

static const char *explain_type(uint8_t type)
{
	switch (type) {
	case ROMON_TYPE_DISCOVER:
		return "Discover";
	case ROMON_TYPE_RESP:
		return "DiscoverResp";
	case ROMON_TYPE_DATA:
		return "Data";
	case ROMON_TYPE_SEQERR:
		return "SeqErr";
	case ROMON_TYPE_HELLO:
		return "Hello";
	}
	return "unknown";
}

static unsigned int explain_u16(const struct explain *x, size_t off)
{
	return (unsigned int)(x->p[off] << 8 | x->p[off + 1]);
}

static uint32_t explain_u32(const struct explain *x, size_t off)
{
	return (uint32_t)explain_u16(x, off) << 16 | explain_u16(x, off + 2);
}

/* Offsets count from the type byte, as in the protocol's description. */
__attribute__((format(printf, 5, 6)))
static void field(struct explain *x, size_t off, size_t len, const char *name,
		  const char *fmt, ...)
{
	char hex[HEX_MAX * 3 + 3] = "", *value, *clean;
	size_t n = len < HEX_MAX ? len : HEX_MAX, at = 0;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&value, fmt, ap) < 0)
		die_no_memory();
	va_end(ap);

	if (out_options.json) {
		out_item(x->o);
		out_in_uint(x->o, "offset", off);
		out_in_uint(x->o, "length", len);
		out_in_str(x->o, "name", name);
		out_in_str(x->o, "value", value);
		out_close(x->o);
		free(value);
		return;
	}
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(hex + at, sizeof(hex) - at, "%02x ",
				       x->p[off + i]);
	if (len > HEX_MAX)
		snprintf(hex + at - 1, sizeof(hex) - at + 1, "..");
	clean = text_clean(value);
	if (*clean)
		printf("  %4zu  %-26s%-16s %s\n", off, hex, name, clean);
	else
		printf("  %4zu  %-26s%s\n", off, hex, name);
	free(clean);
	free(value);
}

/* Whether so many bytes are there; if not, what is left is told. */
static bool explain_has(struct explain *x, size_t off, size_t len,
			const char *name)
{
	if (off + len <= x->len)
		return true;
	if (off < x->len)
		field(x, off, x->len - off, name, "cut off");
	return false;
}

static const char *explain_id(char *buf, const struct explain *x, size_t off)
{
	static const uint8_t everybody[ETH_ALEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};

	if (!memcmp(x->p + off, everybody, ETH_ALEN))
		return "everybody";
	return id_str(buf, x->p + off);
}

static bool explain_header(struct explain *x, size_t total)
{
	char buf[ID_STRLEN];
	bool hashed = false;
	size_t len;

	if (!explain_has(x, 0, sizeof(struct romon_wire_header), "header"))
		return false;
	field(x, 0, 1, "type", "%u %s", x->p[0], explain_type(x->p[0]));
	field(x, 1, 1, "zero", "%s", x->p[1] ? "should be zero" : "");
	len = explain_u16(x, 2);
	field(x, 2, 2, "length", "%zu, %d of Ethernet header + %zd%s", len,
	      ETH_HLEN, (ssize_t)len - ETH_HLEN,
	      len > total + ETH_HLEN ? ": more than there is" : "");
	for (size_t i = 0; i < ROMON_AUTH_LEN; i++)
		hashed = hashed || x->p[4 + i];
	if (hashed) {
		field(x, 4, 8, "sequence", "%llu",
		      (unsigned long long)explain_u32(x, 4) << 32 |
		      explain_u32(x, 8));
		field(x, 12, 16, "digest", "hashed");
	} else {
		field(x, 4, ROMON_AUTH_LEN, "authentication",
		      "all zero: not hashed");
	}
	field(x, 28, ETH_ALEN, "source", "%s", id_str(buf, x->p + 28));
	field(x, 34, ETH_ALEN, "destination", "%s", explain_id(buf, x, 34));
	return true;
}

/* Returns where the entries end, or 0 if the frame ends before. */
static size_t explain_route(struct explain *x, bool data)
{
	size_t off = data ? sizeof(struct romon_wire_data) :
			    sizeof(struct romon_wire_discover);
	size_t hops, ptr;

	if (!explain_has(x, 40, off - 40, "hops"))
		return 0;
	hops = x->p[40];
	ptr = x->p[41];
	field(x, 40, 1, "hops", "%zu", hops);
	field(x, 41, 1, "ptr", "%zu", ptr);
	field(x, 42, off - 42, "zero", "%s", "");
	for (size_t i = 0; i < hops; i++, off += 10) {
		char name[24], buf[ID_STRLEN];

		snprintf(name, sizeof(name), "entry[%zu]", i);
		if (!explain_has(x, off, sizeof(struct romon_wire_entry), name))
			return 0;
		field(x, off, sizeof(struct romon_wire_entry), name,
		      "link %u to %s%s", explain_u32(x, off),
		      id_str(buf, x->p + off + 4), i != ptr ? "" :
		      text_is_utf8() ? "  ← ptr" : "  <- ptr");
	}
	return off;
}

static void explain_end(struct explain *x, size_t off, const char *name)
{
	char buf[ID_STRLEN];
	bool zero = true;

	for (size_t i = 0; i < sizeof(struct romon_wire_end); i++)
		zero = zero && !x->p[off + i];
	if (zero)
		field(x, off, sizeof(struct romon_wire_end), name, "none");
	else
		field(x, off, sizeof(struct romon_wire_end), name,
		      "link %u l2mtu %u cost %u mac %s", explain_u32(x, off),
		      explain_u16(x, off + 4), explain_u16(x, off + 6),
		      id_str(buf, x->p + off + 8));
}

static void explain_tlv(struct explain *x, size_t off, uint8_t tag, size_t len)
{
	char buf[ID_STRLEN], version[ROMON_VERSION_STRLEN];
	const char *name = tag == ROMON_TLV_IDENTITY ? "identity" : "board";

	switch (tag) {
	case ROMON_TLV_ROUTE:
		if (len != sizeof(struct romon_wire_route))
			break;
		field(x, off, ETH_ALEN, "route id", "%s",
		      id_str(buf, x->p + off));
		explain_end(x, off + 6, "route in");
		explain_end(x, off + 20, "route out");
		return;
	case ROMON_TLV_IDENTITY:
	case ROMON_TLV_BOARD:
		field(x, off, len, name, "%.*s", (int)len, x->p + off);
		return;
	case ROMON_TLV_VERSION:
		if (len != ROMON_VERSION_LEN)
			break;
		romon_wire_version_str(version, sizeof(version), x->p + off);
		field(x, off, len, "version", "%s", version);
		return;
	}
	field(x, off, len, "value", "%zu bytes", len);
}

/* Of Hello and SeqErr: other tags, other values. */
static void explain_hello_tlv(struct explain *x, size_t off, uint8_t tag,
			      size_t len)
{
	static const char *const names[] = {
		[ROMON_TLV_CHALLENGE] = "challenge",
		[ROMON_TLV_ECHO] = "echo",
		[ROMON_TLV_MARK] = "mark",
	};

	if (tag < sizeof(names) / sizeof(*names) && names[tag] && len == 8)
		field(x, off, len, names[tag], "%08x%08x", explain_u32(x, off),
		      explain_u32(x, off + 4));
	else
		field(x, off, len, "value", "%zu bytes", len);
}

static const char *explain_tag(uint8_t tag, bool hello)
{
	if (hello)
		return tag == ROMON_TLV_CHALLENGE ? "Challenge" :
		       tag == ROMON_TLV_ECHO ? "Echo" :
		       tag == ROMON_TLV_MARK ? "Mark" : "unknown";
	switch (tag) {
	case ROMON_TLV_ROUTE:
		return "Route";
	case ROMON_TLV_IDENTITY:
		return "Identity";
	case ROMON_TLV_VERSION:
		return "Version";
	case ROMON_TLV_BOARD:
		return "Board";
	}
	return "unknown, skipped";
}

static void explain_tlvs(struct explain *x, size_t off, bool hello)
{
	while (off < x->len) {
		uint8_t tag, len;

		if (!explain_has(x, off, ROMON_TLV_HLEN, "tlv"))
			return;
		tag = x->p[off];
		len = x->p[off + 1];
		field(x, off, ROMON_TLV_HLEN, "tlv", "%u %s, %u bytes", tag,
		      explain_tag(tag, hello), len);
		off += ROMON_TLV_HLEN;
		if (len && !explain_has(x, off, len, "value"))
			return;
		if (len && hello)
			explain_hello_tlv(x, off, tag, len);
		else if (len)
			explain_tlv(x, off, tag, len);
		off += len;
	}
}

static const char *explain_service(unsigned int port)
{
	switch (port) {
	case ROMON_SERVICE_ECHO:
		return " echo";
	case ROMON_SERVICE_SSH:
		return " SSH";
	case ROMON_SERVICE_WINBOX:
		return " WinBox";
	}
	return "";
}

static void explain_stream(struct explain *x, size_t off)
{
	static const char * const kinds[] = {
		"open", "open-answer", "data", "ack", "close"
	};
	/* Ours; protocol.rst */
	static const char * const reasons[] = {
		[ROMON_STREAM_UNKNOWN] = "no such stream, or nothing served",
		[ROMON_STREAM_NOT_PERMITTED] = "not permitted",
		[ROMON_STREAM_BUSY] = "busy",
		[ROMON_STREAM_FAILED] = "the service failed",
		[ROMON_STREAM_ABORTED] = "aborted",
		[ROMON_STREAM_TIMEOUT] = "nothing heard",
	};
	unsigned int kind;

	if (!explain_has(x, off, sizeof(struct romon_wire_segment), "segment"))
		return;
	kind = x->p[off];
	field(x, off, 1, "kind", "%u %s", kind, kind <
	      sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind] : "unknown");
	field(x, off + 1, 1, "any", "%s", "");
	field(x, off + 2, 4, "seq", "%u", explain_u32(x, off + 2));
	field(x, off + 6, 4, "ack", "%u", explain_u32(x, off + 6));
	off += sizeof(struct romon_wire_segment);
	if (kind == ROMON_KIND_CLOSE && off + 1 == x->len) {
		unsigned int reason = x->p[off];

		field(x, off, 1, "reason", "%u %s", reason, reason &&
		      reason < sizeof(reasons) / sizeof(reasons[0]) ?
		      reasons[reason] : "unknown");
		return;
	}
	if (off < x->len)
		field(x, off, x->len - off, "payload", "%zu bytes",
		      x->len - off);
}

static void explain_transport(struct explain *x, size_t off)
{
	unsigned int src, dst;

	if (!explain_has(x, off, sizeof(struct romon_wire_ports), "ports"))
		return;
	src = explain_u16(x, off);
	dst = explain_u16(x, off + 2);
	field(x, off, 2, "source port", "%u%s", src, explain_service(src));
	field(x, off + 2, 2, "dest. port", "%u%s", dst, explain_service(dst));
	off += sizeof(struct romon_wire_ports);

	if (src == ROMON_SERVICE_SSH || dst == ROMON_SERVICE_SSH ||
	    src == ROMON_SERVICE_WINBOX || dst == ROMON_SERVICE_WINBOX) {
		explain_stream(x, off);
		return;
	}
	if ((src == ROMON_SERVICE_ECHO || dst == ROMON_SERVICE_ECHO) &&
	    off + 4 <= x->len) {
		field(x, off, 4, "seq", "%u, an echo %s", explain_u32(x, off),
		      dst == ROMON_SERVICE_ECHO ? "request" : "answer");
		off += 4;
	}
	if (off < x->len)
		field(x, off, x->len - off, "payload", "%zu bytes",
		      x->len - off);
}

static void explain_body(struct explain *x, size_t total)
{
	size_t off;

	if (!explain_header(x, total))
		return;
	switch (x->p[0]) {
	case ROMON_TYPE_DISCOVER:
	case ROMON_TYPE_RESP:
		off = explain_route(x, false);
		if (off)
			explain_tlvs(x, off, false);
		break;
	case ROMON_TYPE_DATA:
		off = explain_route(x, true);
		if (off)
			explain_transport(x, off);
		break;
	case ROMON_TYPE_SEQERR:
	case ROMON_TYPE_HELLO:
		explain_tlvs(x, sizeof(struct romon_wire_header), true);
		break;
	default:
		off = sizeof(struct romon_wire_header);
		if (off < x->len)
			field(x, off, x->len - off, "body", "%zu bytes",
			      x->len - off);
	}
}

static void explain_ethernet(struct explain *x, const struct frame *frame,
			     size_t start)
{
	static const uint8_t group[ETH_ALEN] = ROMON_GROUP_MAC;
	char to[ID_STRLEN], from[ID_STRLEN];

	if (!start)
		return;
	id_str(to, frame->data);
	id_str(from, frame->data + ETH_ALEN);
	if (out_options.json) {
		out_open(x->o, "ethernet");
		out_in_str(x->o, "destination", to);
		out_in_str(x->o, "source", from);
		out_close(x->o);
		return;
	}
	printf("  %4s  %s > %s%s\n", "eth", from, to,
	       !memcmp(frame->data, group, ETH_ALEN) ? ", the group address" :
	       "");
	if (start > ETH_HLEN)
		printf("  %4s  %zu VLAN tags\n", "", (start - ETH_HLEN) / 4);
}

struct out *explain_begin(void)
{
	return out_begin(stdout, frame_cols, FRAME_COLS, OUT_LIST);
}

static void explain_title(struct explain *x, const struct frame *frame,
			  size_t number)
{
	char time[32];

	if (!out_options.json) {
		if (number > 1)
			putchar('\n');
		printf("frame %zu: %s, %zu bytes\n", number,
		       x->len ? explain_type(x->p[0]) : "empty",
		       frame->wire_len);
		return;
	}
	out_row(x->o);
	out_uint(x->o, FRAME_NUMBER, number);
	if (frame->time > 0) {
		snprintf(time, sizeof(time), "%.6f", frame->time);
		out_number(x->o, FRAME_TIME, frame->time, time);
	}
	if (x->len)
		out_str(x->o, FRAME_TYPE, explain_type(x->p[0]));
	out_uint(x->o, FRAME_LENGTH, frame->wire_len);
	if (x->len >= sizeof(struct romon_wire_header)) {
		out_id(x->o, FRAME_SOURCE, x->p + 28);
		out_id(x->o, FRAME_DESTINATION, x->p + 34);
	}
}

/* The type byte is at @start; text is printed now, JSON with explain_begin(). */
void explain_frame(struct out *o, const struct frame *frame, size_t start,
		   size_t number)
{
	struct explain x = { o, frame->data + start, frame->len - start };
	size_t total = frame->wire_len - start, len;
	struct romon_frame parsed;
	int reason;

	explain_title(&x, frame, number);
	explain_ethernet(&x, frame, start);
	reason = romon_wire_parse(&parsed, x.p, (unsigned int)x.len,
				  (unsigned int)total);
	/* What is behind the end that the length field tells is padding. */
	len = x.len;
	if (x.len >= 4 && explain_u16(&x, 2) >= ETH_HLEN &&
	    explain_u16(&x, 2) - ETH_HLEN < x.len)
		len = explain_u16(&x, 2) - ETH_HLEN;
	if (len < sizeof(struct romon_wire_header))
		len = x.len;

	out_open_list(o, "fields");
	x.len = len;
	explain_body(&x, total);
	x.len = frame->len - start;
	if (len < x.len)
		field(&x, len, x.len - len, "padding", "%zu bytes",
		      x.len - len);
	out_close(o);

	if (reason == ROMON_WIRE_MORE) {
		if (!out_options.json)
			printf("  captured in part: %zu of %zu bytes\n",
			       frame->len, frame->wire_len);
	} else if (reason) {
		if (out_options.json) {
			out_str(o, FRAME_ERROR, romon_drop_name(reason));
			out_str(o, FRAME_REASON, romon_drop_text(reason));
		} else {
			printf("  ERROR %s: %s\n", romon_drop_name(reason),
			       romon_drop_text(reason));
		}
	}
}
