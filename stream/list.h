/* SPDX-License-Identifier: GPL-2.0-only */
/* Doubly linked lists, as in the kernel, but few. */

#ifndef ROMON_LIST_H
#define ROMON_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct romon_list {
	struct romon_list *next, *prev;
};

#define romon_list_entry(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

/* Also of what is on no list: removing it is no mistake then. */
static inline void romon_list_init(struct romon_list *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool romon_list_empty(const struct romon_list *list)
{
	return list->next == list;
}

static inline void romon_list_del(struct romon_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	romon_list_init(node);
}

/* To the end, from wherever it was. */
static inline void romon_list_move(struct romon_list *node,
				   struct romon_list *list)
{
	romon_list_del(node);
	node->prev = list->prev;
	node->next = list;
	list->prev->next = node;
	list->prev = node;
}

/* All of @from to the empty @to. */
static inline void romon_list_take(struct romon_list *to,
				   struct romon_list *from)
{
	romon_list_init(to);
	if (romon_list_empty(from))
		return;
	*to = *from;
	to->next->prev = to;
	to->prev->next = to;
	romon_list_init(from);
}

#endif /* ROMON_LIST_H */
