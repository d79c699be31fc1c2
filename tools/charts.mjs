// SPDX-License-Identifier: GPL-2.0-only
//
// charts: what each plot shows, as options of Apache ECharts. The one source of plots/*.svg
// (plot.mjs) and of the report page (page/page.mjs, which page.py inlines behind this file).
//
// What holds: nothing here reads a file, a clock or the page, so the same report gives the same
// plot everywhere; a figure that was not measured is null, never 0; every chart says whether it is
// measured, emulated or modelled, on its axes too; a chart without data says how to get some.
const BASE = {
	impl: 'core', fmt: 'arm_64_lpae_s1', granule: '4K', size: '4K', pattern: 'warm', coherent: '1',
	flush: 'strict', domain: 'private', threads: '1',
};
const STRATEGIES = ['none', 'strict-page', 'gather', 'gather-ril', 'fq-percpu', 'fq-single', 'ticket',
	'epoch', 'adaptive', 'kernel-strict'];
const OWN_DEPTH = {
	'fq-percpu': '256', 'fq-single': '32768', ticket: '64', epoch: '64', adaptive: '256',
};
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'roundRect'];

// After Okabe and Ito, which people who do not see all colours tell apart; dark is brighter, and on
// white what is too pale is darkened. Symbols and dashes say the same once more.
export const THEMES = {
	light: {
		background: '#ffffff', ink: '#1f2933', muted: '#52606d', faint: '#d5dae0',
		colours: ['#0072b2', '#d55e00', '#007f5f', '#b0488e', '#8a6500', '#4a90c2', '#4b5563',
			'#7a3b00', '#5b4fa3', '#8b939c'],
	},
	dark: {
		background: '#14181d', ink: '#dfe5eb', muted: '#9fabb8', faint: '#333c46',
		colours: ['#56b4e9', '#f0883e', '#2fc49a', '#e29cc4', '#e6c34a', '#8fd0ff', '#b6c0ca',
			'#d9a066', '#a99df0', '#7d8894'],
	},
};

function parseName(name)
{
	const [op, ...pairs] = name.split('/');
	return { op, ...Object.fromEntries(pairs.map((pair) => pair.split(':'))) };
}

const parsedRows = new WeakMap();

// Rows of a part of the report with their names taken apart, once.
function rowsOf(list)
{
	if (!list)
		return [];
	if (!parsedRows.has(list))
		parsedRows.set(list, list.map((row) => ({ key: parseName(row.name), row })));
	return parsedRows.get(list);
}

function findRow(report, change)
{
	const want = Object.entries({ ...BASE, ...change });
	return rowsOf(report.map).find(({ key }) => want.every(([k, v]) => key[k] === v))?.row;
}

// ns per page of the case that is the base case but for `change`; null if it was not measured.
function figure(report, change)
{
	return findRow(report, change)?.ns_per_page ?? null;
}

function values(report, key)
{
	return new Set(rowsOf(report.map).map((row) => row.key[key]));
}

function barLabel(value)
{
	return value == null ? '' : tick(Number(value.toPrecision(value < 10 ? 2 : 3)));
}

// ---- frames -------------------------------------------------------------------------------------

function axisText(theme, name)
{
	return {
		name, nameLocation: 'middle', nameTextStyle: { fontSize: 12, color: theme.ink },
		axisLine: { lineStyle: { color: theme.muted } },
		axisLabel: { color: theme.ink, hideOverlap: true },
		splitLine: { lineStyle: { color: theme.faint } },
	};
}

function tick(value)
{
	if (value >= 1e6)
		return `${value / 1e6}M`;
	return value >= 1e4 ? `${value / 1e3}k` : String(Number(value.toPrecision(3)));
}

function yAxis(theme, name, type = 'log')
{
	const text = axisText(theme, name);
	return { ...text, type, nameGap: 46, axisLabel: { ...text.axisLabel, formatter: tick } };
}

function categories(theme, name, data)
{
	const text = axisText(theme, name);
	return {
		...text, type: 'category', nameGap: 28, data,
		axisLabel: { ...text.axisLabel, interval: 0 },
		axisTick: { alignWithLabel: true }, splitLine: { show: false },
	};
}

