# SPDX-License-Identifier: GPL-2.0-only
#
# Applied to arch/x86/um/user-offsets.c. The frame saved for a signal grows
# with the CPU: with AMX it has 11 kB of registers, and the kernel dies in
# put_fp_registers() when they do not fit into the 2696 bytes it allows.
s/DEFINE_LONGS(HOST_FP_SIZE, 2696)/DEFINE_LONGS(HOST_FP_SIZE, 11264)/
