/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands for the SMMUv3 command queue: 16 bytes each, encoded as the Arm SMMUv3 architecture
 * specification (IHI0070) lays them out in chapter 4.
 *
 * Everything here is arithmetic on its arguments: no state, any context. An argument that does not
 * fit its field is cut off to it, as hardware would; nothing else of the command changes. Words are
 * in the CPU's byte order; the queue is little-endian, and so is every CPU this library is for.
 */
#ifndef SMMU_CMD_H
#define SMMU_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct smmu_cmd - one command
 * @dword: its two double-words; bits 7:0 of the first are the opcode (4.1.1)
 */
struct smmu_cmd {
	uint64_t dword[2];
} __attribute__((aligned(16)));

/* Opcodes: IHI0070 4.1.1. */
#define SMMU_CMD_CFGI_STE	0x03u
#define SMMU_CMD_CFGI_STE_RANGE 0x04u /* also CFGI_ALL */
#define SMMU_CMD_CFGI_CD	0x05u
#define SMMU_CMD_CFGI_CD_ALL	0x06u
#define SMMU_CMD_TLBI_NH_ALL	0x10u
#define SMMU_CMD_TLBI_NH_ASID	0x11u
#define SMMU_CMD_TLBI_NH_VA	0x12u
#define SMMU_CMD_TLBI_NH_VAA	0x13u
#define SMMU_CMD_TLBI_EL2_ALL	0x20u
#define SMMU_CMD_TLBI_EL2_ASID	0x21u
#define SMMU_CMD_TLBI_EL2_VA	0x22u
#define SMMU_CMD_TLBI_EL2_VAA	0x23u
#define SMMU_CMD_TLBI_S12_VMALL 0x28u
#define SMMU_CMD_TLBI_S2_IPA	0x2au
#define SMMU_CMD_TLBI_NSNH_ALL	0x30u
#define SMMU_CMD_ATC_INV	0x40u
#define SMMU_CMD_SYNC		0x46u

/* ATC_INV of everything that a stream has: the Size field that covers 64 bits (4.5.1). */
#define SMMU_ATC_ALL_LG2 64u

/* NUM and SCALE: at most 32 << 31 granules a command (4.4.1; larger scales need IDR5.DS). */
#define SMMU_TLBI_NUM_MAX   32u
#define SMMU_TLBI_SCALE_MAX 31u

/**
 * enum smmu_sync_signal - how a CMD_SYNC says that it is complete (4.6.3, field CS)
 * @SMMU_SYNC_NONE: it does not: CMDQ_CONS moves past it
 * @SMMU_SYNC_IRQ: an interrupt, or an MSI write if an address is given
 * @SMMU_SYNC_SEV: an event, which ends a CPU's WFE
 */
enum smmu_sync_signal {
	SMMU_SYNC_NONE = 0,
	SMMU_SYNC_IRQ = 1,
	SMMU_SYNC_SEV = 2,
};

static inline uint8_t smmu_cmd_opcode(const struct smmu_cmd *cmd)
{
	return (uint8_t)cmd->dword[0];
}

/* Every opcode from 0x10 to 0x3f is a TLBI (4.1.1), and nothing else is. */
static inline bool smmu_cmd_is_tlbi(const struct smmu_cmd *cmd)
{
	return smmu_cmd_opcode(cmd) >= 0x10 && smmu_cmd_opcode(cmd) < 0x40;
}

/* CMD_CFGI_STE (4.3.1): one stream's entry, or with leaf false also the level-1 descriptor. */
static inline struct smmu_cmd smmu_cmd_cfgi_ste(uint32_t sid, bool leaf)
{
	return (struct smmu_cmd){ { SMMU_CMD_CFGI_STE | (uint64_t)sid << 32, leaf } };
}

/* CMD_CFGI_ALL (4.3.6): CFGI_STE_RANGE with Range 31, all of the configuration there is. */
static inline struct smmu_cmd smmu_cmd_cfgi_all(void)
{
	return (struct smmu_cmd){ { SMMU_CMD_CFGI_STE_RANGE, 31 } };
}

