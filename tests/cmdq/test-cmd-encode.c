// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands, bit by bit against vectors written down by hand from IHI0070's figures, and series
 * of TLBIs against a decoder of this test's own.
 *
 * The decoder shares nothing with the encoder: it takes fields out of the two double-words as the
 * specification names them, refuses what 4.4.1 calls illegal, and marks the granules covered.
 */
#include "smmu-cmd.h"
#include "support.h"

struct vector {
	const char *what; /* with its section */
	struct smmu_cmd cmd;
	uint64_t dword0, dword1;
};

static struct smmu_cmd range(uint8_t op, uint64_t va, bool leaf, unsigned int granule_lg2,
			     unsigned int num, unsigned int scale, unsigned int ttl)
{
	return smmu_cmd_tlbi_range(smmu_cmd_tlbi_va(op, 0xabcd, 0x1234, va, leaf), granule_lg2, num,
				   scale, ttl);
}

static void check(const struct vector *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].cmd.dword[0] == v[i].dword0 && v[i].cmd.dword[1] == v[i].dword1)
			continue;
		fail_msg("%s: %016llx %016llx, not %016llx %016llx", v[i].what,
			 (unsigned long long)v[i].cmd.dword[0],
			 (unsigned long long)v[i].cmd.dword[1], (unsigned long long)v[i].dword0,
			 (unsigned long long)v[i].dword1);
	}
}

static void test_configuration(void **state)
{
	const struct vector v[] = {
		/* Opcode 7:0, StreamID 63:32 | Leaf 0 */
		{ "CFGI_STE 4.3.1", smmu_cmd_cfgi_ste(0x89abcdef, true), 0x89abcdef00000003, 1 },
		{ "CFGI_STE 4.3.1, not leaf", smmu_cmd_cfgi_ste(1, false), 0x0000000100000003, 0 },
		/* Range 4:0 of 31: everything */
		{ "CFGI_ALL 4.3.6", smmu_cmd_cfgi_all(), 0x0000000000000004, 0x1f },
		/* SubstreamID 31:12 */
		{ "CFGI_CD 4.3.3", smmu_cmd_cfgi_cd(0x89abcdef, 0xfedcb, true), 0x89abcdeffedcb005,
		  1 },
		{ "CFGI_CD 4.3.3, cut off", smmu_cmd_cfgi_cd(0, 0xfff00001, false),
		  0x0000000000001005, 0 },
		{ "CFGI_CD_ALL 4.3.4", smmu_cmd_cfgi_cd_all(0x10002), 0x0001000200000006, 0 },
	};

	check(v, ARRAY_SIZE(v));
}

static void test_tlbi(void **state)
{
	const struct vector v[] = {
		/* VMID 47:32, ASID 63:48 */
		{ "TLBI_NH_ALL 4.4.2", smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ALL, 0, 0x1234),
		  0x0000123400000010, 0 },
		{ "TLBI_NH_ASID 4.4.2", smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ASID, 0xabcd, 0x1234),
		  0xabcd123400000011, 0 },
		{ "TLBI_EL2_ALL 4.4.2", smmu_cmd_tlbi_all(SMMU_CMD_TLBI_EL2_ALL, 0, 0), 0x20, 0 },
		{ "TLBI_EL2_ASID 4.4.2", smmu_cmd_tlbi_all(SMMU_CMD_TLBI_EL2_ASID, 0xabcd, 0),
		  0xabcd000000000021, 0 },
		{ "TLBI_S12_VMALL 4.4.3", smmu_cmd_tlbi_all(SMMU_CMD_TLBI_S12_VMALL, 0, 0xffff),
		  0x0000ffff00000028, 0 },
		{ "TLBI_NSNH_ALL 4.4.4", smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NSNH_ALL, 0, 0), 0x30, 0 },
		/* Leaf 0, Address 63:12 */
		{ "TLBI_NH_VA 4.4.2",
		  smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VA, 0xabcd, 0x1234, 0xffff123456789fff, true),
		  0xabcd123400000012, 0xffff123456789001 },
		{ "TLBI_NH_VAA 4.4.2",
		  smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VAA, 0, 0x1234, 0x1000, false),
		  0x0000123400000013, 0x1000 },
		{ "TLBI_EL2_VA 4.4.2", smmu_cmd_tlbi_va(SMMU_CMD_TLBI_EL2_VA, 7, 0, 0x2000, true),
		  0x0007000000000022, 0x2001 },
		{ "TLBI_EL2_VAA 4.4.2", smmu_cmd_tlbi_va(SMMU_CMD_TLBI_EL2_VAA, 0, 0, 0x2000, true),
		  0x23, 0x2001 },
		/* Address 51:12 */
		{ "TLBI_S2_IPA 4.4.3",
		  smmu_cmd_tlbi_va(SMMU_CMD_TLBI_S2_IPA, 0, 0x1234, 0xfff123456789a000, true),
		  0x000012340000002a, 0x000123456789a001 },
	};

	check(v, ARRAY_SIZE(v));
}

