// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink, without what it means: requests, dumps, events.
 *
 * OpenWrt's libnl-tiny has to do as well as libnl-3. So messages are built,
 * sent and taken apart by the library, but received here: libnl-tiny's
 * callbacks know neither interrupted dumps nor extended acks.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/netlink.h>
#include <netlink/genl/genl.h>

#include <linux/genetlink.h>
#include <linux/romon.h>

#include "base/err.h"
#include "base/run.h"
#include "nl.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK		270
#endif

#define RECEIVE_BUFFER		(4 << 20)
/* libnl's own 32 kB are less than a datagram may have. */
#define SEND_BUFFER		(256 << 10)
/* Longer than any datagram with its attributes, and than a part of a dump. */
#define MESSAGE_MAX		(128 << 10)
/*
 * The kernel answers at once; an answer that was lost must not hang us, however
 * much else comes in.
 */
#define ANSWER_NS		(5 * RUN_SECOND)
#define DUMP_TRIES		8
/* How often what may be asked again is asked at most. */
#define ASK_TRIES		4
/* What is queued is sent at the latest when it would be longer than this. */
#define QUEUE_MAX		(64 << 10)
/* Taken from the kernel in one call, and room for each: longer than segments. */
#define BATCH			32
#define BATCH_ROOM		(20 << 10)
/* Numbers of queued messages; libnl's own begin with the time of day. */
#define QUEUE_FIRST		0x80000000u
#define QUEUE_MASK		0x3fffffffu

struct romon_nl {
	struct nl_sock *sock;
	uint16_t family;
	uint32_t group;		/* of the name asked for when subscribing */
	const char *group_name;
	uint32_t port;
	bool gone;		/* the family, and all that was bound, with it */
	bool interrupted;	/* the dump being read is inconsistent */
	romon_nl_fn *event;
	void *event_arg;
	romon_nl_refused_fn *refused;	/* with event_arg */
	struct romon_nl_refusal refusal;
	struct romon_nl_batch *batch;
	char *queue;		/* messages that go out together */
	size_t queued;
	uint32_t queue_number;
	char buf[MESSAGE_MAX];
};

struct romon_nl_msg {
	struct nl_msg *msg;
};

/* For those who are told much at once. */
struct romon_nl_batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_nl from[BATCH];
	char buf[BATCH][BATCH_ROOM];
};

/* An answer that is waited for. */
struct romon_nl_wait {
	const struct nlmsghdr *request;
	romon_nl_fn *fn;
	void *arg;
	bool heard;		/* some of it, in the last read */
	bool done;
	int err;
};

/* NULL if there is no memory: for what may as well be lost on its way. */
struct romon_nl_msg *romon_nl_msg_try(struct romon_nl *nl, uint8_t cmd,
				      size_t room)
{
	struct romon_nl_msg *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + 64 + room);
	if (m->msg &&
	    genlmsg_put(m->msg, 0, 0, nl->family ? nl->family : GENL_ID_CTRL,
			0, 0, cmd, ROMON_FAMILY_VERSION))
		return m;
	if (m->msg)
		nlmsg_free(m->msg);
	free(m);
	return NULL;
}

struct romon_nl_msg *romon_nl_msg_new(struct romon_nl *nl, uint8_t cmd,
				      size_t room)
{
	struct romon_nl_msg *m = romon_nl_msg_try(nl, cmd, room);

	if (!m)
		die_no_memory();
	return m;
}

/* It may have held a secret. */
static void romon_nl_msg_free(struct romon_nl_msg *m)
{
	struct nlmsghdr *h = nlmsg_hdr(m->msg);

	explicit_bzero(h, h->nlmsg_len);
	nlmsg_free(m->msg);
	free(m);
}

void romon_nl_put(struct romon_nl_msg *m, int type, const void *data,
		  size_t len)
{
	if (nla_put(m->msg, type, (int)len, data))
		die_no_memory();
}

void romon_nl_put_u8(struct romon_nl_msg *m, int type, uint8_t value)
{
	romon_nl_put(m, type, &value, sizeof(value));
}

void romon_nl_put_u16(struct romon_nl_msg *m, int type, uint16_t value)
{
	romon_nl_put(m, type, &value, sizeof(value));
}

void romon_nl_put_u32(struct romon_nl_msg *m, int type, uint32_t value)
{
	romon_nl_put(m, type, &value, sizeof(value));
}

