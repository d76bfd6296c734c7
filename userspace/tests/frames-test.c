// SPDX-License-Identifier: GPL-2.0-only
/* Hex dumps in the forms that people have them. */

#include <stdlib.h>

#include "out/frames.h"
#include "tap.h"

/* A Hello of 40 bytes, and what each form below must give. */
#define HELLO \
	"05000036000000000000000000000000" \
	"00000000000000000000000002000000" \
	"0001ffffffffffff"

static char *as_hex(const struct frame *f)
{
	char *s = calloc(f->len * 2 + 1, 1);

	for (size_t i = 0; i < f->len; i++)
		sprintf(s + i * 2, "%02x", f->data[i]);
	return s;
}

static void check(const char *text, size_t n, const char *what)
{
	struct frames frames = { 0 };
	bool ok;

	frames_parse_hex(&frames, text);
	ok = frames.n == n;
	for (size_t i = 0; i < frames.n; i++) {
		size_t start;
		char *hex = as_hex(&frames.v[i]);

		if (!frame_find(&frames.v[i], &start) ||
		    strncmp(hex + start * 2, HELLO, strlen(HELLO)))
			ok = false;
		if (!ok)
			printf("# %zu: %s\n", i, hex);
		free(hex);
	}
	tap_ok(ok, what);
	frames_free(&frames);
}

#define ETH	"0180c20088bf02000000000188bf"
#define XXD	"00000000: 0500 0036 0000 0000 0000 0000 0000 0000  ...6............\n" \
		"00000010: 0000 0000 0000 0000 0000 0000 0200 0000  ................\n" \
		"00000020: 0001 ffff ffff ffff                      beefcafe\n"

int main(void)
{
	struct frames frames = { 0 };
	size_t start;

	check(HELLO "\n", 1, "plain hex");
	check(ETH HELLO "\n", 1, "... with its Ethernet header");
	check("0180c20088bf0200000000018100000a88bf" HELLO, 1,
	      "... with a VLAN tag, no newline at the end");
	check(HELLO "\n" HELLO "\n", 2, "a frame a line");
	check(HELLO "\n\n" HELLO "\n", 2, "frames with an empty line between");
	check(HELLO "\r\n" HELLO "\r\n", 2, "lines that end as on Windows");
	check("05 00 00 36 00 00 00 00 00 00 00 00 00 00 00 00\n"
	      "00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00\r\n"
	      "00 01 ff ff ff ff ff ff\n", 1, "bytes in several lines");
	check("05:00:00:36:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\n"
	      "00:00:00:00:00:00:00:00:02:00:00:00:00:01:ff:ff:ff:ff:ff:ff",
	      1, "bytes with colons");
	check("0x05, 0x00, 0x00, 0x36, 0,\n", 0, "half a byte is not hex");
	check(XXD, 1, "xxd");
	check(XXD XXD, 2, "xxd twice: the offset begins anew");
	check("00000000  05 00 00 36 00 00 00 00  00 00 00 00 00 00 00 00  |...6............|\n"
	      "00000010  00 00 00 00 00 00 00 00  00 00 00 00 02 00 00 00  |................|\n"
	      "00000020  00 01 ff ff ff ff ff ff                           |........|\n"
	      "00000028\n", 1, "hexdump -C");
	check("0000000 05 00 00 36 00 00 00 00 00 00 00 00 00 00 00 00\n"
	      "0000020 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00\n"
	      "0000040 00 01 ff ff ff ff ff ff\n0000050\n", 1, "od -tx1");
	check("22:48:51.482734 02:00:00:00:00:01 > Broadcast, ethertype 0x88bf:\n"
	      "\t0x0000:  0180 c200 88bf 0200 0000 0001 88bf 0500\n"
	      "\t0x0010:  0036 0000 0000 0000 0000 0000 0000 0000\n"
	      "\t0x0020:  0000 0000 0000 0000 0000 0200 0000 0001\n"
	      "\t0x0030:  ffff ffff ffff\n"
	      "22:48:52.482734 02:00:00:00:00:01 > Broadcast, ethertype 0x88bf:\n"
	      "\t0x0000:  0180 c200 88bf 0200 0000 0001 88bf 0500\n"
	      "\t0x0010:  0036 0000 0000 0000 0000 0000 0000 0000\n"
	      "\t0x0020:  0000 0000 0000 0000 0000 0200 0000 0001\n"
	      "\t0x0030:  ffff ffff ffff\n", 2, "tcpdump -xx");
	check("0000   05 00 00 36 00 00 00 00 00 00 00 00 00 00 00 00   ...6............\n"
	      "0010   00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00   ................\n"
	      "0020   00 01 ff ff ff ff ff ff                           ........\n",
	      1, "Wireshark's copy as hex");

	check("A router at\n01:00:5e:00:00:01\nhas answered, and\n"
	      "02:00:00:00:00:01\n\ndeadbeef\ntoo.\n", 0,
	      "numbers in a text are no hex dump");
	check("1234: 05 00 00 36 00 00 00 00 00 00 00 00 00 00 00 00\n", 0,
	      "... nor what looks like an offset in the middle");
	check("What 02:00:00:00:00:01 has sent:\n\n" HELLO "\n\nto\n"
	      "02:00:00:00:00:02\n", 1, "... but a frame among words is one");
	check("static const unsigned char hello[] = {\n"
	      "0x05, 0x00, 0x00, 0x36, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n"
	      "0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n"
	      "0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00,\n"
	      "0x00, 0x00, 0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff\n"
	      "};\n", 1, "an array in C");
	check("# " HELLO " is a Hello\n" HELLO "\n", 1, "a comment");

	frames_parse_hex(&frames, "hello world\n");
	tap_ok(!frames.n, "text is no frame");
	frames_free(&frames);
	frames_parse_hex(&frames, "deadbeef\n");
	tap_ok(frames.n == 1 && !frame_find(&frames.v[0], &start),
	       "other bytes are no RoMON frame");
	frames_free(&frames);
	return 0;
}
