/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams over RoMON's datagrams: what SSH and WinBox travel in.
 *
 * The library does no input or output and never looks at a clock. Whoever uses
 * it hands it the datagrams that came in, sends those that it wants sent, tells
 * it the time, and asks when to call again. So it runs over netlink in the tool
 * and over a simulated network, in simulated time, in its tests.
 *
 *	mux = romon_mux_new(&ops, arg, now);
 *	stream = romon_stream_open(mux, id, port, arg, &err);
 *	for (;;) {
 *		poll(transport, romon_mux_deadline(mux) - now)
 *		for each datagram that came in:
 *			romon_mux_input(mux, &datagram, now);
 *		romon_mux_run(mux, now);
 *	}
 *
 * romon_mux_run() is due after every batch of input, when the deadline has
 * come, and after reading from or writing to streams: it sends what is to be
 * sent, and calls ops->event. No other function calls it, so no event comes
 * from inside a read or write.
 *
 * One thread at a time may use a mux and its streams. Times are nanoseconds of
 * any clock that never goes back. Errors are negative errnos.
 */

#ifndef ROMON_STREAM_H
#define ROMON_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ROMON_STREAM_ID_LEN	6
#define ROMON_STREAM_ENTRY_LEN	10	/* of a source route, an entry */
#define ROMON_STREAM_HEAD_LEN	10	/* of a segment, what tells which it is */

/* Streams arrive at these; the echo service, which probes go to, is no stream. */
#define ROMON_STREAM_PORT_ECHO		1
#define ROMON_STREAM_PORT_SSH		3
#define ROMON_STREAM_PORT_WINBOX	4

struct romon_mux;
struct romon_stream;

/* One datagram, as the module delivers and takes it. */
struct romon_datagram {
	uint8_t id[ROMON_STREAM_ID_LEN];	/* the other router */
	uint16_t local_port, remote_port;
	const void *payload;
	size_t len;
	/* Came in: the way back. To send: the way to take; NULL: the best one. */
	const uint8_t *route;
	size_t hops;
};

/* Why a stream was refused or broken off: the payload of a close. Ours. */
enum romon_stream_reason {
	ROMON_STREAM_END,		/* no payload: the end of the data */
	ROMON_STREAM_UNKNOWN,		/* there is no such stream, or nobody listens */
	ROMON_STREAM_NOT_PERMITTED,	/* ... for this router */
	ROMON_STREAM_BUSY,		/* as many sessions as there may be */
	ROMON_STREAM_FAILED,		/* the service could not be started */
	ROMON_STREAM_ABORTED,		/* by the program at the other end */
	ROMON_STREAM_TIMEOUT,		/* nothing was heard of it for too long */
	__ROMON_STREAM_REASONS
};

/* What ops->event is told; and what is true now, romon_stream_events(). */
enum romon_stream_event {
	ROMON_STREAM_OPENED	= 1 << 0,	/* both sides know of it */
	ROMON_STREAM_READABLE	= 1 << 1,	/* data, or the end of it */
	ROMON_STREAM_WRITABLE	= 1 << 2,	/* there is room again */
	ROMON_STREAM_CLOSED	= 1 << 3,	/* nothing more to come; see error */
};

struct romon_mux_ops {
	/*
	 * Send a datagram; everything in it is the library's and to be copied.
	 * 0; -EMSGSIZE if it is too long for the way, which makes segments
	 * smaller; otherwise whatever is wrong: the segment counts as lost.
	 * What is known later only: romon_mux_refused().
	 */
	int (*xmit)(void *arg, const struct romon_datagram *d);
	/*
	 * The longest payload of a datagram to a router that every link on the
	 * way takes; 0 if that is not known.
	 */
	size_t (*room)(void *arg, const uint8_t *id, const uint8_t *route,
		       size_t hops);
	/* A local port for a stream to open from, which is not bound yet. */
	int (*bind)(void *arg, uint16_t *port);
	/* No stream uses it any more, and it is not listened at. */
	void (*unbind)(void *arg, uint16_t port);
	/* Bytes that nobody can guess, for keys of hashes. Few, and rarely. */
	void (*random)(void *arg, void *buf, size_t len);
	/*
	 * A router opens a stream to a local port that is listened at. Returns
	 * ROMON_STREAM_END to take it, after romon_stream_set_arg(), or why
	 * not. Until the first event the stream must not be freed.
	 */
	enum romon_stream_reason (*accept)(void *arg, struct romon_stream *s);
	/* Something has become possible. May free the stream. */
	void (*event)(void *arg, struct romon_stream *s, unsigned int events);
};

struct romon_mux_limits {
	unsigned int streams;		/* in all; accept is not asked beyond */
	size_t memory;			/* bytes buffered, of all streams */
	int64_t keepalive_ns;		/* silence after which a stream is dead */
	int64_t open_ns;		/* how long opening may take */
};

struct romon_mux_stats {
	unsigned int streams;
	size_t memory;
	uint64_t segments_in, segments_out;
	uint64_t bad;			/* no segment, or not one of its stream's */
	uint64_t unknown;		/* for no stream; answered with close */
	uint64_t retransmitted, timeouts, recoveries;
	uint64_t no_memory;		/* dropped for want of room in limits.memory */
};

