// SPDX-License-Identifier: GPL-2.0-only
/* Capture files, whole and broken. */

#include <stdint.h>
#include <stdlib.h>

#include "out/capture.h"
#include "tap.h"

/* A frame of 14 bytes, and what takes it to a multiple of four. */
#define FRAME	"\1\x80\xc2\0\x88\xbf\2\0\0\0\0\1\x88\xbf"
#define PAD	"\0\0"
#define FRAME_LEN	14

/* A file being written, in either byte order. */
struct file {
	uint8_t data[1024];
	size_t len;
	bool big;
};

static void put(struct file *f, const void *data, size_t len)
{
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static void put_number(struct file *f, uint64_t value, int size)
{
	for (int i = 0; i < size; i++)
		f->data[f->len++] = (uint8_t)(value >> 8 * (f->big ? size - 1 - i : i));
}

static void put16(struct file *f, uint16_t value)
{
	put_number(f, value, 2);
}

static void put32(struct file *f, uint32_t value)
{
	put_number(f, value, 4);
}

static void pcap_head(struct file *f, uint32_t magic, uint32_t link)
{
	put32(f, magic);
	put16(f, 2);
	put16(f, 4);
	put32(f, 0);
	put32(f, 0);
	put32(f, 262144);
	put32(f, link);
}

static void pcap_record(struct file *f, uint32_t fraction, uint32_t len,
			uint32_t wire_len)
{
	put32(f, 1000);
	put32(f, fraction);
	put32(f, len);
	put32(f, wire_len);
	put(f, FRAME, FRAME_LEN);
}

/* Its length stands on both sides of what has been put since. */
static size_t ng_begin(struct file *f, uint32_t type)
{
	put32(f, type);
	f->len += 4;
	return f->len - 8;
}

static void ng_end(struct file *f, size_t at)
{
	size_t len = f->len + 4 - at;

	put32(f, (uint32_t)len);
	f->len = at + 4;
	put32(f, (uint32_t)len);
	f->len = at + len;
}

static void ng_section(struct file *f)
{
	size_t at = ng_begin(f, 0x0a0d0d0a);

	put32(f, 0x1a2b3c4d);
	put16(f, 1);
	put16(f, 0);
	put_number(f, UINT64_MAX, 8);
	ng_end(f, at);
}

/* @resolution and @offset as options, if they are not 0. */
static void ng_interface(struct file *f, uint16_t link, uint32_t snaplen,
			 uint8_t resolution, uint64_t offset)
{
	size_t at = ng_begin(f, 1);

	put16(f, link);
	put16(f, 0);
	put32(f, snaplen);
	if (resolution) {
		put16(f, 9);
		put16(f, 1);
		put(f, &resolution, 1);
		put(f, "\0\0\0", 3);
	}
	if (offset) {
		put16(f, 14);
		put16(f, 8);
		put_number(f, offset, 8);
	}
	put32(f, 0);
	ng_end(f, at);
}

static void ng_packet(struct file *f, uint32_t number, uint64_t time)
{
	size_t at = ng_begin(f, 6);

	put32(f, number);
	put32(f, (uint32_t)(time >> 32));
	put32(f, (uint32_t)time);
	put32(f, FRAME_LEN);
	put32(f, 60);
	put(f, FRAME PAD, FRAME_LEN + 2);
	ng_end(f, at);
}

/* @n frames like FRAME, of a time, and nothing or @wrong is said. */
static void check(const struct file *f, size_t n, double time, const char *wrong,
		  const char *what)
{
	struct frames frames = { 0 };
	/* Of just the size, so that valgrind sees what is read behind it. */
	uint8_t *data = malloc(f->len);
	const char *said;
	bool ok;

	memcpy(data, f->data, f->len);
	said = capture_is_one(data, f->len) ?
	       capture_parse(&frames, data, f->len) : "none";
	ok = frames.n == n && !strcmp(said ? said : "", wrong ? wrong : "");
	for (size_t i = 0; i < frames.n; i++) {
		double off = frames.v[i].time - time;

		if (frames.v[i].len != FRAME_LEN ||
		    memcmp(frames.v[i].data, FRAME, FRAME_LEN) ||
		    frames.v[i].wire_len < FRAME_LEN || off * 10000000 > 1 || off * 10000000 < -1)
			ok = false;
	}
	if (!tap_ok(ok, what))
		printf("# %zu frames, said: %s, time of the first: %.9f\n", frames.n,
		       said ? said : "nothing", frames.n ? frames.v[0].time : 0);
	frames_free(&frames);
	free(data);
}

static void check_pcap(bool big)
{
	struct file f = { .big = big };

	pcap_head(&f, 0xa1b2c3d4, 1);
	check(&f, 0, 0, NULL, "a pcap file without a frame");
	pcap_record(&f, 500000, FRAME_LEN, 60);
	pcap_record(&f, 500000, FRAME_LEN, FRAME_LEN);
	check(&f, 2, 1000.5, NULL, "a pcap file");
	f.len--;
	check(&f, 1, 1000.5, "it ends within a record",
	      "a pcap file that is cut off gives what is whole");

	f = (struct file){ .big = big };
	pcap_head(&f, 0xa1b23c4d, 0xf0000001);
	pcap_record(&f, 500000000, FRAME_LEN, 60);
	check(&f, 1, 1000.5, NULL, "a pcap file of nanoseconds, with check sequences");

	f = (struct file){ .big = big };
	pcap_head(&f, 0xa1b2c3d4, 101);
	pcap_record(&f, 0, FRAME_LEN, 60);
	check(&f, 0, 0, "not a capture of Ethernet", "a pcap file of another link");

	f = (struct file){ .big = big };
	pcap_head(&f, 0xa1b2c3d4, 1);
	pcap_record(&f, 0, 0x7fffffff, 60);
	check(&f, 0, 0, "a record of more than 256 KiB",
	      "a pcap file with a record of an impossible length");
}

static void check_ng(bool big)
{
	struct file f = { .big = big };
	size_t at;

	ng_section(&f);
	ng_interface(&f, 1, 0, 0, 0);
	ng_packet(&f, 0, 1000500000);
	ng_interface(&f, 1, 0, 9, 1);
	ng_packet(&f, 1, 999500000000);
	ng_interface(&f, 1, 0, 0x81, (uint64_t)-500);
	ng_packet(&f, 2, 3001);
	/* Of other blocks just the length counts. */
	at = ng_begin(&f, 5);
	put(&f, "\1\2\3\4", 4);
	ng_end(&f, at);
	check(&f, 3, 1000.5, NULL, "a pcapng file, times of all kinds");
	f.len -= 4;
	check(&f, 3, 1000.5, "it ends within a record", "a pcapng file that is cut off");

	f = (struct file){ .big = big };
	ng_section(&f);
	ng_interface(&f, 1, FRAME_LEN, 0, 0);
	at = ng_begin(&f, 3);
	put32(&f, 60);
	put(&f, FRAME PAD, FRAME_LEN + 2);
	ng_end(&f, at);
	check(&f, 1, 0, NULL, "a simple packet is as long as its interface lets it");

	f = (struct file){ .big = big };
	ng_section(&f);
	ng_interface(&f, 101, 0, 0, 0);
	ng_packet(&f, 0, 0);
	check(&f, 0, 0, "not a capture of Ethernet", "a pcapng file of another link");
	ng_interface(&f, 1, 0, 0, 0);
	ng_packet(&f, 1, 0);
	check(&f, 1, 0, NULL, "frames of Ethernet beside those of another link");
	ng_packet(&f, 2, 0);
	check(&f, 1, 0, "a frame of an interface that it does not describe",
	      "a pcapng file without the description of an interface");

	f = (struct file){ .big = big };
	ng_section(&f);
	ng_interface(&f, 1, 0, 0, 0);
	ng_section(&f);
	ng_packet(&f, 0, 0);
	check(&f, 0, 0, "a frame of an interface that it does not describe",
	      "a section has interfaces of its own");

	f = (struct file){ .big = big };
	ng_section(&f);
	put32(&f, 5);
	put32(&f, 8);
	put32(&f, 8);
	check(&f, 0, 0, "a block of a length that none can have",
	      "a pcapng file with a block that is too short");
}

/* `tcpdump -i any`: the Ethernet header is replaced by another one. */
static void check_any(void)
{
	/* Nothing in it is right, and the first bytes of its digest are an EtherType. */
	static const uint8_t hello[14] = { 9, 1, 0, 54, [12] = 0x88, 0xbf };
	struct frames frames = { 0 };
	struct file f = { 0 };
	size_t start = 1;

	pcap_head(&f, 0xa1b2c3d4, 113);
	for (int i = 0; i < 2; i++) {
		put32(&f, 1000);
		put32(&f, 0);
		put32(&f, 30);
		put32(&f, 56);
		put(&f, "\0\1\0\1\0\6\2\0\0\0\0\1\0\0", 14);
		put(&f, i ? "\x08\0" : "\x88\xbf", 2);
		put(&f, hello, sizeof(hello));
	}
	tap_ok(!capture_parse(&frames, f.data, f.len) && frames.n == 1 &&
	       frames.v[0].len == sizeof(hello) &&
	       !memcmp(frames.v[0].data, hello, sizeof(hello)) &&
	       frames.v[0].wire_len == 40,
	       "of a capture of any device what is RoMON");
	tap_ok(frame_find(&frames.v[0], &start) && !start,
	       "and that, whatever the frame looks like");
	frames_free(&frames);
}

int main(void)
{
	for (int big = 0; big < 2; big++) {
		printf("# %s\n", big ? "big endian" : "little endian");
		check_pcap(big);
		check_ng(big);
	}
	check_any();
	return 0;
}
