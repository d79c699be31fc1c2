// SPDX-License-Identifier: GPL-2.0-only
/* Twenty lines of somebody else's program: map, translate, unmap. */
#include <io-pgtable.h>
#include <stdio.h>

int main(void)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = 1 << 12 | 1 << 21,
		.ias = 39,
		.oas = 40,
		.coherent_walk = true,
	};
	struct io_pgtable *iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	bool good = iop && !io_pgtable_map(iop, 0x1000, 0x80001000, 0x400000, IOMMU_READ) &&
		    io_pgtable_iova_to_phys(iop, 0x201234) == 0x80201234 &&
		    io_pgtable_unmap(iop, 0x1000, 0x400000, NULL) == 0x400000;

	free_io_pgtable(iop);
	puts(good ? "consumer: good" : "consumer: bad");
	return !good;
}
