/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef ROMON_UNIT_SIPHASH_H
#define ROMON_UNIT_SIPHASH_H

#include "../../../stream/siphash.h"

#define siphash_aligned_key_t	struct romon_siphash_key

#define siphash(data, len, key)	romon_siphash(key, data, len)

#endif /* ROMON_UNIT_SIPHASH_H */
