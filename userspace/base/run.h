/* SPDX-License-Identifier: GPL-2.0-only */
/* What runs on: until its time is over or somebody stops it. */

#ifndef ROMON_RUN_H
#define ROMON_RUN_H

#include <stdbool.h>
#include <stdint.h>

#define RUN_SECOND	INT64_C(1000000000)
#define RUN_FOREVER	INT64_MAX

void run_begin(void);
void run_end(void);
bool run_stopped(void);
int64_t run_now(void);
bool run_wait(int fd, int64_t until);
/* The file of this program, to be freed; NULL if /proc does not tell. */
char *run_program(void);

#endif /* ROMON_RUN_H */
