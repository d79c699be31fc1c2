// SPDX-License-Identifier: GPL-2.0-only
//
// browser: opens report pages in headless Chromium and uses them as people do. Prints what went wrong, a
// line each; no line and status 0 if nothing did.
//
//   node browser.mjs TOOLS CHROMIUM PAGE [PAGE_WITHOUT_LIBRARY PAGE_OF_MANY]
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [tools, executablePath, whole, bare, many] = process.argv.slice(2);
const { chromium } = createRequire(join(tools, 'package.json'))('playwright-core');
const { CHARTS, COUNT_CHART, THEMES, hasData } = await import(
	pathToFileURL(join(tools, 'charts.mjs')));
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking',
	'--disable-component-update', '--disable-sync'];
let where = '';

function expect(good, what)
{
	if (!good) {
		process.exitCode = 1;
		console.log(`${where}: ${what}`);
	}
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

async function open(browser, path, options = {})
{
	const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...options });
	page.on('console', (message) => expect(!['error', 'warning'].includes(message.type()),
		`console: ${message.text()}`));
	page.on('pageerror', (error) => expect(false, `error: ${error.message}`));
	page.on('request', (request) => expect(/^(file|data|blob):/.test(request.url()),
		`asked for ${request.url()}`));
	await page.goto(pathToFileURL(path).href);
	await page.waitForSelector('html[data-ready=yes]', { timeout: 10000 });
	return page;
}

// Everything comes into view once, so that every chart is drawn.
async function scrollThrough(page)
{
	await page.evaluate(async () => {
		for (const figure of document.querySelectorAll('figure')) {
			figure.scrollIntoView();
			await new Promise((done) => {
				requestAnimationFrame(() => setTimeout(done, 20));
			});
		}
		scrollTo(0, 0);
	});
}

const shown = (value) => (value == null ? '-' : String(typeof value === 'number' ? Number(value.toPrecision(5)) : value));

