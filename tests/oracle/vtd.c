// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's VT-d (Intel Virtualization Technology for Directed I/O, revision 4.1): second-stage tables
 * in legacy mode, first-stage tables in scalable mode, which needs QEMU 10. Invalidations go to the
 * registers (11.4.8) or through the invalidation queue (6.5); faults are recorded in registers
 * (11.4.14).
 */
#include "oracle.h"

#define VTD	      0xfed90000ull
#define CAP	      0x08
#define ECAP	      0x10
#define GCMD	      0x18
#define GSTS	      0x1c
#define RTADDR	      0x20
#define CCMD	      0x28
#define FSTS	      0x34
#define IQH	      0x80
#define IQT	      0x88
#define IQA	      0x90
#define GCMD_TE	      (1u << 31)
#define GCMD_SRTP     (1u << 30)
#define GCMD_QIE      (1u << 26)
#define IQA_WIDE      (1ull << 11)
#define RTADDR_SCALED (1ull << 10)
#define IOTLB_GO      (1ull << 63)
#define IOTLB_GLOBAL  (1ull << 60)
#define IOTLB_DOMAIN  (2ull << 60)
#define IOTLB_PAGE    (3ull << 60)
#define IQ_ENTRIES    128
#define IQ_DWORDS     4
#define MAX_AM	      18 /* CAP.MAMV */
#define EDU_BAR	      0xe0000000ull
#define INTERRUPTS    0xfee00000ull
#define MAX_POLLS     100000

/*
 * A second-stage entry is not there if neither R nor W is set: a write finds W clear in both cases.
 */
#define WRITE_REFUSED	 0x05
#define FS_NOT_PRESENT	 0x71
#define FS_WRITE_REFUSED 0x85

static uint64_t *root_table, *contexts, *pasid_entry, *queue;
static uint64_t iotlb_at, fault_at;
static unsigned int tail;

static void config_write(unsigned int reg, uint32_t value)
{
	qemu_out32(0xcf8, 0x80000000u | ORACLE_DEVFN << 8 | reg);
	qemu_out32(0xcfc, value);
}

static void start_common(void)
{
	config_write(0x10, (uint32_t)EDU_BAR);
	config_write(4, 6); /* memory, bus master */
	iotlb_at = VTD + (qemu_read64(VTD + ECAP) >> 8 & 0x3ff) * 16;
	fault_at = VTD + (qemu_read64(VTD + CAP) >> 24 & 0x3ff) * 16;
	root_table = qemu_alloc(4096);
	contexts = qemu_alloc(8192);
	assert_true(root_table && contexts);
}

static void wait_clear(uint64_t at, uint64_t bit)
{
	for (unsigned int polls = 0; qemu_read64(at) & bit; polls++)
		assert_true(polls < MAX_POLLS);
}

/* By register, of the whole domain or of an aligned range of 2^am pages. */
static void iotlb(uint64_t what, uint64_t iova, unsigned int am)
{
	qemu_write64(iotlb_at, (iova & ~0xfffull) | am);
	qemu_write64(iotlb_at + 8, IOTLB_GO | what | (uint64_t)ORACLE_TAG << 32);
	wait_clear(iotlb_at + 8, IOTLB_GO);
}

/* Through the queue: one descriptor of 256 bits, waited for. */
static void submit(uint64_t low, uint64_t high)
{
	uint64_t *d = queue + (size_t)tail * IQ_DWORDS;

	d[0] = low;
	d[1] = high;
	d[2] = d[3] = 0;
	tail = (tail + 1) % IQ_ENTRIES;
	qemu_write64(VTD + IQT, (uint64_t)tail << 5);
	for (unsigned int polls = 0; qemu_read64(VTD + IQH) != (uint64_t)tail << 5; polls++)
		assert_true(polls < MAX_POLLS);
}

/* PASID-based IOTLB invalidation (6.5.2.4): all of the PASID, or 2^am pages. */
static void piotlb(bool all, uint64_t iova, unsigned int am)
{
	submit(6 | (all ? 2ull : 3ull) << 4 | (uint64_t)ORACLE_TAG << 16,
	       all ? 0 : (iova & ~0xfffull) | am);
}

