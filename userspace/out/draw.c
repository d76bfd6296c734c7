// SPDX-License-Identifier: GPL-2.0-only
/* The topology as a picture. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "draw.h"
#include "nl/router.h"
#include "out.h"
#include "parse/parse.h"

#define EXIT_NO_DOT	127

int draw_load(struct draw *draw)
{
	memset(draw, 0, sizeof(*draw));
	if (api_config_get(&draw->config) || api_node_dump(&draw->nodes))
		return -1;
	return api_edge_dump(&draw->edges);
}

void draw_free(struct draw *draw)
{
	api_config_free(&draw->config);
	api_nodes_free(&draw->nodes);
	api_edges_free(&draw->edges);
}

static bool draw_is_self(const struct draw *draw, const uint8_t *id)
{
	return draw->config.has_current_id &&
	       !memcmp(id, draw->config.current_id, API_ID_LEN);
}

/* NULL if it is not known. */
const char *draw_identity(const struct draw *draw, const uint8_t *id)
{
	const struct api_node *node;

	if (draw_is_self(draw, id))
		return draw->config.set[CONFIG_IDENTITY].text;
	node = router_by_id(&draw->nodes, id);
	return node ? node->identity : NULL;
}

/* The identity, or the ID if there is none. */
const char *draw_label(const struct draw *draw, char *buf, const uint8_t *id)
{
	const char *name = draw_identity(draw, id);

	if (!name || !*name)
		return id_str(buf, id);
	snprintf(buf, DRAW_LABEL_LEN, "%s", name);
	return buf;
}

static int draw_compare(const void *a, const void *b)
{
	const struct api_node *x = *(const struct api_node * const *)a;
	const struct api_node *y = *(const struct api_node * const *)b;
	size_t n = x->path_len < y->path_len ? x->path_len : y->path_len;
	int order;

	/* Depth first: a router comes behind the one it is reached through. */
	order = n ? memcmp(x->path, y->path, n * API_ID_LEN) : 0;
	if (order)
		return order;
	return x->path_len < y->path_len ? -1 : x->path_len > y->path_len;
}

static bool draw_has_sibling(const struct api_node **list, size_t n, size_t i,
			     size_t depth)
{
	const struct api_node *node = list[i];

	/* Whether another branch leaves from the node above, at that depth. */
	for (size_t k = i + 1; k < n; k++) {
		if (list[k]->path_len < depth ||
		    (depth > 1 && memcmp(list[k]->path, node->path,
					 (depth - 1) * API_ID_LEN)))
			return false;
		if (memcmp(list[k]->path[depth - 1], node->path[depth - 1],
			   API_ID_LEN))
			return true;
	}
	return false;
}

static void draw_tree_name(FILE *f, const char *name, const uint8_t *id)
{
	char *clean = name && *name ? text_quote(name) : NULL;
	const char *bold = out_options.color ? "\033[36m" : "";
	const char *plain = out_options.color ? "\033[0m" : "";
	char buf[ID_STRLEN];

	if (clean)
		fprintf(f, "%s%s%s  ", bold, clean, plain);
	fputs(id_str(buf, id), f);
	free(clean);
}

/*
 * The active ways are drawn as they are. They are a tree if each is the best
 * of its prefixes too, which they are but for moments of change.
 */
void draw_tree(const struct draw *draw, FILE *f)
{
	bool utf8 = text_is_utf8();
	const char *bar = utf8 ? "│  " : "|  ", *tee = utf8 ? "├─ " : "|- ";
	const char *corner = utf8 ? "└─ " : "`- ";
	const struct api_node **list;
	size_t n = 0;

	list = xcalloc(draw->nodes.n, sizeof(*list));
	for (size_t i = 0; i < draw->nodes.n; i++)
		if (draw->nodes.v[i].active && draw->nodes.v[i].path_len)
			list[n++] = &draw->nodes.v[i];
	qsort(list, n, sizeof(*list), draw_compare);

	if (draw->config.has_current_id) {
		draw_tree_name(f, draw->config.set[CONFIG_IDENTITY].text,
			       draw->config.current_id);
		fputs("  this router\n", f);
	} else {
		fputs("this router has no ID yet\n", f);
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t d = 1; d < list[i]->path_len; d++)
			fputs(draw_has_sibling(list, n, i, d) ? bar : "   ", f);
		fputs(draw_has_sibling(list, n, i, list[i]->path_len) ? tee :
		      corner, f);
		draw_tree_name(f, list[i]->identity, list[i]->id);
		fprintf(f, "  cost %u", list[i]->cost);
		if (list[i]->has_l2mtu)
			fprintf(f, "  l2mtu %u", list[i]->l2mtu);
		fputc('\n', f);
	}
	free(list);
}

/* Text in a label that graphviz reads as HTML. */
static void draw_dot_text(FILE *f, const char *s)
{
	char *clean = text_clean(s);

	for (const char *p = clean; *p; p++) {
		if (strchr("&<>\"", *p))
			fprintf(f, "&#%d;", *p);
		else
			fputc(*p, f);
	}
	free(clean);
}

/* The name, and smaller below it the ID and what it costs to get there. */
static void draw_dot_node(const struct draw *draw, FILE *f, const uint8_t *id,
			  const struct api_node *node)
{
	const char *name = draw_identity(draw, id);
	char buf[ID_STRLEN];

	fprintf(f, "\t\"%s\" [label=<", id_str(buf, id));
	if (name && *name) {
		draw_dot_text(f, name);
		fputs("<br/>", f);
	}
	fprintf(f, "<font point-size=\"8\" color=\"gray30\">%s", buf);
	if (node && node->has_cost)
		fprintf(f, "  cost %u", node->cost);
	fprintf(f, "</font>>%s];\n", draw_is_self(draw, id) ?
		", penwidth=2.5, fillcolor=\"#cfe8ff\"" : "");
}