static void test_ranges(void **state)
{
	const struct vector v[] = {
		/* NUM 16:12, SCALE 24:20 | TTL 9:8, TG 11:10: 1 4K, 2 16K, 3 64K */
		{ "4.4.1, 31 pages of 4K, level 3",
		  range(SMMU_CMD_TLBI_NH_VA, 0x40000000, true, 12, 31, 0, 3), 0xabcd12340001e012,
		  0x40000701 },
		{ "4.4.1, 32 << 31 of 64K, any level",
		  range(SMMU_CMD_TLBI_NH_VA, 0, false, 16, 32, 31, 0), 0xabcd123401f1f012, 0xc00 },
		{ "4.4.1, 1 << 8 of 4K, level 3",
		  range(SMMU_CMD_TLBI_NH_VAA, 0x100000, true, 12, 1, 8, 3), 0xabcd123400800013,
		  0x100701 },
		{ "4.4.1, 3 << 11 of 16K, level 2",
		  range(SMMU_CMD_TLBI_NH_VA, 0x2000000, true, 14, 3, 11, 2), 0xabcd123400b02012,
		  0x2000a01 },
		{ "4.4.1, one page with a level",
		  range(SMMU_CMD_TLBI_S2_IPA, 0x5000, true, 12, 1, 0, 3), 0xabcd12340000002a,
		  0x5701 },
	};

	check(v, ARRAY_SIZE(v));
}

static void test_atc_and_sync(void **state)
{
	const struct vector v[] = {
		/* SSV 11, Global 9, SubstreamID 31:12 | Size 5:0, Address 63:12 */
		{ "ATC_INV 4.5.1", smmu_cmd_atc_inv(0x89abcdef, -1, 0xffff000000010000, 16),
		  0x89abcdef00000040, 0xffff000000010004 },
		{ "ATC_INV 4.5.1, substream", smmu_cmd_atc_inv(1, 0x12345, 0x2000, 12),
		  0x0000000112345840, 0x2000 },
		{ "ATC_INV 4.5.1, substream 0", smmu_cmd_atc_inv(1, 0, 0x2000, 13),
		  0x0000000100000840, 0x2001 },
		{ "ATC_INV 4.5.1, all", smmu_cmd_atc_inv(1, -1, 0x2000, SMMU_ATC_ALL_LG2),
		  0x0000000100000040, 52 },
		{ "ATC_INV 4.5.1, global", smmu_cmd_atc_inv_global(1, 0, SMMU_ATC_ALL_LG2),
		  0x0000000100000a40, 52 },
		/* CS 13:12, MSH 23:22, MSIAttr 27:24, MSIData 63:32 | MSIAddress 51:2 */
		{ "SYNC 4.6.3, SIG_NONE", smmu_cmd_sync(SMMU_SYNC_NONE), 0x46, 0 },
		{ "SYNC 4.6.3, SIG_SEV", smmu_cmd_sync(SMMU_SYNC_SEV), 0x2046, 0 },
		{ "SYNC 4.6.3, SIG_IRQ by wire", smmu_cmd_sync(SMMU_SYNC_IRQ), 0x1046, 0 },
		{ "SYNC 4.6.3, MSI", smmu_cmd_sync_msi(0x0008123456789abc, 0xdeadbeef, 0xf, 3),
		  0xdeadbeef0fc01046, 0x0008123456789abc },
		{ "SYNC 4.6.3, MSI, outer, cut off",
		  smmu_cmd_sync_msi(0xfff8000000000003, 1, 0x15, 2), 0x0000000105801046,
		  0x0008000000000000 },
	};

	check(v, ARRAY_SIZE(v));
}

