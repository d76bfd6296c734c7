/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the library: a stream, a mux, and what its files are to each other.
 *
 *	mux	the table of streams, their deadlines, what comes in for none
 *	listen	opens of others, and where streams begin of which none is known
 *	stream	from opening to the end, and what the program calls
 *	rcv	segments that have come in, and acknowledgments of them
 *	snd	segments that go out
 *	loss	what acknowledgments, and their absence, tell of what was lost
 *	alive	whether the other side is still there
 *
 * Functions below romon_mux_run() never call the program; they leave a note in
 * romon_stream.pending. A stream that has come to its end is freed by the
 * program, or by its deadline, but never while something is being done with it.
 */

#ifndef ROMON_INSIDE_H
#define ROMON_INSIDE_H

#include "cong.h"
#include "cookie.h"
#include "list.h"
#include "ring.h"
#include "romon-stream.h"
#include "rtt.h"
#include "segment.h"
#include "sent.h"
#include "siphash.h"

#define ROMON_NEVER		INT64_MAX
#define ROMON_MS		1000000LL
#define ROMON_SECOND		(1000 * ROMON_MS)

/* Both sides know: no more than this is in flight. */
#define ROMON_WINDOW		(4u << 20)
/* And no more than this beyond what the program has read is acknowledged. */
#define ROMON_BACKLOG		(256u << 10)
/* What a stream may buffer to send, however small its window is. */
#define ROMON_SEND_MIN		(64u << 10)
/* What it may keep in order, and to send, however little memory there is. */
#define ROMON_RESERVE		(32u << 10)
#define ROMON_SEND_LEAST	(8u << 10)

#define ROMON_SEGMENT_MIN	64	/* bytes of payload, whatever room() says */
#define ROMON_SEGMENT_MAX	16384

#define ROMON_DUPTHRESH		3
#define ROMON_DUPTHRESH_MAX	64

/* Until an open, or the answer to it, is sent again for the first time. */
#define ROMON_OPEN_NS		(250 * ROMON_MS)
/* Answers that are remembered, if their way back is not longer. */
#define ROMON_ANSWERS		32
#define ROMON_ANSWER_HOPS	32

#define ROMON_LINGER_MAX	256
/* As long as the other side may be silent before it gives up: the keepalive. */
#define ROMON_LINGER_MIN_NS	(8 * ROMON_SECOND)
#define ROMON_LINGER_MAX_NS	(30 * ROMON_SECOND)

/* After all that a freed stream had to deliver, for the other side's end. */
#define ROMON_ORPHAN_NS		(2 * ROMON_SECOND)

#define ROMON_DELACK_NS		(40 * ROMON_MS)

enum romon_state {
	ROMON_OPENING,			/* open sent */
	ROMON_OPEN,
	ROMON_OVER,			/* closed by both, or in error */
	ROMON_LINGER			/* freed: answers late closes */
};

/* See loss.c for how one follows another. */
enum romon_loss_state {
	ROMON_LOSS_OPEN,		/* nothing seems lost */
	ROMON_LOSS_RECOVERY,		/* RFC 6582, 3.2 */
	ROMON_LOSS_FRTO_1,		/* RFC 5682, 2.1: snd_una again */
	ROMON_LOSS_FRTO_2,		/* ... and then something new */
	ROMON_LOSS_RESEND		/* all from snd_una on, again */
};

struct romon_stream {
	struct romon_mux *mux;
	struct romon_stream *chain;	/* in the table */
	struct romon_list node;		/* live, orphans or lingering */
	struct romon_list ready;	/* has events, or something to send */
	size_t place;			/* in the heap */
	int64_t deadline;

	void *arg;
	uint8_t id[ROMON_STREAM_ID_LEN];
	uint16_t local_port, remote_port;
	enum romon_state state;
	bool accepted;
	bool confirmed;			/* more than the answer has come */
	bool orphan;			/* the program has freed it */
	bool bound;			/* local_port is to be unbound */
	bool hidden;			/* not in the table any more */
	int error;
	enum romon_stream_reason reason;
	unsigned int pending;		/* events to tell */

	/* By whom the other side came in, if accepted. */
	uint8_t neighbor[ROMON_STREAM_ENTRY_LEN];
	/* The way back; NULL and 0 for the best one. */
	uint8_t *route;
	size_t hops;
	bool route_lost;		/* unused, until a frame comes in */
	int64_t route_at;
	int64_t route_seq, route_ack;	/* of the frame it came with */

	/* Opening, lingering, waiting for the other side's end. */
	int64_t over_at;
	int64_t open_at, open_wait;
	int64_t opened_at;		/* open sent; -1: more than once */

