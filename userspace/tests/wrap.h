/* SPDX-License-Identifier: GPL-2.0-only */
/* For who has the linker's --wrap replace a function by one of his own. */

#ifndef ROMON_TESTS_WRAP_H
#define ROMON_TESTS_WRAP_H

/* wrap_NAME(), which is defined here, is called instead of NAME(). */
#define WRAP(name) __typeof__(name) wrap_##name __asm__("__wrap_" #name)

#endif /* ROMON_TESTS_WRAP_H */
