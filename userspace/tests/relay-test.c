// SPDX-License-Identifier: GPL-2.0-only
/* What a relay allocates, with a stream that takes and gives what it is told. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/relay.h"
#include "tap.h"

#define PIECE	100

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static struct {
	size_t bytes;
	bool fails;
} memory;

void *__wrap_malloc(size_t size)
{
	memory.bytes += size;
	return memory.fails ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	memory.bytes += n * size;
	return memory.fails ? NULL : __real_calloc(n, size);
}

/* The stream. */
static struct {
	size_t takes, taken;		/* may be written, and was */
	size_t gives;			/* is there to be read */
	uint8_t next;			/* of what is written */
	bool wrong;
	int error;
} stream;

ssize_t romon_stream_write(struct romon_stream *s, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	(void)s;
	len = len < stream.takes ? len : stream.takes;
	if (!len)
		return -EAGAIN;
	for (size_t i = 0; i < len; i++)
		stream.wrong |= p[i] != stream.next++;
	stream.takes -= len;
	stream.taken += len;
	return (ssize_t)len;
}

ssize_t romon_stream_read(struct romon_stream *s, void *buf, size_t len)
{
	(void)s;
	len = len < stream.gives ? len : stream.gives;
	if (!len)
		return -EAGAIN;
	memset(buf, 'x', len);
	stream.gives -= len;
	return (ssize_t)len;
}

void romon_stream_end(struct romon_stream *s)
{
	(void)s;
}

void romon_stream_abort(struct romon_stream *s, enum romon_stream_reason reason)
{
	(void)s;
	(void)reason;
	stream.error = -ECONNABORTED;
}

void romon_stream_free(struct romon_stream *s)
{
	(void)s;
}

unsigned int romon_stream_events(const struct romon_stream *s)
{
	(void)s;
	return 0;
}

int romon_stream_error(const struct romon_stream *s)
{
	(void)s;
	return stream.error;
}

void romon_stream_set_arg(struct romon_stream *s, void *arg)
{
	(void)s;
	(void)arg;
}

/* The loop. */
int loop_watch(struct loop_watch *w, int fd, uint32_t events,
	       void (*fn)(struct loop_watch *w, uint32_t events))
{
	w->fd = fd;
	w->events = events;
	w->fn = fn;
	w->steady = 0;
	return 0;
}

void loop_change(struct loop_watch *w, uint32_t events)
{
	w->events = events;
}

void loop_unwatch(struct loop_watch *w)
{
	w->fd = -1;
}

static int over;

static void done(struct relay *r, int err)
{
	(void)r;
	over = err ? err : 1;
}

static void begin(struct relay *r, int pair[2])
{
	static int any;

	memset(r, 0, sizeof(*r));
	memset(&stream, 0, sizeof(stream));
	over = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		exit(1);
	r->done = done;
	relay_attach(r, (struct romon_stream *)&any);
	relay_join(r, pair[0], pair[0]);
	r->user.event(&r->user, r->stream, ROMON_STREAM_OPENED);
	r->out.fn(&r->out, EPOLLOUT);
	memory.bytes = 0;
}

/* The program writes bytes that follow each other. */
static void say(struct relay *r, int fd, size_t len)
{
	static uint8_t next;
	uint8_t buf[4 * PIECE];

	if (!stream.taken)
		next = 0;
	for (size_t i = 0; i < len; i++)
		buf[i] = next++;
	if (write(fd, buf, len) != (ssize_t)len)
		exit(1);
	r->in.fn(&r->in, EPOLLIN);
}

static void test_flow(void)
{
	struct relay r;
	char buf[PIECE];
	size_t back = 0;
	int pair[2];

	begin(&r, pair);
	for (int i = 0; i < 1000; i++) {
		stream.takes = PIECE;
		say(&r, pair[1], PIECE);
		stream.gives = PIECE;
		r.user.event(&r.user, r.stream, ROMON_STREAM_READABLE);
		back += read(pair[1], buf, sizeof(buf)) == PIECE ? PIECE : 0;
	}
	tap_ok(stream.taken == 1000 * PIECE && !stream.wrong &&
	       back == 1000 * PIECE, "all goes through in both directions");
	tap_ok(!memory.bytes, "... and takes no memory on its way");
	relay_stop(&r, ROMON_STREAM_ABORTED);
	close(pair[1]);
}

static void test_wait(void)
{
	struct relay r;
	int pair[2];

	begin(&r, pair);
	stream.takes = PIECE;
	say(&r, pair[1], 3 * PIECE);
	tap_ok(memory.bytes <= 4 * PIECE,
	       "what has to wait takes as much as it is long");
	stream.takes = 10 * PIECE;
	r.user.event(&r.user, r.stream, ROMON_STREAM_WRITABLE);
	tap_ok(stream.taken == 3 * PIECE && !stream.wrong && !over,
	       "... and goes on from there");
	relay_stop(&r, ROMON_STREAM_ABORTED);
	close(pair[1]);
}

static void test_no_memory(void)
{
	struct relay r;
	int pair[2];

	begin(&r, pair);
	memory.fails = true;
	stream.takes = PIECE;
	say(&r, pair[1], 3 * PIECE);
	memory.fails = false;
	tap_ok(over == -ENOMEM, "without memory this session ends, and no other");
	close(pair[1]);
}

int main(void)
{
	test_flow();
	test_wait();
	test_no_memory();
	return 0;
}
