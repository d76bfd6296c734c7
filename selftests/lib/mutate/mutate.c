// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send mutated frames as fast as the device takes them:
 *
 *	mutate DEVICE [COUNT [SEED]] < FRAMES
 *
 * FRAMES are good ones with Ethernet header, one a line in hex. Most of what
 * is sent is one or two changes away from one of them; some is unchanged, so
 * that what the receiver keeps for good frames is under attack as well. The
 * EtherType stays, so all of it is the receiver's to count.
 *
 * The same seed sends the same frames. Ends with one line of key=value pairs.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX	ETH_FRAME_LEN
#define FRAME_MIN	(ETH_HLEN + 1)
#define TEMPLATES_MAX	256
#define BATCH		64

/* from the type byte on, after the Ethernet header */
enum {
	TYPE	= ETH_HLEN,
	LENGTH	= ETH_HLEN + 2,
	AUTH	= ETH_HLEN + 4,
	SOURCE	= ETH_HLEN + 28,
	DESTINATION = SOURCE + ETH_ALEN,
	HOPS	= ETH_HLEN + 40,
	POINTER	= ETH_HLEN + 41,
	DATA	= ETH_HLEN + 46,
	TLVS	= ETH_HLEN + 48,
};

struct frame {
	unsigned int len;
	uint8_t data[FRAME_MAX];
};

static struct frame templates[TEMPLATES_MAX];
static unsigned int n_templates;
static uint64_t state;

/* xorshift64*, of which the upper half is good */
static uint32_t draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((state * 0x2545f4914f6cdd1dULL) >> 32) * below >> 32;
}

static bool one_in(uint32_t n)
{
	return draw(n) == 0;
}

static uint8_t odd_byte(void)
{
	static const uint8_t odd[] = { 0, 1, 2, 9, 0x7f, 0x80, 0xfe, 0xff };

	return one_in(2) ? odd[draw(sizeof(odd))] : draw(256);
}

/* Somewhere in the frame, EtherType and mostly Ethernet addresses left out. */
static unsigned int place(const struct frame *f)
{
	if (one_in(64))
		return draw(ETH_HLEN - 2);
	return ETH_HLEN + draw(f->len - ETH_HLEN);
}

static void set_length(struct frame *f, unsigned int len)
{
	if (f->len < LENGTH + 2)
		return;
	f->data[LENGTH] = len >> 8;
	f->data[LENGTH + 1] = len;
}

static void flip_bits(struct frame *f)
{
	unsigned int n = 1 + draw(4);

	while (n--)
		f->data[place(f)] ^= 1 << draw(8);
}

static void set_bytes(struct frame *f)
{
	unsigned int n = 1 + draw(4);

	while (n--)
		f->data[place(f)] = odd_byte();
}

static void change_length(struct frame *f)
{
	static const uint16_t odd[] = {
		0, 1, 13, 14, 15, 53, 54, 55, 59, 60, 62, 63, 1514, 1515,
		0x7fff, 0x8000, 0xfffe, 0xffff
	};

	switch (draw(3)) {
	case 0:
		set_length(f, odd[draw(sizeof(odd) / sizeof(odd[0]))]);
		break;
	case 1:
		set_length(f, f->len + draw(9) - 4);
		break;
	case 2:
		set_length(f, draw(f->len + 16));
		break;
	}
}

static void truncate_frame(struct frame *f)
{
	f->len = FRAME_MIN + draw(f->len - FRAME_MIN + 1);
	if (one_in(2))
		set_length(f, f->len);
}

static void extend(struct frame *f)
{
	unsigned int more = draw(one_in(8) ? FRAME_MAX : 64);
	bool zero = one_in(2);

	if (more > FRAME_MAX - f->len)
		more = FRAME_MAX - f->len;
	while (more--)
		f->data[f->len++] = zero ? 0 : draw(256);
	if (one_in(2))
		set_length(f, f->len);
}