// The figures beside each chart are those of the JSON, computed here a second time from its rows.
async function checkFigures(page)
{
	const data = JSON.parse(await page.textContent('#data'));
	const table = (id) => page.$$eval(`#${id} tbody tr`, (rows) =>
		rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
	const find = (name) => data.run[0].map.find((row) => row.name === name)?.ns_per_page;
	const rest = 'fmt:arm_64_lpae_s1/granule:4K/size:4K';
	const batch = await table('run-0-batch');
	expect(same(batch.map((row) => row[0]), ['1', '16', '256', '512']),
		`batches ${JSON.stringify(batch)}`);
	for (const cells of batch)
		expect(cells[1] === shown(find(`map/impl:core/${rest}/batch:${cells[0]}/pattern:warm/coherent:1/flush:strict/domain:private/threads:1`)),
			`map of ${cells[0]} is ${cells[1]}`);
	const line = data.run[0].replay.find((row) => row.trace === 'net-rx-lazy').timeline;
	const replay = (await table('run-0-replay')).filter((row) => row[0] === 'net-rx-lazy');
	expect(same(replay.map((row) => row[2]), line.ns_per_event.map(shown)),
		'the timeline is not that of the JSON');
	const exposure = await table('run-0-flush-exposure');
	const ticket = data.run[0].flush.find((row) => row.name.includes('strategy:ticket/clock:virtual') && row.name.includes('/depth:64/'));
	expect(exposure.some((row) => row[0] === 'ticket' && row[2] === shown(ticket.ns_per_page)),
		'ticket against exposure');
	const counts = await table('counts-0-counts');
	const golden = data.counts[0].counts[0].cases[`map/${rest}/batch:256`];
	expect(counts[2][1] === shown(golden.instructions / golden.pages), `counted ${counts[2]}`);
}

// A chart that has data is a picture with as many lines as the definitions make; others say why not.
async function checkCharts(page)
{
	const data = JSON.parse(await page.textContent('#data'));
	for (const chart of [...CHARTS, COUNT_CHART]) {
		const input = chart === COUNT_CHART ? data.counts[0] : data.run[0];
		const id = chart === COUNT_CHART ? 'counts-0-counts' : `run-0-${chart.id}`;
		const option = chart.build(input, THEMES.light);
		const marks = await page.$$eval(`#${id} .plot svg path`, (paths) => paths.length);
		const missing = await page.$$eval(`#${id} .missing`, (found) => found.length);
		const drawn = marks > 2 * option.series.length && !missing, said = !marks && missing === 1;
		expect(hasData(option) ? drawn : said,
			`${id}: ${marks} paths, ${missing} messages`);
		expect(await page.textContent(`#${id} .tag`) === chart.provenance(input),
			`${id}: its label`);
	}
	const emulated = {
		...data.run[0], environment: { ...data.run[0].environment, emulated: true },
	};
	for (const chart of CHARTS.filter((one) => one.provenance(data.run[0]) !== 'counted')) {
		const option = chart.build(emulated, THEMES.light),
			label = chart.provenance(emulated);
		expect(`${option.xAxis.name} ${option.yAxis.name}`.includes(`(${label})`),
			`${chart.id}: no (${label}) on an axis`);
	}
	const ids = await page.$$eval('.charts[data-list=run] figure',
		(all) => all.map((figure) => figure.dataset.chart));
	expect(same(ids, CHARTS.map((chart) => chart.id)), `order ${ids}`);
}

const column = (page, id, i) => page.$$eval(`#${id} tbody tr`,
	(rows, at) => rows.map((row) => row.cells[at].textContent), i);

async function checkSorting(page)
{
	const id = 'counts-table';
	const numbers = async () =>
		(await column(page, id, 2)).filter((text) => text !== '-').map(Number);
	const header = page.locator(`#${id} thead th`).nth(2);
	const before = await numbers();
	await header.locator('button').click();
	expect(await header.getAttribute('aria-sort') === 'ascending', 'aria-sort after a click');
	const sorted = await numbers();
	expect(same(sorted, [...before].sort((a, b) => a - b)) && !same(before, sorted), 'not ascending');
	await header.locator('button').focus();
	await page.keyboard.press('Enter');
	expect(await header.getAttribute('aria-sort') === 'descending', 'aria-sort after Enter');
	expect(same(await numbers(), [...before].sort((a, b) => b - a)), 'not descending');
	await page.locator(`#${id} thead th`).nth(0).locator('button').click();
	expect(await header.getAttribute('aria-sort') === 'none', 'two columns sorted');
	const names = await column(page, id, 0);
	expect(same(names, [...names].sort((a, b) => a.localeCompare(b))), 'names not in order');
}

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const ink = (page) => page.$eval('#run-0-batch .plot svg text',
	(text) => text.getAttribute('fill'));

async function checkTheme(page)
{
	const light = [await background(page), await ink(page)];
	await page.locator('#theme').click();
	const dark = [await background(page), await ink(page)];
	expect(light[0] === 'rgb(255, 255, 255)' && dark[0] === 'rgb(20, 24, 29)',
		`themes ${light} ${dark}`);
	expect(light[1] !== dark[1], 'the plots keep their colours');
	await page.reload();
	await page.waitForSelector('html[data-ready=yes]');
	expect(await background(page) === dark[0], 'the theme is forgotten');
	await page.locator('#theme').click();
	expect(await background(page) === light[0], 'no way back');
}

async function checkSystemTheme(browser)
{
	const page = await open(browser, whole, { colorScheme: 'dark' });
	expect(await background(page) === 'rgb(20, 24, 29)', 'the system is dark, the page is not');
	await page.close();
	// Where the browser lets nothing be stored the button still works.
	const context = await browser.newContext();
	await context.addInitScript(() => Object.defineProperty(window, 'localStorage',
		{ get() { throw new Error('no'); } }));
	const strict = await context.newPage();
	strict.on('pageerror', (error) => expect(false, `without storage: ${error.message}`));
	await strict.goto(pathToFileURL(whole).href);
	await strict.waitForSelector('html[data-ready=yes]');
	await strict.locator('#theme').click();
	expect(await background(strict) === 'rgb(20, 24, 29)',
		'without storage the theme cannot be changed');
	await context.close();
}

async function checkKeyboard(page)
{
	await page.keyboard.press('Tab');
	expect(await page.evaluate(() => document.activeElement.className) === 'skip',
		'the first stop is not the skip link');
	const box = await page.locator('.skip').boundingBox();
	expect(box && box.x >= 0, 'the skip link stays hidden when it has the focus');
	await page.keyboard.press('Enter');
	expect(await page.evaluate(() => document.activeElement.id) === 'main',
		'the skip link does not lead to the figures');
	const first = page.locator('#run-0-batch summary');
	await first.focus();
	expect(await first.evaluate((at) => getComputedStyle(at).outlineStyle) !== 'none',
		'no focus to be seen');
	await page.keyboard.press('Enter');
	expect(await page.locator('#run-0-batch table').isVisible(),
		'Enter does not open the figures of a chart');
	const bad = await page.$$eval('.scroll', (all) => all.filter((box) => box.tabIndex < 0 ||
		!box.getAttribute('aria-label')).length);
	expect(bad === 0, `${bad} scrolling regions out of the keyboard's reach`);
	const levels = await page.$$eval('h1, h2, h3, h4', (all) => all.map((at) => Number(at.tagName[1])));
	expect(levels.every((level, i) => !i || level <= levels[i - 1] + 1), `headings skip: ${levels}`);
	const unnamed = await page.$$eval('button, [role=img], [role=region]', (all) =>
		all.filter((at) => !at.textContent.trim() &&
			!at.getAttribute('aria-label')).length);
	expect(unnamed === 0, `${unnamed} things without a name`);
}

async function downloaded(page, button, name)
{
	const [download] = await Promise.all([page.waitForEvent('download'), page.locator(button).click()]);
	const chunks = [];
	for await (const chunk of await download.createReadStream())
		chunks.push(chunk);
	expect(name.test(download.suggestedFilename()), download.suggestedFilename());
	return Buffer.concat(chunks);
}

async function checkDownload(page)
{
	const data = JSON.parse(await page.textContent('#data'));
	const run = await downloaded(page, 'button[data-download="0"]', /^[a-z0-9.-]+\.json$/);
	expect(same(JSON.parse(run.toString()), data.run[0]), 'the download is not the data');
	if (!data.samples.length)
		return;
	const samples = gunzipSync(await downloaded(page, 'button[data-samples="0"]',
		/^[a-z0-9.-]+-samples-[a-z-]+\.jsonl\.gz$/)).toString().trimEnd().split('\n').map(JSON.parse);
	const names = samples.map((line) => line.name), rows = data.run[0].map.map((row) => row.name);
	expect(same(names, rows), `samples of ${names.length} cases, of ${rows.length} that there are`);
}

async function checkWidths(browser, path)
{
	for (const width of [320, 390, 768, 1440, 2560]) {
		const page = await open(browser, path, { viewport: { width, height: 800 } });
		await scrollThrough(page);
		const wide = await page.evaluate(() => document.documentElement.scrollWidth);
		expect(wide <= width, `${wide} pixels wide on a screen of ${width}`);
		await page.close();
	}
}

async function main()
{
	const browser = await chromium.launch({ executablePath, args: FLAGS });
	where = 'page';
	const page = await open(browser, whole);
	await scrollThrough(page);
	await checkCharts(page);
	await checkFigures(page);
	await checkSorting(page);
	await checkDownload(page);
	await checkTheme(page);
	await page.close();
	const fresh = await open(browser, whole);
	await checkKeyboard(fresh);
	await fresh.close();
	await checkSystemTheme(browser);
	await checkWidths(browser, whole);
	where = 'without JavaScript';
	const context = await browser.newContext({ javaScriptEnabled: false });
	const still = await context.newPage();
	await still.goto(pathToFileURL(whole).href);
	expect(await still.locator('noscript .warn').isVisible(),
		'nothing says why there are no plots');
	expect(await still.locator('#counts-table tbody tr').count() > 10, 'no tables');
	expect(!await still.locator('#theme').isVisible(), 'a button that does nothing');
	await context.close();
	where = 'without ECharts';
	const plain = await open(browser, bare);
	await checkFigures(plain);
	expect(await plain.locator('.plot').count() === 0, 'there are plots');
	await plain.close();
	where = 'many files';
	const merged = await open(browser, many);
	await scrollThrough(merged);
	expect(await merged.locator('#hosts .charts svg').count() >= 1, 'no chart of the hosts');
	await merged.close();
	await browser.close();
}

await main();
