// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stream and file descriptors, each read as fast as the other takes it.
 *
 *	in --> in_buf --> stream --> out_buf --> out
 *
 * What nobody takes stays where it is: in the pipe or socket, or in the
 * stream's buffers, which make the other router wait. Descriptors are watched
 * for edges, so nothing has to be switched on and off, and the end of one is
 * told once.
 */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay.h"

/* Of all relays: what is read goes on at once, and the rest is kept. */
static unsigned char relay_pass[64 << 10];

static void relay_buffer_free(struct relay_buffer *b)
{
	if (b->data != relay_pass)
		free(b->data);
	b->data = NULL;
	b->from = 0;
	b->to = 0;
}

/* So many bytes have been read into relay_pass. */
static void relay_buffer_fill(struct relay_buffer *b, ssize_t n)
{
	relay_buffer_free(b);
	b->data = relay_pass;
	b->to = (size_t)n;
}

/* What has not been taken now waits in memory of its own. 0 or -ENOMEM. */
static int relay_buffer_keep(struct relay_buffer *b)
{
	size_t left = b->to - b->from;
	unsigned char *data;

	if (b->data != relay_pass)
		return 0;
	data = malloc(left);
	if (!data)
		return -ENOMEM;
	memcpy(data, b->data + b->from, left);
	b->data = data;
	b->from = 0;
	b->to = left;
	return 0;
}

/* Takes descriptors and the stream out of the relay, which is then empty. */
static void relay_take(struct relay *r, struct romon_stream **s, int *in,
		       int *out)
{
	*s = r->stream;
	*in = r->in.fd;
	*out = r->out.fd;
	loop_unwatch(&r->in);
	loop_unwatch(&r->out);
	relay_buffer_free(&r->in_buf);
	relay_buffer_free(&r->out_buf);
	if (*s)
		romon_stream_set_arg(*s, NULL);
}

/* What was broken off must not look to a TCP program as if it had ended. */
static void relay_reset(const struct relay *r, int fd)
{
	struct linger linger = { .l_onoff = 1 };

	if (r->socket && !r->local)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* Others have the same terminal or pipe, and do not expect it not to block. */
static void relay_restore(int fd, int flags)
{
	if (fd >= 0 && flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags);
}

static void relay_close(struct romon_stream *s, int in, int out)
{
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	if (s)
		romon_stream_free(s);
}

/* The kernel tells who has written what, and of two never at once. */
static ssize_t relay_read_from(struct relay *r, void *to, size_t size)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { to, size };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(r->in.fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	struct ucred who;

	if (!c || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_CREDENTIALS ||
	    c->cmsg_len != CMSG_LEN(sizeof(who)))
		return n;
	memcpy(&who, CMSG_DATA(c), sizeof(who));
	r->wrote(r, &who);
	return n;
}

static ssize_t relay_read(struct relay *r, void *to, size_t size)
{
	return r->wrote ? relay_read_from(r, to, size) :
			  read(r->in.fd, to, size);
}

/* From in to the stream, as long as both go on. 0 or a negative errno. */
static int relay_give_stream(struct relay *r)
{
	struct relay_buffer *b = &r->in_buf;
	ssize_t n;

	while (!r->in_done) {
		while (b->from < b->to) {
			n = romon_stream_write(r->stream, b->data + b->from,
					       b->to - b->from);
			if (n == -EAGAIN)
				return relay_buffer_keep(b);
			if (n < 0)
				return (int)n;
			b->from += (size_t)n;
		}
		if (!r->in_ready)
			break;
		n = relay_read(r, relay_pass, sizeof(relay_pass));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			r->in_ready = false;
			break;
		}
		/*
		 * EIO: the terminal was hung up. A program of this machine that
		 * ends before it has read all has ended, too.
		 */
		if (n < 0 && errno != EIO &&
		    !(errno == ECONNRESET && r->local)) {
			r->failed = "input";
			return -errno;
		}
		if (n <= 0) {
			r->in_done = true;
			romon_stream_end(r->stream);
			break;
		}
		relay_buffer_fill(b, n);
	}
	relay_buffer_free(b);
	return 0;
}

/* What is there to be read goes out, and then the end. */
static void relay_end(struct relay *r)
{
	if (r->in.fd >= 0) {
		r->in_ready = true;
		relay_give_stream(r);
	}
	romon_stream_end(r->stream);
}

/* Something that out has not had. */
static bool relay_unread(const struct relay *r)
{
	return r->out_buf.from < r->out_buf.to ||
	       (romon_stream_events(r->stream) & ROMON_STREAM_READABLE &&
		!r->out_done);
}

static void relay_finish(struct relay *r, int err)
{
	struct romon_stream *s;
	int in, out;

	/* Nobody reads out any more, as when ssh ends. So far all was read. */
	if (err == -EPIPE && !r->socket && !relay_unread(r))
		relay_end(r);
	else if (err && !romon_stream_error(r->stream))
		romon_stream_abort(r->stream, ROMON_STREAM_ABORTED);
	relay_take(r, &s, &in, &out);
	if (err && in >= 0)
		relay_reset(r, in);
	relay_restore(in, r->in_flags);
	relay_restore(out, r->out_flags);
	r->done(r, err);
	/* The relay may be gone. */
	relay_close(s, in, out);
}

void relay_stop(struct relay *r, enum romon_stream_reason reason)
{
	struct romon_stream *s;
	int in, out;

	if (r->stream && reason == ROMON_STREAM_END && r->opened_told)
		relay_end(r);
	else if (r->stream && !romon_stream_error(r->stream))
		romon_stream_abort(r->stream, reason);
	relay_take(r, &s, &in, &out);
	r->stream = NULL;
	if (in >= 0)
		relay_reset(r, in);
	relay_restore(in, r->in_flags);
	relay_restore(out, r->out_flags);
	relay_close(s, in, out);
}

