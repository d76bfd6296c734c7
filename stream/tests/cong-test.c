// SPDX-License-Identifier: GPL-2.0-only
/* The congestion window, step by step. */

#include "cong.h"
#include "tap.h"

#define MSS	1000
#define MS	1000000LL

int main(void)
{
	struct romon_cong c;
	int64_t una = 0, rtt = 40 * MS;
	unsigned int i;

	romon_cong_init(&c, MSS, 4 << 20);
	tap_ok(c.cwnd == 10 * MSS, "it begins with ten segments");
	for (i = 0; i < 5; i++)
		romon_cong_ack(&c, 2 * MSS, c.cwnd, 8);
	tap_ok(c.cwnd == 20 * MSS, "slow start doubles it in a round trip");
	romon_cong_ack(&c, 100 * MSS, c.cwnd, 8);
	tap_ok(c.cwnd == 28 * MSS, "... by eight segments at most at once");
	romon_cong_ack(&c, 2 * MSS, 10 * MSS, 8);
	tap_ok(c.cwnd == 28 * MSS, "what is not used does not grow");

	romon_cong_recover(&c, 28 * MSS, 3);
	tap_ok(c.ssthresh == 14 * MSS && c.cwnd == 17 * MSS,
	       "a loss halves it, and three have left the network");
	romon_cong_dupack(&c);
	tap_ok(c.cwnd == 18 * MSS, "as does one with each further duplicate");
	romon_cong_partial(&c, 5 * MSS);
	tap_ok(c.cwnd == 14 * MSS, "a partial acknowledgment takes it back");
	romon_cong_recovered(&c, 14 * MSS);
	tap_ok(c.cwnd == 14 * MSS, "after it, half is left");
	for (i = 0; i < 7; i++)
		romon_cong_ack(&c, 2 * MSS, c.cwnd, 8);
	tap_ok(c.cwnd == 15 * MSS, "then one segment more in a round trip");
	romon_cong_undo(&c);
	tap_ok(c.cwnd == 28 * MSS, "a loss that was none is forgotten");

	romon_cong_timeout(&c, 28 * MSS, false);
	tap_ok(c.cwnd == MSS && c.ssthresh == 14 * MSS,
	       "after a timeout one segment");
	romon_cong_timeout(&c, MSS, true);
	tap_ok(c.ssthresh == 14 * MSS, "... and the next one halves nothing");
	romon_cong_undo(&c);
	tap_ok(c.cwnd == 28 * MSS, "that was none either");
	romon_cong_timeout(&c, 100, false);
	tap_ok(c.ssthresh == 2 * MSS, "two segments are the least");

	romon_cong_init(&c, MSS, 50 * MSS);
	for (i = 0; i < 100; i++)
		romon_cong_ack(&c, 2 * MSS, c.cwnd, 8);
	tap_ok(c.cwnd == 50 * MSS, "it has a bound");
	romon_cong_set_mss(&c, 2 * MSS);
	tap_ok(c.cwnd == 50 * MSS, "in bytes, whatever a segment is");

	/* A queue that grows by 10 ms a round. */
	romon_cong_init(&c, MSS, 4 << 20);
	for (i = 0; i < 12; i++) {
		int64_t end = una + c.cwnd;

		for (; una < end; una += 2 * MSS) {
			romon_cong_rtt(&c, rtt, 2, una, end);
			romon_cong_ack(&c, 2 * MSS, c.cwnd, 8);
		}
		rtt += 10 * MS;
	}
	tap_ok(c.ssthresh < 4 << 20 && c.cwnd < 300 * MSS,
	       "a delay that grows ends slow start: %u segments", c.cwnd / MSS);

	romon_cong_init(&c, MSS, 4 << 20);
	for (i = 0; i < 100; i++) {
		romon_cong_ack(&c, 2 * MSS, c.cwnd, 8);
		romon_cong_train(&c, (int64_t)i * MS / 4 + MS, 40 * MS);
	}
	tap_ok(c.ssthresh > 150 * MSS && c.ssthresh < 200 * MSS,
	       "as does a train of half a round trip: %u segments",
	       c.ssthresh / MSS);
	romon_cong_idle(&c);
	tap_ok(c.cwnd == 10 * MSS, "after a pause it begins anew");
	return 0;
}
