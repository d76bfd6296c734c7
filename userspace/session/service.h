/* SPDX-License-Identifier: GPL-2.0-only */
/* RoMON ports by the names of what is behind them. */

#ifndef ROMON_SERVICE_H
#define ROMON_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "romon-stream.h"

/* "ssh", "winbox" or a number other than echo's; false if it is neither. */
bool service_parse(const char *word, uint16_t *port);
/* "ssh", "winbox", "port 7000" */
const char *service_name(uint16_t port, char *buf, size_t size);

#endif /* ROMON_SERVICE_H */
