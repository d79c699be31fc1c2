// SPDX-License-Identifier: GPL-2.0-only
//
// plot.mjs: draws plots/LABEL-KIND-*.svg from results/LABEL/KIND.json with Apache ECharts, on the
// server side. The output depends on the results and on the pinned version of ECharts only, so that
// a test can compare it byte by byte.
//
//   node tools/plot.mjs [--out FOLDER] [--results FOLDER]
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as echarts from 'echarts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const BASE = {
	impl: 'core', fmt: 'arm_64_lpae_s1', granule: '4K', size: '4K', pattern: 'warm', coherent: '1',
	flush: 'strict', domain: 'private', threads: '1',
};
const COLOURS = ['#1f5fa8', '#c8541c', '#2e7d4f', '#7b4fa3', '#8a6d1f', '#4b5563'];
const INK = '#1f2933', FAINT = '#d5dae0';

function parseName(name)
{
	const [op, ...pairs] = name.split('/');
	return { op, ...Object.fromEntries(pairs.map((pair) => pair.split(':'))) };
}

// ns per page of the case that is the base case but for `change`; null if it was not measured.
function figure(report, change)
{
	const want = { ...BASE, ...change };
	const row = report.map.find((r) => {
		const key = parseName(r.name);
		return Object.keys(want).every((k) => key[k] === want[k]);
	});
	return row?.ns_per_page ?? null;
}

function values(report, key)
{
	return new Set(report.map.map((row) => parseName(row.name)[key]));
}

function short(value)
{
	return value == null ? '' : String(Number(value.toPrecision(value < 10 ? 2 : 3)));
}

function frame(report, title, subtitle)
{
	const env = report.environment;
	const label = env.emulated ? 'EMULATED, times mean nothing' : 'measured';
	return {
		animation: false,
		color: COLOURS,
		backgroundColor: '#ffffff',
		textStyle: { fontFamily: 'sans-serif', color: INK },
		title: {
			text: title,
			subtext: `${subtitle}\n${env.cpu}, ${env.cpus} CPUs, commit ${report.commit}, ${label}`,
			left: 16, top: 10,
			textStyle: { fontSize: 17, color: INK },
			subtextStyle: { fontSize: 12, color: '#52606d', lineHeight: 17 },
		},
		legend: { bottom: 8, left: 'center', itemGap: 36, textStyle: { fontSize: 12, color: INK } },
		grid: { left: 68, right: 24, top: 92, bottom: 84 },
		yAxis: {
			type: 'log', name: 'ns per page', nameLocation: 'middle', nameGap: 42,
			nameTextStyle: { fontSize: 12, color: INK },
			axisLabel: { color: INK, formatter: (v) => String(v) },
			splitLine: { lineStyle: { color: FAINT } },
		},
	};
}

function xAxis(name, data)
{
	return {
		type: 'category', name, nameLocation: 'middle', nameGap: 28, data,
		nameTextStyle: { fontSize: 12, color: INK }, axisLabel: { color: INK, interval: 0 },
		axisTick: { alignWithLabel: true },
	};
}

function byBatch(report)
{
	const batches = ['1', '16', '256', '512'];
	const lines = [
		['map', { op: 'map' }],
		['unmap, strict by range', { op: 'unmap' }],
		['unmap, strict per leaf', { op: 'unmap', flush: 'strict-per-leaf' }],
		['unmap, queued', { op: 'unmap', flush: 'queued' }],
		['map + unmap pair', { op: 'pair' }],
	];
	return {
		...frame(report, 'What a page costs, by pages per call',
			'arm_64_lpae_s1, 4K pages, warm tables, one thread; logarithmic scale'),
		xAxis: xAxis('pages per call', batches),
		series: lines.map(([name, change], i) => ({
			name, type: 'line', symbol: ['circle', 'rect', 'triangle', 'diamond', 'roundRect'][i],
			symbolSize: 8, lineStyle: { width: 2, type: i === 4 ? 'dashed' : 'solid' },
			data: batches.map((batch) => figure(report, { ...change, batch })),
		})),
	};
}

function bars(names, data)
{
	return names.map((name, i) => ({
		name, type: 'bar', barGap: '10%', data: data[i],
		label: { show: true, position: 'top', fontSize: 10, color: INK,
			formatter: (point) => short(point.value) },
	}));
}

function byPattern(report)
{
	const patterns = ['warm', 'sequential', 'random_1G', 'random_256G'];
	const ops = ['map', 'unmap', 'pair', 'iova_to_phys'];
	return {
		...frame(report, 'What one page costs, by where it is',
			'arm_64_lpae_s1, one 4K page per call, one thread'),
		xAxis: xAxis('pattern', ['warm', 'sequential', 'random in 1 GiB', 'random in 256 GiB']),
		series: bars(ops, ops.map((op) => patterns.map((pattern) =>
			figure(report, { op, pattern, batch: '1' })))),
	};
}