void romon_nl_put_string(struct romon_nl_msg *m, int type, const char *s)
{
	romon_nl_put(m, type, s, strlen(s) + 1);
}

/*
 * Begins an attribute of attributes. Not nla_nest_start(), which marks it in
 * some libraries only, and the kernel insists on it; nor nla_nest_end(), which
 * takes an empty one away. The message never moves: its room is given.
 */
size_t romon_nl_nest(struct romon_nl_msg *m, int type)
{
	size_t nest = nlmsg_hdr(m->msg)->nlmsg_len;

	romon_nl_put(m, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

void romon_nl_nest_end(struct romon_nl_msg *m, size_t nest)
{
	struct nlmsghdr *h = nlmsg_hdr(m->msg);
	struct nlattr *attr = (void *)((char *)h + nest);

	attr->nla_len = (uint16_t)(h->nlmsg_len - nest);
}

/* Takes the next attribute off the rest; NULL at the end. */
const struct nlattr *romon_nl_next(struct romon_nl_attrs *rest)
{
	const struct nlattr *attr = rest->data;
	int left = (int)rest->len;

	if (!nla_ok(attr, left))
		return NULL;
	rest->data = nla_next(attr, &left);
	rest->len = left > 0 ? (size_t)left : 0;
	return attr;
}

/* Of an attribute that is there several times, the table has the last. */
void romon_nl_parse(struct romon_nl_attrs attrs, const struct nlattr **table,
		    unsigned int max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1) * sizeof(*table));
	while ((attr = romon_nl_next(&attrs))) {
		unsigned int type = (unsigned int)nla_type(attr);

		if (type <= max)
			table[type] = attr;
	}
}

struct romon_nl_attrs romon_nl_value(const struct nlattr *attr)
{
	struct romon_nl_attrs value = { NULL, 0 };

	if (attr) {
		value.data = nla_data(attr);
		value.len = (size_t)nla_len(attr);
	}
	return value;
}

/* A number of whatever width. */
bool romon_nl_uint(const struct nlattr *attr, uint64_t *value)
{
	struct romon_nl_attrs v = romon_nl_value(attr);
	uint32_t u32;
	uint16_t u16;

	switch (v.len) {
	case 1:
		*value = *(const uint8_t *)v.data;
		return true;
	case 2:
		memcpy(&u16, v.data, sizeof(u16));
		*value = u16;
		return true;
	case 4:
		memcpy(&u32, v.data, sizeof(u32));
		*value = u32;
		return true;
	case 8:
		memcpy(value, v.data, sizeof(*value));
		return true;
	}
	return false;
}

static void romon_nl_read_range(struct romon_nl_refusal *refusal,
				const struct nlattr *policy)
{
	const struct nlattr *tb[NL_POLICY_TYPE_ATTR_MAX + 1];

	romon_nl_parse(romon_nl_value(policy), tb, NL_POLICY_TYPE_ATTR_MAX);
	refusal->has_range =
		romon_nl_uint(tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U],
			      &refusal->min) &&
		romon_nl_uint(tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U],
			      &refusal->max);
}

/* The attribute of a request that an offset is in, be it deep inside. */
static unsigned int romon_nl_attr_at(const struct nlmsghdr *request,
				     uint64_t offset)
{
	struct romon_nl_attrs rest = {
		(const char *)request + NLMSG_HDRLEN + GENL_HDRLEN,
		request->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN,
	};
	const struct nlattr *attr;

	while ((attr = romon_nl_next(&rest)))
		if ((uint64_t)((const char *)attr - (const char *)request) +
		    attr->nla_len > offset)
			return (unsigned int)nla_type(attr);
	return 0;
}

/*
 * The sentence, and the attribute of the request that it is about, if the
 * request is still there to look at.
 */