/* What a command invalidates, taken from its bits alone. */
struct decoded {
	uint64_t first, bytes;
	unsigned int ttl, tg;
	bool leaf;
};

static uint64_t bits(uint64_t dword, unsigned int high, unsigned int low)
{
	return dword << (63 - high) >> (63 - high + low);
}

/* bytes of a command without a range: what one descriptor of the span covers. */
static struct decoded decode(const struct smmu_cmd *cmd, uint64_t descriptor_bytes)
{
	struct decoded d = {
		.first = cmd->dword[1] & ~0xfffull,
		.leaf = bits(cmd->dword[1], 0, 0),
		.ttl = (unsigned int)bits(cmd->dword[1], 9, 8),
		.tg = (unsigned int)bits(cmd->dword[1], 11, 10),
		.bytes = descriptor_bytes,
	};
	uint64_t num = bits(cmd->dword[0], 16, 12), scale = bits(cmd->dword[0], 24, 20);

	assert_int_equal(bits(cmd->dword[0], 31, 25) | bits(cmd->dword[0], 19, 17) |
				 bits(cmd->dword[0], 11, 8) | bits(cmd->dword[1], 7, 1),
			 0);
	if (!d.tg) {
		assert_int_equal(num | scale | d.ttl, 0);
		return d;
	}
	assert_true(num || scale || d.ttl); /* else CERROR_ILL */
	d.bytes = (num + 1) << scale << (10 + 2 * d.tg);
	if (d.ttl) { /* the address has the level's alignment */
		unsigned int granule_lg2 = 10 + 2 * d.tg;
		unsigned int lg2 = granule_lg2 + (3 - d.ttl) * (granule_lg2 - 3);

		assert_int_equal(d.first & ((1ull << lg2) - 1), 0);
		assert_int_equal(d.bytes & ((1ull << lg2) - 1), 0);
	}
	return d;
}

struct shape {
	unsigned int granule_lg2, stride_lg2, descriptor_lg2;
	bool leaf;
	unsigned int ttl;
};

/* Sizes that the formats have, and contiguous groups; the level hint by hand. */
static const struct shape shapes[] = {
	{ 12, 12, 12, true, 3 },  { 12, 16, 12, true, 3 },  { 12, 21, 21, true, 2 },
	{ 12, 25, 21, true, 2 },  { 12, 30, 30, true, 1 },  { 12, 39, 39, true, 0 },
	{ 14, 14, 14, true, 3 },  { 14, 25, 25, true, 2 },  { 14, 36, 36, true, 0 },
	{ 16, 16, 16, true, 3 },  { 16, 29, 29, true, 2 },  { 16, 42, 42, true, 1 },
	{ 12, 21, 21, false, 0 }, { 12, 30, 30, false, 0 }, { 14, 25, 25, false, 0 },
	{ 16, 29, 29, false, 0 }, { 12, 12, 12, false, 0 },
};

static struct smmu_tlbi_span span_of(const struct shape *s, uint64_t iova, uint64_t size, bool ril)
{
	return (struct smmu_tlbi_span){
		.opcode = SMMU_CMD_TLBI_NH_VA,
		.granule_lg2 = (uint8_t)s->granule_lg2,
		.stride_lg2 = (uint8_t)s->stride_lg2,
		.leaf = s->leaf,
		.ril = ril,
		.asid = 5,
		.vmid = 6,
		.iova = iova,
		.size = size,
	};
}

