/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session in a process of its own, which gives up its rights before it hears
 * others. The one that stays has them still: it binds RoMON ports for the other,
 * passes signals on to it, and sees what became of it.
 */

#ifndef ROMON_APART_H
#define ROMON_APART_H

#include <stdint.h>

struct romon_nl;

struct apart {
	const char *what;
	/* In the other process; what to exit with. @nl is for its endpoint. */
	int (*run)(void *arg, struct romon_nl *nl);
	void *arg;
	int own[2];	/* descriptors that are the other's alone, or -1 */
	uint8_t told;	/* bits of apart_tell() */
};

/* What it has exited with; a complaint if it was killed, or could not be begun. */
int apart_run(struct apart *a);

/* In the other process. @arg: for endpoint_on_ask(), it is not used. */
void apart_ask_port(void *arg, uint16_t port);
/* One bit of its own, 1 to 0x40. */
void apart_tell(uint8_t bit);

#endif /* ROMON_APART_H */