static void romon_nl_read_extack(struct romon_nl *nl,
				 const struct nlmsghdr *h,
				 const struct nlmsghdr *request)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	struct romon_nl_refusal *refusal = &nl->refusal;
	const struct nlmsgerr *e = NLMSG_DATA(h);
	struct romon_nl_attrs attrs, value;
	size_t skip = NLMSG_HDRLEN + sizeof(*e);
	uint64_t v;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len - NLMSG_HDRLEN);
	if (skip >= h->nlmsg_len)
		return;
	attrs.data = (const char *)h + skip;
	attrs.len = h->nlmsg_len - skip;
	romon_nl_parse(attrs, tb, NLMSGERR_ATTR_MAX);

	value = romon_nl_value(tb[NLMSGERR_ATTR_MSG]);
	if (value.len) {
		size_t len = strnlen(value.data, value.len);

		if (len >= sizeof(refusal->sentence))
			len = sizeof(refusal->sentence) - 1;
		memcpy(refusal->sentence, value.data, len);
		refusal->sentence[len] = '\0';
	}
	if (request && romon_nl_uint(tb[NLMSGERR_ATTR_OFFS], &v))
		refusal->attr = romon_nl_attr_at(request, v);
	if (romon_nl_uint(tb[NLMSGERR_ATTR_MISS_TYPE], &v)) {
		refusal->attr = (unsigned int)v;
		refusal->missing = true;
	}
	romon_nl_read_range(refusal, tb[NLMSGERR_ATTR_POLICY]);
}

static void romon_nl_answer(struct romon_nl *nl, const struct nlmsghdr *h,
			    struct romon_nl_wait *wait)
{
	struct romon_nl_attrs attrs;
	const struct genlmsghdr *g;
	int err = 0;

	wait->heard = true;
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->interrupted = true;

	switch (h->nlmsg_type) {
	case NLMSG_NOOP:
		return;
	case NLMSG_DONE:
		if (h->nlmsg_len >= NLMSG_HDRLEN + sizeof(err))
			memcpy(&err, NLMSG_DATA(h), sizeof(err));
		break;
	case NLMSG_ERROR:
		if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(struct nlmsgerr)) {
			err = -EPROTO;
			break;
		}
		err = ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
		romon_nl_read_extack(nl, h, wait->request);
		break;
	default:
		if (h->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN || wait->err)
			return;
		g = NLMSG_DATA(h);
		attrs.data = (const char *)g + GENL_HDRLEN;
		attrs.len = h->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
		if (wait->fn)
			wait->err = wait->fn(g->cmd, attrs, wait->arg);
		return;
	}
	wait->done = true;
	if (!wait->err)
		wait->err = err;
}

/* What the kernel did not like of a queued message; an ack is never asked for. */
static void romon_nl_queue_refused(struct romon_nl *nl,
				   const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(*e) || !nl->refused)
		return;
	memset(&nl->refusal, 0, sizeof(nl->refusal));
	romon_nl_read_extack(nl, h, NULL);
	nl->refused(h->nlmsg_seq, e->error, nl->event_arg);
}

/* From the kernel's list of families: is ours taken out of it? */
static int romon_nl_family_event(struct romon_nl *nl, uint8_t cmd,
				 struct romon_nl_attrs attrs)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1];
	uint64_t id;

	romon_nl_parse(attrs, tb, CTRL_ATTR_MAX);
	if (cmd != CTRL_CMD_DELFAMILY ||
	    !romon_nl_uint(tb[CTRL_ATTR_FAMILY_ID], &id) || id != nl->family)
		return 0;
	nl->gone = true;
	return -ENODEV;
}