/* CMD_CFGI_CD (4.3.3): one context descriptor of a stream. */
static inline struct smmu_cmd smmu_cmd_cfgi_cd(uint32_t sid, uint32_t ssid, bool leaf)
{
	return (struct smmu_cmd){ {
		SMMU_CMD_CFGI_CD | (uint64_t)(ssid & 0xfffff) << 12 | (uint64_t)sid << 32,
		leaf,
	} };
}

/* CMD_CFGI_CD_ALL (4.3.4): every context descriptor of a stream. */
static inline struct smmu_cmd smmu_cmd_cfgi_cd_all(uint32_t sid)
{
	return (struct smmu_cmd){ { SMMU_CMD_CFGI_CD_ALL | (uint64_t)sid << 32, 0 } };
}

/*
 * The TLB invalidations without an address (4.4.2 to 4.4.4): NH_ALL and S12_VMALL take a VMID,
 * NH_ASID both, EL2_ASID an ASID, EL2_ALL and NSNH_ALL neither. Give 0 for what there is not, and
 * as the VMID of NH_* when the SMMU has no stage 2. NH_ASID spares global entries.
 */
static inline struct smmu_cmd smmu_cmd_tlbi_all(uint8_t opcode, uint16_t asid, uint16_t vmid)
{
	return (struct smmu_cmd){ { opcode | (uint64_t)vmid << 32 | (uint64_t)asid << 48, 0 } };
}

/*
 * The TLB invalidations by one address (4.4.2 to 4.4.3): NH_VA, NH_VAA, EL2_VA, EL2_VAA, S2_IPA.
 * One command covers what one descriptor translates. leaf: only the last level's entries, walk
 * caches stay. IPAs have 52 bits: what lies above is cut off.
 */
static inline struct smmu_cmd smmu_cmd_tlbi_va(uint8_t opcode, uint16_t asid, uint16_t vmid,
					       uint64_t address, bool leaf)
{
	uint64_t mask = opcode == SMMU_CMD_TLBI_S2_IPA ? 0x000ffffffffff000 : 0xfffffffffffff000;

	return (struct smmu_cmd){ {
		opcode | (uint64_t)vmid << 32 | (uint64_t)asid << 48,
		(address & mask) | leaf,
	} };
}

/*
 * Makes an invalidation by address one of num << scale granules (4.4.1, needs IDR3.RIL).
 * granule_lg2 is 12, 14 or 16; num 1 to 32; scale 0 to 31. ttl 1 to 3: only leaves of that level,
 * the address is aligned to what one of them covers; 0: any level, aligned to the granule. One
 * granule (num 1, scale 0) needs a ttl: without one it is an illegal command.
 */
static inline struct smmu_cmd smmu_cmd_tlbi_range(struct smmu_cmd by_address,
						  unsigned int granule_lg2, unsigned int num,
						  unsigned int scale, unsigned int ttl)
{
	uint64_t tg = (granule_lg2 - 10) / 2; /* 1: 4K, 2: 16K, 3: 64K; 0 would be "no range" */

	by_address.dword[0] |= (uint64_t)((num - 1) & 31) << 12 | (uint64_t)(scale & 31) << 20;
	by_address.dword[1] |= (uint64_t)(ttl & 3) << 8 | (tg & 3) << 10;
	return by_address;
}

/*
 * CMD_ATC_INV (4.5.1): 1 << span_lg2 bytes at iova, a multiple of them, or SMMU_ATC_ALL_LG2. ssid
 * below 0: the requests without a substream; otherwise those of one substream.
 */
static inline struct smmu_cmd smmu_cmd_atc_inv(uint32_t sid, int32_t ssid, uint64_t iova,
					       unsigned int span_lg2)
{
	uint64_t sub = ssid < 0 ? 0 : 1ull << 11 | (uint64_t)(ssid & 0xfffff) << 12;

	if (span_lg2 >= SMMU_ATC_ALL_LG2)
		iova = 0;
	return (struct smmu_cmd){ {
		SMMU_CMD_ATC_INV | sub | (uint64_t)sid << 32,
		(iova & 0xfffffffffffff000) | (uint64_t)(span_lg2 - 12),
	} };
}

/* The same for every substream of a stream at once (Global, bit 9: SSID is then ignored). */
static inline struct smmu_cmd smmu_cmd_atc_inv_global(uint32_t sid, uint64_t iova,
						      unsigned int span_lg2)
{
	struct smmu_cmd cmd = smmu_cmd_atc_inv(sid, 0, iova, span_lg2);

	cmd.dword[0] |= 1ull << 9;
	return cmd;
}