/* Encodes with random room and decodes: a gapless, disjoint sequence from iova to its end. */
static unsigned int covers(const struct shape *s, uint64_t iova, uint64_t size, bool ril,
			   uint64_t *random)
{
	struct smmu_tlbi_span span = span_of(s, iova, size, ril);
	uint64_t at = iova;
	unsigned int total = 0;

	while (span.size) {
		struct smmu_cmd cmd[64];
		unsigned int max = 1 + (unsigned int)(next_random(random) % 64);
		unsigned int n = smmu_tlbi_series(&span, cmd, max);

		assert_in_range(n, 1, max);
		for (unsigned int i = 0; i < n; i++) {
			struct decoded d = decode(&cmd[i], 1ull << s->descriptor_lg2);

			assert_int_equal(cmd[i].dword[0] & 0xffffffff000000ff, 0x0005000600000012);
			assert_int_equal(d.first, at);
			assert_int_equal(d.leaf, s->leaf);
			assert_true(d.ttl == (d.tg ? s->ttl : 0));
			assert_true(ril || !d.tg);
			at += d.bytes;
		}
		total += n;
		assert_int_equal(span.iova, at);
		assert_int_equal(span.size, iova + size - at);
	}
	assert_int_equal(at, iova + size);
	assert_int_equal(smmu_tlbi_series(&span, NULL, 1), 0);
	return total;
}

static void test_random_ranges(void **state)
{
	uint64_t random = 1;

	for (unsigned int round = 0; round < 40000; round++) {
		const struct shape *s = &shapes[next_random(&random) % ARRAY_SIZE(shapes)];
		/* Fewer than 32 << 31 granules: beyond that commands of the largest scale repeat.
		 */
		unsigned int width = (unsigned int)(next_random(&random) %
						    (36 - (s->stride_lg2 - s->granule_lg2)));
		uint64_t strides = 1 + (next_random(&random) & ((1ull << width) - 1));
		uint64_t iova = next_random(&random) >> 12 >> s->stride_lg2 << s->stride_lg2;
		uint64_t granules = strides << (s->stride_lg2 - s->granule_lg2);
		unsigned int n = covers(s, iova, strides << s->stride_lg2, true, &random);

		/* One per 5 bits, and no more than one per 1 bit. */
		unsigned int lg2 = 63 - (unsigned int)__builtin_clzll(granules);
		unsigned int low = (unsigned int)__builtin_ctzll(granules);

		assert_in_range(n, 1, (lg2 - low) / 5 + 1);
		assert_in_range(n, 1, (unsigned int)__builtin_popcountll(granules));
		if (strides < 500)
			assert_int_equal(covers(s, iova, strides << s->stride_lg2, false, &random),
					 strides << (s->stride_lg2 - s->descriptor_lg2));
	}
}

/* As few as any sum of terms num << scale, num up to 32, could be: by dynamic programming. */
static void test_fewest(void **state)
{
	enum { LIMIT = 5000 };
	static unsigned char best[LIMIT + 1];
	uint64_t random = 2;

	for (unsigned int p = 1; p <= LIMIT; p++) {
		best[p] = 255;
		for (unsigned int scale = 0; 1u << scale <= p; scale++)
			for (unsigned int num = 1; num <= 32 && num << scale <= p; num++)
				if (best[p - (num << scale)] + 1 < best[p])
					best[p] = (unsigned char)(best[p - (num << scale)] + 1);
		assert_int_equal(covers(&shapes[0], SZ_1G, p * SZ_4K, true, &random), best[p]);
	}
	assert_int_equal(covers(&shapes[0], SZ_1G, 256 * SZ_4K, true, &random), 1);
	assert_int_equal(covers(&shapes[0], SZ_1G + SZ_4K, 511 * SZ_4K, true, &random), 2);
	assert_int_equal(covers(&shapes[0], SZ_1G + SZ_4K, 513 * SZ_4K, true, &random), 2);
	assert_int_equal(covers(&shapes[0], 0, 1ull << 48, true, &random), 1);
}

