// SPDX-License-Identifier: GPL-2.0-only
/* Against the vectors of its authors: key 00 01 ... 0f, input 00 01 ... */

#include <stdlib.h>
#include <string.h>

#include "siphash.h"
#include "tap.h"

int main(void)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
		{ 0, 0x726fdb47dd0e0e31ULL },
		{ 1, 0x74f839c593dc67fdULL },
		{ 8, 0x93f5f5799a932462ULL },
		{ 15, 0xa129ca6149be45e5ULL },
		{ 16, 0x3f2acc7f57c29bdbULL },
	};
	static const struct romon_siphash_key key = {
		.k0 = 0x0706050403020100ULL, .k1 = 0x0f0e0d0c0b0a0908ULL,
	};
	uint8_t input[16];
	unsigned int i;

	for (i = 0; i < sizeof(input); i++)
		input[i] = i;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = vectors[i].len;
		/* No longer than it is, so that reading beyond is seen. */
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, input, len);
		tap_ok(romon_siphash(&key, copy, len) == vectors[i].hash,
		       "of %zu bytes", len);
		free(copy);
	}
	return 0;
}
