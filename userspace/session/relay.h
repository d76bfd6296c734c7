/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream and file descriptors, each read as fast as the other takes it, with
 * the end of the one told to the other, in each direction by itself.
 */

#ifndef ROMON_RELAY_H
#define ROMON_RELAY_H

#include <sys/socket.h>

#include "base/loop.h"
#include "endpoint.h"

/* Read on one side, not yet taken by the other: no more memory than that. */
struct relay_buffer {
	unsigned char *data;
	size_t from, to;
};

struct relay {
	struct endpoint_user user;	/* the stream's argument; the first */
	/* Both sides know of the stream; may be NULL. */
	void (*opened)(struct relay *r);
	/*
	 * It is over, the last call. 0 if all went through in both directions,
	 * otherwise a negative errno: of the stream, whose reason is then to be
	 * had, or of a descriptor. The stream is there until this returns; the
	 * relay may be freed in it.
	 */
	void (*done)(struct relay *r, int err);

	/*
	 * Whose data comes next, of a socket with SO_PASSCRED; NULL if nobody
	 * wants to know.
	 */
	void (*wrote)(struct relay *r, const struct ucred *who);

	struct romon_stream *stream;
	/* The relay's own. */
	struct loop_watch in, out;
	struct relay_buffer in_buf, out_buf;
	bool opened_told;
	int in_flags, out_flags;	/* as they were */
	bool shared;		/* in and out are the same */
	bool socket;		/* ... the two ways of a socket */
	bool local;		/* ... of this machine */
	bool in_ready, out_ready;
	bool in_done;		/* the end was read, and told to the stream */
	bool out_done;		/* the stream's end was told to out */
	bool out_gone;		/* nobody reads out any more */
	const char *failed;	/* "input" or "output", if it was neither's end */
};

/*
 * Before: opened and done are set. The stream becomes the relay's. It may come
 * to done before there are descriptors.
 */
void relay_attach(struct relay *r, struct romon_stream *s);
/*
 * What is joined with the stream. They become the relay's, and non-blocking;
 * they may be the same, a socket. Data flows once the stream is open. 0, or a
 * negative errno: then they are closed.
 */
int relay_join(struct relay *r, int in, int out);
/*
 * Break off, or with ROMON_STREAM_END end, as a socket does whose program is
 * killed: the stream is told so, the descriptors are closed, and done is not
 * called. Not after done.
 */
void relay_stop(struct relay *r, enum romon_stream_reason reason);

#endif /* ROMON_RELAY_H */
