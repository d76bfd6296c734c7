// SPDX-License-Identifier: GPL-2.0-only
/*
 * MD5, one or two at a time.
 *
 * Each step of MD5 waits for the one before, so a CPU has nothing to do for most
 * of the time. Two messages whose steps take turns are hashed in hardly more
 * than the time of one: what came in is verified, and what goes out is hashed.
 * No library of the kernel does that; one that can be had without an indirect
 * call for each piece, and is not in a module that may be missing, is too new.
 */

#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "md5.h"

/* RFC 1321, 3.4: function, registers, word of the block, shift, constant. */
#define ROMON_MD5_STEPS(STEP) do { \
	STEP(1, a, b, c, d,  0,  7, 0xd76aa478); \
	STEP(1, d, a, b, c,  1, 12, 0xe8c7b756); \
	STEP(1, c, d, a, b,  2, 17, 0x242070db); \
	STEP(1, b, c, d, a,  3, 22, 0xc1bdceee); \
	STEP(1, a, b, c, d,  4,  7, 0xf57c0faf); \
	STEP(1, d, a, b, c,  5, 12, 0x4787c62a); \
	STEP(1, c, d, a, b,  6, 17, 0xa8304613); \
	STEP(1, b, c, d, a,  7, 22, 0xfd469501); \
	STEP(1, a, b, c, d,  8,  7, 0x698098d8); \
	STEP(1, d, a, b, c,  9, 12, 0x8b44f7af); \
	STEP(1, c, d, a, b, 10, 17, 0xffff5bb1); \
	STEP(1, b, c, d, a, 11, 22, 0x895cd7be); \
	STEP(1, a, b, c, d, 12,  7, 0x6b901122); \
	STEP(1, d, a, b, c, 13, 12, 0xfd987193); \
	STEP(1, c, d, a, b, 14, 17, 0xa679438e); \
	STEP(1, b, c, d, a, 15, 22, 0x49b40821); \
	STEP(2, a, b, c, d,  1,  5, 0xf61e2562); \
	STEP(2, d, a, b, c,  6,  9, 0xc040b340); \
	STEP(2, c, d, a, b, 11, 14, 0x265e5a51); \
	STEP(2, b, c, d, a,  0, 20, 0xe9b6c7aa); \
	STEP(2, a, b, c, d,  5,  5, 0xd62f105d); \
	STEP(2, d, a, b, c, 10,  9, 0x02441453); \
	STEP(2, c, d, a, b, 15, 14, 0xd8a1e681); \
	STEP(2, b, c, d, a,  4, 20, 0xe7d3fbc8); \
	STEP(2, a, b, c, d,  9,  5, 0x21e1cde6); \
	STEP(2, d, a, b, c, 14,  9, 0xc33707d6); \
	STEP(2, c, d, a, b,  3, 14, 0xf4d50d87); \
	STEP(2, b, c, d, a,  8, 20, 0x455a14ed); \
	STEP(2, a, b, c, d, 13,  5, 0xa9e3e905); \
	STEP(2, d, a, b, c,  2,  9, 0xfcefa3f8); \
	STEP(2, c, d, a, b,  7, 14, 0x676f02d9); \
	STEP(2, b, c, d, a, 12, 20, 0x8d2a4c8a); \
	STEP(3, a, b, c, d,  5,  4, 0xfffa3942); \
	STEP(3, d, a, b, c,  8, 11, 0x8771f681); \
	STEP(3, c, d, a, b, 11, 16, 0x6d9d6122); \
	STEP(3, b, c, d, a, 14, 23, 0xfde5380c); \
	STEP(3, a, b, c, d,  1,  4, 0xa4beea44); \
	STEP(3, d, a, b, c,  4, 11, 0x4bdecfa9); \
	STEP(3, c, d, a, b,  7, 16, 0xf6bb4b60); \
	STEP(3, b, c, d, a, 10, 23, 0xbebfbc70); \
	STEP(3, a, b, c, d, 13,  4, 0x289b7ec6); \
	STEP(3, d, a, b, c,  0, 11, 0xeaa127fa); \
	STEP(3, c, d, a, b,  3, 16, 0xd4ef3085); \
	STEP(3, b, c, d, a,  6, 23, 0x04881d05); \
	STEP(3, a, b, c, d,  9,  4, 0xd9d4d039); \
	STEP(3, d, a, b, c, 12, 11, 0xe6db99e5); \
	STEP(3, c, d, a, b, 15, 16, 0x1fa27cf8); \
	STEP(3, b, c, d, a,  2, 23, 0xc4ac5665); \
	STEP(4, a, b, c, d,  0,  6, 0xf4292244); \
	STEP(4, d, a, b, c,  7, 10, 0x432aff97); \
	STEP(4, c, d, a, b, 14, 15, 0xab9423a7); \
	STEP(4, b, c, d, a,  5, 21, 0xfc93a039); \
	STEP(4, a, b, c, d, 12,  6, 0x655b59c3); \
	STEP(4, d, a, b, c,  3, 10, 0x8f0ccc92); \
	STEP(4, c, d, a, b, 10, 15, 0xffeff47d); \
	STEP(4, b, c, d, a,  1, 21, 0x85845dd1); \
	STEP(4, a, b, c, d,  8,  6, 0x6fa87e4f); \
	STEP(4, d, a, b, c, 15, 10, 0xfe2ce6e0); \
	STEP(4, c, d, a, b,  6, 15, 0xa3014314); \
	STEP(4, b, c, d, a, 13, 21, 0x4e0811a1); \
	STEP(4, a, b, c, d,  4,  6, 0xf7537e82); \
	STEP(4, d, a, b, c, 11, 10, 0xbd3af235); \
	STEP(4, c, d, a, b,  2, 15, 0x2ad7d2bb); \
	STEP(4, b, c, d, a,  9, 21, 0xeb86d391); \
} while (0)

