/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream and file descriptors, each read as fast as the other takes it, with
 * the end of the one told to the other, in each direction by itself.
 */

#ifndef ROMON_RELAY_H
#define ROMON_RELAY_H

#include "endpoint.h"
#include "loop.h"

struct relay {
	struct endpoint_user user;	/* the stream's argument; the first */
	/* Both sides know of the stream; may be NULL. */
	void (*opened)(struct relay *r);
	/*
	 * It is over, the last call. 0 if all went through in both directions,
	 * otherwise a negative errno: of the stream, whose reason is then to be
	 * had, or of a descriptor. The stream and the descriptors are freed and
	 * closed afterwards, so the relay itself may be freed.
	 */
	void (*done)(struct relay *r, int err);

	struct romon_stream *stream;
	struct loop_watch in, out;	/* the same descriptor in both, or two */
	/* The relay's own. */
	unsigned char *buf;		/* read from the stream, not yet written */
	size_t buf_from, buf_to;
	bool started, in_done, out_done, stream_done;
};

/*
 * Before: opened and done are set. The stream is or becomes the relay's; so do
 * the descriptors, which are made non-blocking. Data flows once the stream is
 * open. @in and @out may be the same: a socket.
 */
void relay_start(struct relay *r, struct romon_stream *s, int in, int out);
/* For a stream whose descriptors come later: ends in done all the same. */
void relay_attach(struct relay *r, struct romon_stream *s);
void relay_descriptors(struct relay *r, int in, int out);
/* Break off: the stream is told so, the descriptors are closed, no done. */
void relay_stop(struct relay *r, enum romon_stream_reason reason);

#endif /* ROMON_RELAY_H */
