/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink, without what it means: requests, dumps, events. The structures of
 * libnl stay in nl.c.
 */

#ifndef ROMON_NL_H
#define ROMON_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

struct romon_nl;
struct romon_nl_msg;

/* Attributes side by side. */
struct romon_nl_attrs {
	const void *data;
	size_t len;
};

/* Why the kernel refused, beside the errno. */
struct romon_nl_refusal {
	char sentence[256];	/* empty if it gave none */
	unsigned int attr;	/* the attribute it points at, or 0 */
	bool missing;		/* ... which is missing */
	bool has_range;
	uint64_t min;
	uint64_t max;
};

/*
 * A message. Must not send anything on the same connection. Other than 0 ends
 * the request with that result.
 */
typedef int romon_nl_fn(uint8_t cmd, struct romon_nl_attrs attrs, void *arg);

/*
 * A queued message was refused: by its number, for a negative errno; the
 * sentence is in romon_nl_refusal(). Must not send anything either.
 */
typedef void romon_nl_refused_fn(uint32_t number, int err, void *arg);

int romon_nl_open(struct romon_nl **nl);
void romon_nl_close(struct romon_nl *nl);
int romon_nl_fd(const struct romon_nl *nl);
const struct romon_nl_refusal *romon_nl_refusal(const struct romon_nl *nl);

int romon_nl_subscribe(struct romon_nl *nl, const char *group);
void romon_nl_on_event(struct romon_nl *nl, romon_nl_fn *fn, void *arg);
void romon_nl_on_refused(struct romon_nl *nl, romon_nl_refused_fn *fn);
int romon_nl_watch_module(struct romon_nl *nl);
bool romon_nl_gone(const struct romon_nl *nl);
int romon_nl_receive(struct romon_nl *nl);
bool romon_nl_receive_batch(struct romon_nl *nl);

struct romon_nl_msg *romon_nl_msg_new(struct romon_nl *nl, uint8_t cmd,
				      size_t room);
struct romon_nl_msg *romon_nl_msg_try(struct romon_nl *nl, uint8_t cmd,
				      size_t room);
void romon_nl_put(struct romon_nl_msg *msg, int type, const void *data,
		  size_t len);
void romon_nl_put_u8(struct romon_nl_msg *msg, int type, uint8_t value);
void romon_nl_put_u16(struct romon_nl_msg *msg, int type, uint16_t value);
void romon_nl_put_u32(struct romon_nl_msg *msg, int type, uint32_t value);
size_t romon_nl_nest(struct romon_nl_msg *msg, int type);
void romon_nl_nest_end(struct romon_nl_msg *msg, size_t nest);
void romon_nl_put_string(struct romon_nl_msg *msg, int type, const char *s);

int romon_nl_request(struct romon_nl *nl, struct romon_nl_msg *msg,
		     romon_nl_fn *fn, void *arg);
int romon_nl_get(struct romon_nl *nl, struct romon_nl_msg *msg,
		 romon_nl_fn *fn, void *arg);
uint32_t romon_nl_queue(struct romon_nl *nl, struct romon_nl_msg *msg);
void romon_nl_queue_as(struct romon_nl *nl, struct romon_nl_msg *msg,
		       uint32_t number);
void romon_nl_flush(struct romon_nl *nl);
int romon_nl_dump(struct romon_nl *nl, uint8_t cmd, romon_nl_fn *fn,
		  void (*restart)(void *arg), void *arg);

const struct nlattr *romon_nl_next(struct romon_nl_attrs *rest);
void romon_nl_parse(struct romon_nl_attrs attrs, const struct nlattr **table,
		    unsigned int max);
struct romon_nl_attrs romon_nl_value(const struct nlattr *attr);
bool romon_nl_uint(const struct nlattr *attr, uint64_t *value);

#endif /* ROMON_NL_H */
