// SPDX-License-Identifier: GPL-2.0-only
/*
 * The image of an embedder: the library's tables in the CPU's MMU and in an SMMUv3, its command
 * queue before that.
 */
#include "image.h"

void image_run(void)
{
	image_check_mmu();
	image_check_dma();
}
