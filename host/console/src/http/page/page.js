// Takes a status a second and shows it. All that comes from elsewhere is set as text.

import { draw } from './charts.js';
import { send } from './control.js';
import { count, duration, percent, si, together, words } from './format.js';
import { Series } from './series.js';
import { Log, Table, say } from './tables.js';

/** How long to wait before asking again after the server refused. */
const AGAIN_MS = 5000;

const find = (id) => document.getElementById(id);
const series = new Series();
const log = new Log(find('log'));
const devices = new Table(find('devices'), 'device', ask);
const sources = new Table(find('sources'), 'source', ask);
let newest = null;
let states = new Map();

function ask(control, title) {
  send(control, title, (text, bad) => {
    say(find('announce'), text);
    find('announce').classList.toggle('bad', bad);
    find('announce').classList.remove('spoken');
  });
}

function show(status) {
  // The log of a miner that began anew counts from 1 again.
  if (newest !== null && status.uptime_s < newest.uptime_s) log.clear();
  newest = status;
  series.add(status);
  headline(status);
  log.add(status.log);
  redraw();
  announce(status);
}

/** What depends on the window and the filter too. */
function redraw() {
  if (newest === null || document.hidden) return;
  const filter = find('filter').value.trim();
  devices.show(newest.devices, filter);
  sources.show(newest.sources, '');
  find('no-devices').hidden = newest.devices.length > 0;
  find('no-sources').hidden = newest.sources.length > 0;
  if (series.points.length === 0) return;
  draw(find('rate-chart'), find('rate-legend'), series.rates(), { unit: 'MAC/s', whole: false, what: 'Rate' });
  draw(find('share-chart'), find('share-legend'), series.shares(), { unit: 'shares', whole: true, what: 'Shares' });
}

function headline({ version, uptime_s: uptime, work, notice, totals, devices: all }) {
  const { shares } = totals;
  say(find('work'), work);
  find('notice').hidden = !notice;
  say(find('notice'), notice ?? '');
  find('unwritable').hidden = totals.log_writable;
  say(find('rate'), si(totals.reported.minute, 'MAC/s'));
  say(find('rate-beside'),
    together([`15 min ${si(totals.reported.quarter, 'MAC/s')}`, `day ${si(totals.reported.day, 'MAC/s')}`]));
  say(find('credited'), si(totals.macs_credited, 'MAC'));
  say(find('credited-beside'), `${si(totals.macs_credited / Math.max(uptime, 1), 'MAC/s')} on average`);
  say(find('accepted'), count(shares.accepted));
  say(find('shares-beside'),
    together([`${count(shares.rejected)} rejected`, `${count(shares.stale)} stale`, `${count(shares.pending)} pending`]));
  const working = all.filter(({ state }) => state === 'working').length;
  say(find('working'), `${count(working)} of ${count(all.length)}`);
  say(find('devices-beside'), others(all));
  const wrong = totals.hardware_errors;
  const hits = all.reduce((sum, device) => sum + device.hits, 0);
  say(find('errors'), count(wrong));
  say(find('errors-beside'), `${percent(wrong / Math.max(hits + wrong, 1))} of answers`);
  const latency = totals.job_latency_s === null ? '' : `, ${duration(totals.job_latency_s)} from job to work`;
  say(find('about'), `gemmine ${version}, up ${duration(uptime)}, ${count(totals.jobs)} jobs${latency}`);
  document.title = `${si(totals.reported.minute, 'MAC/s')} – gemmine`;
}

/** `2 off · 1 quarantined`. */
function others(all) {
  const counts = new Map();
  for (const { state } of all) if (state !== 'working') counts.set(state, (counts.get(state) ?? 0) + 1);
  return together([...counts].map(([state, number]) => `${number} ${words(state)}`));
}

/** Says which devices and sources are in another state than before; of many, only how many. */
function announce({ devices: all, sources: from }) {
  const now = new Map([...all, ...from].map(({ name, state }) => [name, words(state)]));
  const changed = [...now].filter(([name, state]) => states.has(name) && states.get(name) !== state);
  states = now;
  if (changed.length === 0) return;
  const some = changed.slice(0, 3).map(([name, state]) => `${name} is ${state}`);
  if (changed.length > 3) some.push(`${changed.length - 3} others have changed`);
  find('announce').classList.add('spoken');
  say(find('announce'), some.join(', '));
}

function link(text, up) {
  say(find('link'), text);
  document.body.classList.toggle('lost', !up);
}

function listen() {
  const events = new EventSource('/api/v1/events');
  events.addEventListener('status', (event) => {
    show(JSON.parse(event.data));
    link('live', true);
  });
  events.addEventListener('error', () => {
    link('no connection; trying again', false);
    // A browser gives up by itself if it was refused.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  });
}

async function before() {
  try {
    series.load(await (await fetch('/api/v1/history')).json());
    redraw();
  } catch {
    // The charts begin with the first status then.
  }
}

find('filter').addEventListener('input', redraw);
find('bad-only').addEventListener('change', (event) => {
  find('log').classList.toggle('bad-only', event.target.checked);
});
document.addEventListener('visibilitychange', redraw);
new ResizeObserver(redraw).observe(find('charts'));
before();
listen();
