// SPDX-License-Identifier: GPL-2.0-only
/* SipHash-2-4. */

#include "siphash.h"

static uint64_t romon_siphash_rotate(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static void romon_siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = romon_siphash_rotate(v[1], 13) ^ v[0];
	v[0] = romon_siphash_rotate(v[0], 32);
	v[2] += v[3];
	v[3] = romon_siphash_rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = romon_siphash_rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = romon_siphash_rotate(v[1], 17) ^ v[2];
	v[2] = romon_siphash_rotate(v[2], 32);
}

static void romon_siphash_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	romon_siphash_round(v);
	romon_siphash_round(v);
	v[0] ^= word;
}

/* Little-endian, up to eight bytes. */
static uint64_t romon_siphash_get(const uint8_t *p, size_t n)
{
	uint64_t word = 0;

	while (n--)
		word = word << 8 | p[n];
	return word;
}

uint64_t romon_siphash(const struct romon_siphash_key *key, const void *data,
		       size_t len)
{
	const uint8_t *p = data;
	uint64_t v[4] = {
		key->k0 ^ 0x736f6d6570736575ULL,
		key->k1 ^ 0x646f72616e646f6dULL,
		key->k0 ^ 0x6c7967656e657261ULL,
		key->k1 ^ 0x7465646279746573ULL,
	};
	size_t left = len;
	unsigned int i;

	for (; left >= 8; left -= 8, p += 8)
		romon_siphash_word(v, romon_siphash_get(p, 8));
	romon_siphash_word(v, (uint64_t)len << 56 | romon_siphash_get(p, left));
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		romon_siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
