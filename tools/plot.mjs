// SPDX-License-Identifier: GPL-2.0-only
//
// plot.mjs: draws plots/LABEL-KIND-*.svg from results/LABEL/KIND.json with Apache ECharts, on the
// server side. What they show is defined in charts.mjs. The output depends on the results and on the
// pinned version of ECharts only, so that a test can compare it byte by byte.
//
//   node tools/plot.mjs [--out FOLDER] [--results FOLDER]
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as echarts from 'echarts';
import { CHARTS, COUNT_CHART, RATIO_CHART, THEMES, hasData, origin } from './charts.mjs';

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
		height: option.height ?? 490 });
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

// Something the user can do something about.
class Problem extends Error {}

function readJson(path)
{
	const text = readFileSync(path, 'utf8');
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new Problem(`${path}: not complete or not JSON (was the disk full?): ${error.message}`);
	}
}

const VERSION = readJson(join(ROOT, 'results/schema.json')).properties.schema_version.const;

function readResults(path)
{
	const report = readJson(path);
	if (report.schema_version !== VERSION)
		throw new Problem(`${path}: schema version ${report.schema_version ?? 1}, this reads ${VERSION}: ` +
			`tools/results-validate --upgrade ${path}`);
	return report;
}

function* results(folder)
{
	for (const label of readdirSync(folder,
		{ withFileTypes: true }).filter((e) => e.isDirectory())
		.map((e) => e.name).sort())
		for (const file of readdirSync(join(folder,
			label)).filter((f) => f.endsWith('.json')).sort())
			if (!['advice.json', 'counts.json'].includes(file)) // tables, no plots
				yield { path: join(folder, label, file), report: readResults(join(folder, label, file)) };
}

// Of several launches, which Python knows the statistics of.
function ratioInput(path)
{
	try {
		return JSON.parse(execFileSync('python3', [join(ROOT, 'tools/chart_inputs.py'), path],
			{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
	} catch (error) {
		throw new Problem(`${path}: ${error.stderr || error.message}`.trim());
	}
}

function golden()
{
	const folder = join(ROOT, 'tests/counts/golden');
	return readdirSync(folder).filter((f) => f.endsWith('.json')).sort().map((f) => readJson(join(folder, f)));
}

// made: the texts by name.
function plot(made, name, chart, input, from)
{
	const option = chart.build(input, THEME);
	if (hasData(option))
		made.set(`${name}.svg`, draw(titled(option, chart, from)));
}

function drawAll(folder)
{
	const made = new Map();
	for (const { path, report } of results(folder)) {
		const name = `${report.label}-${report.kind}`;
		if (report.kind === 'peers')
			plot(made, `${name}-${RATIO_CHART.id}`, RATIO_CHART, ratioInput(path),
				origin(RATIO_CHART, report));
		else
			for (const chart of CHARTS)
				plot(made, `${name}-${chart.id}`, chart, report, origin(chart, report));
	}
	plot(made, COUNT_CHART.id, COUNT_CHART, { counts: golden() }, '');
	return made;
}

// Beside the old ones first: a full disk leaves those. A plot whose results are gone must not stay.
function write(out, made)
{
	mkdirSync(out, { recursive: true });
	try {
		for (const [name, text] of made)
			writeFileSync(join(out, `${name}.new`), text);
		for (const name of made.keys())
			renameSync(join(out, `${name}.new`), join(out, name));
	} finally {
		for (const name of made.keys())
			rmSync(join(out, `${name}.new`), { force: true });
	}
	for (const old of readdirSync(out).filter((f) => f.endsWith('.svg') && !made.has(f)))
		rmSync(join(out, old));
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
	try {
		write(folder['--out'], drawAll(folder['--results']));
	} catch (error) {
		if (!(error.code || error instanceof Problem))
			throw error;
		console.error(`plot.mjs: ${error.message}`);
		return 1;
	}
	return 0;
}

process.exitCode = main(process.argv.slice(2));
