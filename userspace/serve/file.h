/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration of serve in a file, whose commands run with our rights. */

#ifndef ROMON_SERVE_FILE_H
#define ROMON_SERVE_FILE_H

#include "conf.h"

/* As serve_conf_read(), but not of a file that others own or can write. */
int serve_file_read(struct serve_conf *c, const char *file);

#endif /* ROMON_SERVE_FILE_H */