static void change_hops(struct frame *f)
{
	if (f->len <= POINTER)
		return;
	switch (draw(4)) {
	case 0:
		f->data[HOPS] = odd_byte();
		break;
	case 1:
		f->data[POINTER] = odd_byte();
		break;
	case 2:
		f->data[HOPS] += draw(5) - 2;
		f->data[POINTER] = f->data[HOPS];
		break;
	case 3:
		f->data[POINTER] = draw(f->data[HOPS] + 1);
		break;
	}
}

/* Put in or take out route entries, and say so. */
static void change_route(struct frame *f)
{
	unsigned int start = f->data[TYPE] == 3 ? DATA : TLVS;
	unsigned int at, n = 1 + draw(one_in(8) ? 140 : 3);

	if (f->len < start)
		return;
	if (one_in(2)) {
		if (n > f->data[HOPS])
			n = f->data[HOPS];
		if (start + n * 10 > f->len)
			return;
		f->len -= n * 10;
		memmove(f->data + start, f->data + start + n * 10,
			f->len - start);
		f->data[HOPS] -= n;
		f->data[POINTER] -= n;
	} else {
		if (f->len + n * 10 > FRAME_MAX)
			return;
		memmove(f->data + start + n * 10, f->data + start,
			f->len - start);
		f->len += n * 10;
		for (at = start; at < start + n * 10; at++)
			f->data[at] = at % 10 == start % 10 + 3 ? draw(8) : 2;
		f->data[HOPS] += n;
		f->data[POINTER] += n;
	}
	set_length(f, f->len);
}

static void change_tlv(struct frame *f)
{
	unsigned int at = TLVS + f->data[HOPS] * 10;
	unsigned int n = draw(6);

	while (n-- && at + 1 < f->len)
		at += 2 + f->data[at + 1];
	if (at + 1 >= f->len)
		return;
	if (one_in(2))
		f->data[at] = one_in(4) ? draw(256) : 1 + draw(5);
	else
		f->data[at + 1] = one_in(2) ? odd_byte() :
					      f->data[at + 1] + draw(3) - 1;
}

/* The head of one frame, the tail of another. */
static void splice(struct frame *f)
{
	const struct frame *other = &templates[draw(n_templates)];
	unsigned int at = ETH_HLEN + draw(f->len - ETH_HLEN);
	unsigned int from = one_in(2) ? at :
			    ETH_HLEN + draw(other->len - ETH_HLEN);
	unsigned int n;

	if (from >= other->len)
		return;
	n = other->len - from;
	if (n > FRAME_MAX - at)
		n = FRAME_MAX - at;
	memcpy(f->data + at, other->data + from, n);
	f->len = at + n;
	if (f->len < FRAME_MIN)
		f->len = FRAME_MIN;
	if (!one_in(4))
		set_length(f, f->len);
}

/* A link number or an address that is right elsewhere. */
static void move_bytes(struct frame *f)
{
	unsigned int n = one_in(2) ? 6 : 4;
	const struct frame *other = one_in(2) ? f :
				    &templates[draw(n_templates)];
	uint8_t copy[6];

	if (f->len < ETH_HLEN + n || other->len < ETH_HLEN + n)
		return;
	memcpy(copy, other->data + ETH_HLEN +
	       draw(other->len - ETH_HLEN - n + 1), n);
	memcpy(f->data + ETH_HLEN + draw(f->len - ETH_HLEN - n + 1), copy, n);
}

/*
 * Somebody who was not heard of before instead of who asks or who answers,
 * wherever the frame names them.
 */
static void change_id(struct frame *f)
{
	unsigned int at = one_in(2) ? SOURCE : DESTINATION;
	uint8_t old[ETH_ALEN], new[ETH_ALEN];
	unsigned int i;

	if (f->len < at + ETH_ALEN)
		return;
	memcpy(old, f->data + at, sizeof(old));
	for (i = 0; i < sizeof(new); i++)
		new[i] = draw(256);
	for (at = SOURCE; at + ETH_ALEN <= f->len; at++)
		if (!memcmp(f->data + at, old, sizeof(old)))
			memcpy(f->data + at, new, sizeof(new));
}