/* The other side sends no more, and all that it sent was written. */
static void relay_end_out(struct relay *r)
{
	int fd = r->out.fd;

	r->out_done = true;
	if (r->socket) {
		shutdown(fd, SHUT_WR);
		return;
	}
	loop_unwatch(&r->out);
	close(fd);
}

/*
 * From the stream to out. What nobody reads any more is thrown away: the other
 * side may read on only when it has been rid of what it wrote.
 */
static int relay_give_out(struct relay *r)
{
	struct relay_buffer *b = &r->out_buf;
	ssize_t n;

	while (!r->out_done) {
		while (b->from < b->to && !r->out_gone) {
			if (!r->out_ready)
				return relay_buffer_keep(b);
			n = write(r->out.fd, b->data + b->from,
				  b->to - b->from);
			if (n >= 0) {
				b->from += (size_t)n;
			} else if (errno == EAGAIN) {
				r->out_ready = false;
			} else if (errno != EINTR) {
				/* What it wrote before is still to be read. */
				if (!r->socket) {
					r->failed = "output";
					return -errno;
				}
				r->out_gone = true;
			}
		}
		n = romon_stream_read(r->stream, relay_pass,
				      sizeof(relay_pass));
		if (n == -EAGAIN)
			break;
		if (n < 0)
			return (int)n;
		if (!n) {
			relay_end_out(r);
			break;
		}
		relay_buffer_fill(b, n);
	}
	relay_buffer_free(b);
	return 0;
}

/* Whatever can go on, goes on. The relay may be gone afterwards. */
static void relay_go_on(struct relay *r)
{
	int err;

	/* Before that there is nothing to read, and writing may be refused. */
	if (!r->opened_told || (r->in.fd < 0 && !r->in_done))
		return;
	err = relay_give_out(r);
	if (!err)
		err = relay_give_stream(r);
	/*
	 * What out does not take now that the stream is broken is not waited
	 * for: who reads it may never do.
	 */
	if (!err)
		err = romon_stream_error(r->stream);
	if (err) {
		relay_finish(r, err);
		return;
	}
	/*
	 * Read is not arrived: the stream tells when the other side has all, or
	 * that it takes nothing any more.
	 */
	if ((r->in_done && r->out_gone) ||
	    (r->out_done && romon_stream_events(r->stream) &
			    ROMON_STREAM_CLOSED))
		relay_finish(r, 0);
}

static void relay_in_ready(struct loop_watch *w, uint32_t events)
{
	struct relay *r = (void *)((char *)w - offsetof(struct relay, in));

	(void)events;
	r->in_ready = true;
	/* One that is always ready is asked again when the stream has room. */
	if (w->steady)
		loop_change(w, 0);
	relay_go_on(r);
}

static void relay_out_ready(struct loop_watch *w, uint32_t events)
{
	struct relay *r = (void *)((char *)w - offsetof(struct relay, out));

	if (events & EPOLLOUT)
		r->out_ready = true;
	if (w->steady)
		loop_change(w, 0);
	/*
	 * Nobody reads any more. What came by the same socket is still to be
	 * passed on, but of two pipes the other has lost its purpose.
	 */
	if (events & (EPOLLERR | EPOLLHUP)) {
		if (!r->socket) {
			relay_finish(r, -EPIPE);
			return;
		}
		r->out_gone = true;
		r->in_ready = true;
	}
	relay_go_on(r);
}

static void relay_event(struct endpoint_user *user, struct romon_stream *s,
			unsigned int events)
{
	struct relay *r = (struct relay *)user;
	int err = romon_stream_error(s);

	if (events & ROMON_STREAM_OPENED && !r->opened_told) {
		r->opened_told = true;
		if (r->opened)
			r->opened(r);
		/* It may have been stopped in there. */
		if (!r->stream)
			return;
	}
	/* What came before the end of the stream is still to be read. */
	if (events & ROMON_STREAM_CLOSED && err &&
	    (!r->opened_told || r->out.fd < 0)) {
		relay_finish(r, err);
		return;
	}
	relay_go_on(r);
}

void relay_attach(struct relay *r, struct romon_stream *s)
{
	r->user.event = relay_event;
	r->stream = s;
	r->in.fd = -1;
	r->out.fd = -1;
	romon_stream_set_arg(s, &r->user);
}

/* What kind of descriptors these are. */
static void relay_look(struct relay *r, int in, int out)
{
	socklen_t len = sizeof(int);
	struct stat a, b;
	int domain = 0;

	r->shared = !fstat(in, &a) && !fstat(out, &b) &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	r->socket = r->shared && S_ISSOCK(a.st_mode);
	if (r->socket)
		getsockopt(in, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	r->local = domain == AF_UNIX;
}

static int relay_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	return flags;
}

int relay_join(struct relay *r, int in, int out)
{
	int err;

	relay_look(r, in, out);
	/* A descriptor can be watched once. */
	if (in == out)
		out = fcntl(in, F_DUPFD_CLOEXEC, 3);
	if (out < 0) {
		err = -errno;
		close(in);
		return err;
	}
	/* The second one may be the first, and not block any more. */
	r->out_flags = relay_nonblock(out);
	r->in_flags = r->shared ? r->out_flags : relay_nonblock(in);
	err = loop_watch(&r->in, in, EPOLLIN | EPOLLET, relay_in_ready);
	if (!err)
		err = loop_watch(&r->out, out, EPOLLOUT | EPOLLET,
				 relay_out_ready);
	if (err) {
		loop_unwatch(&r->in);
		relay_restore(in, r->in_flags);
		relay_restore(out, r->out_flags);
		close(in);
		close(out);
	}
	return err;
}
