// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for the kernel's answer, with a kernel that loses answers and has
 * other things to say, in a time of its own.
 */

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/romon.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "base/run.h"
#include "nl/nl.h"
#include "tap.h"

#define FAMILY		77
/* More than any test needs: who reads so often would do so for ever. */
#define READS_MAX	10000

/* What the linker puts in the places of the library's and the system's. */
int kernel_take(struct nl_sock *sock, struct nl_msg *msg)
	__asm__("__wrap_nl_send_auto_complete");
ssize_t kernel_give(int fd, struct msghdr *msg, int flags)
	__asm__("__wrap_recvmsg");
int kernel_poll(struct pollfd *p, nfds_t n, int timeout)
	__asm__("__wrap_poll");
__typeof__(run_now) kernel_now __asm__("__wrap_run_now");

static struct {
	int64_t now;
	unsigned int reads;
	/* What it does. */
	unsigned int lose;		/* so many answers */
	bool events;			/* one a second, for ever */
	unsigned int parts;		/* of the answer, a second each */
	/* Of the request that is being answered. */
	unsigned int asked;
	struct nlmsghdr request;
	uint8_t cmd;
	unsigned int left;		/* parts to come */
	bool ack;
	bool overrun;
} kernel;

static unsigned int last_seq;

int kernel_take(struct nl_sock *sock, struct nl_msg *msg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);

	if (h->nlmsg_seq == NL_AUTO_SEQ)
		h->nlmsg_seq = ++last_seq;
	h->nlmsg_pid = nl_socket_get_local_port(sock);
	kernel.request = *h;
	kernel.cmd = ((struct genlmsghdr *)nlmsg_data(h))->cmd;
	kernel.asked++;
	if (kernel.lose) {
		kernel.lose--;
		kernel.overrun = true;
		return 0;
	}
	kernel.left = h->nlmsg_type == GENL_ID_CTRL ? 1 : kernel.parts;
	kernel.ack = true;
	return 0;
}

/* A message with one attribute of 16 bits, or what acknowledges or ends. */
static ssize_t put(struct msghdr *msg, int type, uint8_t cmd, uint32_t seq,
		   uint32_t port, int attr, uint16_t value)
{
	struct {
		struct nlmsghdr h;
		union {
			struct nlmsgerr e;
			struct {
				struct genlmsghdr g;
				struct nlattr a;
				uint16_t value;
			};
		};
	} m = { .h = { .nlmsg_type = (uint16_t)type, .nlmsg_seq = seq,
		       .nlmsg_pid = port } };

	if (type == NLMSG_ERROR || type == NLMSG_DONE) {
		m.h.nlmsg_len = NLMSG_HDRLEN + sizeof(m.e);
		m.e.msg.nlmsg_len = NLMSG_HDRLEN;
	} else {
		m.g.cmd = cmd;
		m.a.nla_len = NLA_HDRLEN + sizeof(m.value);
		m.a.nla_type = (uint16_t)attr;
		m.value = value;
		m.h.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN +
				NLA_ALIGN(m.a.nla_len);
	}
	memcpy(msg->msg_iov->iov_base, &m, sizeof(m));
	((struct sockaddr_nl *)msg->msg_name)->nl_pid = 0;
	msg->msg_flags = 0;
	return (ssize_t)m.h.nlmsg_len;
}

static ssize_t again(int err)
{
	errno = err;
	return -1;
}

ssize_t kernel_give(int fd, struct msghdr *msg, int flags)
{
	const struct nlmsghdr *r = &kernel.request;

	(void)fd;
	(void)flags;
	if (++kernel.reads > READS_MAX) {
		printf("Bail out! it reads for ever\n");
		exit(1);
	}
	if (kernel.overrun) {
		kernel.overrun = false;
		return again(ENOBUFS);
	}
	if (kernel.left) {
		kernel.left--;
		kernel.now += kernel.parts > 1 ? RUN_SECOND : 0;
		if (r->nlmsg_type == GENL_ID_CTRL)
			return put(msg, GENL_ID_CTRL, CTRL_CMD_NEWFAMILY,
				   r->nlmsg_seq, r->nlmsg_pid,
				   CTRL_ATTR_FAMILY_ID, FAMILY);
		return put(msg, FAMILY, kernel.cmd, r->nlmsg_seq, r->nlmsg_pid,
			   1, 0);
	}
	if (kernel.ack) {
		kernel.ack = false;
		return put(msg, r->nlmsg_flags & NLM_F_DUMP ? NLMSG_DONE :
			   NLMSG_ERROR, 0, r->nlmsg_seq, r->nlmsg_pid, 0, 0);
	}
	if (!kernel.events)
		return again(EAGAIN);
	kernel.now += RUN_SECOND;
	return put(msg, FAMILY, 0, 0, 0, 1, 0);
}

