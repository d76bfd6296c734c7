/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two muxes with a link between them, in a time of their own. The programs at
 * both ends send bytes that follow from their place, and check those that come.
 */

#ifndef ROMON_SIM_H
#define ROMON_SIM_H

#include "romon-stream.h"

#define SIM_MS		1000000LL
#define SIM_SECOND	(1000 * SIM_MS)
#define SIM_NEVER	INT64_MAX

/* Each direction has its own queue, loss and so on. */
struct sim_link {
	int64_t rate;			/* bits a second; 0: any */
	int64_t delay;			/* one way */
	unsigned int queue;		/* frames; 0: any number */
	/* Of a million. */
	unsigned int loss, dup, reorder;
	int64_t reorder_delay;		/* at most; what is reordered waits */
	size_t mtu;			/* of datagrams' payload */
	size_t room;			/* what is said of it; 0: unknown */
	bool silent;			/* too long ones vanish */
	bool late;			/* that they are too long is told later */
	int refuse;			/* what the host says to all, later; or 0 */
	bool routed;			/* ... but without a route all is well */
	bool down;			/* nothing passes */
	size_t hops;			/* of ways back */
};

struct sim_packet {
	int64_t at;
	uint64_t number;
	int to;
	uint16_t from_port, to_port;
	size_t len;
	uint8_t *payload;
	size_t hops;			/* that were taken */
	int refused;			/* comes back, with this errno */
};

struct sim;

/* A program's end of a stream. */
struct sim_app {
	struct sim *sim;
	int side;
	struct romon_stream *s;
	uint64_t send, sent;		/* bytes in all, and so far */
	uint64_t received;
	uint64_t wrong;			/* bytes that are not what they should be */
	bool ended, end_after;		/* end_after: when all is sent */
	bool end_on_end;		/* when the other side has ended */
	bool keep;			/* not freed when it is closed */
	bool got_end, opened, closed;
	bool paused;			/* does not read */
	uint64_t read_most;		/* nor more than that in all */
	int64_t rate;			/* bytes a second it reads; 0: all */
	int64_t opened_at, closed_at, end_at;
	int error;
	enum romon_stream_reason reason;
	unsigned int events[4];
};

struct sim_side {
	struct romon_mux *mux;
	uint8_t id[ROMON_STREAM_ID_LEN];
	struct sim_link link;		/* from here */
	int64_t free_at;		/* when the link is idle again */
	uint16_t next_port;
	unsigned int bound;
	uint64_t xmitted, bytes, dropped, echoes, refused;
	struct sim_app *accepted[1024];
	unsigned int n_accepted, asked;
	enum romon_stream_reason refuse;
	struct sim_app template;	/* of what is accepted */
	bool no_echo;			/* the router does not answer */
	bool dead;			/* the program does not run any more */
	uint32_t iss;			/* the first number of its opens, or 0 */
};

struct sim {
	int64_t now;
	uint64_t random;
	struct sim_side side[2];
	struct sim_packet **packets;	/* a heap */
	size_t n, size;
	uint64_t count;
	/* Sees what goes out; false: it is lost. */
	bool (*tap)(struct sim *sim, int from, const struct romon_datagram *d);
	void *tap_arg;
	unsigned int fail;		/* alloc_fail, while in the library */
	size_t memory[2];		/* the most that was used */
	uint8_t neighbor;		/* by whom frames come in */
};

struct sim *sim_new(uint64_t seed, const struct sim_link *link);
void sim_free(struct sim *sim);
uint64_t sim_random(struct sim *sim);
/* On both sides, from now on. */
void sim_set_link(struct sim *sim, const struct sim_link *link);
struct sim_app *sim_open(struct sim *sim, int side, uint16_t port,
			 uint64_t send);
/* What @side answers to the next open, of side.iss, is so far from wrapping. */
void sim_wrap(struct sim *sim, int side, uint32_t within);
void sim_app_free(struct sim_app *app);
void sim_app_read(struct sim_app *app);
void sim_app_write(struct sim_app *app);
/* Until then, or until done() is true; whether it was. */
bool sim_run(struct sim *sim, int64_t until, bool (*done)(void *arg), void *arg);
/* From the other router, to that side, made by hand. */
void sim_inject(struct sim *sim, int side, const uint8_t *id, uint16_t local,
		uint16_t remote, const void *payload, size_t len);

#endif /* ROMON_SIM_H */
