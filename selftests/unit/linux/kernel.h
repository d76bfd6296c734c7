/* SPDX-License-Identifier: GPL-2.0-only */
/* What it has is in ../kernel.h. */