/* As sums where that lets the newest of x, y and z come last. */
#define ROMON_MD5_F1(x, y, z)	((z) ^ ((x) & ((y) ^ (z))))
#define ROMON_MD5_F2(x, y, z)	(((y) & ~(z)) + ((x) & (z)))
#define ROMON_MD5_F3(x, y, z)	((x) ^ ((y) ^ (z)))
#define ROMON_MD5_F4(x, y, z)	((y) ^ ((x) | ~(z)))

#define ROMON_MD5_STEP(f, a, b, c, d, word, shift, constant) do {	\
	(a) += (constant) + (word);					\
	(a) += ROMON_MD5_F##f(b, c, d);					\
	(a) = rol32(a, shift) + (b);					\
} while (0)

/* So many blocks of 64 bytes. */
static void romon_md5_blocks(struct romon_md5_state *state, const u8 *block,
			     unsigned int n)
{
	u32 a = state->word[0], b = state->word[1];
	u32 c = state->word[2], d = state->word[3];

	for (; n; n--, block += ROMON_MD5_BLOCK) {
#define STEP(f, a, b, c, d, i, shift, constant)				\
		ROMON_MD5_STEP(f, a, b, c, d,				\
			       get_unaligned_le32(block + (i) * 4),	\
			       shift, constant)
		ROMON_MD5_STEPS(STEP);
#undef STEP
		a = state->word[0] += a;
		b = state->word[1] += b;
		c = state->word[2] += c;
		d = state->word[3] += d;
	}
}

/* The same of two messages. */
static void romon_md5_blocks_both(struct romon_md5_state *one,
				  struct romon_md5_state *two,
				  const u8 *block1, const u8 *block2,
				  unsigned int n)
{
	u32 a1 = one->word[0], b1 = one->word[1];
	u32 c1 = one->word[2], d1 = one->word[3];
	u32 a2 = two->word[0], b2 = two->word[1];
	u32 c2 = two->word[2], d2 = two->word[3];

	for (; n; n--) {
#define STEP(f, a, b, c, d, i, shift, constant) do {			\
			ROMON_MD5_STEP(f, a##1, b##1, c##1, d##1,	\
				       get_unaligned_le32(block1 + (i) * 4), \
				       shift, constant);		\
			ROMON_MD5_STEP(f, a##2, b##2, c##2, d##2,	\
				       get_unaligned_le32(block2 + (i) * 4), \
				       shift, constant);		\
		} while (0)
		ROMON_MD5_STEPS(STEP);
#undef STEP
		a1 = one->word[0] += a1;
		b1 = one->word[1] += b1;
		c1 = one->word[2] += c1;
		d1 = one->word[3] += d1;
		a2 = two->word[0] += a2;
		b2 = two->word[1] += b2;
		c2 = two->word[2] += c2;
		d2 = two->word[3] += d2;
		block1 += ROMON_MD5_BLOCK;
		block2 += ROMON_MD5_BLOCK;
	}
}

static const struct romon_md5_state romon_md5_first = {
	{ 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 }
};

static void romon_hmac_pad(struct romon_md5_state *state, const u8 *secret,
			   unsigned int len, u8 pad)
{
	u8 block[ROMON_MD5_BLOCK] = {};
	unsigned int i;

	memcpy(block, secret, len);
	for (i = 0; i < sizeof(block); i++)
		block[i] ^= pad;
	*state = romon_md5_first;
	romon_md5_blocks(state, block, 1);
	memzero_explicit(block, sizeof(block));
}

/* Prepare a key, which is no longer than a block. */
void romon_hmac_key(struct romon_hmac_key *key, const u8 *secret,
		    unsigned int len)
{
	romon_hmac_pad(&key->inner, secret, len, 0x36);
	romon_hmac_pad(&key->outer, secret, len, 0x5c);
}

void romon_hmac_begin(struct romon_md5 *m, const struct romon_hmac_key *key)
{
	m->state = key->inner;
	m->len = ROMON_MD5_BLOCK;
}

void romon_md5_update(struct romon_md5 *m, const void *data, unsigned int len)
{
	unsigned int fill = m->len % ROMON_MD5_BLOCK, part;
	const u8 *bytes = data;

	m->len += len;
	if (fill) {
		part = min_t(unsigned int, len, ROMON_MD5_BLOCK - fill);
		memcpy(m->rest + fill, bytes, part);
		bytes += part;
		len -= part;
		if (fill + part < ROMON_MD5_BLOCK)
			return;
		romon_md5_blocks(&m->state, m->rest, 1);
	}
	romon_md5_blocks(&m->state, bytes, len / ROMON_MD5_BLOCK);
	part = len % ROMON_MD5_BLOCK;
	memcpy(m->rest, bytes + len - part, part);
}

