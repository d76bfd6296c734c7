// SPDX-License-Identifier: GPL-2.0-only
/* What the two processes of serve say to each other. */

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "link.h"

/* The listener never does anything that takes that long. */
#define LINK_WAIT_S	5

/* No more of a message is sent, and no less is taken, than its type needs. */
static size_t serve_link_size(enum serve_msg_type type)
{
	switch (type) {
	case SERVE_START:
		return offsetof(struct serve_msg, start) +
		       sizeof(struct serve_peer);
	case SERVE_LOG:
		return offsetof(struct serve_msg, line) +
		       sizeof(struct serve_line);
	case SERVE_OFFER:
		return offsetof(struct serve_msg, offer) +
		       sizeof(struct serve_offer);
	default:
		return offsetof(struct serve_msg, limits) +
		       sizeof(struct serve_limits);
	}
}

bool serve_link_pair(int pair[2])
{
	const struct timeval wait = { .tv_sec = LINK_WAIT_S };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return false;
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDTIMEO, &wait,
			   sizeof(wait));
	return true;
}

int serve_link_send(int fd, const struct serve_msg *m, int pass, bool wait)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { (void *)m, serve_link_size(m->type) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
	ssize_t n;

	if (pass >= 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass, sizeof(int));
	}
	do {
		n = sendmsg(fd, &msg, flags);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int serve_link_receive(int fd, struct serve_msg *m, int *pass)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t n;

	if (pass) {
		*pass = -1;
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	do {
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : 0;
	c = pass ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(pass, CMSG_DATA(c), sizeof(int));
	if ((size_t)n < sizeof(m->type) || m->type >= __SERVE_MSG_TYPES ||
	    (size_t)n != serve_link_size(m->type) || msg.msg_flags & MSG_TRUNC)
		return -EPROTO;
	return 1;
}
