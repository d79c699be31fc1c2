// SPDX-License-Identifier: GPL-2.0-only
//
// page: what moves on the report page: charts (drawn when they come into view), sorting, the theme,
// downloads. page.py puts it behind charts.mjs into one script, so it imports nothing; `echarts` is a
// global, or is not there: then every chart is its table.
//
// What holds: nothing is fetched; what the browser refuses to remember is forgotten, and no more.

// ---- theme --------------------------------------------------------------------------------------

const systemDark = matchMedia('(prefers-color-scheme: dark)');

// Storage may be refused (file:, private windows): then the choice lasts as long as the page.
function stored(...value)
{
	try {
		if (value.length)
			localStorage.setItem('io-pgtable-theme', value[0]);
		return localStorage.getItem('io-pgtable-theme');
	} catch {
		return null;
	}
}

function themeName()
{
	return document.documentElement.dataset.theme ?? (systemDark.matches ? 'dark' : 'light');
}

function showTheme()
{
	const button = document.getElementById('theme');
	button.textContent = themeName() === 'dark' ? 'Light' : 'Dark';
	button.setAttribute('aria-label', `Switch to the ${button.textContent.toLowerCase()} theme`);
	redraw();
}

function setUpTheme()
{
	const button = document.getElementById('theme');
	if (['light', 'dark'].includes(stored()))
		document.documentElement.dataset.theme = stored();
	button.hidden = false;
	button.addEventListener('click', () => {
		document.documentElement.dataset.theme = themeName() === 'dark' ? 'light' : 'dark';
		stored(themeName());
		showTheme();
	});
	systemDark.addEventListener('change', showTheme);
	showTheme();
}

// ---- tables -------------------------------------------------------------------------------------

const UNITS = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

// What a cell is sorted by: its first number, with a unit of sizes; nothing goes last.
function sortKey(cell)
{
	const text = cell.textContent.trim();
	const found = /^[-+~]?(\d[\d.]*(?:e[-+]?\d+)?)([KMG]\b)?/.exec(text.replace(/^(CPUs|depth|threads) /, ''));
	if (text === '' || text === '-')
		return { rank: 2 };
	if (text === 'unbounded')
		return { rank: 0, number: Infinity, text };
	if (!found)
		return { rank: 1, text };
	return { rank: 0, number: parseFloat(found[0]) * (UNITS[found[2]] ?? 1), text };
}

function compareKeys(a, b, sign)
{
	if (a.rank !== b.rank)
		return a.rank - b.rank;
	if (a.rank === 0 && a.number !== b.number)
		return sign * (a.number < b.number ? -1 : 1);
	return sign * (a.text ?? '').localeCompare(b.text ?? '');
}

function sortBy(header)
{
	const table = header.closest('table'), column = [...header.parentNode.children].indexOf(header);
	const descending = header.getAttribute('aria-sort') === 'ascending';
	const rows = [...table.tBodies[0].rows]
		.map((row) => ({ row, key: sortKey(row.cells[column]) }));
	rows.sort((a, b) => compareKeys(a.key, b.key, descending ? -1 : 1));
	table.tBodies[0].append(...rows.map(({ row }) => row));
	for (const other of header.parentNode.children)
		other.setAttribute('aria-sort', 'none');
	header.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
}

function makeSortable(table)
{
	for (const header of table.tHead.rows[0].cells) {
		const button = document.createElement('button');
		button.type = 'button';
		button.append(...header.childNodes);
		if (!button.textContent)
			button.setAttribute('aria-label', 'Sort by this column');
		header.append(button);
		header.setAttribute('aria-sort', 'none');
		button.addEventListener('click', () => sortBy(header));
	}
}

function element(name, attributes = {}, ...children)
{
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes))
		made.setAttribute(key, value);
	made.append(...children);
	return made;
}

function figuresTable({ head, body }, title)
{
	const cell = (value, i) => element(i ? 'td' : 'th', i ? {} : { scope: 'row', class: 'k' },
		value == null ? '-' : String(typeof value === 'number' ? Number(value.toPrecision(5)) : value));
	const table = element('table', { class: 'sortable' },
		element('thead', {}, element('tr', {}, ...head.map((name, i) =>
			element('th', { scope: 'col', ...(i ? {} : { class: 'k' }) }, name)))),
		element('tbody', {}, ...body.map((row) => element('tr', {}, ...row.map(cell)))));
	makeSortable(table);
	return element('div', { class: 'scroll long', tabindex: '0', role: 'region',
		'aria-label': `${title}: figures` }, table);
}

// ---- charts -------------------------------------------------------------------------------------

const data = JSON.parse(document.getElementById('data').textContent);
const drawn = [];
const library = globalThis.echarts;

