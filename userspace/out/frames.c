// SPDX-License-Identifier: GPL-2.0-only
/* Recorded frames: captures and hex dumps. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "capture.h"
#include "frames.h"
#include "kernel/path/wire.h"

/* What is longer has no end, perhaps. */
#define CAPTURE_MAX	((size_t)256 * 1024 * 1024)
#define HEX_MAX		((size_t)64 * 1024 * 1024)
#define HEX_LINE_MAX	((size_t)1024 * 1024)
#define FRAME_MAX	(128 * 1024)
#define VLAN_HLEN	4

struct frame *frames_add(struct frames *frames, const uint8_t *data, size_t len)
{
	struct frame *f;

	frames->v = xrealloc(frames->v, frames->n + 1, sizeof(*f));
	f = &frames->v[frames->n++];
	memset(f, 0, sizeof(*f));
	f->data = xcalloc(len + 1, 1);
	memcpy(f->data, data, len);
	f->len = len;
	f->wire_len = len;
	return f;
}

void frames_free(struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++)
		free(frames->v[i].data);
	free(frames->v);
	memset(frames, 0, sizeof(*frames));
}

static unsigned int frame_u16(const uint8_t *p)
{
	return (unsigned int)(p[0] << 8 | p[1]);
}

/*
 * With an Ethernet header it is known by its EtherType, behind VLAN tags if
 * there are any. Without one the header must look like one, unless what was in
 * front of it has told.
 */
bool frame_find(const struct frame *f, size_t *start)
{
	size_t at = 2 * ETH_ALEN;

	*start = 0;
	if (f->cooked)
		return true;
	while (f->len >= at + 2) {
		unsigned int type = frame_u16(f->data + at);

		if (type == ETH_P_ROMON) {
			*start = at + 2;
			return true;
		}
		if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
			break;
		at += VLAN_HLEN;
	}
	return f->len >= 4 && f->data[0] >= ROMON_TYPE_DISCOVER &&
	       f->data[0] <= ROMON_TYPE_HELLO && !f->data[1] &&
	       frame_u16(f->data + 2) >=
	       ETH_HLEN + sizeof(struct romon_wire_header);
}

/* All of the frame that its length field speaks of is there. */
static bool frame_complete(const struct frame *f)
{
	size_t start;

	if (!frame_find(f, &start) || f->len < start + 4)
		return false;
	return f->len - start + ETH_HLEN >= frame_u16(f->data + start + 2);
}

/* What a line of text is. */
struct hex_line {
	uint8_t *data;
	size_t len;
	bool hex;
	bool has_offset;
	unsigned long offset;
};

/* "0x0010:", "00000010:", "0010  " or od's seven digits. */
static const char *hex_offset(const char *line, struct hex_line *h)
{
	const char *p = line, *digits;
	size_t n;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	digits = p;
	while (isxdigit((unsigned char)*p))
		p++;
	n = (size_t)(p - digits);
	if (n < 4 || n > 8)
		return line;
	if (*p == ':')
		p++;
	else if (!(p[0] == ' ' && p[1] == ' ') &&
		 !(n == 7 && (isspace((unsigned char)*p) || !*p)))
		return line;
	h->has_offset = true;
	h->offset = strtoul(digits, NULL, 16);
	return p;
}

/* Behind the bytes of such a line may be what they are in ASCII. */
static size_t hex_end(const char *p, const struct hex_line *h)
{
	const char *bar = strchr(p, '|'), *gap;

	if (bar)
		return (size_t)(bar - p);
	gap = h->has_offset ? strstr(p, "  ") : NULL;
	return gap ? (size_t)(gap - p) : strlen(p);
}

static void hex_parse_line(const char *line, struct hex_line *h)
{
	const char *p, *end;

	memset(h, 0, sizeof(*h));
	line += strspn(line, " \t");
	p = hex_offset(line, h);
	p += strspn(p, " \t");
	end = p + hex_end(p, h);
	h->data = xcalloc((size_t)(end - p) / 2 + 1, 1);
	h->hex = true;
	while (p < end) {
		if (isspace((unsigned char)*p) || strchr(":-.,", *p)) {
			p++;
			continue;
		}
		if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
			p += 2;
		if (end - p < 2 || !isxdigit((unsigned char)p[0]) ||
		    !isxdigit((unsigned char)p[1])) {
			h->hex = false;
			break;
		}

		char byte[3] = { p[0], p[1], 0 };

		h->data[h->len++] = (uint8_t)strtoul(byte, NULL, 16);
		p += 2;
	}
	if (!h->len)
		h->hex = false;
}

/* hexdump ends with an offset that looks like bytes. */
static bool hex_is_end(const struct hex_line *h, const struct frame *f)
{
	size_t value = 0;

	for (size_t i = 0; i < h->len; i++)
		value = value << 8 | h->data[i];
	return h->len == 4 && value == f->len;
}

