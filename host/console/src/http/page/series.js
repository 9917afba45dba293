// What the charts draw: an hour of it from the server, and then every status that comes.

const HOUR = 3600;
// Newer points are kept every second, older ones as far apart as the server's.
const FINE = 300;
const COARSE = 10;
/** A clock that goes back by less is only being set right. */
const AGAIN = 60;
/** More lines can't be told apart. */
const LINES = 8;

export class Series {
  points = [];
  /** Names of the devices that are drawn; a name's place is its colour, so it stays. */
  shown = [];

  /** Takes `/api/v1/history`, unless statuses have come for longer than that. */
  load(history) {
    const before = history.points.map((point) => ({
      time: point.unix_time_s,
      total: point.reported,
      accepted: point.accepted,
      rejected: point.rejected,
      stale: point.stale,
      devices: new Map(),
    }));
    for (const device of history.devices) {
      const first = before.length - device.reported.length;
      device.reported.forEach((rate, place) => before[first + place].devices.set(device.name, rate));
    }
    const first = this.points[0]?.time ?? Infinity;
    this.points = [...before.filter((point) => point.time < first), ...this.points];
  }

  add(status) {
    const time = status.unix_time_s;
    const last = this.points.at(-1);
    // A miner that began anew, or a clock that was put back: what was before can't be drawn beside it.
    const again = last && (time < last.time - AGAIN || status.totals.shares.accepted < last.accepted);
    if (again) this.points = [];
    const devices = new Map(status.devices.map((device) => [device.name, device.reported.minute]));
    this.choose(devices);
    const { accepted, rejected, stale } = status.totals.shares;
    const total = status.totals.reported.minute;
    this.points.push({ time, total, accepted, rejected, stale, devices: this.only(devices) });
    this.thin(time);
  }

  choose(devices) {
    // A device that is no more frees its colour.
    this.shown = this.shown.map((name) => (devices.has(name) ? name : null));
    const rest = [...devices.keys()].filter((name) => !this.shown.includes(name));
    rest.sort((a, b) => devices.get(b) - devices.get(a));
    for (let place = 0; place < LINES && rest.length > 0; place += 1) {
      this.shown[place] ??= rest.shift();
    }
  }

  only(devices) {
    return new Map(this.shown.filter((name) => name !== null).map((name) => [name, devices.get(name)]));
  }

  thin(now) {
    let last = -Infinity;
    this.points = this.points.filter((point) => {
      const kept = point.time >= now - HOUR && (point.time >= now - FINE || point.time - last >= COARSE);
      if (kept) last = point.time;
      return kept;
    });
  }

  /** Lines of the chart of rates: all together, and each shown device where there are several. */
  rates() {
    const line = (label, look, value) => ({ label, look, points: this.line(value) });
    const lines = [line('all devices', 'total', (point) => point.total)];
    const names = this.shown.filter((name) => name !== null);
    if (names.length < 2) return lines;
    this.shown.forEach((name, place) => {
      if (name !== null) lines.push(line(name, `device${place}`, (point) => point.devices.get(name)));
    });
    return lines;
  }

  /** Lines of the chart of shares: those since the first point. */
  shares() {
    const first = this.points[0];
    return ['accepted', 'rejected', 'stale'].map((what) => (
      { label: what, look: what, points: this.line((point) => point[what] - first[what]) }
    ));
  }

  line(value) {
    return this.points.map((point) => [point.time, value(point)]).filter(([, at]) => Number.isFinite(at));
  }
}