function byThreads(report)
{
	const threads = [...values(report, 'threads')].sort((a, b) => a - b);
	const domains = ['private', 'shared', 'neighbour'];
	const names = ['a domain per thread', 'one domain, own tables', 'one domain, neighbouring entries'];
	const at = (domain, t) => figure(report, {
		op: 'pair', batch: '1', domain: t === '1' ? 'private' : domain, threads: t,
	});
	const chart = frame(report, 'What a map + unmap pair costs each thread',
		'arm_64_lpae_s1, one 4K page per call, warm; flat is ideal scaling');
	chart.yAxis.type = 'value';
	return {
		...chart,
		xAxis: xAxis('threads', threads),
		series: bars(names, domains.map((domain) => threads.map((t) => at(domain, t)))),
	};
}

function byShared(report)
{
	const rows = (report.contention ?? []).map((row) => ({ key: parseName(row.name), row }))
		.filter(({ key }) => key.impl === 'core');
	const threads = [...new Set(rows.map(({ key }) => key.threads))].sort((a, b) => a - b);
	const points = [
		['private', 'nothing'], ['domain', 'a domain'], ['table', 'a table'], ['line', 'a cache line'],
		['flushq', 'a flush queue, ring each'], ['flushq-single', 'a flush queue, one ring'],
		['cmdq', 'a command queue'], ['pool', 'the table pool (whole tables)'],
	];
	const at = (point, t) => {
		const found = rows.find(({ key }) => key.point === point && key.threads === t);
		return found?.row.ops_per_s ? found.row.ops_per_s / 1e6 : null;
	};
	const chart = frame(report, 'Operations a second, by what the threads share',
		'map and unmap of one 4K page, all threads together; an SMMU that takes no time');
	chart.yAxis.name = 'millions a second';
	chart.legend.itemGap = 16;
	chart.grid.bottom = 100;
	return {
		...chart,
		color: [...COLOURS, '#b03a5b', '#0f8b8d'],
		xAxis: xAxis('threads', threads),
		series: points.map(([point, name], i) => ({
			name, type: 'line', symbolSize: 8, lineStyle: { width: 2, type: i > 3 ? 'dashed' : 'solid' },
			symbol: ['circle', 'rect', 'triangle', 'diamond'][i % 4],
			data: threads.map((t) => at(point, t)),
		})),
	};
}

// ---- flush strategies: all of it from the virtual clock ----

const STRATEGIES = ['none', 'strict-page', 'gather', 'fq-percpu', 'fq-single', 'ticket', 'epoch',
	'adaptive', 'kernel-strict'];
const FLUSH_COLOURS = [...COLOURS, '#b03a5b', '#0f8b8d', '#9aa5b1'];

// Rows of the virtual clock, 4K unmaps, that have been measured.
function flushRows(report)
{
	return (report.flush ?? []).map((row) => ({ key: parseName(row.name), row }))
		.filter(({ key, row }) => key.clock === 'virtual' && key.unmap === '4K' && row.ns_per_page);
}

function flushFrame(report, title, subtitle, xName, yName)
{
	const chart = frame(report, title, subtitle);
	chart.title.subtext = `${subtitle}\nMODELLED: virtual clock, hi1620 profile; commit ${report.commit}`;
	chart.yAxis.name = yName;
	chart.legend.itemGap = 14;
	return { ...chart, xAxis: { ...xAxis(xName, []), type: 'log', data: undefined } };
}

// A strategy looks the same in every chart.
function line(name, data)
{
	const i = STRATEGIES.indexOf(name);
	return {
		name, type: 'line', symbol: ['circle', 'rect', 'triangle', 'diamond'][i % 4], symbolSize: 8,
		itemStyle: { color: FLUSH_COLOURS[i] },
		lineStyle: { width: 2, type: i > 4 ? 'dashed' : 'solid' }, data,
	};
}

const byX = (a, b) => a[0] - b[0];

const knob = (key) => Number(key.budget_ns ?? key.depth);

// One line a strategy: its depths, or budgets; without any, one point.
function flushExposure(report)
{
	const rows = flushRows(report).filter(({ key, row }) => key.threads === '8' && key.loop === 'closed' &&
		row.exposure_page_us >= 0);
	const chart = flushFrame(report, 'What a page costs, and how long it is exposed',
		'8 CPUs, 4K unmaps; along a line: depth, or adaptive\'s budget; no exposure drawn at 0.01',
		'mean exposure of a page, us (modelled)', 'ns per page (modelled)');
	return { ...chart, series: STRATEGIES.filter((s) => s !== 'none').map((s) => line(s,
		rows.filter(({ key }) => key.strategy === s && (s !== 'adaptive' || key.depth === '256'))
			.sort((a, b) => knob(a.key) - knob(b.key))
			.map(({ row }) => [Math.max(row.exposure_page_us, 0.01), row.ns_per_page]))) };
}