function logAxis(theme, name, more = {})
{
	const text = axisText(theme, name);
	return { ...text, type: 'log', nameGap: 28,
		axisLabel: { ...text.axisLabel, formatter: tick }, ...more };
}

function frame(theme, axes, series)
{
	return {
		animation: false, color: theme.colours, backgroundColor: theme.background,
		textStyle: { fontFamily: 'sans-serif', color: theme.ink },
		legend: { bottom: 8, left: 'center', itemGap: 16,
			textStyle: { fontSize: 12, color: theme.ink } },
		grid: { left: 68, right: 24, top: 24, bottom: 104 },
		...axes,
		series: series.filter((s) => s.data.some((point) => point != null)),
	};
}

function lines(named)
{
	return named.map(([name, data], i) => ({
		name, type: 'line', symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: 8,
		lineStyle: { width: 2, type: i > 3 ? 'dashed' : 'solid' }, data,
	}));
}

function bars(theme, named)
{
	return named.map(([name, data]) => ({
		name, type: 'bar', barGap: '10%', data,
		label: { show: true, position: 'top', fontSize: 10, color: theme.ink,
			formatter: (point) => barLabel(point.value) },
	}));
}

const ofHost = (report) => (report.environment.emulated ? 'emulated' : 'measured');
const unit = (report, name) => `${name} (${ofHost(report)})`;

// ---- this host: page tables ---------------------------------------------------------------------

function byBatch(report, theme)
{
	const batches = ['1', '16', '256', '512'];
	const shown = [
		['map', { op: 'map' }],
		['unmap, strict by range', { op: 'unmap' }],
		['unmap, strict per leaf', { op: 'unmap', flush: 'strict-per-leaf' }],
		['unmap, queued', { op: 'unmap', flush: 'queued' }],
		['map + unmap pair', { op: 'pair' }],
	];
	return frame(theme, { xAxis: categories(theme, 'pages per call', batches),
		yAxis: yAxis(theme, unit(report, 'ns per page')) },
		lines(shown.map(([name, change]) =>
			[name, batches.map((batch) => figure(report, { ...change, batch }))])));
}

const BLOCKS = [['4K', '4K'], ['16K', '16K'], ['64K', '64K'], ['4K', '2M'], ['16K', '32M'],
	['64K', '512M'],
	['4K', '1G']];

function byBlock(report, theme)
{
	const there = BLOCKS.filter(([granule, size]) => findRow(report,
		{ op: 'map', granule, size, batch: '1' }));
	const shown = [['map, 1 a call', 'map', '1'], ['unmap, 1 a call', 'unmap', '1'],
		['map, 16 a call', 'map', '16'], ['unmap, 16 a call', 'unmap', '16']];
	return frame(theme, {
		xAxis: categories(theme, 'size of the page or block (granule)',
			there.map(([g, s]) => `${s} (${g})`)),
		yAxis: yAxis(theme, unit(report, 'ns per page or block')),
	}, lines(shown.map(([name, op, batch]) =>
		[name, there.map(([granule, size]) => figure(report, { op, granule, size, batch }))])));
}

function byPattern(report, theme)
{
	const patterns = ['warm', 'sequential', 'random_1G', 'random_256G'];
	const titles = ['warm', 'sequential', 'random in 1 GiB', 'random in 256 GiB'];
	return frame(theme, { xAxis: categories(theme, 'pattern', titles),
		yAxis: yAxis(theme, unit(report, 'ns per page')) },
		bars(theme, ['map', 'unmap', 'pair', 'iova_to_phys'].map((op) =>
			[op, patterns.map((pattern) => figure(report, { op, pattern, batch: '1' }))])));
}

function byThreads(report, theme)
{
	const threads = [...values(report, 'threads')].sort((a, b) => a - b);
	const domains = [['private', 'a domain per thread'], ['shared', 'one domain, own tables'],
		['neighbour', 'one domain, neighbouring entries']];
	const at = (domain, t) => figure(report, {
		op: 'pair', batch: '1', domain: t === '1' ? 'private' : domain, threads: t,
	});
	return frame(theme, {
		xAxis: categories(theme, 'threads', threads),
		yAxis: yAxis(theme, unit(report, 'ns per page, each thread'), 'value'),
	}, bars(theme, domains.map(([domain, name]) => [name, threads.map((t) => at(domain, t))])));
}

