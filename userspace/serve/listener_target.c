// SPDX-License-Identifier: GPL-2.0-only
/*
 * The address that a session is joined with. The starter opens the socket, and
 * connecting is waited for here.
 */

#include <errno.h>
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

static void listener_connect_later(struct listener_session *s)
{
	s->connect_at = run_now() + LISTENER_RETRY_NS;
	listener_due(s->connect_at);
}

void listener_connect(struct listener_session *s)
{
	struct serve_msg m = { .type = SERVE_CONNECT, .session = s->number };

	m.port = s->peer.local_port;
	if (serve_link_send(listener.link.fd, &m, -1, false))
		listener_connect_later(s);
}

void listener_got_connected(const struct serve_msg *m, int fd)
{
	struct listener_session *s = listener_find(m->session);
	int err = m->started.err;

	if (!s || s->over || s->joined || s->connect.fd >= 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (err == -EAGAIN) {
		/* As many wait at a Unix socket as may: nothing tells of room. */
		listener_connect_later(s);
		return;
	}
	/* It may have come, and we had no room for it. */
	if (!err)
		err = fd < 0 ? -EMFILE :
		      loop_watch(&s->connect, fd, EPOLLOUT, listener_connected);
	if (!err)
		return;
	if (fd >= 0)
		close(fd);
	listener_fail(s, -err);
}

void listener_connect_again(struct listener_session *s)
{
	const struct serve_offer *o = listener_offer(s->peer.local_port);

	s->connect_at = RUN_FOREVER;
	if (o && o->kind == s->kind)
		listener_connect(s);
	else
		listener_break(s, ROMON_STREAM_UNKNOWN,
			       "not served any more");
}
