// Line charts in SVG: axes with units, a legend, and words for those who can't see them.

import { power, prefix, digits, duration } from './format.js';

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 220;
const MARGIN = { left: 46, right: 12, top: 24, bottom: 24 };
/** Fewest seconds that a chart shows. */
const LEAST_S = 60;
const TIMES = [10, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600];

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Steps of 1, 2 or 5 times a power of ten, at most so many up to a value. */
export function step(highest, most, whole) {
  const rough = highest / most;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const found = [1, 2, 5, 10].map((times) => times * ten).find((size) => size >= rough * 0.9999);
  return whole ? Math.max(1, found) : found;
}

/**
 * Draws lines `{ label, look, points: [[seconds, value]] }` into an SVG element, and their legend into a list.
 * `unit` stands above the values; `whole` values have no parts.
 */
export function draw(svg, legend, lines, { unit, whole, what }) {
  const all = lines.flatMap((line) => line.points);
  if (all.length === 0) return;
  const scale = scales(svg, all, whole);
  svg.setAttribute('viewBox', `0 0 ${scale.width} ${HEIGHT}`);
  const shown = `${prefix(scale.of)}${unit}`;
  svg.replaceChildren(
    element('text', { class: 'unit', x: 4, y: 14 }, shown),
    ...valueAxis(scale),
    ...timeAxis(scale),
    // The first line lies above the others.
    ...lines.map((line) => path(line, scale)).reverse(),
  );
  svg.setAttribute('aria-label', describe(what, lines, scale, shown));
  explain(legend, lines);
}

function scales(svg, all, whole) {
  const width = Math.max(240, Math.round(svg.clientWidth));
  const last = all.reduce((latest, [time]) => Math.max(latest, time), -Infinity);
  const first = Math.min(last - LEAST_S, all.reduce((earliest, [time]) => Math.min(earliest, time), Infinity));
  const most = all.reduce((highest, [, value]) => Math.max(highest, value), 0) || 1;
  const each = step(most, 4, whole);
  const top = Math.ceil(most / each - 1e-9) * each;
  const right = width - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  return {
    width, first, last, top, each, bottom, right, of: power(top),
    x: (time) => MARGIN.left + ((time - first) / (last - first)) * (right - MARGIN.left),
    y: (value) => bottom - (value / top) * (bottom - MARGIN.top),
  };
}

function valueAxis({ top, each, right, of, y }) {
  const parts = [];
  for (let place = 0; place * each <= top * 1.0001; place += 1) {
    const value = place * each;
    const at = y(value).toFixed(1);
    parts.push(
      element('line', { class: 'grid', x1: MARGIN.left, x2: right, y1: at, y2: at }),
      element('text', { class: 'value', x: MARGIN.left - 6, y: at }, digits(value / 1000 ** of)),
    );
  }
  return parts;
}

function timeAxis({ first, last, right, bottom, x }) {
  const room = Math.max(2, Math.floor((right - MARGIN.left) / 90));
  const each = TIMES.find((size) => (last - first) / size <= room) ?? TIMES.at(-1);
  const parts = [];
  for (let ago = 0; ago <= last - first; ago += each) {
    const at = x(last - ago).toFixed(1);
    const side = ago === 0 ? 'end' : 'middle';
    const said = ago === 0 ? 'now' : `−${duration(ago)}`;
    // What would be cut off at the left is left out.
    if (at - MARGIN.left < 12 && ago > 0) break;
    parts.push(
      element('line', { class: 'tick', x1: at, x2: at, y1: bottom, y2: bottom + 4 }),
      element('text', { class: 'time', x: at, y: bottom + 17, 'text-anchor': side }, said),
    );
  }
  return parts;
}

function path({ look, points }, { x, y }) {
  const [start, ...rest] = points.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`);
  // A single point is drawn as a dot: a line of no length with round ends.
  const data = start === undefined ? '' : `M${start}L${(rest.length ? rest : [start]).join(' ')}`;
  return element('path', { class: `line ${look}`, d: data });
}

function describe(what, lines, { first, last, of }, unit) {
  const ends = lines.map(({ label, points }) => {
    const end = points.at(-1);
    return `${label} ${end ? digits(end[1] / 1000 ** of) : 'none'}`;
  });
  return `${what} over the last ${duration(last - first)}, now in ${unit}: ${ends.join(', ')}`;
}

function explain(legend, lines) {
  const wanted = lines.map(({ label, look }) => `${look} ${label}`).join('\n');
  if (legend.dataset.lines === wanted) return;
  legend.dataset.lines = wanted;
  legend.replaceChildren(...lines.map(({ label, look }) => {
    const item = document.createElement('li');
    const mark = element('svg', { viewBox: '0 0 18 8', class: 'mark', 'aria-hidden': 'true' });
    mark.append(element('path', { class: `line ${look}`, d: 'M1,4L17,4' }));
    item.append(mark, document.createTextNode(label));
    return item;
  }));
}