function byShared(report, theme)
{
	const rows = rowsOf(report.contention).filter(({ key }) => key.impl === 'core');
	const threads = [...new Set(rows.map(({ key }) => key.threads))].sort((a, b) => a - b);
	const points = [
		['private', 'nothing'], ['domain', 'a domain'], ['table', 'a table'],
		['line', 'a cache line'],
		['flushq', 'a flush queue, ring each'], ['flushq-single', 'a flush queue, one ring'],
		['cmdq', 'a command queue'], ['pool', 'the table pool (whole tables)'],
	];
	const at = (point, t) => {
		const found = rows.find(({ key }) => key.point === point && key.threads === t);
		return found?.row.ops_per_s ? found.row.ops_per_s / 1e6 : null;
	};
	return frame(theme, {
		xAxis: categories(theme, 'threads', threads),
		yAxis: yAxis(theme, unit(report, 'millions a second')),
	}, lines(points.map(([point, name]) => [name, threads.map((t) => at(point, t))])));
}

// ---- flush strategies: all of it from the virtual clock -----------------------------------------

// Rows of the virtual clock, 4K unmaps, that have been measured.
function flushRows(report)
{
	return rowsOf(report.flush).filter(({ key, row }) => key.clock === 'virtual' &&
		key.unmap === '4K' &&
		row.ns_per_page);
}

// A strategy looks the same in every chart.
function strategyLine(theme, name, data)
{
	const i = STRATEGIES.indexOf(name);
	return {
		name, type: 'line', symbol: SYMBOLS[i % 4], symbolSize: 8,
		itemStyle: { color: theme.colours[i] },
		lineStyle: { width: 2, type: i > 4 ? 'dashed' : 'solid', color: theme.colours[i] },
		data,
	};
}

const byX = (a, b) => a[0] - b[0];

const knob = (key) => Number(key.budget_ns ?? key.depth);

function isBase(key)
{
	return key.loop === 'closed' && key.depth === (OWN_DEPTH[key.strategy] ?? '0') &&
		(key.budget_ns ?? '5000') === '5000';
}

const DEEP_STRATEGIES = ['fq-percpu', 'fq-single', 'ticket', 'epoch', 'adaptive'];
const SHOWN_STRATEGIES = STRATEGIES.filter((s) => s !== 'gather-ril');

// One line a strategy: its depths, or budgets; without any, one point.
function flushExposure(report, theme)
{
	const rows = flushRows(report).filter(({ key, row }) => key.threads === '8' &&
		key.loop === 'closed' &&
		row.exposure_page_us >= 0);
	return frame(theme, {
		xAxis: logAxis(theme, 'mean exposure of a page, us (modelled)'),
		yAxis: yAxis(theme, 'ns per page (modelled)'),
	}, SHOWN_STRATEGIES.filter((s) => s !== 'none').map((s) => strategyLine(theme, s,
		rows.filter(({ key }) => key.strategy === s &&
			(s !== 'adaptive' || key.depth === '256'))
			.sort((a, b) => knob(a.key) - knob(b.key))
			.map(({ row }) => [Math.max(row.exposure_page_us, 0.01), row.ns_per_page]))));
}

function flushCpus(report, theme)
{
	const rows = flushRows(report).filter(({ key }) => isBase(key));
	return frame(theme, {
		xAxis: logAxis(theme, 'CPUs (modelled)', { logBase: 2 }),
		yAxis: yAxis(theme, 'millions a second (modelled)'),
	}, SHOWN_STRATEGIES.map((s) => strategyLine(theme, s,
		rows.filter(({ key }) => key.strategy === s)
		.map(({ key, row }) => [Number(key.threads), 1000 / row.ns_per_page]).sort(byX))));
}

