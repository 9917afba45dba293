// Numbers and times as people read them.

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

const known = (value) => typeof value === 'number' && Number.isFinite(value);

/** Which power of a thousand a value is best shown in. */
export function power(value) {
  const size = Math.abs(value);
  if (!known(size) || size < 1000) return 0;
  return Math.min(Math.floor(Math.log10(size) / 3 + 1e-9), PREFIXES.length - 1);
}

export const prefix = (of) => PREFIXES[of];

/** Three digits that count, and the unit with its prefix: `1.23 TMAC/s`. */
export function si(value, unit) {
  if (!known(value)) return '–';
  const scaled = value / 1000 ** power(value);
  // 999.7 would round up to four digits.
  const of = Math.abs(scaled) >= 999.5 && power(value) < PREFIXES.length - 1 ? power(value) + 1 : power(value);
  return `${digits(value / 1000 ** of)} ${PREFIXES[of]}${unit}`;
}

/** Three digits that count, none after the point that are all zero. */
export function digits(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 0.001) return value.toExponential(1);
  const places = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return String(Number(size < 0.1 ? value.toPrecision(2) : value.toFixed(places)));
}

// Made once: making one takes longer than all else that is done for a row.
const WHOLE = new Intl.NumberFormat('en-GB');
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

export const count = (value) => (known(value) ? WHOLE.format(value) : '–');

export const percent = (value) => (known(value) ? `${digits(value * 100)} %` : '–');

/** The two largest parts: `3 h 12 min`. */
export function duration(seconds) {
  if (!known(seconds)) return '–';
  if (seconds < 0.0995) return `${digits(seconds * 1000)} ms`;
  if (seconds < 9.995) return `${digits(seconds)} s`;
  const whole = Math.floor(seconds);
  const parts = [
    [Math.floor(whole / 86400), 'd'], [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'], [whole % 60, 's'],
  ];
  const first = parts.findIndex(([number]) => number > 0);
  const shown = parts.slice(first, first + 2).filter(([number]) => number > 0);
  return shown.map(([number, unit]) => `${number} ${unit}`).join(' ');
}

/** Time of day, where the reader is. */
export function clock(unixTime) {
  return TIME.format(unixTime * 1000);
}

/** A state's name as a person writes it. */
export const words = (state) => String(state).replaceAll('_', ' ');

/** Those parts that there are, in one line; a short one is not broken within itself. */
export function together(parts) {
  const whole = (part) => (part.length < 24 ? part.replaceAll(' ', '\u00a0') : part);
  return parts.filter(Boolean).map((part) => whole(String(part))).join(' · ');
}