	/* What is sent, counted from the first byte. The end counts one. */
	uint32_t iss;			/* RFC 9293, 3.3.1 */
	int64_t snd_una;		/* RFC 9293, 3.3.1: unacknowledged */
	int64_t snd_nxt;		/* to be sent next; less than ... */
	int64_t snd_max;		/* never sent before: BSD's name */
	uint32_t max_flight;		/* for RFC 5961: MAX.SND.WND */
	struct romon_ring out;		/* from snd_una to what was written */
	struct romon_sent sent;
	bool ended;			/* an end follows */
	bool starved;			/* the program waits for room */
	bool end_alone;			/* the end was first sent before theirs */
	bool end_heard;			/* answered, but not acknowledged */
	unsigned int end_answers;	/* ... so often */
	int64_t sent_at;

	/* Segments. */
	uint32_t mss;			/* RFC 5681, 2: SMSS */
	bool room_unknown;
	uint32_t mss_cap;		/* a black hole was found behind it */
	int64_t mss_cap_until;
	unsigned int full_timeouts;	/* in a row, of segments of full size */

	/* Loss. */
	struct romon_rtt rtt;
	struct romon_cong cong;
	enum romon_loss_state loss;
	int64_t recover;		/* RFC 6582, 3.2 */
	unsigned int dupacks, holes;
	unsigned int dupthresh;		/* RFC 6675, 2: DupThresh */
	bool overshot;			/* in the first slow start */
	uint32_t resend_flight;		/* in flight of what is sent again */
	/* Acknowledgments to come for what they have received twice. */
	unsigned int repeats;
	int64_t repeats_until;
	bool resend;			/* a segment at snd_una is to be sent */
	int64_t resent_at;
	unsigned int resent;		/* times that snd_una was sent again */
	unsigned int rounds;		/* times that all was, from there on */
	unsigned int frto_left;		/* new segments that FRTO_2 may send */
	bool stalled;			/* they have it, but do not say so yet */
	bool probed;			/* before the timeout */
	int64_t probed_at;
	int64_t rto_at, probe_at;
	int64_t rtt_from;		/* nothing before tells of round trips */
	/* Up to there what this host refuses has been sent again for that. */
	int64_t refused_until;
	uint64_t retransmitted;

	/* What has come in. */
	uint32_t irs;
	int64_t last_ack_sent;		/* RFC 7323, 4.3 */
	struct romon_ring in;
	int64_t fin;			/* where their data ends, or -1 */
	bool fin_taken;			/* all up to there is here */
	bool ack_now;
	int64_t ack_at;
	unsigned int in_order;		/* segments since the last ack, now */
	unsigned int quick;		/* segments to acknowledge one by one */
	uint32_t rcv_mss;		/* RMSS: the longest one so far */
	int64_t bad_at;			/* no answer to bad ones before that */
	int64_t again_at;		/* nor, if it is over, to what comes again */
	enum romon_stream_reason claimed;	/* for breaking off, but not proven */

	/* Alive. */
	int64_t heard;			/* something of the router */
	int64_t heard_stream;		/* something of the stream */
	int64_t flight_at;		/* since then something is in flight */
	int64_t ask_at;
	unsigned int tries;		/* questions, early ones */
	bool asked, answers;		/* ... and the stream answers them */
	uint32_t echo;			/* the number of our echo requests */

	uint64_t bytes_in, bytes_out;
};

/* Goes when it is not listened at, and no stream that came in by it is left. */
struct romon_port {
	uint16_t number;
	bool listens;
	unsigned int streams;
};

/* To an open, not acknowledged yet: see listen.c. */
struct romon_answer {
	uint8_t id[ROMON_STREAM_ID_LEN];
	uint16_t local_port, remote_port;
	uint32_t iss, irs;
	unsigned int times;
	int64_t at;			/* sent; -1: more than once */
	int64_t due;			/* again; ROMON_NEVER: there is none */
	size_t hops;
	uint8_t route[ROMON_ANSWER_HOPS * ROMON_STREAM_ENTRY_LEN];
};

struct romon_mux {
	struct romon_mux_ops ops;
	void *arg;
	struct romon_siphash_key table_key, random_key;
	uint64_t count;			/* of random numbers */
	int64_t now;
	struct romon_pool pool;
	struct romon_mux_limits limits;
	struct romon_mux_stats stats;
	struct romon_list live, orphans, lingering, ready;
	unsigned int n_lingering;
	bool starved;			/* somebody waits for memory */
	struct romon_stream **table;
	size_t buckets, n;		/* n: all in it, lingering ones too */
	struct romon_stream **heap;
	size_t heap_n, heap_size;
	struct romon_port *ports;	/* that are or were listened at */
	size_t n_ports;
	struct romon_cookies cookies;
	struct romon_answer answers[ROMON_ANSWERS];
	unsigned int next_answer;	/* the oldest */
	int64_t answers_at;		/* when the first is due */
	unsigned int challenges;	/* that may be sent until ... */
	int64_t challenges_until;
	uint8_t buf[ROMON_SEGMENT_HLEN + ROMON_SEGMENT_MAX];
};