static void ss_all(void *cookie)
{
	iotlb(IOTLB_DOMAIN, 0, 0);
}

static void fs_all(void *cookie)
{
	piotlb(true, 0, 0);
}

/* One command for each leaf. */
static void by_leaf(void (*invalidate)(uint64_t iova, unsigned int am), uint64_t iova, size_t size,
		    unsigned int stride_lg2)
{
	unsigned int am = stride_lg2 - 12 < MAX_AM ? stride_lg2 - 12 : MAX_AM;

	for (size_t offset = 0; offset < size; offset += (size_t)1 << stride_lg2)
		invalidate(iova + offset, am);
}

static void ss_page(uint64_t iova, unsigned int am)
{
	iotlb(IOTLB_PAGE, iova, am);
}

static void fs_page(uint64_t iova, unsigned int am)
{
	piotlb(false, iova, am);
}

static void ss_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	by_leaf(ss_page, iova, size, stride_lg2);
}

static void fs_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	by_leaf(fs_page, iova, size, stride_lg2);
}

/* Every invalidation has been waited for. */
static void sync_nothing(void *cookie)
{
}

static const struct iommu_gather_ops ss_ops = { .tlb_flush_all = ss_all,
						.tlb_add_range = ss_range,
						.tlb_sync = sync_nothing };
static const struct iommu_gather_ops fs_ops = { .tlb_flush_all = fs_all,
						.tlb_add_range = fs_range,
						.tlb_sync = sync_nothing };

static uint64_t start_ss(void)
{
	start_common();
	root_table[0] = qemu_pa(contexts) | 1;
	qemu_write64(VTD + RTADDR, qemu_pa(root_table));
	qemu_write32(VTD + GCMD, GCMD_SRTP);
	return EDU_BAR;
}

/* Context entry (9.3): present, the root, the levels (AW), the domain. */
static void attach_ss(const struct variant *v, const struct io_pgtable_cfg *cfg)
{
	uint64_t *entry = contexts + (size_t)ORACLE_DEVFN * 2;

	entry[0] = cfg->intel_vtd_ss_cfg.ssptptr | 1;
	entry[1] = cfg->intel_vtd_ss_cfg.aw | (uint64_t)ORACLE_TAG << 8;
	qemu_write64(VTD + CCMD, 1ull << 63 | 1ull << 61);
	iotlb(IOTLB_GLOBAL, 0, 0);
	qemu_write32(VTD + GCMD, GCMD_TE);
	assert_true(qemu_read32(VTD + GSTS) & GCMD_TE);
}

static uint64_t start_fs(void)
{
	uint64_t *directory = qemu_alloc(4096), *scalable;

	start_common();
	pasid_entry = qemu_alloc(4096);
	queue = qemu_alloc(4096);
	assert_true(directory && pasid_entry && queue);
	root_table[0] = qemu_pa(contexts) | 1; /* the lower half: functions 0 to 127 */
	scalable = contexts + (size_t)ORACLE_DEVFN * 4;
	scalable[0] = qemu_pa(directory) | 1; /* requests without PASID are of PASID 0 */
	directory[0] = qemu_pa(pasid_entry) | 1;
	tail = 0;
	qemu_write64(VTD + RTADDR, qemu_pa(root_table) | RTADDR_SCALED);
	qemu_write64(VTD + IQA, qemu_pa(queue) | IQA_WIDE);
	qemu_write64(VTD + IQT, 0);
	qemu_write32(VTD + GCMD, GCMD_QIE);
	qemu_write32(VTD + GCMD, GCMD_SRTP | GCMD_QIE);
	return EDU_BAR;
}

/* PASID table entry (9.6): first stage only, access width, the domain, the root and its levels. */
static void attach_fs(const struct variant *v, const struct io_pgtable_cfg *cfg)
{
	pasid_entry[1] = ORACLE_TAG;
	pasid_entry[2] = cfg->intel_vtd_fs_cfg.fsptptr | (uint64_t)cfg->intel_vtd_fs_cfg.fspm << 2;
	pasid_entry[0] = 1 | 2ull << 2 | 1ull << 6;
	qemu_write32(VTD + GCMD, GCMD_TE | GCMD_QIE);
	submit(1 | 1 << 4, 0); /* contexts, PASIDs, IOTLB: everything */
	submit(7 | 3 << 4, 0);
	submit(2 | 1 << 4, 0);
	assert_true(qemu_read32(VTD + GSTS) & GCMD_TE);
}