static int romon_nl_event(struct romon_nl *nl, const struct nlmsghdr *h)
{
	const struct genlmsghdr *g = NLMSG_DATA(h);
	struct romon_nl_attrs attrs;

	if (h->nlmsg_type == NLMSG_ERROR) {
		romon_nl_queue_refused(nl, h);
		return 0;
	}
	if (h->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return 0;
	attrs.data = (const char *)g + GENL_HDRLEN;
	attrs.len = h->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	if (h->nlmsg_type == GENL_ID_CTRL)
		return romon_nl_family_event(nl, g->cmd, attrs);
	if (!nl->event || h->nlmsg_type != nl->family)
		return 0;
	return nl->event(g->cmd, attrs, nl->event_arg);
}

/* All messages of what one read gave. @wait: whose answer may be among them. */
static int romon_nl_messages(struct romon_nl *nl, const void *buf, size_t len,
			     struct romon_nl_wait *wait)
{
	const struct nlmsghdr *h = buf;
	int left = (int)len, err = 0;

	for (; nlmsg_ok(h, left) && !err;
	     h = nlmsg_next((struct nlmsghdr *)h, &left)) {
		if (wait && h->nlmsg_seq == wait->request->nlmsg_seq &&
		    h->nlmsg_pid == nl->port)
			romon_nl_answer(nl, h, wait);
		else
			err = romon_nl_event(nl, h);
	}
	return err;
}

/*
 * One read. -EAGAIN if there is nothing, -ENOBUFS if the kernel had to drop
 * something because it was not read in time.
 */
static int romon_nl_read(struct romon_nl *nl, struct romon_nl_wait *wait)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	struct iovec iov = { nl->buf, sizeof(nl->buf) };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
	};
	ssize_t n;
	int err;

	n = recvmsg(nl_socket_get_fd(nl->sock), &msg, MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	/* Only the kernel is to be believed. */
	if (from.nl_pid)
		return 0;
	if (msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;

	err = romon_nl_messages(nl, nl->buf, (size_t)n, wait);
	/* Answers may tell secrets; events and datagrams never do. */
	if (wait)
		explicit_bzero(nl->buf, (size_t)n);
	return err;
}

/*
 * Until it is done. -ENOBUFS: the answer was lost, as something found no room in
 * the queue, and all that was in there has been read since. Events do not put
 * the end of waiting off, as there may be any number of them; parts of the answer
 * do.
 */
static int romon_nl_wait(struct romon_nl *nl, struct romon_nl_wait *wait)
{
	struct pollfd fd = {
		.fd = nl_socket_get_fd(nl->sock), .events = POLLIN
	};
	int64_t now = run_now(), end = now + ANSWER_NS;
	bool lost = false;
	int err;

	for (; !wait->done; now = run_now()) {
		if (now >= end)
			return -ETIMEDOUT;
		wait->heard = false;
		err = romon_nl_read(nl, wait);
		if (wait->heard)
			end = run_now() + ANSWER_NS;
		if (err == -ENOBUFS) {
			lost = true;
			continue;
		}
		if (err && err != -EAGAIN && err != -EINTR)
			return err;
		if (err != -EAGAIN)
			continue;
		if (lost)
			return -ENOBUFS;
		if (poll(&fd, 1, (int)((end - now) / 1000000) + 1) < 0 &&
		    errno != EINTR)
			return -errno;
	}
	return wait->err;
}

static int romon_nl_try(struct romon_nl *nl, struct romon_nl_msg *m,
			romon_nl_fn *fn, void *arg)
{
	struct nlmsghdr *request = nlmsg_hdr(m->msg);
	struct romon_nl_wait wait = { .request = request, .fn = fn, .arg = arg };

	memset(&nl->refusal, 0, sizeof(nl->refusal));
	nl->interrupted = false;
	/* One of its own for each try: of an earlier one something may come. */
	request->nlmsg_seq = NL_AUTO_SEQ;
	/* libnl's errors are not errnos, but it leaves that of the system. */
	errno = 0;
	if (nl_send_auto_complete(nl->sock, m->msg) < 0)
		return errno ? -errno : -EIO;
	return romon_nl_wait(nl, &wait);
}

/* Sends and frees it. @tries: how often at most, while the answer is lost. */
static int romon_nl_transact(struct romon_nl *nl, struct romon_nl_msg *m,
			     romon_nl_fn *fn, void *arg, int flags, int tries)
{
	int err;

	nlmsg_hdr(m->msg)->nlmsg_flags |= (uint16_t)flags;
	do {
		err = romon_nl_try(nl, m, fn, arg);
	} while (err == -ENOBUFS && --tries > 0);
	romon_nl_msg_free(m);
	return err;
}

/* Sends and frees a request and waits until it is done. */
int romon_nl_request(struct romon_nl *nl, struct romon_nl_msg *msg,
		     romon_nl_fn *fn, void *arg)
{
	return romon_nl_transact(nl, msg, fn, arg, NLM_F_REQUEST | NLM_F_ACK,
				 1);
}

/* The same of one that changes nothing: asked again if the answer is lost. */
int romon_nl_get(struct romon_nl *nl, struct romon_nl_msg *msg,
		 romon_nl_fn *fn, void *arg)
{
	return romon_nl_transact(nl, msg, fn, arg, NLM_F_REQUEST | NLM_F_ACK,
				 ASK_TRIES);
}

/* The same with a number of the caller's, none that others would be given. */
void romon_nl_queue_as(struct romon_nl *nl, struct romon_nl_msg *m,
		       uint32_t number)
{
	struct nlmsghdr *request = nlmsg_hdr(m->msg);
	size_t len = NLMSG_ALIGN(request->nlmsg_len);

	if (!nl->queue)
		nl->queue = xcalloc(1, MESSAGE_MAX);
	if (nl->queued + len > QUEUE_MAX)
		romon_nl_flush(nl);
	request->nlmsg_flags = NLM_F_REQUEST;
	request->nlmsg_pid = nl->port;
	request->nlmsg_seq = number;
	memcpy(nl->queue + nl->queued, request, request->nlmsg_len);
	memset(nl->queue + nl->queued + request->nlmsg_len, 0,
	       len - request->nlmsg_len);
	nl->queued += len;
	/* Not a secret in it: no need to wipe what was sent. */
	nlmsg_free(m->msg);
	free(m);
}

/*
 * Puts a request into the queue and frees it. Nothing is answered to it but a
 * refusal. Returns its number.
 */
uint32_t romon_nl_queue(struct romon_nl *nl, struct romon_nl_msg *m)
{
	uint32_t number = QUEUE_FIRST | (nl->queue_number++ & QUEUE_MASK);

	romon_nl_queue_as(nl, m, number);
	return number;
}

/* Sends the queue. What could not be sent is lost, as on a wire. */
void romon_nl_flush(struct romon_nl *nl)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };

	if (!nl->queued)
		return;
	while (sendto(nl_socket_get_fd(nl->sock), nl->queue, nl->queued, 0,
		      (struct sockaddr *)&to, sizeof(to)) < 0 && errno == EINTR)
		;
	nl->queued = 0;
}

