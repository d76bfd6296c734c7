# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # who sources this reads them
#
# The CPUs that the module and the tool are cross-built for, to be sourced.

cpus=(arm64 armhf mips mipsel riscv64 s390x)

# $1: CPU, as Debian names it; sets
#   arch      as the kernel names it
#   triplet   as compilers name it
#   configs   make targets of a kernel's configuration
#   endian    what is to be said beyond them: big, little or nothing
#   suite     of Debian, to take libraries from
#   libs      the CPU whose libraries those are: for another one than this, they
#             are good for their headers
read_cpu() {
	endian='' suite=bookworm libs=$1
	case $1 in
	arm64)   arch=arm64 triplet=aarch64-linux-gnu configs=defconfig ;;
	armhf)   arch=arm triplet=arm-linux-gnueabihf configs=multi_v7_defconfig ;;
	mips)    arch=mips triplet=mips-linux-gnu configs=malta_defconfig endian=big libs=mipsel ;;
	mipsel)  arch=mips triplet=mipsel-linux-gnu configs=malta_defconfig endian=little ;;
	riscv64) arch=riscv triplet=riscv64-linux-gnu configs=defconfig suite=trixie ;;
	s390x)   arch=s390 triplet=s390x-linux-gnu configs=defconfig ;;
	*)       return 1 ;;
	esac
}