/* An edge as a link: the two ends in an order of their own. */
struct draw_link {
	const struct api_edge *edge;
	uint8_t ends[2][2 * API_ID_LEN];
};

static int draw_link_compare(const void *a, const void *b)
{
	const struct draw_link *x = a, *y = b;
	int order = memcmp(x->ends, y->ends, sizeof(x->ends));

	return order ? order : (x->edge > y->edge) - (x->edge < y->edge);
}

static void draw_link_end(uint8_t *out, const struct api_end *end)
{
	memcpy(out, end->id, API_ID_LEN);
	memcpy(out + API_ID_LEN, end->mac, API_ID_LEN);
}

static struct draw_link draw_link(const struct api_edge *e)
{
	struct draw_link link = { .edge = e };
	uint8_t from[2 * API_ID_LEN], to[2 * API_ID_LEN];
	bool turn;

	draw_link_end(from, &e->from);
	draw_link_end(to, &e->to);
	turn = memcmp(from, to, sizeof(from)) > 0;
	memcpy(link.ends[turn], from, sizeof(from));
	memcpy(link.ends[!turn], to, sizeof(to));
	return link;
}

static void draw_dot_edge(FILE *f, const struct api_edge *e, bool active)
{
	char from[ID_STRLEN], to[ID_STRLEN];

	fprintf(f, "\t\"%s\" -- \"%s\" [label=\"%u\"%s];\n",
		id_str(from, e->from.id), id_str(to, e->to.id), e->cost,
		active ? ", penwidth=2" :
		", style=dashed, color=gray60, fontcolor=gray50, constraint=false");
}

/*
 * Each link once: it is known from both of its sides. Sorted, because others may
 * have this router know as many as its tables hold.
 */
static void draw_dot_edges(const struct draw *draw, FILE *f)
{
	size_t n = draw->edges.n, next;
	struct draw_link *links = xcalloc(n, sizeof(*links));
	enum { LINK_NONE, LINK_IDLE, LINK_ACTIVE } *as = xcalloc(n, sizeof(*as));

	for (size_t i = 0; i < n; i++)
		links[i] = draw_link(&draw->edges.v[i]);
	qsort(links, n, sizeof(*links), draw_link_compare);
	for (size_t i = 0; i < n; i = next) {
		bool active = links[i].edge->active;

		for (next = i + 1; next < n; next++) {
			if (memcmp(links[next].ends, links[i].ends,
				   sizeof(links[i].ends)))
				break;
			active = active || links[next].edge->active;
		}
		as[links[i].edge - draw->edges.v] = active ? LINK_ACTIVE :
							     LINK_IDLE;
	}
	for (size_t i = 0; i < n; i++)
		if (as[i] != LINK_NONE)
			draw_dot_edge(f, &draw->edges.v[i],
				      as[i] == LINK_ACTIVE);
	free(as);
	free(links);
}

/*
 * From left to right, because names are wider than high and a network is wider
 * than deep. Where routers stand is decided by the ways in use alone, which
 * makes it a tree; the other links are drawn across it.
 */
void draw_dot(const struct draw *draw, FILE *f)
{
	fputs("graph romon {\n"
	      "\tgraph [rankdir=LR, splines=true, nodesep=0.12, ranksep=0.9,\n"
	      "\t\toutputorder=edgesfirst, fontname=\"sans-serif\", fontsize=9,\n"
	      "\t\tlabel=\"bold: ways in use; dashed: other links; numbers: cost\"];\n"
	      "\tnode [shape=box, style=\"rounded,filled\", fillcolor=white,\n"
	      "\t\tfontname=\"sans-serif\", fontsize=11, height=0.3,\n"
	      "\t\tmargin=\"0.08,0.03\"];\n"
	      "\tedge [fontname=\"sans-serif\", fontsize=9];\n", f);
	if (draw->config.has_current_id)
		draw_dot_node(draw, f, draw->config.current_id, NULL);
	for (size_t i = 0; i < draw->nodes.n; i++)
		if (draw->nodes.v[i].active)
			draw_dot_node(draw, f, draw->nodes.v[i].id,
				      &draw->nodes.v[i]);
	draw_dot_edges(draw, f);
	fputs("}\n", f);
}

/* Graphviz reads a file, so it can not block us nor we it. */
int draw_svg(const struct draw *draw)
{
	FILE *f = tmpfile();
	int status;
	pid_t pid;

	if (!f) {
		complain("topology: temporary file: %s", strerror(errno));
		return EXIT_FAILED;
	}
	draw_dot(draw, f);
	if (fflush(f) || ferror(f)) {
		complain("topology: temporary file: %s", strerror(errno));
		fclose(f);
		return EXIT_FAILED;
	}
	rewind(f);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* A reader that goes away ends dot without a word. */
		signal(SIGPIPE, SIG_DFL);
		if (dup2(fileno(f), STDIN_FILENO) >= 0)
			execlp("dot", "dot", "-Tsvg", (char *)NULL);
		_exit(errno == ENOENT ? EXIT_NO_DOT : 126);
	}
	fclose(f);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		complain("topology: dot: %s", strerror(errno));
		return EXIT_FAILED;
	}
	if ((WIFEXITED(status) && !WEXITSTATUS(status)) ||
	    (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE))
		return EXIT_DONE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_DOT)
		complain("topology: no dot to draw with (install graphviz)");
	else
		complain("topology: dot failed");
	return EXIT_FAILED;
}