struct romon_stream_info {
	uint8_t id[ROMON_STREAM_ID_LEN];
	uint16_t local_port, remote_port;
	bool accepted;			/* opened by the other side */
	uint64_t bytes_in, bytes_out;	/* handed to and taken from the program */
	uint64_t retransmitted;
	uint32_t segment;		/* longest payload of a segment now */
	uint32_t cwnd, flight;		/* bytes */
	int64_t srtt_ns;
	size_t memory;
	size_t hops;			/* of the way back, if accepted; or 0 */
	/*
	 * By whom the stream came, if accepted: the first entry of the way back
	 * then, link and MAC, which this host has written and nobody can claim.
	 */
	uint8_t neighbor[ROMON_STREAM_ENTRY_LEN];
	bool spoke;			/* the other side has sent data */
};

struct romon_mux *romon_mux_new(const struct romon_mux_ops *ops, void *arg,
				int64_t now);
/* Breaks off all streams, and frees them. */
void romon_mux_free(struct romon_mux *mux);

void romon_mux_limits(const struct romon_mux *mux,
		      struct romon_mux_limits *limits);
void romon_mux_set_limits(struct romon_mux *mux,
			  const struct romon_mux_limits *limits);
void romon_mux_stats(const struct romon_mux *mux, struct romon_mux_stats *stats);

/*
 * Take streams to a local port, which the caller has bound; or no more, and
 * call ops->unbind when the last of them is gone.
 */
int romon_mux_listen(struct romon_mux *mux, uint16_t port);
void romon_mux_unlisten(struct romon_mux *mux, uint16_t port);

/* A datagram has come in. All in it stays the caller's. */
void romon_mux_input(struct romon_mux *mux, const struct romon_datagram *d,
		     int64_t now);
/*
 * A datagram that ops->xmit had taken was refused by this host, with @err. Of its
 * payload only ROMON_STREAM_HEAD_LEN bytes need be there, whatever its length,
 * and of its route how many hops it had.
 *
 * -EMSGSIZE makes segments smaller; -ENOBUFS and -ENOMEM are a loss; so is
 * -ENETDOWN of a way back, which is then not used until something comes in.
 * Anything else ends the stream, as nothing will be sent any more.
 */
void romon_mux_refused(struct romon_mux *mux, const struct romon_datagram *d,
		       int err, int64_t now);
/*
 * A datagram to a router could not be sent after all, as no route was found in
 * time: what is being opened there fails with @err; all else waits, but for
 * -EMSGSIZE, which makes segments smaller.
 */
void romon_mux_unreachable(struct romon_mux *mux, const uint8_t *id,
			   uint16_t local_port, uint16_t remote_port, int err,
			   int64_t now);
/*
 * The way to a router has become known, or another one: ops->room is asked anew
 * for all streams to it.
 */
void romon_mux_room_changed(struct romon_mux *mux, const uint8_t *id,
			    int64_t now);
/*
 * Ways may have become known since: ops->room is asked anew for streams for
 * which it had no answer.
 */
void romon_mux_room_known(struct romon_mux *mux, int64_t now);
/* Do what is due: send, time out, tell events. */
void romon_mux_run(struct romon_mux *mux, int64_t now);
/* When to call that at the latest; INT64_MAX for never, 0 for now. */
int64_t romon_mux_deadline(const struct romon_mux *mux);
/* Whether what was written to streams that are freed is still on its way. */
bool romon_mux_delivers(const struct romon_mux *mux);

/* NULL, and why in *@err. The route is the best known one at each time. */
struct romon_stream *romon_stream_open(struct romon_mux *mux, const uint8_t *id,
				       uint16_t port, void *arg, int *err);
void romon_stream_set_arg(struct romon_stream *s, void *arg);
void *romon_stream_arg(const struct romon_stream *s);

/*
 * Up to @len bytes that have come in, in order. 0 at the end of the data,
 * -EAGAIN if there are none yet, or what ended the stream before its end.
 */
ssize_t romon_stream_read(struct romon_stream *s, void *buf, size_t len);
/*
 * Takes up to @len bytes to send. -EAGAIN if it has as many as it holds for now,
 * -EPIPE after romon_stream_end(), or what ended the stream.
 */
ssize_t romon_stream_write(struct romon_stream *s, const void *buf, size_t len);
/* No more will be written: the other side reads to the end. */
void romon_stream_end(struct romon_stream *s);
/* Tell the other side that it is over, now. */
void romon_stream_abort(struct romon_stream *s, enum romon_stream_reason reason);
/*
 * The caller is done with it. What was ended goes on in the background until
 * all has arrived; what was not is aborted. No event comes any more.
 */
void romon_stream_free(struct romon_stream *s);

unsigned int romon_stream_events(const struct romon_stream *s);
/* 0, or why the stream is not to be used any more. */
int romon_stream_error(const struct romon_stream *s);
/* What the other side gave as its reason, with -ECONNREFUSED or -ECONNRESET. */
enum romon_stream_reason romon_stream_reason(const struct romon_stream *s);
void romon_stream_info(const struct romon_stream *s,
		       struct romon_stream_info *info);
/* The first stream, or the one after @s; in no order. NULL at the end. */
struct romon_stream *romon_mux_next(struct romon_mux *mux,
				    const struct romon_stream *s);

#endif /* ROMON_STREAM_H */