// What does not fit: names of many bars are turned, figures over bars left out, and on a phone the
// names of the lines take turns.
function fitted(option, width)
{
	const groups = option.xAxis.type === 'category' ? option.xAxis.data : [];
	const legend = width >= 480 ? {} : { type: 'scroll', left: 8, right: 8,
		pageIconColor: option.textStyle.color,
		pageTextStyle: { color: option.textStyle.color } };
	const turned = groups.join('  ').length * 7 <= width - 100 ? {} : { nameGap: 52,
		axisLabel: { ...option.xAxis.axisLabel, rotate: 35, fontSize: 11 } };
	const crowded = groups.length * option.series.length * 34 > width - 100;
	return {
		...option, legend: { ...option.legend, ...legend },
		xAxis: { ...option.xAxis, ...turned },
		series: option.series.map((s) =>
			(crowded && s.label ? { ...s, label: { show: false } } : s)),
	};
}

function draw(entry)
{
	const { table, height, ...whole } = entry.chart.build(entry.input, THEMES[themeName()]);
	const option = fitted(whole, entry.plot.clientWidth);
	entry.view ??= library.init(entry.plot, null, { renderer: entry.renderer });
	entry.view.setOption({
		...option, backgroundColor: 'transparent',
		tooltip: { trigger: option.xAxis.type === 'category' ? 'axis' : 'item', confine: true,
			backgroundColor: THEMES[themeName()].background,
			textStyle: { color: THEMES[themeName()].ink, fontSize: 12 } },
	}, true);
}

function redraw()
{
	for (const entry of drawn)
		if (entry.view)
			draw(entry);
}

const inView = library && new IntersectionObserver((entries) => {
	for (const { isIntersecting, target } of entries)
		if (isIntersecting) {
			inView.unobserve(target);
			draw(drawn.find((entry) => entry.plot === target));
		}
}, { rootMargin: '400px' });

// A picture for those who see it, the same figures as a table for everybody.
function addChart(place, chart, input, id)
{
	const option = chart.build(input, THEMES.light), there = hasData(option);
	const provenance = chart.provenance(input);
	const caption = element('figcaption', { id: `${id}-title` },
		element('h3', {}, `${chart.title} `,
			element('span', { class: `tag ${provenance}` }, provenance)),
		element('p', {}, chart.subtitle));
	const figure = element('figure', { id, 'data-chart': chart.id, 'aria-labelledby': `${id}-title`,
		...(option.height ? { class: 'whole' } : {}) }, caption);
	place.append(figure);
	if (!there) {
		figure.append(element('p', { class: 'missing' }, `No figures: ${chart.missing}.`));
		return;
	}
	const table = figuresTable(tableOf(option), chart.title);
	if (!library) {
		figure.append(table);
		return;
	}
	const plot = element('div', { class: 'plot', role: 'img',
		'aria-label': `${chart.title}; the figures are in the table below` });
	if (option.height)
		plot.style.height = `${option.height}px`;
	figure.append(plot, element('details', {}, element('summary', {}, 'Figures as a table'),
		table));
	drawn.push({ chart, input, plot, renderer: 'svg' });
	inView.observe(plot);
}

const LISTS = { run: CHARTS, ratios: [RATIO_CHART], counts: [COUNT_CHART] };

function setUpCharts()
{
	for (const place of document.querySelectorAll('.charts'))
		for (const chart of LISTS[place.dataset.list])
			addChart(place, chart, data[place.dataset.list][place.dataset.index],
				`${place.id}-${chart.id}`);
	addEventListener('resize', () => drawn.forEach((entry) => entry.view?.resize()));
}

// ---- downloads ----------------------------------------------------------------------------------

// content: the parts of the file.
function offer(button, type, content)
{
	button.hidden = false;
	button.addEventListener('click', () => {
		const url = URL.createObjectURL(new Blob(content(), { type }));
		const link = element('a', { href: url, download: button.dataset.name });
		link.click();
		setTimeout(() => URL.revokeObjectURL(url), 60000);
	});
}

function setUpDownloads()
{
	for (const button of document.querySelectorAll('button[data-download]'))
		offer(button, 'application/json', () => [JSON.stringify(data.run[button.dataset.download], null, 1)]);
	for (const button of document.querySelectorAll('button[data-samples]'))
		offer(button, 'application/gzip', () => [Uint8Array.from(
			atob(data.samples[button.dataset.samples]), (char) => char.charCodeAt(0))]);
}

setUpCharts();
document.querySelectorAll('table.sortable').forEach((table) => table.querySelector('th button') ?? makeSortable(table));
setUpTheme();
setUpDownloads();
document.documentElement.dataset.ready = 'yes';