function byDepth(report, theme, yName, counter)
{
	const rows = flushRows(report).filter(({ key, row }) => key.threads === '8' &&
		key.loop === 'closed' &&
		(key.budget_ns ?? '5000') === '5000' && row[counter] >= 0);
	return frame(theme, { xAxis: logAxis(theme, 'depth (modelled)'), yAxis: yAxis(theme, yName) },
		DEEP_STRATEGIES.map((s) => strategyLine(theme, s,
			rows.filter(({ key, row }) => key.strategy === s && row[counter] > 0)
				.map(({ key, row }) => [Number(key.depth), row[counter]]).sort(byX))));
}

function atBase(report)
{
	const rows = flushRows(report).filter(({ key }) => key.threads === '8' && isBase(key) &&
		!key.model.includes('-'));
	return SHOWN_STRATEGIES.map((s) => [s, rows.find(({ key }) => key.strategy === s)?.row])
		.filter(([, row]) => row);
}

const QUANTILES = ['10%', '25%', '50%', '75%', '90%', '99%', '99.9%', 'most'];

// Lines over those quantiles of a counter that anybody has.
function distribution(report, theme, xName, yName, counterOf)
{
	const rows = atBase(report);
	const shown = QUANTILES.filter((q) => rows.some(([, row]) => row[counterOf(q)] > 0));
	return frame(theme, { xAxis: categories(theme, xName, shown), yAxis: yAxis(theme, yName) },
		rows.map(([s, row]) => strategyLine(theme, s,
			shown.map((q) => row[counterOf(q)] || null))));
}

const counterName = (q, most, percentile) => (q === 'most' ? most : percentile(q.replace(/[.%]/g, '')));

function flushLatency(report, theme)
{
	return distribution(report, theme, 'so many unmaps took no longer',
		'ns, an unmap and its waits (modelled)',
		(q) => counterName(q, 'max_ns', (p) => `p${p}_ns`));
}

function flushRelease(report, theme)
{
	return distribution(report, theme, 'so many were released no later',
		'ns, from unmap to release (modelled)',
		(q) => counterName(q, 'release_max_ns', (p) => `release_p${p}_ns`));
}

// ---- traces -------------------------------------------------------------------------------------

function timelines(report)
{
	return (report.replay ?? []).filter((row) => row.flush === 'strict' && row.timeline);
}

function replayChart(report, theme, yName, points)
{
	const percent = (line, i) => Number((100 * line.events[i] / line.events[line.events.length - 1]).toFixed(2));
	return frame(theme, {
		xAxis: { ...axisText(theme, 'how far into the trace, % of its events'),
			type: 'value', max: 100, nameGap: 28 },
		yAxis: yAxis(theme, yName),
	}, timelines(report).flatMap((row, i) => points.map(([suffix, of], j) => ({
		name: `${row.trace}${suffix}`, type: 'line', showSymbol: false,
		symbol: SYMBOLS[i % SYMBOLS.length],
		itemStyle: { color: theme.colours[i] },
		lineStyle: { width: 1.5, type: j ? 'dashed' : 'solid', color: theme.colours[i] },
		data: row.timeline.events.map((_, at) => [percent(row.timeline, at),
			of(row.timeline, at) || null]),
	}))));
}

function replayCost(report, theme)
{
	return replayChart(report, theme, unit(report, 'ns per map or unmap'),
		[['', (line, at) => line.ns_per_event[at]]]);
}

function replayMemory(report, theme)
{
	const option = replayChart(report, theme, 'KiB (counted)', [
		['', (line, at) => line.mapped_bytes[at] / 1024],
		[', tables', (line, at) => line.table_bytes[at] / 1024]]);
	const names = timelines(report).map((row) => row.trace);
	return { ...option, legend: { ...option.legend, data: names } };
}

// ---- ratios, and counts -------------------------------------------------------------------------