/* mux.c */
uint64_t romon_mux_random(struct romon_mux *mux);
struct romon_stream *romon_mux_find(const struct romon_mux *mux,
				    const uint8_t *id, uint16_t local_port,
				    uint16_t remote_port);
int romon_mux_add(struct romon_mux *mux, struct romon_stream *s);
void romon_mux_hide(struct romon_mux *mux, struct romon_stream *s);
void romon_mux_del(struct romon_mux *mux, struct romon_stream *s);
void romon_mux_ready(struct romon_stream *s);
void romon_mux_rearm(struct romon_stream *s);
size_t romon_mux_free_memory(const struct romon_mux *mux);

/* listen.c */
void romon_listen_init(struct romon_mux *mux);
void romon_listen_use(struct romon_mux *mux, uint16_t port);
void romon_listen_leave(struct romon_mux *mux, uint16_t port);
bool romon_listen_input(struct romon_mux *mux, const struct romon_datagram *d,
			const struct romon_segment *seg,
			struct romon_stream *old);
void romon_listen_run(struct romon_mux *mux);

/* stream.c */
struct romon_stream *romon_stream_accept(struct romon_mux *mux,
					 const struct romon_datagram *d,
					 uint32_t iss, uint32_t irs,
					 enum romon_stream_reason *why);
void romon_stream_opened(struct romon_stream *s, int64_t since);
void romon_stream_fail(struct romon_stream *s, int error,
		       enum romon_stream_reason reason);
void romon_stream_replaced(struct romon_stream *s);
void romon_stream_settle(struct romon_stream *s);
void romon_stream_forsaken(struct romon_stream *s);
void romon_stream_remember(struct romon_stream *s);
void romon_stream_timer(struct romon_stream *s);
void romon_stream_destroy(struct romon_stream *s);
void romon_stream_break_off(struct romon_stream *s);
size_t romon_stream_budget(const struct romon_stream *s,
			   const struct romon_ring *ring);
void romon_stream_note(struct romon_stream *s, unsigned int events);
void romon_stream_writable(struct romon_stream *s);

/* rcv.c */
void romon_rcv_segment(struct romon_stream *s, const struct romon_datagram *d,
		       const struct romon_segment *seg);
void romon_rcv_strange(struct romon_stream *s, const struct romon_segment *seg);
int64_t romon_rcv_next(const struct romon_stream *s);
int64_t romon_rcv_ack(const struct romon_stream *s);
void romon_rcv_acked(struct romon_stream *s, int64_t ack);
void romon_rcv_read(struct romon_stream *s);

/* snd.c */
void romon_snd_run(struct romon_stream *s);
void romon_snd_answer(struct romon_mux *mux, const struct romon_datagram *d,
		      uint32_t iss, uint32_t irs);
void romon_snd_open(struct romon_stream *s);
void romon_snd_ack(struct romon_stream *s);
void romon_snd_ask(struct romon_stream *s);
void romon_snd_echo(struct romon_stream *s);
void romon_snd_close(struct romon_stream *s, enum romon_stream_reason reason);
void romon_snd_reject(struct romon_mux *mux, const struct romon_datagram *d,
		      const struct romon_segment *seg,
		      enum romon_stream_reason reason);
void romon_snd_size(struct romon_stream *s);
void romon_snd_route(struct romon_stream *s, const uint8_t *route, size_t hops);
void romon_snd_cap(struct romon_stream *s, uint32_t mss);
uint32_t romon_snd_safe(const struct romon_stream *s);

/* loss.c */
void romon_loss_acked(struct romon_stream *s, int64_t ack);
void romon_loss_dupack(struct romon_stream *s);
void romon_loss_timeout(struct romon_stream *s);
void romon_loss_probe(struct romon_stream *s);
void romon_loss_refused(struct romon_stream *s, const struct romon_segment *seg,
			bool routed, int err);
void romon_loss_small(struct romon_stream *s);
void romon_loss_arm(struct romon_stream *s, bool anew);
uint32_t romon_loss_flight_size(const struct romon_stream *s);

/* alive.c */
void romon_alive_start(struct romon_stream *s);
void romon_alive_heard(struct romon_stream *s, enum romon_segment_kind kind);
void romon_alive_echo(struct romon_mux *mux, const struct romon_datagram *d);
void romon_alive_timer(struct romon_stream *s);

#endif /* ROMON_INSIDE_H */
