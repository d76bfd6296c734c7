// SPDX-License-Identifier: GPL-2.0-only
/*
 * MD5 in the kernel's place, for programs: RFC 1321. The vectors of
 * kernel/tests/auth_test.c are of somebody else, and so try this too.
 */

#include <math.h>

#include <crypto/hash.h>

#include "path/auth.h"

static struct crypto_shash md5;
static u32 table[64];

static u32 rotate(u32 x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

static u32 get_le32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

static void put_le32(u8 *p, u32 x)
{
	p[0] = x;
	p[1] = x >> 8;
	p[2] = x >> 16;
	p[3] = x >> 24;
}

static void transform(u32 *hash, const u8 *block)
{
	static const u8 shifts[4][4] = {
		{ 7, 12, 17, 22 }, { 5, 9, 14, 20 },
		{ 4, 11, 16, 23 }, { 6, 10, 15, 21 },
	};
	u32 a = hash[0], b = hash[1], c = hash[2], d = hash[3];
	unsigned int i;

	for (i = 0; i < 64; i++) {
		unsigned int k;
		u32 f, next;

		switch (i / 16) {
		case 0:
			f = (b & c) | (~b & d);
			k = i;
			break;
		case 1:
			f = (b & d) | (c & ~d);
			k = 5 * i + 1;
			break;
		case 2:
			f = b ^ c ^ d;
			k = 3 * i + 5;
			break;
		default:
			f = c ^ (b | ~d);
			k = 7 * i;
		}
		next = b + rotate(a + f + table[i] +
				  get_le32(block + 4 * (k % 16)),
				  shifts[i / 16][i % 4]);
		a = d;
		d = c;
		c = b;
		b = next;
	}
	hash[0] += a;
	hash[1] += b;
	hash[2] += c;
	hash[3] += d;
}

int crypto_shash_init(struct shash_desc *desc)
{
	desc->state = (struct md5_state){
		.hash = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 },
	};
	return 0;
}

int crypto_shash_update(struct shash_desc *desc, const u8 *data,
			unsigned int len)
{
	struct md5_state *s = &desc->state;

	for (; len; data++, len--) {
		s->block[s->n++ % 64] = *data;
		if (!(s->n % 64))
			transform(s->hash, s->block);
	}
	return 0;
}

int crypto_shash_final(struct shash_desc *desc, u8 *digest)
{
	struct md5_state *s = &desc->state;
	u64 bits = 8 * s->n;
	u8 length[8];
	unsigned int i;

	put_le32(length, bits);
	put_le32(length + 4, bits >> 32);
	crypto_shash_update(desc, (const u8 *)"\x80", 1);
	while (s->n % 64 != 56)
		crypto_shash_update(desc, (const u8 *)"", 1);
	crypto_shash_update(desc, length, sizeof(length));
	for (i = 0; i < 4; i++)
		put_le32(digest + 4 * i, s->hash[i]);
	return 0;
}

int crypto_shash_finup(struct shash_desc *desc, const u8 *data,
		       unsigned int len, u8 *digest)
{
	crypto_shash_update(desc, data, len);
	return crypto_shash_final(desc, digest);
}

int crypto_shash_export(struct shash_desc *desc, void *state)
{
	memcpy(state, &desc->state, sizeof(desc->state));
	return 0;
}

int crypto_shash_import(struct shash_desc *desc, const void *state)
{
	memcpy(&desc->state, state, sizeof(desc->state));
	return 0;
}

struct crypto_shash *crypto_alloc_shash(const char *name, u32 type, u32 mask)
{
	unsigned int i;

	(void)type;
	(void)mask;
	if (strcmp(name, "md5"))
		abort();
	for (i = 0; i < 64; i++)
		table[i] = (u32)(fabs(sin(i + 1)) * 4294967296.0);
	return &md5;
}

void crypto_free_shash(struct crypto_shash *tfm)
{
	(void)tfm;
}

unsigned int crypto_shash_statesize(struct crypto_shash *tfm)
{
	(void)tfm;
	return sizeof(struct md5_state);
}

/* As the module does when it is loaded. */
__attribute__((constructor)) static void load(void)
{
	if (romon_auth_init())
		abort();
}