// input.cases: names; input.series: [{ name, values: [{ value, low, high } or null] }], of ratios.py.
// A whisker is the interval. Each line of the chart is a case; runs stand a little apart on it.
function ratios(input, theme)
{
	const least = Math.min(1,
		...input.series.flatMap(({ values }) => values.map((v) => v?.low ?? v?.value ?? 1)));
	const names = input.cases, apart = 0.5 / Math.max(input.series.length, 1);
	const place = (i, k) => names.length - 1 - i - (k - (input.series.length - 1) / 2) * apart;
	const whiskers = (values, k) => values.flatMap((v, i) => (v?.low == null ? [] :
		[[{ coord: [v.low, place(i, k)] }, { coord: [v.high, place(i, k)] }]]));
	const option = frame(theme, {
		yAxis: { ...axisText(theme, ''), type: 'value', min: -1, max: names.length, interval: 1,
			axisLabel: { color: theme.ink,
				formatter: (v) => names[names.length - 1 - v] ?? '' } },
		xAxis: { ...logAxis(theme, input.axis,
			{ logBase: 2, min: 2 ** Math.floor(Math.log2(least)) }),
			axisLine: { onZero: false, lineStyle: { color: theme.muted } } },
	}, [...input.series.map(({ name, values }, k) => ({
		name, type: 'scatter', symbol: SYMBOLS[k % SYMBOLS.length], symbolSize: 9,
		itemStyle: { color: theme.colours[k % theme.colours.length] },
		data: values.flatMap((v, i) => (v ? [[v.value, place(i, k)]] : [])),
		markLine: { silent: true, symbol: 'none', label: { show: false },
			data: whiskers(values, k),
			lineStyle: { type: 'solid', width: 2,
				color: theme.colours[k % theme.colours.length] } },
	})), {
		name: 'equal', type: 'line', symbol: 'none',
		data: names.length ? [[1, -1], [1, names.length]] : [],
		lineStyle: { type: 'dashed', width: 1, color: theme.muted },
		itemStyle: { color: theme.muted },
	}]);
	const cells = (v) => (v ? [v.value, v.low ?? null, v.high ?? null] : [null, null, null]);
	return {
		...option, legend: { ...option.legend, show: input.series.length > 1,
			data: input.series.map(({ name }) => name) },
		grid: { ...option.grid, left: 190 }, height: 130 + 26 * names.length,
		table: {
			head: ['case', ...input.series.flatMap(({ name }) => [name, 'from', 'to'])],
			body: names.map((name, i) => [name,
				...input.series.flatMap(({ values }) => cells(values[i]))]),
		},
	};
}

// input.counts: the golden files (docs/counts.md).
function counts(input, theme)
{
	const batches = ['1', '16', '256'];
	const shown = [['map', 'map/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:N'],
		['unmap', 'unmap/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:N/flush:strict']];
	const per = (golden, name) => {
		const found = golden.cases[name];
		return found ? found.instructions / found.pages : null;
	};
	return frame(theme, {
		xAxis: categories(theme, 'pages per call', batches),
		yAxis: yAxis(theme, 'instructions per page (counts, not time)'),
	}, bars(theme, (input.counts ?? []).flatMap((golden) => shown.map(([op, name]) => [
		`${op}, ${golden.key.startsWith('aarch64') ? 'arm64 (emulated)' : 'x86-64'}`,
		batches.map((batch) => per(golden, name.replace('batch:N', `batch:${batch}`)))]))));
}

// ---- the list -----------------------------------------------------------------------------------

function hostWords(report)
{
	const env = report.environment;
	return env.emulated ? 'EMULATED, times mean nothing' : 'measured';
}

const modelled = () => 'modelled';
const NEEDS_RUN = './bench.sh measures this; it is not in this file';

