// SPDX-License-Identifier: GPL-2.0-only
/* RoMON ports by the names of what is behind them. */

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "service.h"

static const struct {
	const char *name;
	uint16_t port;
} services[] = {
	{ "ssh", ROMON_STREAM_PORT_SSH },
	{ "winbox", ROMON_STREAM_PORT_WINBOX },
};

#define SERVICES	(sizeof(services) / sizeof(services[0]))

bool service_parse(const char *word, uint16_t *port)
{
	unsigned long n = 0;

	for (size_t i = 0; i < SERVICES; i++) {
		if (strcmp(word, services[i].name))
			continue;
		*port = services[i].port;
		return true;
	}
	if (!*word)
		return false;
	for (; *word; word++) {
		if (*word < '0' || *word > '9')
			return false;
		n = n * 10 + (unsigned long)(*word - '0');
		if (n > UINT16_MAX)
			return false;
	}
	if (!n || n == ROMON_STREAM_PORT_ECHO)
		return false;
	*port = (uint16_t)n;
	return true;
}

const char *service_name(uint16_t port, char *buf, size_t size)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (services[i].port == port)
			return services[i].name;
	snprintf(buf, size, "port %u", port);
	return buf;
}