/*
 * Reads a table, anew if some of it is lost. @restart is called before each
 * try. Returns 1 if the table changed each time while it was read: what the
 * last try gave is then all there is, with entries missing or twice.
 */
int romon_nl_dump(struct romon_nl *nl, uint8_t cmd, romon_nl_fn *fn,
		  void (*restart)(void *arg), void *arg)
{
	bool lost = false;

	for (int try = 0; try < DUMP_TRIES; try++) {
		int err;

		restart(arg);
		err = romon_nl_transact(nl, romon_nl_msg_new(nl, cmd, 0), fn,
					arg, NLM_F_REQUEST | NLM_F_DUMP, 1);
		lost = err == -ENOBUFS;
		if (!lost && (err || !nl->interrupted))
			return err;
	}
	return lost ? -ENOBUFS : 1;
}

static int romon_nl_find_group(struct romon_nl *nl, const struct nlattr *groups)
{
	struct romon_nl_attrs rest = romon_nl_value(groups);
	const struct nlattr *group;

	while ((group = romon_nl_next(&rest))) {
		const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
		struct romon_nl_attrs name;
		uint64_t id;

		romon_nl_parse(romon_nl_value(group), tb,
			       CTRL_ATTR_MCAST_GRP_MAX);
		name = romon_nl_value(tb[CTRL_ATTR_MCAST_GRP_NAME]);
		if (!name.len || strncmp(name.data, nl->group_name, name.len) ||
		    !romon_nl_uint(tb[CTRL_ATTR_MCAST_GRP_ID], &id))
			continue;
		nl->group = (uint32_t)id;
	}
	return 0;
}

static int romon_nl_family(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1];
	struct romon_nl *nl = arg;
	uint64_t id;

	(void)cmd;
	romon_nl_parse(attrs, tb, CTRL_ATTR_MAX);
	if (!romon_nl_uint(tb[CTRL_ATTR_FAMILY_ID], &id))
		return -ENOENT;
	if (nl->group_name)
		romon_nl_find_group(nl, tb[CTRL_ATTR_MCAST_GROUPS]);
	nl->family = (uint16_t)id;
	return 0;
}

/* By hand: libnl-tiny can not look a group up. */
static int romon_nl_resolve(struct romon_nl *nl)
{
	struct romon_nl_msg *msg;

	nl->family = 0;
	msg = romon_nl_msg_new(nl, CTRL_CMD_GETFAMILY, 64);
	romon_nl_put_string(msg, CTRL_ATTR_FAMILY_NAME, ROMON_FAMILY_NAME);
	return romon_nl_get(nl, msg, romon_nl_family, nl);
}

