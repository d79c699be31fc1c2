// SPDX-License-Identifier: GPL-2.0-only
//
// plot.mjs: draws plots/LABEL-KIND-*.svg from results/LABEL/KIND.json with Apache ECharts, on the
// server side. What they show is defined in charts.mjs. The output depends on the results and on the
// pinned version of ECharts only, so that a test can compare it byte by byte.
//
//   node tools/plot.mjs [--out FOLDER] [--results FOLDER]
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as echarts from 'echarts';
import { CHARTS, COUNT_CHART, THEMES, hasData, origin } from './charts.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const THEME = THEMES.light;

// A picture stands alone: title, what it is of, where from.
function titled(option, chart, from)
{
	return {
		...option,
		title: {
			text: chart.title, subtext: [chart.subtitle,
				from].filter(Boolean).join('\n'), left: 16, top: 10,
			textStyle: { fontSize: 17, color: THEME.ink },
			subtextStyle: { fontSize: 12, color: THEME.muted, lineHeight: 17 },
		},
		grid: { ...option.grid, top: 92 },
	};
}

function draw(option)
{
	const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 860,
		height: 490 });
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

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function* results(folder)
{
	for (const label of readdirSync(folder,
		{ withFileTypes: true }).filter((e) => e.isDirectory())
		.map((e) => e.name).sort())
		for (const file of readdirSync(join(folder,
			label)).filter((f) => f.endsWith('.json')).sort())
			if (!['advice.json', 'counts.json', 'peers.json'].includes(file)) // tables, no plots
				yield readJson(join(folder, label, file));
}

function golden()
{
	const folder = join(ROOT, 'tests/counts/golden');
	return readdirSync(folder).filter((f) => f.endsWith('.json')).sort().map((f) => readJson(join(folder, f)));
}

function plot(path, chart, input, from)
{
	const option = chart.build(input, THEME);
	if (hasData(option))
		writeFileSync(path, draw(titled(option, chart, from)));
}

function main(args)
{
	const folder = { '--out': join(ROOT, 'plots'), '--results': join(ROOT, 'results') };
	for (; args[0] in folder && args.length >= 2; args.splice(0, 2))
		folder[args[0]] = args[1];
	if (args.length) {
		console.error('usage: node tools/plot.mjs [--out FOLDER] [--results FOLDER]');
		return args[0] === '--help' ? 0 : 2;
	}
	const out = folder['--out'];
	mkdirSync(out, { recursive: true });
	// A plot whose results are gone must not stay behind.
	for (const old of readdirSync(out).filter((f) => f.endsWith('.svg')))
		rmSync(join(out, old));
	for (const report of results(folder['--results']))
		for (const chart of CHARTS)
			plot(join(out, `${report.label}-${report.kind}-${chart.id}.svg`), chart,
				report, origin(chart, report));
	plot(join(out, `${COUNT_CHART.id}.svg`), COUNT_CHART, { counts: golden() }, '');
	return 0;
}

process.exitCode = main(process.argv.slice(2));
