// SPDX-License-Identifier: GPL-2.0-only
/* A connection to the address of a service. */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "target.h"

int serve_target_connect(const struct serve_offer *offer)
{
	int fd = socket(offer->addr.ss_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, err;

	if (fd < 0)
		return -errno;
	/* Keys that somebody presses are small, and waited for. */
	if (offer->kind == SERVE_TCP)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!connect(fd, (const struct sockaddr *)&offer->addr,
		     offer->addr_len) || errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return err;
}