/* -ENOENT if the kernel has no RoMON. */
int romon_nl_open(struct romon_nl **to)
{
	struct romon_nl *nl = xcalloc(1, sizeof(*nl));
	int fd, on = 1, err;

	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		die_no_memory();
	err = -EPROTONOSUPPORT;
	if (genl_connect(nl->sock))
		goto err_close;
	nl->port = nl_socket_get_local_port(nl->sock);
	fd = nl_socket_get_fd(nl->sock);
	nl_socket_set_buffer_size(nl->sock, 0, SEND_BUFFER);
	/* Without these the kernel only has less to say. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	err = romon_nl_resolve(nl);
	if (err)
		goto err_close;
	*to = nl;
	return 0;

err_close:
	romon_nl_close(nl);
	return err;
}

void romon_nl_close(struct romon_nl *nl)
{
	if (!nl)
		return;
	nl_socket_free(nl->sock);
	free(nl->batch);
	free(nl->queue);
	free(nl);
}

int romon_nl_fd(const struct romon_nl *nl)
{
	return nl_socket_get_fd(nl->sock);
}

const struct romon_nl_refusal *romon_nl_refusal(const struct romon_nl *nl)
{
	return &nl->refusal;
}

/* Room for many messages, by right if there is one. */
static void romon_nl_grow(struct romon_nl *nl)
{
	int size = RECEIVE_BUFFER;

	if (setsockopt(nl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)))
		nl_socket_set_buffer_size(nl->sock, size, SEND_BUFFER);
}

int romon_nl_subscribe(struct romon_nl *nl, const char *group)
{
	int err;

	romon_nl_grow(nl);
	nl->group_name = group;
	err = romon_nl_resolve(nl);
	if (err)
		return err;
	if (!nl->group)
		return -ENOENT;
	return nl_socket_add_membership(nl->sock, (int)nl->group) ? -EIO : 0;
}

/* Who gets what is no answer: events, and datagrams for this socket. */
void romon_nl_on_event(struct romon_nl *nl, romon_nl_fn *fn, void *arg)
{
	nl->event = fn;
	nl->event_arg = arg;
	romon_nl_grow(nl);
}

/*
 * From now on -ENODEV, and romon_nl_gone(), when the module is unloaded: what
 * was bound or subscribed is gone then, and no new module knows of it.
 */
int romon_nl_watch_module(struct romon_nl *nl)
{
	return nl_socket_add_membership(nl->sock, GENL_ID_CTRL) ? -EIO : 0;
}

bool romon_nl_gone(const struct romon_nl *nl)
{
	return nl->gone;
}

static struct romon_nl_batch *romon_nl_batch_new(void)
{
	struct romon_nl_batch *b = xcalloc(1, sizeof(*b));

	for (unsigned int i = 0; i < BATCH; i++) {
		b->iov[i].iov_base = b->buf[i];
		b->iov[i].iov_len = BATCH_ROOM;
		b->msg[i].msg_hdr.msg_iov = &b->iov[i];
		b->msg[i].msg_hdr.msg_iovlen = 1;
		b->msg[i].msg_hdr.msg_name = &b->from[i];
	}
	return b;
}

/*
 * Who gets what was wrong with queued messages; its argument is the event's. All
 * memory for the queue, and for batches, is there from now on.
 */
void romon_nl_on_refused(struct romon_nl *nl, romon_nl_refused_fn *fn)
{
	nl->refused = fn;
	if (!nl->queue)
		nl->queue = xcalloc(1, MESSAGE_MAX);
	if (!nl->batch)
		nl->batch = romon_nl_batch_new();
}

/*
 * Takes some of what is there, and returns whether there may be more. What is
 * longer than a segment is lost, and so is what found the kernel's queue full.
 */
bool romon_nl_receive_batch(struct romon_nl *nl)
{
	struct romon_nl_batch *b;
	int n, err = 0;

	if (!nl->batch)
		nl->batch = romon_nl_batch_new();
	b = nl->batch;
	for (unsigned int i = 0; i < BATCH; i++)
		b->msg[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
	n = recvmmsg(nl_socket_get_fd(nl->sock), b->msg, BATCH, MSG_DONTWAIT,
		     NULL);
	if (n < 0)
		return errno == ENOBUFS || errno == EINTR;
	for (int i = 0; i < n && !err; i++) {
		/* Only the kernel is to be believed. */
		if (b->from[i].nl_pid ||
		    b->msg[i].msg_hdr.msg_flags & MSG_TRUNC)
			continue;
		err = romon_nl_messages(nl, b->buf[i], b->msg[i].msg_len, NULL);
	}
	return n == BATCH;
}

/* Takes all that is there. -ENOBUFS: events were lost. */
int romon_nl_receive(struct romon_nl *nl)
{
	int err;

	do {
		err = romon_nl_read(nl, NULL);
	} while (!err || err == -EINTR);
	return err == -EAGAIN ? 0 : err;
}
