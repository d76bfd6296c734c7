/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of the kernel's hashes as kernel/path/auth.c uses: MD5. */

#ifndef ROMON_UNIT_HASH_H
#define ROMON_UNIT_HASH_H

#include <linux/bits.h>

struct crypto_shash {
	char unused;
};

struct md5_state {
	u32 hash[4];
	u8 block[64];
	u64 n;			/* bytes so far */
};

struct shash_desc {
	struct crypto_shash *tfm;
	struct md5_state state;
};

#define SHASH_DESC_ON_STACK(desc, tfm)					       \
	struct shash_desc desc##_state, *(desc) = &desc##_state
#define shash_desc_zero(desc)	explicit_bzero(desc, sizeof(*(desc)))

struct crypto_shash *crypto_alloc_shash(const char *name, u32 type, u32 mask);
void crypto_free_shash(struct crypto_shash *tfm);
unsigned int crypto_shash_statesize(struct crypto_shash *tfm);

int crypto_shash_init(struct shash_desc *desc);
int crypto_shash_update(struct shash_desc *desc, const u8 *data,
			unsigned int len);
int crypto_shash_final(struct shash_desc *desc, u8 *digest);
int crypto_shash_finup(struct shash_desc *desc, const u8 *data,
		       unsigned int len, u8 *digest);
int crypto_shash_export(struct shash_desc *desc, void *state);
int crypto_shash_import(struct shash_desc *desc, const void *state);

#endif /* ROMON_UNIT_HASH_H */
