/* SPDX-License-Identifier: GPL-2.0-only */
/* The linker's names for a function and for what stands in its place. */

#ifndef ROMON_TESTS_PLANTED_H
#define ROMON_TESTS_PLANTED_H

#include "romon-stream.h"

void __real_romon_mux_input(struct romon_mux *mux,
			    const struct romon_datagram *d, int64_t now);
void __wrap_romon_mux_input(struct romon_mux *mux,
			    const struct romon_datagram *d, int64_t now);

#endif /* ROMON_TESTS_PLANTED_H */