static void hash(struct frame *f)
{
	if (f->len > AUTH)
		f->data[AUTH + draw(f->len - AUTH < 24 ? f->len - AUTH : 24)] = draw(256);
}

static void mutate(struct frame *f)
{
	static void (*const how[])(struct frame *f) = {
		flip_bits, flip_bits, set_bytes, set_bytes, change_length,
		truncate_frame, extend, change_hops, change_route, change_tlv,
		change_tlv, splice, move_bytes, change_id, change_id,
		hash,
	};
	static const uint8_t ethertype[] = { 0x88, 0xbf };
	const struct frame *from = &templates[draw(n_templates)];
	unsigned int n = one_in(16) ? 0 : 1 + draw(2) + draw(2);

	f->len = from->len;
	memcpy(f->data, from->data, from->len);
	while (n--)
		how[draw(sizeof(how) / sizeof(how[0]))](f);
	memcpy(f->data + ETH_HLEN - 2, ethertype, sizeof(ethertype));
}

static void read_templates(void)
{
	static char line[2 * FRAME_MAX + 2];

	while (fgets(line, sizeof(line), stdin)) {
		struct frame *f = &templates[n_templates];
		unsigned int byte;
		const char *p;

		f->len = 0;
		for (p = line; sscanf(p, "%2x", &byte) == 1; p += 2) {
			if (f->len == FRAME_MAX)
				error(1, 0, "a frame of more than %d bytes",
				      FRAME_MAX);
			f->data[f->len++] = byte;
		}
		if (!f->len)
			continue;
		if (f->len < TLVS || ++n_templates == TEMPLATES_MAX)
			error(1, 0, "a frame of %u bytes, or %d frames",
			      f->len, TEMPLATES_MAX);
	}
	if (!n_templates)
		error(1, 0, "no frames on standard input");
}

static int open_device(const char *name)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(name),
	};
	int fd;

	if (!to.sll_ifindex)
		error(1, errno, "%s", name);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		error(1, errno, "packet socket");
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)))
		error(1, errno, "bind to %s", name);
	return fd;
}

/* All of them; a queue that is full is waited for. */
static void send_batch(int fd, struct mmsghdr *messages, unsigned int n)
{
	while (n) {
		int sent = sendmmsg(fd, messages, n, 0);

		if (sent < 0) {
			if (errno != ENOBUFS && errno != EAGAIN &&
			    errno != EINTR)
				error(1, errno, "send");
			sched_yield();
			continue;
		}
		messages += sent;
		n -= sent;
	}
}

static uint64_t to_number(const char *text)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		error(2, 0, "not a number: %s", text);
	return n;
}

int main(int argc, char **argv)
{
	static struct frame frames[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	struct timespec start, end;
	uint64_t count = 2000000;
	uint64_t seed, left;
	double seconds;
	unsigned int i;
	int fd;

	if (argc < 2 || argc > 4)
		error(2, 0, "usage: mutate DEVICE [COUNT [SEED]] < FRAMES");
	if (argc > 2)
		count = to_number(argv[2]);
	if (argc > 3)
		seed = to_number(argv[3]);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		error(1, errno, "getrandom");
	/* the one state that xorshift never leaves */
	state = seed ? seed : 1;

	read_templates();
	fd = open_device(argv[1]);
	for (i = 0; i < BATCH; i++) {
		parts[i].iov_base = frames[i].data;
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (left = count; left; left -= i) {
		for (i = 0; i < BATCH && i < left; i++) {
			mutate(&frames[i]);
			parts[i].iov_len = frames[i].len;
		}
		send_batch(fd, messages, i);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);

	seconds = end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
	printf("sent=%" PRIu64 " seed=%#" PRIx64 " seconds=%.1f rate=%.0f\n",
	       count, seed, seconds, count / seconds);
	return 0;
}
