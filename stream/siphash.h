/* SPDX-License-Identifier: GPL-2.0-only */
/* SipHash-2-4, of Aumasson and Bernstein: a keyed hash of short inputs. */

#ifndef ROMON_SIPHASH_H
#define ROMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct romon_siphash_key {
	uint64_t k0, k1;
};

uint64_t romon_siphash(const struct romon_siphash_key *key, const void *data,
		       size_t len);

#endif /* ROMON_SIPHASH_H */
