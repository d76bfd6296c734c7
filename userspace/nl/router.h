/* SPDX-License-Identifier: GPL-2.0-only */
/* From what people call a router to its ID. */

#ifndef ROMON_ROUTER_H
#define ROMON_ROUTER_H

#include "api.h"

/*
 * An ID or identity; complains, and searches for it if it is not known. @also:
 * another identity that it may have if it was not called by its ID, or NULL.
 */
bool router_find(const char *what, const char *word, const char *also,
		 struct api_node *node);
/* Says why nobody can be known. False if it knows no reason, and says nothing. */
bool router_complain_alone(const char *what);
const struct api_node *router_by_id(const struct api_nodes *nodes,
				    const uint8_t *id);

/* As one word: its name, else its ID. To be freed. */
char *router_word(const char *identity, const uint8_t *id);
/* That echoes get no further than to this one, or out of this router if NULL. */
void router_complain_lost(const char *what, const struct api_nodes *nodes,
			  const uint8_t *id);

#endif /* ROMON_ROUTER_H */
