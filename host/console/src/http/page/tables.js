// Tables whose rows stay as long as what they show, so that buttons keep the focus and a reader their place.

import { clock, count, duration, percent, si, together, words } from './format.js';

/** From which part of wrong answers on a device is shown as one that is not in order. */
const WRONG = 0.05;

/** What differs only is set: everything here comes from elsewhere, and is text. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Columns: a head, and what a cell says: its text, what stands small beside it, and how it looks. */
const DEVICE_COLUMNS = [
  ['Device', (device) => [device.name, [
    device.description, device.geometry !== 'none' && device.geometry, device.clock_hz && si(device.clock_hz, 'Hz'),
  ]]],
  ['State', (device) => [words(device.state), [device.reason, `for ${duration(device.state_s)}`], device.state]],
  ['Rate', (device) => [
    si(device.reported.minute, 'MAC/s'),
    [`15 min ${si(device.reported.quarter, 'MAC/s')}`, `day ${si(device.reported.day, 'MAC/s')}`],
  ]],
  ['Credited', (device) => [
    si(device.macs_credited, 'MAC'), [`${count(device.hits)} hits`, `${count(device.shares)} shares`],
  ]],
  ['Errors', (device) => [
    percent(device.hardware_error_rate), [`${count(device.hardware_errors)} wrong answers`],
    device.hardware_error_rate >= WRONG ? 'wrong' : '',
  ]],
  ['Measured', (device) => {
    const warm = device.temperature_c !== null && `${device.temperature_c.toFixed(0)} °C`;
    const power = device.power_w !== null && `${device.power_w.toFixed(1)} W`;
    const busy = device.utilisation !== null && `${percent(device.utilisation)} busy`;
    const [first, ...rest] = [warm, power, busy].filter(Boolean);
    return [first ?? '–', rest];
  }],
];

const SOURCE_COLUMNS = [
  ['Source', (source) => [source.name, [`${source.kind} ${source.endpoint}`, `priority ${source.priority}`]]],
  ['State', (source) => [
    source.active ? `${words(source.state)}, in use` : words(source.state), [source.error], source.state,
  ]],
  ['Job', ({ job }) => (job === null ? ['–', []] : [
    `${duration(job.age_s)} old`,
    [job.name, job.height !== null && `height ${count(job.height)}`, `${si(job.macs_per_share, 'MAC')} a share`],
  ])],
  ['Shares', ({ shares }) => [
    `${count(shares.accepted)} accepted`,
    [`${count(shares.rejected)} rejected`, `${count(shares.stale)} stale`, `${count(shares.pending)} pending`],
  ]],
  ['Answer', (source) => [duration(source.latency_s), [`connected ${count(source.connections)} times`]]],
];

/** Buttons: their text, when they are shown, and the control that they send. */
const buttons = (thing) => [
  ['Switch off', ({ state }) => state !== 'off', `${thing}_off`],
  ['Switch on', ({ state }) => state === 'off', `${thing}_on`],
  ['Try now', ({ state }) => ['quarantined', 'back_off', 'gone'].includes(state), `${thing}_on`],
];

export class Table {
  rows = new Map();

  constructor(table, thing, send) {
    this.columns = thing === 'device' ? DEVICE_COLUMNS : SOURCE_COLUMNS;
    this.thing = thing;
    this.send = send;
    const head = table.createTHead();
    head.role = 'rowgroup';
    const row = head.insertRow();
    row.role = 'row';
    for (const title of [...this.columns.map(([title]) => title), 'Control']) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.role = 'columnheader';
      cell.textContent = title;
      row.append(cell);
    }
    this.body = table.createTBody();
    this.body.role = 'rowgroup';
  }

  /** Shows these things, hiding those that `filter` does not let through. */
  show(things, filter) {
    const before = this.rows;
    this.rows = new Map(things.map((thing) => [thing.name, before.get(thing.name) ?? this.make(thing.name)]));
    const rows = [...this.rows.values()].map(({ row }) => row);
    // Moving a row that has the focus takes it away.
    if (rows.length !== this.body.rows.length || rows.some((row, place) => row !== this.body.rows[place])) {
      this.body.replaceChildren(...rows);
    }
    for (const thing of things) this.fill(this.rows.get(thing.name), thing, filter);
  }

  make(name) {
    const row = document.createElement('tr');
    row.role = 'row';
    const cells = this.columns.map(([title], place) => {
      const cell = document.createElement(place === 0 ? 'th' : 'td');
      cell.role = place === 0 ? 'rowheader' : 'cell';
      if (place === 0) cell.scope = 'row';
      cell.dataset.title = title;
      const main = document.createElement('span');
      main.className = 'main';
      const beside = document.createElement('span');
      beside.className = 'beside';
      cell.append(main, beside);
      row.append(cell);
      return { cell, main, beside };
    });
    const last = row.insertCell();
    last.role = 'cell';
    last.className = 'buttons';
    const made = buttons(this.thing).map(([title, when, action]) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = title;
      button.setAttribute('aria-label', `${title}: ${name}`);
      button.addEventListener('click', () => this.send({ action, [this.thing]: name }, title));
      last.append(button);
      return { button, when };
    });
    return { row, cells, made };
  }

  fill({ row, cells, made }, thing, filter) {
    let whole = '';
    this.columns.forEach(([, content], place) => {
      const [text, parts, look = ''] = content(thing);
      const beside = together(parts);
      say(cells[place].main, text);
      say(cells[place].beside, beside);
      if (cells[place].cell.dataset.look !== look) cells[place].cell.dataset.look = look;
      whole += `${text} ${beside} `;
    });
    for (const { button, when } of made) button.hidden = !when(thing);
    row.hidden = !whole.toLowerCase().includes(filter.toLowerCase());
  }
}

/** The log: lines are added, and the oldest ones go. */
export class Log {
  static MOST = 500;

  constructor(list) {
    this.list = list;
    this.newest = 0;
  }

  add(lines) {
    const { list } = this;
    const pane = list.parentElement;
    const atEnd = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 8;
    for (const line of lines.filter(({ number }) => number > this.newest)) {
      const item = document.createElement('li');
      item.className = line.level;
      const time = document.createElement('time');
      time.textContent = clock(line.unix_time_s);
      const about = document.createElement('b');
      about.textContent = line.about;
      const level = document.createElement('em');
      level.textContent = line.level === 'info' ? '' : line.level;
      const text = document.createElement('span');
      text.textContent = line.text;
      item.append(time, ' ', about, ' ', level, ' ', text);
      list.append(item);
      this.newest = line.number;
    }
    while (list.children.length > Log.MOST) list.firstChild.remove();
    // A reader who looks at older lines keeps their place.
    if (atEnd) pane.scrollTop = pane.scrollHeight;
  }

  clear() {
    this.newest = 0;
    this.list.replaceChildren();
  }
}
