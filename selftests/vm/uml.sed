# SPDX-License-Identifier: GPL-2.0-only
#
# Applied to arch/x86/um/user-offsets.c. The frame saved for a signal grows
# with the CPU: with AMX it has 11 kB of registers, and the kernel dies in
# put_fp_registers() when they do not fit into the 2696 bytes it allows.
s/DEFINE_LONGS(HOST_FP_SIZE, 2696)/DEFINE_LONGS(HOST_FP_SIZE, 11264)/

# Applied to arch/um/kernel/stacktrace.c. KASAN and kmemleak record a stack for
# each allocation, and each word of it is looked up as if it were an address of
# code: three quarters of all time. Most are not even near the code.
s/if (__kernel_text_address(addr)) {/if (((addr >= (unsigned long)_stext \&\& addr < (unsigned long)_end) || addr >= VMALLOC_START) \&\& __kernel_text_address(addr)) {/
s/^#include <asm\/stacktrace.h>/#include <asm\/sections.h>\n#include <asm\/stacktrace.h>\n#include <linux\/pgtable.h>/
