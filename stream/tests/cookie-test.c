// SPDX-License-Identifier: GPL-2.0-only
/* Numbers of answers: who has one may begin that stream, once, for a while. */

#include <string.h>

#include "cookie.h"
#include "tap.h"

static void fill(void *arg, void *buf, size_t len)
{
	static uint8_t next = 1;
	uint8_t *p = buf;

	(void)arg;
	while (len--)
		*p++ = next = next * 5 + 3;
}

static const struct romon_mux_ops ops = { .random = fill };

static struct romon_cookies c;
static uint32_t irs;

static enum romon_cookie_verdict check(const struct romon_datagram *d, int kind,
				       uint32_t seq, uint32_t ack, size_t len)
{
	struct romon_segment seg = {
		.kind = kind, .seq = seq, .ack = ack, .len = len,
	};

	return romon_cookie_check(&c, d, &seg, &irs);
}

int main(void)
{
	struct romon_datagram d = {
		.id = { 2, 0, 0, 0, 0, 1 }, .local_port = 3, .remote_port = 50000,
	}, other;
	uint32_t cookie, lower;
	unsigned int i, n;

	romon_cookie_init(&c, 0, &ops, NULL);
	cookie = romon_cookie_make(&c, &d, 1000);
	tap_ok(check(&d, ROMON_SEGMENT_ACK, 1000, cookie, 0) ==
	       ROMON_COOKIE_RIGHT && irs == 1000, "its acknowledgment is right");
	tap_ok(check(&d, ROMON_SEGMENT_DATA, 1000, cookie, 5) ==
	       ROMON_COOKIE_RIGHT && irs == 1000, "... and data");
	tap_ok(check(&d, ROMON_SEGMENT_DATA, 999, cookie, 0) ==
	       ROMON_COOKIE_RIGHT && irs == 1000, "... and a question");
	tap_ok(check(&d, ROMON_SEGMENT_DATA, 1005, cookie, 5) ==
	       ROMON_COOKIE_EARLY, "later data is early");
	for (i = 0; i < 10; i++) {
		other = d;
		if (i < 6)
			other.id[i] ^= 1;
		else if (i < 8)
			other.local_port ^= 1 << (i - 6) * 8;
		else
			other.remote_port ^= 1 << (i - 8) * 8;
		if (check(&other, ROMON_SEGMENT_ACK, 1000, cookie, 0) !=
		    ROMON_COOKIE_WRONG)
			break;
	}
	tap_ok(i == 10, "it is for no other router or port");
	/* The lower half tells nothing of that of others, whatever the upper. */
	lower = cookie & 0xffff;
	for (n = 0, i = 0; i < 65536; i++) {
		other = d;
		other.remote_port = i;
		n += (romon_cookie_make(&c, &other, 1000) & 0xffff) == lower;
	}
	tap_ok(n < 10, "... in neither half");
	for (n = 0, i = 0; i < 1000000; i++)
		n += check(&d, ROMON_SEGMENT_ACK, i + 2000, i * 4294, 0) ==
		     ROMON_COOKIE_RIGHT;
	tap_ok(!n, "a million guesses are none");

	romon_cookie_rotate(&c, ROMON_COOKIE_STEP_NS, &ops, NULL);
	tap_ok(check(&d, ROMON_SEGMENT_ACK, 1000, cookie, 0) ==
	       ROMON_COOKIE_RIGHT, "it is good for one step more");
	tap_ok(romon_cookie_make(&c, &d, 1000) != cookie, "... new ones differ");
	romon_cookie_rotate(&c, 2 * ROMON_COOKIE_STEP_NS, &ops, NULL);
	tap_ok(check(&d, ROMON_SEGMENT_ACK, 1000, cookie, 0) ==
	       ROMON_COOKIE_WRONG, "... and then no more");
	cookie = romon_cookie_make(&c, &d, 1000);
	romon_cookie_rotate(&c, 9 * ROMON_COOKIE_STEP_NS, &ops, NULL);
	tap_ok(check(&d, ROMON_SEGMENT_ACK, 1000, cookie, 0) ==
	       ROMON_COOKIE_WRONG, "... nor after a long time without any");

	cookie = romon_cookie_make(&c, &d, 1000);
	romon_cookie_spend(&c, cookie, ROMON_STREAM_END);
	tap_ok(check(&d, ROMON_SEGMENT_ACK, 1000, cookie, 0) ==
	       ROMON_COOKIE_WRONG, "one that has begun a stream begins no other");
	tap_ok(check(&d, ROMON_SEGMENT_DATA, 1005, cookie, 0) ==
	       ROMON_COOKIE_WRONG, "... and what comes late of that is not early");
	tap_ok(!romon_cookie_refused(&c, cookie), "... nor refused");
	cookie = romon_cookie_make(&c, &d, 2000);
	romon_cookie_spend(&c, cookie, ROMON_STREAM_BUSY);
	tap_ok(romon_cookie_refused(&c, cookie) == ROMON_STREAM_BUSY &&
	       check(&d, ROMON_SEGMENT_ACK, 2000, cookie, 0) ==
	       ROMON_COOKIE_WRONG, "one that was refused stays so");
	return 0;
}