// In the order of the report page. missing: how to get the data, where there is none.
export const CHARTS = [
	{
		id: 'batch', title: 'What a page costs, by pages per call', build: byBatch,
		provenance: ofHost,
		subtitle: 'arm_64_lpae_s1, 4K pages, warm tables, one thread; logarithmic scale',
		missing: NEEDS_RUN,
	},
	{
		id: 'block', title: 'What a page or block costs, by its size', build: byBlock,
		provenance: ofHost,
		subtitle: 'arm_64_lpae_s1, warm tables, one thread, strict; logarithmic scale',
		missing: NEEDS_RUN,
	},
	{
		id: 'pattern', title: 'What one page costs, by where it is', build: byPattern,
		provenance: ofHost, subtitle: 'arm_64_lpae_s1, one 4K page per call, one thread',
		missing: NEEDS_RUN,
	},
	{
		id: 'threads', title: 'What a map + unmap pair costs each thread', build: byThreads,
		provenance: ofHost,
		subtitle: 'arm_64_lpae_s1, one 4K page per call, warm; flat is ideal scaling',
		missing: NEEDS_RUN,
	},
	{
		id: 'contention', title: 'Operations a second, by what the threads share',
		build: byShared, provenance: ofHost,
		subtitle: 'map and unmap of one 4K page, all threads together; an SMMU that takes no time',
		missing: NEEDS_RUN,
	},
	{
		id: 'flush-depth-cost', title: 'What a page costs, by depth', provenance: modelled,
		missing: NEEDS_RUN,
		build: (report, theme) => byDepth(report, theme, 'ns per page (modelled)',
			'ns_per_page'),
		subtitle: '8 CPUs, 4K unmaps, closed loop',
	},
	{
		id: 'flush-depth', title: 'Exposure by depth', provenance: modelled,
		missing: NEEDS_RUN,
		build: (report, theme) => byDepth(report, theme,
			'mean exposure of a page, us (modelled)', 'exposure_page_us'),
		subtitle: '8 CPUs, 4K unmaps, closed loop; no exposure is not drawn',
	},
	{
		id: 'flush-exposure', title: 'What a page costs, and how long it is exposed',
		build: flushExposure, provenance: modelled, missing: NEEDS_RUN,
		subtitle: '8 CPUs, 4K unmaps; along a line: depth, or adaptive\'s budget; no exposure drawn at 0.01',
	},
	{
		id: 'flush-cpus', title: 'Throughput against CPUs', build: flushCpus,
		provenance: modelled, missing: NEEDS_RUN,
		subtitle: '4K maps and unmaps, all CPUs together, closed loop',
	},
	{
		id: 'flush-latency', title: 'How long an unmap takes: the distribution',
		build: flushLatency, provenance: modelled, missing: NEEDS_RUN,
		subtitle: '8 CPUs, 4K unmaps, closed loop',
	},
	{
		id: 'flush-release', title: 'From an unmap to its release: the distribution',
		build: flushRelease, provenance: modelled, missing: NEEDS_RUN,
		subtitle: '8 CPUs, 4K unmaps, closed loop',
	},
	{
		id: 'replay', title: 'What an operation costs, along the traces', build: replayCost,
		provenance: ofHost,
		subtitle: 'real DMA traces, strict, one thread; each point the median of the repeats',
		missing: NEEDS_RUN,
	},
	{
		id: 'replay-memory',
		title: 'What is mapped, and what the tables take, along the traces',
		build: replayMemory, provenance: () => 'counted',
		subtitle: 'the same traces; solid: mapped; dashed: memory of the tables',
		missing: NEEDS_RUN,
	},
];
export const RATIO_CHART = {
	id: 'ratios', title: 'Ratios with their intervals', build: ratios,
	provenance: (input) => input.provenance,
	subtitle: 'below 1 is faster; whiskers: 95% over launches', missing: '',
};
export const COUNT_CHART = {
	id: 'counts', title: 'Instructions per page', build: counts, provenance: () => 'counted',
	subtitle: 'x86-64 by valgrind; arm64 emulated: counts, not time',
	missing: 'tests/counts/golden has no file',
};

export function hasData(option)
{
	return option.series.some((series) => series.data.some((value) => value != null));
}

// The lines under a title that say where the figures come from.
export function origin(chart, report)
{
	if (chart.provenance(report) === 'modelled')
		return `MODELLED: virtual clock, hi1620 profile; commit ${report.commit}`;
	const env = report.environment;
	return `${env.cpu}, ${env.cpus} CPUs, commit ${report.commit}, ${hostWords(report)}`;
}

// The figures of a chart: { head, body }, a row for each place on the x axis, or for each point.
export function tableOf(option)
{
	if (option.table)
		return option.table;
	if (option.xAxis.type === 'category')
		return {
			head: [option.xAxis.name, ...option.series.map((s) => s.name)],
			body: option.xAxis.data.map((name, i) => [name,
				...option.series.map((s) => s.data[i] ?? null)]),
		};
	return {
		head: ['line', option.xAxis.name, option.yAxis.name],
		body: option.series.flatMap((s) => s.data.map(([x, y]) => [s.name, x, y])),
	};
}
