// SPDX-License-Identifier: GPL-2.0-only
/* decode: recorded frames, explained field by field. */

#include "base/err.h"
#include "cmd.h"
#include "out/explain.h"
#include "out/frames.h"

static int decode_run(struct args *args)
{
	const char *file = args_next(args);
	size_t shown = 0, start;
	struct frames frames;
	bool whole;
	struct out *o;

	if (!args_end(args, "decode"))
		return EXIT_USAGE;
	if (!frames_load(&frames, file ? file : "-")) {
		frames_free(&frames);
		return EXIT_FAILED;
	}
	o = explain_begin();
	for (size_t i = 0; i < frames.n; i++)
		if (frame_find(&frames.v[i], &start))
			explain_frame(o, &frames.v[i], start, ++shown);
	if (shown || out_options.json)
		out_end(o, 0);
	else
		out_cancel(o);
	if (!shown && frames.n)
		complain("decode: no RoMON frame among %zu", frames.n);
	else if (!shown && frames.capture)
		complain("decode: a capture without a frame");
	else if (!shown)
		complain("decode: neither a capture nor a hex dump");
	whole = !frames.damaged;
	frames_free(&frames);
	return shown && whole ? EXIT_DONE : EXIT_FAILED;
}

const struct cmd cmd_decode = {
	.name = "decode",
	.run = decode_run,
	.help =
	"romon decode [FILE]\n"
	"\n"
	"Frames of a pcap or pcapng file or of a hex dump, with the Ethernet\n"
	"header or without it, explained field by field: offset from the type\n"
	"byte, bytes, name, value. Without FILE standard input is read.\n",
};