/* CMD_SYNC (4.6.3) that signals by CONS alone, or by an event. */
static inline struct smmu_cmd smmu_cmd_sync(enum smmu_sync_signal signal)
{
	return (struct smmu_cmd){ { SMMU_CMD_SYNC | (uint64_t)signal << 12, 0 } };
}

/*
 * CMD_SYNC that writes data to address (a multiple of 4; bits 51:2) when it completes. attr is
 * MSIAttr, a memory type as in a stage-2 descriptor's MemAttr (0xf: normal write-back);
 * shareability is MSH (3: inner, 2: outer).
 */
static inline struct smmu_cmd smmu_cmd_sync_msi(uint64_t address, uint32_t data, unsigned int attr,
						unsigned int shareability)
{
	return (struct smmu_cmd){ {
		SMMU_CMD_SYNC | (uint64_t)SMMU_SYNC_IRQ << 12 | (uint64_t)(shareability & 3) << 22 |
			(uint64_t)(attr & 15) << 24 | (uint64_t)data << 32,
		address & 0x000ffffffffffffc,
	} };
}

/**
 * struct smmu_tlbi_span - what is still to be invalidated
 * @opcode: SMMU_CMD_TLBI_NH_VA, NH_VAA, EL2_VA, EL2_VAA or S2_IPA
 * @granule_lg2: of the translation table: 12, 14 or 16
 * @stride_lg2: log2 of the bytes that one descriptor (or one contiguous group of them) covers
 * @leaf: leaves only; otherwise walk-cache entries too
 * @ril: the SMMU has range invalidation (IDR3.RIL)
 * @asid: of a stage-1 context, or 0
 * @vmid: of a stage-2 context, or 0
 * @iova: where it begins, a multiple of what one descriptor covers
 * @size: bytes, likewise; 0 when everything has been encoded
 */
struct smmu_tlbi_span {
	uint8_t opcode;
	uint8_t granule_lg2;
	uint8_t stride_lg2;
	bool leaf;
	bool ril;
	uint16_t asid;
	uint16_t vmid;
	uint64_t iova;
	uint64_t size;
};

/**
 * smmu_tlbi_series() - encode the next commands of a span
 * @span: what to invalidate; moved past what the commands cover
 * @out: room for @max commands
 * @max: at most this many
 *
 * With range invalidation: as few commands as can cover exactly the granules asked, never one more
 * granule, at most one command per 5 bits of their number (4.4.1). Leaves carry the level hint TTL;
 * tables (@leaf false) and sizes without a code have TTL 0; where that is not legal (one granule)
 * the form without a range is used. Without it: one command for each descriptor; a contiguous group
 * is no single descriptor, so that takes one for each member.
 *
 * Return: how many commands were written to @out; 0 when nothing is left, or when the arguments are
 * misused (a granule that is not 12, 14 or 16; a span that wraps around, or is not made of whole
 * descriptors). Call it until @size is 0. Context: any.
 */
unsigned int smmu_tlbi_series(struct smmu_tlbi_span *span, struct smmu_cmd *out, unsigned int max);

/**
 * smmu_atc_next() - cut the next naturally aligned power of two off a range
 * @iova: where the range begins, a multiple of 4096; moved past the piece
 * @size: its bytes, a multiple of 4096, not 0; reduced by the piece
 *
 * Return: log2 of the piece's bytes, for smmu_cmd_atc_inv() at the old *@iova. Repeated until
 * *@size is 0 the pieces cover the range exactly (4.5.1 has no range form). Context: any.
 */
unsigned int smmu_atc_next(uint64_t *iova, uint64_t *size);

/**
 * smmu_atc_cover() - the one span that covers a range, and more
 * @iova: where the range begins
 * @size: its bytes, not 0
 *
 * Return: log2 of the smallest naturally aligned span that the range lies in: 12 or more,
 * SMMU_ATC_ALL_LG2 if only everything covers it. One command instead of many, at the price of
 * invalidating translations that were not asked for. Context: any.
 */
unsigned int smmu_atc_cover(uint64_t iova, uint64_t size);

#ifdef __cplusplus
}
#endif

#endif /* SMMU_CMD_H */