/*
 * The reason (7.1.3) in the one fault record that the model has; a second fault before it is
 * cleared is lost.
 */
static unsigned int fault(uint64_t iova)
{
	uint64_t low = qemu_read64(fault_at), high = qemu_read64(fault_at + 8);

	if (!(high >> 63))
		return 0;
	qemu_write64(fault_at + 8, 1ull << 63);
	qemu_write32(VTD + FSTS, 1);
	return low >> 12 == iova >> 12 ? (unsigned int)(high >> 32 & 0xff) : 0;
}

/* At the reset vector: cli; hlt; jmp back to the hlt. */
static const uint32_t halt[] = { 0xfdebf4fa };

#define MACHINE(options)                                                                         \
	.machine = {                                                                             \
		.args = (const char *const[]){ "-machine",                                       \
					       "q35,memory-backend=ram,kernel-irqchip=off",      \
					       "-cpu", "max", "-device", "intel-iommu," options, \
					       NULL },                                           \
		.ram_base = 0,                                                                   \
		.code = halt,                                                                    \
		.code_words = ARRAY_SIZE(halt),                                                  \
		.bios_bytes = 65536,                                                             \
	}

static const struct oracle_case cases_ss[] = {
	{ "intel_vtd_ss/4", 48, 48, 0 },
	{ "intel_vtd_ss/3", 39, 48, 0 },
};

static const struct oracle_case cases_fs[] = { { "intel_vtd_fs/4", 48, 48, 0 } };

/*
 * For make_recordable. Of a first stage the model sets A and D in the leaf as hardware does
 * (3.6.2), of a second stage neither. QEMU 10 leaves both alone if either is set, where the
 * specification sets what is missing; the library's leaves have A. So A is cleared first, in the
 * leaf of a page that is mapped.
 */
static void clear_accessed(uint64_t iova)
{
	uint64_t *entry, pa = pasid_entry[2] & ~0xfffull;

	for (unsigned int shift = 39;; shift -= 9) {
		entry = (uint64_t *)qemu_ptr(pa) + (iova >> shift & 511);
		if (shift == 12)
			break;
		pa = *entry & 0xffffffffff000ull;
	}
	__atomic_fetch_and(entry, ~(1ull << 5), __ATOMIC_RELAXED);
}

static const struct oracle_case dirty_fs[] = { { "intel_vtd_fs/4", 48, 48,
						 IO_PGTABLE_QUIRK_DIRTY } };

const struct oracle oracle_vtd_ss = {
	.name = "vtd-ss",
	.emulator = "x86_64",
	.min_version = 7,
	MACHINE("aw-bits=48"),
	.cases = cases_ss,
	.nr_cases = ARRAY_SIZE(cases_ss),
	.hole_first = INTERRUPTS,
	.hole_last = INTERRUPTS + 0xfffff,
	.start = start_ss,
	.attach = attach_ss,
	.tlb = &ss_ops,
	.fault = fault,
	.unmapped_code = WRITE_REFUSED,
	.refused_code = WRITE_REFUSED,
};

const struct oracle oracle_vtd_fs = {
	.name = "vtd-fs",
	.emulator = "x86_64",
	.min_version = 10,
	MACHINE("x-scalable-mode=on,x-flts=on,aw-bits=48"),
	.cases = cases_fs,
	.nr_cases = ARRAY_SIZE(cases_fs),
	.dirty_cases = dirty_fs,
	.nr_dirty_cases = ARRAY_SIZE(dirty_fs),
	.records_writes = true,
	.make_recordable = clear_accessed,
	.hole_first = INTERRUPTS,
	.hole_last = INTERRUPTS + 0xfffff,
	.start = start_fs,
	.attach = attach_fs,
	.tlb = &fs_ops,
	.fault = fault,
	.unmapped_code = FS_NOT_PRESENT,
	.refused_code = FS_WRITE_REFUSED,
};
