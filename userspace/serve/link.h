/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two processes of serve say to each other, over a SOCK_SEQPACKET
 * socketpair: the starter, which was started and starts the commands, and the
 * listener, which talks to other routers. Descriptors go to the listener only.
 */

#ifndef ROMON_SERVE_LINK_H
#define ROMON_SERVE_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/romon.h>

#include "conf.h"

enum serve_msg_type {
	/* of the listener */
	SERVE_READY,		/* it listens: at first, and after CONF_END */
	SERVE_START,		/* start the command of a port */
	SERVE_OVER,		/* a session that was started has no stream now */
	SERVE_CONNECT,		/* connect to the target of a port */
	SERVE_BIND,		/* bind a RoMON port that is offered */
	SERVE_LOG,		/* a line for syslog */
	/* of the starter */
	SERVE_STARTED,		/* answers START: an errno, or a descriptor */
	SERVE_CONNECTED,	/* answers CONNECT, likewise; it may still be tried */
	SERVE_EXITED,
	SERVE_CONF,		/* begins a configuration */
	SERVE_OFFER,		/* one service of it */
	SERVE_CONF_END,
	SERVE_STOP,
	__SERVE_MSG_TYPES
};

/* Who it is that a command is started for: its environment. */
struct serve_peer {
	uint8_t id[ROMON_ID_LEN], local_id[ROMON_ID_LEN];
	uint16_t port, local_port;
	char identity[ROMON_IDENTITY_MAX_LEN + 1];	/* as it calls itself */
};

/* No longer than syslog's own lines may be. */
struct serve_line {
	int priority;
	char text[1024];
};

struct serve_msg {
	enum serve_msg_type type;
	uint32_t session;
	union {
		struct serve_peer start;
		struct {
			int err;
			pid_t pid;
		} started;
		struct {
			int status;	/* as waitpid() has it */
			bool waited;	/* for children of its own */
		} exited;
		struct serve_limits limits;
		struct serve_offer offer;
		uint16_t port;
		struct serve_line line;
	};
};

bool serve_link_pair(int pair[2]);
/*
 * Waits for at most so long. 0 or a negative errno. @pass: a descriptor that
 * goes with it, or -1.
 */
int serve_link_send(int fd, const struct serve_msg *m, int pass, bool wait);
/*
 * A message: 1; 0 at the end, or a negative errno: -EAGAIN if there is none,
 * -EPROTO if it is none that the other side would send. @pass: where a
 * descriptor may come to, -1 if none did; NULL: none is taken.
 */
int serve_link_receive(int fd, struct serve_msg *m, int *pass);

#endif /* ROMON_SERVE_LINK_H */