/* Events are always there; of answers all has been in the queue. */
int kernel_poll(struct pollfd *p, nfds_t n, int timeout)
{
	(void)n;
	if (kernel.events || kernel.left || kernel.ack || kernel.overrun) {
		p->revents = POLLIN;
		return 1;
	}
	if (++kernel.reads > READS_MAX) {
		printf("Bail out! it waits for ever\n");
		exit(1);
	}
	kernel.now += timeout * (RUN_SECOND / 1000);
	return 0;
}

int64_t kernel_now(void)
{
	return kernel.now;
}

static unsigned int got;

static int count(uint8_t cmd, struct romon_nl_attrs attrs, void *arg)
{
	(void)cmd;
	(void)attrs;
	(void)arg;
	got++;
	return 0;
}

static void restart(void *arg)
{
	(void)arg;
	got = 0;
}

/* From a new beginning. */
static void begin(unsigned int lose, unsigned int parts, bool events)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.lose = lose;
	kernel.parts = parts;
	kernel.events = events;
	got = 0;
}

static struct romon_nl_msg *message(struct romon_nl *nl)
{
	return romon_nl_msg_new(nl, ROMON_CMD_CONFIG_GET, 0);
}

static void test_deadline(struct romon_nl *nl)
{
	begin(0, 1, false);
	tap_ok(!romon_nl_request(nl, message(nl), count, NULL) && got == 1,
	       "an answer is taken");
	begin(0, 20, true);
	tap_ok(!romon_nl_request(nl, message(nl), count, NULL) && got == 20,
	       "one that comes in many parts may take long");
	begin(0, 0, false);
	tap_ok(!romon_nl_request(nl, message(nl), count, NULL) && !got,
	       "a request without an answer is done");
}

/* What is not answered, as if the kernel had forgotten it. */
static void test_silence(struct romon_nl *nl)
{
	begin(1, 1, true);
	tap_ok(romon_nl_request(nl, message(nl), count, NULL) == -ETIMEDOUT &&
	       kernel.now >= 5 * RUN_SECOND && kernel.now <= 10 * RUN_SECOND,
	       "a stream of events does not put the end of waiting off");
}

static void test_lost(struct romon_nl *nl)
{
	begin(1, 1, false);
	tap_ok(!romon_nl_get(nl, message(nl), count, NULL) && got == 1 &&
	       kernel.asked == 2 && kernel.now < RUN_SECOND,
	       "a lost answer is asked for again, at once");
	begin(100, 1, false);
	tap_ok(romon_nl_get(nl, message(nl), count, NULL) == -ENOBUFS &&
	       kernel.asked < 10 && kernel.now < RUN_SECOND,
	       "... but not for ever");
	begin(1, 1, false);
	tap_ok(romon_nl_request(nl, message(nl), count, NULL) == -ENOBUFS &&
	       kernel.asked == 1 && kernel.now < RUN_SECOND,
	       "a request that changes something is not made twice");
	begin(1, 3, false);
	tap_ok(!romon_nl_dump(nl, ROMON_CMD_NODE_GET, count, restart, NULL) &&
	       got == 3 && kernel.asked == 2, "a lost dump is begun anew");
	begin(100, 3, false);
	tap_ok(romon_nl_dump(nl, ROMON_CMD_NODE_GET, count, restart, NULL) ==
	       -ENOBUFS && kernel.asked < 10, "... but not for ever");
}

int main(void)
{
	struct romon_nl *nl = NULL;

	begin(1, 1, false);
	if (!tap_ok(!romon_nl_open(&nl) && kernel.asked == 2,
		    "a family is asked for again if the answer is lost"))
		return 1;
	test_deadline(nl);
	test_silence(nl);
	test_lost(nl);
	romon_nl_close(nl);
	return 0;
}
