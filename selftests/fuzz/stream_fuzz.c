// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz the stream library from both sides: with segments of peers that send
 * what they like, and with a program that does with its streams what it likes.
 *
 * An input is a list of steps, a byte and what it takes. Numbers of segments
 * are given relative to those that the library expects, or nothing of what
 * comes after the checks of them would be seen.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libfuzzer.h"
#include "romon-stream.h"
#include "segment.h"

#define STREAMS		12
#define MEMORY		(256u << 10)
/* Each stream may have a little beyond the limit: ROMON_RESERVE and a chunk. */
#define MEMORY_MOST	(MEMORY + STREAMS * (64u << 10))
#define PEERS		4
#define MS		1000000LL

struct peer {
	u8 id[ROMON_STREAM_ID_LEN];
	u16 local, remote;
	u32 seq, ack;			/* as the library has acknowledged them */
};

static struct {
	struct romon_mux *mux;
	struct romon_stream *s[STREAMS];
	struct peer peers[PEERS];
	int64_t now;
	unsigned int bound, xmits, error;
	size_t room;
	struct romon_datagram last;	/* that was sent */
	u8 head[ROMON_STREAM_HEAD_LEN];
	u8 sum;				/* so that all is read */
} f;

struct input {
	const u8 *p, *end;
};

static u32 take(struct input *in, unsigned int bytes)
{
	u32 v = 0;

	while (bytes--)
		v = v << 8 | (in->p < in->end ? *in->p++ : 0);
	return v;
}

static int fuzz_xmit(void *arg, const struct romon_datagram *d)
{
	struct romon_segment seg;
	unsigned int i;

	(void)arg;
	assert(d->len <= 65535 && !d->hops == !d->route);
	for (i = 0; i < d->len; i++)
		f.sum += ((const u8 *)d->payload)[i];
	for (i = 0; i < d->hops * ROMON_STREAM_ENTRY_LEN; i++)
		f.sum += d->route[i];
	f.xmits++;
	if (d->remote_port != ROMON_STREAM_PORT_ECHO) {
		f.last = *d;
		f.last.payload = f.head;
		memcpy(f.head, d->payload, sizeof(f.head));
	}
	if (f.error == 1 && d->len > 200)
		return -EMSGSIZE;
	if (f.error == 2)
		return -ENOBUFS;
	if (d->remote_port == ROMON_STREAM_PORT_ECHO)
		return 0;
	assert(!romon_segment_parse(&seg, d->payload, d->len));
	for (i = 0; i < PEERS; i++) {
		struct peer *p = &f.peers[i];

		if (memcmp(p->id, d->id, sizeof(p->id)) ||
		    p->remote != d->remote_port || p->local != d->local_port)
			continue;
		p->ack = seg.seq + seg.len;
		if (seg.kind != ROMON_SEGMENT_OPEN)
			p->seq = seg.ack;
	}
	return 0;
}

static size_t fuzz_room(void *arg, const u8 *id, const u8 *route, size_t hops)
{
	(void)arg;
	(void)id;
	(void)route;
	(void)hops;
	return f.room;
}

static int fuzz_bind(void *arg, u16 *port)
{
	(void)arg;
	if (f.error == 3)
		return -ENOSPC;
	f.bound++;
	*port = 50000 + f.bound % 3;
	return 0;
}

static void fuzz_unbind(void *arg, u16 port)
{
	(void)arg;
	(void)port;
	assert(f.bound);
	f.bound--;
}

static void fuzz_random(void *arg, void *buf, size_t len)
{
	(void)arg;
	memset(buf, 7, len);
}

static enum romon_stream_reason fuzz_accept(void *arg, struct romon_stream *s)
{
	unsigned int i;

	(void)arg;
	if (f.error == 4)
		return ROMON_STREAM_NOT_PERMITTED;
	for (i = 0; i < STREAMS && f.s[i]; i++)
		;
	if (i == STREAMS)
		return ROMON_STREAM_BUSY;
	f.s[i] = s;
	return ROMON_STREAM_END;
}

static void forget(unsigned int i)
{
	struct romon_stream *s = f.s[i];

	f.s[i] = NULL;
	romon_stream_free(s);
}

static void fuzz_event(void *arg, struct romon_stream *s, unsigned int events)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < STREAMS && f.s[i] != s; i++)
		;
	/* No event comes for what has been freed. */
	assert(i < STREAMS && events);
	if (events & ROMON_STREAM_CLOSED)
		assert(romon_stream_events(s) & ROMON_STREAM_CLOSED);
	if (f.error == 5)
		forget(i);
	else if (f.error == 6)
		forget((i + 1) % STREAMS);
	else if (f.error == 7)
		romon_stream_abort(s, ROMON_STREAM_FAILED);
}

static const struct romon_mux_ops fuzz_ops = {
	.xmit = fuzz_xmit,
	.room = fuzz_room,
	.bind = fuzz_bind,
	.unbind = fuzz_unbind,
	.random = fuzz_random,
	.accept = fuzz_accept,
	.event = fuzz_event,
};

