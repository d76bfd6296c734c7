/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams over the kernel's RoMON: the stream library, with netlink below it
 * and the loop around it.
 */

#ifndef ROMON_ENDPOINT_H
#define ROMON_ENDPOINT_H

#include "romon-stream.h"

struct endpoint;
struct romon_nl;

/* What the argument of every stream of an endpoint points to. */
struct endpoint_user {
	/* May free the stream. */
	void (*event)(struct endpoint_user *user, struct romon_stream *s,
		      unsigned int events);
};

/* A router opens a stream to a port that is listened at. */
typedef enum romon_stream_reason endpoint_accept_fn(void *arg,
						    struct romon_stream *s);

/*
 * Complains, in the name of @what. Part of the loop until it is closed. @nl, which
 * becomes its own, may be shared with a process that goes on to have the right
 * to bind. Whether RoMON runs is for the caller to ask, before that process and
 * this one part: no other connection is needed here.
 */
struct endpoint *endpoint_open(const char *what, struct romon_nl *nl);
/*
 * A router opens, or is to be opened, by what was bound until now; whatever came
 * meanwhile is lost. From here on it hears others, and so gives up all rights
 * and all system calls but those of @use. False after a complaint.
 */
bool endpoint_confine(struct endpoint *ep, unsigned int use);
/*
 * Binding is then another process's: it calls api_queue_bind(), with port 0 for
 * any, on the same connection when it is asked by @ask.
 */
void endpoint_on_ask(struct endpoint *ep,
		     void (*ask)(void *arg, uint16_t port), void *arg);
/*
 * Its streams have been freed. What was written to them has a second to arrive;
 * then those that are not over are broken off.
 */
void endpoint_close(struct endpoint *ep);
struct romon_mux *endpoint_mux(struct endpoint *ep);

void endpoint_on_accept(struct endpoint *ep, endpoint_accept_fn *fn, void *arg);
/* 0 or a negative errno; the kernel's sentence for it: endpoint_sentence(). */
int endpoint_listen(struct endpoint *ep, uint16_t port);
/* Streams that came in by it go on; then the port is free for others. */
void endpoint_unlisten(struct endpoint *ep, uint16_t port);
/* What the kernel last said when it refused something; or what @err says. */
const char *endpoint_sentence(const struct endpoint *ep, int err);
/* Whether that is why nothing goes out, and nothing has come in since. */
bool endpoint_unsent(const struct endpoint *ep);

/*
 * What a router is called, "" if that is not known, and our own ID, without
 * waiting for the kernel: false if it is being asked and the answer, which is
 * there in a turn or two of the loop, may say more.
 */
bool endpoint_peer(struct endpoint *ep, const uint8_t *id,
		   const char **identity, const uint8_t **own_id);

/*
 * Whether there is a port for the next stream; if not, it is asked for. Once it is
 * confined @told hears of it: 0, or why there is none.
 */
bool endpoint_prepare(struct endpoint *ep, int *err);
void endpoint_on_port(struct endpoint *ep, void (*told)(void *arg, int err),
		      void *arg);

/* NULL, and why in *err. -EAGAIN: endpoint_prepare() has to come first. */
struct romon_stream *endpoint_connect(struct endpoint *ep, const uint8_t *id,
				      uint16_t port,
				      struct endpoint_user *user, int *err);

/* Why a stream ended, as people read it; of its info, reason and error. */
const char *endpoint_explain(const struct endpoint *ep,
			     const struct romon_stream *s, char *buf,
			     size_t size);

#endif /* ROMON_ENDPOINT_H */
