/* SPDX-License-Identifier: GPL-2.0-only */
/* libFuzzer's interface, whose names are not in the kernel's style. */

#ifndef LIBFUZZER_H
#define LIBFUZZER_H

#include <stddef.h>
#include "path/wire.h"

/* It calls these two, */
int fuzz_input(const u8 *data, size_t size)
	__asm__("LLVMFuzzerTestOneInput");
size_t fuzz_mutate(u8 *data, size_t size, size_t max, unsigned int seed)
	__asm__("LLVMFuzzerCustomMutator");

/* and offers this one to the second. */
size_t libfuzzer_mutate(u8 *data, size_t size, size_t max)
	__asm__("LLVMFuzzerMutate");

#endif /* LIBFUZZER_H */