/*
 * A MAC or a number may stand in a line of a text. Between words bytes alone
 * are a frame if they can be nothing else: a RoMON header and what is before.
 */
static void frames_drop_text(struct frames *frames)
{
	size_t kept = 0, start;

	for (size_t i = 0; i < frames->n; i++) {
		struct frame *f = &frames->v[i];

		if (f->bare &&
		    (!frame_find(f, &start) ||
		     f->len - start < sizeof(struct romon_wire_header)))
			free(f->data);
		else
			frames->v[kept++] = *f;
	}
	frames->n = kept;
}

/*
 * Frames are parted by lines that are not hex, empty ones included, by offsets
 * that begin anew, and by their own length.
 */
void frames_parse_hex(struct frames *frames, const char *text)
{
	char *copy = xstrdup(text), *next = copy, *line;
	struct frame *f = NULL;
	bool offsets = false;	/* the lines of this frame begin with them */
	bool words = false;	/* there are lines that are not hex */

	while ((line = strsep(&next, "\r\n"))) {
		struct hex_line h;

		hex_parse_line(line, &h);
		/* What has offsets begins with the first. */
		if (!f && h.has_offset && h.offset)
			h.hex = false;
		/* \r\n gives an empty line between each two. */
		if (!h.hex) {
			bool crlf = !*line && line > copy && next &&
				    text[line - copy - 1] == '\r' &&
				    text[line - copy] == '\n';

			free(h.data);
			if (!crlf)
				f = NULL;
			line += strspn(line, " \t");
			words |= *line && *line != '#';
			continue;
		}
		if (f && offsets && !h.has_offset && hex_is_end(&h, f)) {
			free(h.data);
			continue;
		}
		if (f && (h.has_offset ? !h.offset : frame_complete(f)))
			f = NULL;
		if (!f) {
			f = frames_add(frames, h.data, 0);
			f->bare = !h.has_offset;
		}
		offsets = h.has_offset;
		if (f->len + h.len <= FRAME_MAX) {
			f->data = xrealloc(f->data, f->len + h.len, 1);
			memcpy(f->data + f->len, h.data, h.len);
			f->len += h.len;
			f->wire_len = f->len;
		}
		free(h.data);
	}
	free(copy);
	if (words)
		frames_drop_text(frames);
}

/* Where in a text we are. */
struct text_place {
	size_t at, line_at;
	unsigned int line;
};

/* Looks at what has been read since. Returns what is wrong with it, or NULL. */
static const char *frames_check_text(struct text_place *p, const uint8_t *data,
				     size_t len)
{
	for (; p->at < len; p->at++) {
		if (!data[p->at])
			return "zero byte: neither a capture nor a hex dump";
		if (data[p->at] == '\n') {
			p->line++;
			p->line_at = p->at + 1;
		} else if (p->at - p->line_at == HEX_LINE_MAX) {
			return "a line of more than 1 MiB";
		}
	}
	return len > HEX_MAX ? "a hex dump of more than 64 MiB" : NULL;
}

/* NULL after a complaint. There is a NUL behind the bytes. */
static uint8_t *frames_read(const char *name, FILE *f, size_t *len)
{
	struct text_place place = { .line = 1 };
	const char *wrong = NULL;
	uint8_t *data = NULL;
	size_t room = 0, n;
	bool text;

	*len = 0;
	do {
		if (room - *len < 2) {
			room = room ? room * 2 : 1 << 16;
			data = xrealloc(data, room, 1);
		}
		n = fread(data + *len, 1, room - *len - 1, f);
		*len += n;
		text = !capture_is_one(data, *len);
		if (text)
			wrong = frames_check_text(&place, data, *len);
		else if (*len > CAPTURE_MAX)
			wrong = "a capture of more than 256 MiB";
	} while (n && !wrong);
	data[*len] = '\0';
	if (!ferror(f) && !wrong)
		return data;
	if (wrong && text)
		complain("decode: %s:%u: %s", name, place.line, wrong);
	else
		complain("decode: %s: %s", name, wrong ? wrong :
			 strerror(errno));
	free(data);
	return NULL;
}

bool frames_load(struct frames *frames, const char *file)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "r") : stdin;
	const char *name = f == stdin ? "standard input" : file, *wrong;
	uint8_t *data;
	bool ok = true;
	size_t len;

	memset(frames, 0, sizeof(*frames));
	if (!f) {
		complain("decode: %s: %s", file, strerror(errno));
		return false;
	}
	data = frames_read(name, f, &len);
	if (f != stdin)
		fclose(f);
	if (!data)
		return false;
	if (capture_is_one(data, len)) {
		frames->capture = true;
		wrong = capture_parse(frames, data, len);
		if (wrong)
			complain("decode: %s: %s", name, wrong);
		ok = !wrong || frames->n;
		frames->damaged = wrong;
	} else {
		frames_parse_hex(frames, (const char *)data);
	}
	free(data);
	return ok;
}
