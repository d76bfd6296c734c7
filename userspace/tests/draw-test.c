// SPDX-License-Identifier: GPL-2.0-only
/* The topology as graphviz is given it. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "out/draw.h"
#include "tap.h"

/* Four full tables; for each to look at all others takes minutes. */
#define MANY	262144
#define HANG_S	60

static struct api_edge edge(unsigned int from, unsigned int to, bool active)
{
	struct api_edge e = { .cost = 200, .active = active };

	e.from.id[0] = 2;
	e.to.id[0] = 2;
	memcpy(e.from.id + 1, &from, sizeof(from));
	memcpy(e.to.id + 1, &to, sizeof(to));
	memcpy(e.from.mac, e.from.id, sizeof(e.from.mac));
	memcpy(e.to.mac, e.to.id, sizeof(e.to.mac));
	e.from.mac[5] = 1;
	e.to.mac[5] = 1;
	return e;
}

static char *dot(struct api_edge *v, size_t n)
{
	struct draw draw = { .edges = { v, n } };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	draw_dot(&draw, f);
	fclose(f);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

int main(void)
{
	struct api_edge few[] = {
		edge(1, 2, false), edge(2, 1, true),	/* one link, in use */
		edge(3, 1, false), edge(1, 3, false), edge(3, 1, false),
		edge(2, 3, false),
	}, *many = xcalloc(MANY, sizeof(*many));
	char *text = dot(few, 6);
	const char *first = strstr(text, "\"02:01:00:00:00:00\" -- \"02:02:");

	tap_ok(count(text, " -- ") == 3, "each link is drawn once");
	tap_ok(count(text, "penwidth=2]") == 1 && count(text, "dashed, ") == 2,
	       "one in use by either side is bold, others are dashed");
	tap_ok(first && first < strstr(text, "\"02:03:00:00:00:00\" -- "),
	       "they come in the order in which they are known");
	free(text);

	alarm(HANG_S);
	for (unsigned int i = 0; i < MANY; i++)
		many[i] = edge(i % 512, 512 + i / 512, false);
	text = dot(many, MANY);
	tap_ok(count(text, " -- ") == MANY, "as many as there can be are drawn in time");
	free(text);
	free(many);
	return 0;
}