/* The same of two messages, each from its own place. */
void romon_md5_update_both(struct romon_md5 *a, struct romon_md5 *b,
			   const void *for_a, const void *for_b,
			   unsigned int len)
{
	unsigned int fill = a->len % ROMON_MD5_BLOCK, part;
	const u8 *bytes_a = for_a, *bytes_b = for_b;

	if (b->len % ROMON_MD5_BLOCK != fill) {
		romon_md5_update(a, for_a, len);
		romon_md5_update(b, for_b, len);
		return;
	}
	a->len += len;
	b->len += len;
	if (fill) {
		part = min_t(unsigned int, len, ROMON_MD5_BLOCK - fill);
		memcpy(a->rest + fill, bytes_a, part);
		memcpy(b->rest + fill, bytes_b, part);
		bytes_a += part;
		bytes_b += part;
		len -= part;
		if (fill + part < ROMON_MD5_BLOCK)
			return;
		romon_md5_blocks_both(&a->state, &b->state, a->rest, b->rest, 1);
	}
	romon_md5_blocks_both(&a->state, &b->state, bytes_a, bytes_b,
			      len / ROMON_MD5_BLOCK);
	part = len % ROMON_MD5_BLOCK;
	memcpy(a->rest, bytes_a + len - part, part);
	memcpy(b->rest, bytes_b + len - part, part);
}

/* RFC 1321, 3.1 and 3.2. Return: blocks of @tail that are left to hash. */
static unsigned int romon_md5_pad(const struct romon_md5 *m, u8 *tail)
{
	unsigned int fill = m->len % ROMON_MD5_BLOCK;
	u64 bits = (u64)m->len * BITS_PER_BYTE;
	unsigned int n = fill + 1 + sizeof(bits) > ROMON_MD5_BLOCK ? 2 : 1;

	memcpy(tail, m->rest, fill);
	memset(tail + fill, 0, n * ROMON_MD5_BLOCK - fill);
	tail[fill] = 0x80;
	put_unaligned_le64(bits, tail + n * ROMON_MD5_BLOCK - sizeof(bits));
	return n;
}

static void romon_md5_put(const struct romon_md5_state *state, u8 *digest)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(state->word); i++)
		put_unaligned_le32(state->word[i], digest + i * sizeof(u32));
}

/* The outer message of HMAC: the block of the key, and the inner digest. */
static void romon_hmac_outer(struct romon_md5 *m,
			     const struct romon_hmac_key *key)
{
	romon_md5_put(&m->state, m->rest);
	m->state = key->outer;
	m->len = ROMON_MD5_BLOCK + ROMON_MD5_DIGEST;
}

/* Ends the message and wipes what is left of it. */
void romon_hmac_end(struct romon_md5 *m, const struct romon_hmac_key *key,
		    u8 *digest)
{
	u8 tail[2 * ROMON_MD5_BLOCK];
	unsigned int n;

	n = romon_md5_pad(m, tail);
	romon_md5_blocks(&m->state, tail, n);
	romon_hmac_outer(m, key);
	n = romon_md5_pad(m, tail);
	romon_md5_blocks(&m->state, tail, n);
	romon_md5_put(&m->state, digest);
	memzero_explicit(m, sizeof(*m));
	memzero_explicit(tail, sizeof(tail));
}

/* The same of two messages. */
void romon_hmac_end_both(struct romon_md5 *a, struct romon_md5 *b,
			 const struct romon_hmac_key *key_a,
			 const struct romon_hmac_key *key_b,
			 u8 *digest_a, u8 *digest_b)
{
	u8 tail_a[2 * ROMON_MD5_BLOCK], tail_b[2 * ROMON_MD5_BLOCK];
	unsigned int n_a, n_b, n;

	n_a = romon_md5_pad(a, tail_a);
	n_b = romon_md5_pad(b, tail_b);
	n = min(n_a, n_b);
	romon_md5_blocks_both(&a->state, &b->state, tail_a, tail_b, n);
	romon_md5_blocks(&a->state, tail_a + n * ROMON_MD5_BLOCK, n_a - n);
	romon_md5_blocks(&b->state, tail_b + n * ROMON_MD5_BLOCK, n_b - n);

	romon_hmac_outer(a, key_a);
	romon_hmac_outer(b, key_b);
	n = romon_md5_pad(a, tail_a);
	romon_md5_pad(b, tail_b);
	romon_md5_blocks_both(&a->state, &b->state, tail_a, tail_b, n);
	romon_md5_put(&a->state, digest_a);
	romon_md5_put(&b->state, digest_b);
	memzero_explicit(a, sizeof(*a));
	memzero_explicit(b, sizeof(*b));
	memzero_explicit(tail_a, sizeof(tail_a));
	memzero_explicit(tail_b, sizeof(tail_b));
}
