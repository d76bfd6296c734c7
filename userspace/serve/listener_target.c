// SPDX-License-Identifier: GPL-2.0-only
/* The address that a session is joined with, connected to meanwhile. */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/run.h"
#include "listener_internal.h"

void listener_close_connect(struct listener_session *s)
{
	int fd = s->connect.fd;

	if (fd < 0)
		return;
	loop_unwatch(&s->connect);
	close(fd);
}

static void listener_connected(struct loop_watch *w, uint32_t events)
{
	struct listener_session *s = (void *)((char *)w -
		offsetof(struct listener_session, connect));
	socklen_t len = sizeof(int);
	int fd = w->fd, err = 0;

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err) {
		listener_fail(s, err);
		return;
	}
	loop_unwatch(w);
	listener_join(s, fd);
}

void listener_connect(struct listener_session *s,
		      const struct serve_offer *o)
{
	int fd = socket(o->addr.ss_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, err;

	if (fd < 0) {
		listener_fail(s, errno);
		return;
	}
	/* Keys that somebody presses are small, and waited for. */
	if (o->kind == SERVE_TCP)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	err = connect(fd, (const struct sockaddr *)&o->addr, o->addr_len) ?
	      errno : 0;
	if (!err) {
		listener_join(s, fd);
		return;
	}
	if (err == EINPROGRESS)
		err = -loop_watch(&s->connect, fd, EPOLLOUT,
				  listener_connected);
	if (!err)
		return;
	close(fd);
	if (err == EAGAIN) {
		/* As many wait at a Unix socket as may: nothing tells of room. */
		s->connect_at = run_now() + LISTENER_RETRY_NS;
		listener_due(s->connect_at);
		return;
	}
	listener_fail(s, err);
}

void listener_connect_again(struct listener_session *s)
{
	const struct serve_offer *o = listener_offer(s->peer.local_port);

	s->connect_at = RUN_FOREVER;
	if (o && o->kind == s->kind)
		listener_connect(s, o);
	else
		listener_break(s, ROMON_STREAM_UNKNOWN,
			       "not served any more");
}