const OWN_DEPTH = { 'fq-percpu': '256', 'fq-single': '32768', ticket: '64', epoch: '64', adaptive: '256' };

function isBase(key)
{
	return key.loop === 'closed' && key.depth === (OWN_DEPTH[key.strategy] ?? '0') &&
		(key.budget_ns ?? '5000') === '5000';
}

function flushCpus(report)
{
	const rows = flushRows(report).filter(({ key }) => isBase(key));
	const chart = flushFrame(report, 'Throughput against CPUs', '4K maps and unmaps, all CPUs together, closed loop',
		'CPUs (modelled)', 'millions a second (modelled)');
	chart.xAxis.logBase = 2;
	return { ...chart, series: STRATEGIES.map((s) => line(s,
		rows.filter(({ key }) => key.strategy === s)
			.map(({ key, row }) => [Number(key.threads), 1000 / row.ns_per_page]).sort(byX))) };
}

function flushDepth(report)
{
	const rows = flushRows(report).filter(({ key }) => key.threads === '8' && key.loop === 'closed' &&
		(key.budget_ns ?? '5000') === '5000');
	const chart = flushFrame(report, 'Exposure by depth', '8 CPUs, 4K unmaps, closed loop',
		'depth (modelled)', 'mean exposure of a page, us (modelled)');
	return { ...chart, series: ['fq-percpu', 'fq-single', 'epoch', 'adaptive'].map((s) => line(s,
		rows.filter(({ key }) => key.strategy === s)
			.map(({ key, row }) => [Number(key.depth), row.exposure_page_us]).sort(byX))) };
}

function flushRelease(report)
{
	const rows = flushRows(report).filter(({ key }) => key.threads === '8' && isBase(key));
	const names = STRATEGIES.filter((s) => rows.some(({ key }) => key.strategy === s));
	const at = (s, counter) => rows.find(({ key }) => key.strategy === s).row[counter];
	const chart = flushFrame(report, 'From an unmap to its release', '8 CPUs, 4K unmaps, closed loop',
		'strategy', 'ns (modelled)');
	chart.xAxis = xAxis('strategy', names);
	return { ...chart, series: bars(['median', '99%'], ['release_p50_ns', 'release_p99_ns'].map((counter) =>
		names.map((s) => at(s, counter)))) };
}

const CHARTS = {
	batch: byBatch, pattern: byPattern, threads: byThreads, contention: byShared,
	'flush-exposure': flushExposure, 'flush-cpus': flushCpus, 'flush-depth': flushDepth,
	'flush-release': flushRelease,
};

function hasData(option)
{
	return option.series.some((series) => series.data.some((value) => value != null));
}

function draw(option)
{
	const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 860, height: 470 });
	chart.setOption(option);
	const svg = chart.renderToSVGString();
	chart.dispose();
	// ECharts numbers what it draws through the whole process; a plot must not depend on the others.
	const renamed = new Map();
	return svg.replace(/zr\d+-[a-z]+-?\d+/g, (id) => {
		if (!renamed.has(id))
			renamed.set(id, `id${renamed.size}`);
		return renamed.get(id);
	});
}

function* results(folder)
{
	for (const label of readdirSync(folder, { withFileTypes: true }).filter((e) => e.isDirectory())
		.map((e) => e.name).sort())
		for (const file of readdirSync(join(folder, label)).filter((f) => f.endsWith('.json')).sort())
			if (!['advice.json', 'peers.json'].includes(file)) // tables, no plots
				yield JSON.parse(readFileSync(join(folder, label, file), 'utf8'));
}

function main(args)
{
	const folder = { '--out': join(ROOT, 'plots'), '--results': join(ROOT, 'results') };
	for (; args[0] in folder && args.length >= 2; args.splice(0, 2))
		folder[args[0]] = args[1];
	if (args.length) {
		console.error('usage: node tools/plot.mjs [--out FOLDER] [--results FOLDER]');
		return 2;
	}
	const out = folder['--out'];
	mkdirSync(out, { recursive: true });
	// A plot whose results are gone must not stay behind.
	for (const old of readdirSync(out).filter((f) => f.endsWith('.svg')))
		rmSync(join(out, old));
	for (const report of results(folder['--results']))
		for (const [name, make] of Object.entries(CHARTS)) {
			const option = make(report);
			if (hasData(option))
				writeFileSync(join(out, `${report.label}-${report.kind}-${name}.svg`), draw(option));
		}
	return 0;
}

process.exitCode = main(process.argv.slice(2));