static void segment(struct input *in, u8 step)
{
	struct peer *p = &f.peers[step >> 4 & 3];
	u32 how = take(in, 1), len = take(in, 1), seq = p->seq, ack = p->ack;
	struct romon_datagram d = {
		.local_port = p->local,
		.remote_port = p->remote,
		.hops = how >> 6,
	};
	u8 *payload, *route;

	if (how & 1)
		seq += (int16_t)take(in, 2);
	else if (how & 2)
		seq += (int32_t)take(in, 4);
	if (how & 4)
		ack += (int16_t)take(in, 2);
	else if (how & 8)
		ack += (int32_t)take(in, 4);
	if (how & 16)
		len *= 37;
	payload = calloc(ROMON_SEGMENT_HLEN + len, 1);
	route = calloc(d.hops + 1, ROMON_STREAM_ENTRY_LEN);
	romon_segment_build(payload, how & 32 ? take(in, 1) % 6 : 2, seq, ack);
	if (len)
		payload[ROMON_SEGMENT_HLEN] = how;
	memcpy(d.id, p->id, sizeof(d.id));
	d.payload = payload;
	d.len = ROMON_SEGMENT_HLEN + len;
	if (step & 0x80)
		d.len = take(in, 1) % (d.len + 1);
	if (d.hops)
		d.route = route;
	romon_mux_input(f.mux, &d, f.now);
	free(payload);
	free(route);
}

/* The host has refused what was sent last, or something like it. */
static void refuse(struct input *in)
{
	static const int errors[] = {
		-EMSGSIZE, -ENOBUFS, -ENETDOWN, -ENOTCONN,
	};
	u32 how = take(in, 1);

	if (!f.last.payload)
		return;
	if (how & 4)
		f.last.len = take(in, 2);
	if (how & 8)
		f.head[take(in, 1) % sizeof(f.head)]++;
	if (how & 16)
		f.last.hops = !f.last.hops;
	romon_mux_refused(f.mux, &f.last, errors[how & 3], f.now);
}

static void program(struct input *in)
{
	u32 what = take(in, 1), i = take(in, 1) % STREAMS;
	struct romon_stream *s = f.s[i];
	struct romon_stream_info info;
	u8 buf[4096] = { 0 };
	struct peer *p;
	ssize_t n;
	int err;

	if (!s) {
		p = &f.peers[i % PEERS];
		f.s[i] = romon_stream_open(f.mux, p->id, p->remote, NULL, &err);
		assert(f.s[i] || err < 0);
		return;
	}
	switch (what % 8) {
	case 0:
		n = romon_stream_read(s, buf, take(in, 1) * 16);
		assert(n <= 4096);
		break;
	case 1:
	case 2:
		n = romon_stream_write(s, buf, take(in, 1) * 16);
		assert(n <= 4096);
		break;
	case 3:
		romon_stream_end(s);
		break;
	case 4:
		romon_stream_abort(s, take(in, 1) % 7);
		assert(romon_stream_error(s) ||
		       romon_stream_events(s) & ROMON_STREAM_CLOSED);
		break;
	case 5:
		forget(i);
		break;
	case 6:
		romon_stream_info(s, &info);
		assert(info.segment >= 64 && info.flight <= 5 << 20);
		break;
	case 7:
		while (romon_stream_read(s, buf, sizeof(buf)) > 0)
			;
		break;
	}
}

static void check(void)
{
	struct romon_mux_stats stats;

	romon_mux_stats(f.mux, &stats);
	assert(stats.memory <= MEMORY_MOST);
	assert(stats.streams <= STREAMS);
}

static void pass(int64_t ms)
{
	unsigned int i;

	f.now += ms * MS;
	f.xmits = 0;
	/* It comes to rest; and sends no more than a window of small ones. */
	for (i = 0; i < 10 && romon_mux_deadline(f.mux) <= f.now; i++)
		romon_mux_run(f.mux, f.now);
	assert(f.error >= 5 || romon_mux_deadline(f.mux) > f.now);
	assert(f.xmits < 20000);
	check();
}

int fuzz_input(const u8 *data, size_t size)
{
	struct input in = { data, data + size };
	struct romon_mux_limits limits;
	struct romon_mux_stats stats;
	unsigned int i;

	memset(&f, 0, sizeof(f));
	f.mux = romon_mux_new(&fuzz_ops, NULL, 0);
	assert(f.mux && !romon_mux_listen(f.mux, 3));
	romon_mux_limits(f.mux, &limits);
	limits.streams = STREAMS;
	limits.memory = MEMORY;
	romon_mux_set_limits(f.mux, &limits);
	for (i = 0; i < PEERS; i++) {
		struct peer *p = &f.peers[i];

		memset(p->id, i / 2 + 1, sizeof(p->id));
		p->local = i < 2 ? 3 : 50000 + i % 3;
		p->remote = i < 2 ? 1000 + i : 3;
		p->seq = i * 0x7ffffff0;
	}
	f.room = take(&in, 1) * 8;

	while (in.p < in.end) {
		u8 step = take(&in, 1);

		switch (step % 8) {
		case 0 ... 3:
			segment(&in, step);
			break;
		case 4:
		case 5:
			program(&in);
			break;
		case 6:
			pass(take(&in, 1) * (step & 0x80 ? 100 : 1));
			break;
		case 7:
			if (step & 0x80)
				refuse(&in);
			else
				f.error = take(&in, 1) % 8;
			break;
		}
		check();
	}

	/* All that is left goes, when nobody answers. */
	f.error = 0;
	for (i = 0; i < STREAMS; i++)
		forget(i);
	for (i = 0; i < 200; i++)
		pass(1000);
	romon_mux_stats(f.mux, &stats);
	assert(!stats.streams && !stats.memory && !f.bound);
	romon_mux_free(f.mux);
	return 0;
}