/* All of it, by marking every granule of a window: once where asked, never elsewhere. */
static void test_marked(void **state)
{
	uint64_t random = 3;

	for (unsigned int round = 0; round < 5000; round++) {
		unsigned char mark[2048] = { 0 };
		unsigned int first = (unsigned int)(next_random(&random) % 1024);
		unsigned int pages = 1 + (unsigned int)(next_random(&random) % 1023);
		struct smmu_tlbi_span span =
			span_of(&shapes[0], first * SZ_4K, pages * SZ_4K, true);
		struct smmu_cmd cmd[16];
		unsigned int n = smmu_tlbi_series(&span, cmd, 16);

		for (unsigned int i = 0; i < n; i++) {
			struct decoded d = decode(&cmd[i], SZ_4K);

			for (uint64_t p = d.first; p < d.first + d.bytes; p += SZ_4K)
				mark[p / SZ_4K]++;
		}
		for (unsigned int p = 0; p < 2048; p++)
			assert_int_equal(mark[p], p >= first && p < first + pages);
	}
}

static void test_misuse(void **state)
{
	struct smmu_cmd cmd[4];
	struct smmu_tlbi_span good = span_of(&shapes[2], SZ_2M, SZ_2M, true), bad;

	bad = good, bad.granule_lg2 = 13;
	assert_int_equal(smmu_tlbi_series(&bad, cmd, 4), 0);
	bad = good, bad.stride_lg2 = 11;
	assert_int_equal(smmu_tlbi_series(&bad, cmd, 4), 0);
	bad = good, bad.iova += SZ_4K;
	assert_int_equal(smmu_tlbi_series(&bad, cmd, 4), 0);
	bad = good, bad.size += SZ_4K;
	assert_int_equal(smmu_tlbi_series(&bad, cmd, 4), 0);
	bad = good, bad.iova = 0 - SZ_2M, bad.size = 2 * SZ_2M;
	assert_int_equal(smmu_tlbi_series(&bad, cmd, 4), 0);
	bad = good, bad.iova = 0 - SZ_2M; /* up to the very end, as the upper half does */
	assert_int_equal(smmu_tlbi_series(&bad, cmd, 4), 1);
	assert_int_equal(smmu_tlbi_series(&good, cmd, 0), 0);
	assert_int_equal(good.size, SZ_2M);
}

static void test_atc_spans(void **state)
{
	uint64_t random = 4;

	for (unsigned int round = 0; round < 20000; round++) {
		uint64_t iova = next_random(&random) >> 20 << 12, at = iova;
		uint64_t size = ((next_random(&random) >> 32 >> next_random(&random) % 32) + 1)
				<< 12;
		uint64_t left = size, from;
		unsigned int lg2 = smmu_atc_cover(iova, size), pieces = 0;

		assert_true(iova >> lg2 == (iova + size - 1) >> lg2);
		assert_true(lg2 == 12 || iova >> (lg2 - 1) != (iova + size - 1) >> (lg2 - 1));
		while (left) {
			from = at;
			lg2 = smmu_atc_next(&at, &left);
			assert_int_equal(from & ((1ull << lg2) - 1), 0);
			assert_int_equal(at, from + (1ull << lg2));
			pieces++;
		}
		assert_int_equal(at, iova + size);
		assert_in_range(pieces, 1, 2 * 33);
	}
	assert_int_equal(smmu_atc_cover(0, UINT64_MAX), SMMU_ATC_ALL_LG2);
	assert_int_equal(smmu_atc_cover(0x5000, 1), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configuration), cmocka_unit_test(test_tlbi),
		cmocka_unit_test(test_ranges),	      cmocka_unit_test(test_atc_and_sync),
		cmocka_unit_test(test_random_ranges), cmocka_unit_test(test_fewest),
		cmocka_unit_test(test_marked),	      cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_atc_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
