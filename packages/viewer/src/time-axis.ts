interface Unit {
  readonly ns: number;
  readonly name: string;
}

const UNITS: readonly Unit[] = [
  { ns: 86_400e9, name: 'd' },
  { ns: 3_600e9, name: 'h' },
  { ns: 60e9, name: 'min' },
  { ns: 1e9, name: 's' },
  { ns: 1e6, name: 'ms' },
  { ns: 1e3, name: 'µs' },
  { ns: 1, name: 'ns' },
];

/** Formats a duration in the largest unit with a whole number, to three digits: `45.2 ms`, `870 µs`, `2.5 min`. */
export function formatDuration(ns: number, ascii = false): string {
  if (!(ns > 0)) return '0 ms';
  // 999.7 µs would be rounded to 1000 µs: use 1 ms.
  const unit = UNITS.find((candidate) => ns >= candidate.ns * 0.9995) ?? UNITS[UNITS.length - 1]!;
  return `${digits(ns / unit.ns)} ${unitName(unit, ascii)}`;
}

function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function unitName(unit: Unit, ascii: boolean): string {
  return ascii ? unit.name.replace('µ', 'u') : unit.name;
}

/** A tick of the time axis. */
export interface Tick {
  /** The position on the axis, in [0, 1]. */
  readonly at: number;
  readonly label: string;
}

/** Ticks at round times (1, 2 or 5 times a power of ten) in one unit: 0 and at most `maxTicks` more. */
export function ticks(totalNs: number, maxTicks: number, ascii = false): Tick[] {
  if (!(totalNs > 0) || maxTicks < 1) return [{ at: 0, label: '0' }];
  const unit = UNITS.find((candidate) => totalNs >= candidate.ns * 2) ?? UNITS[UNITS.length - 1]!;
  const total = totalNs / unit.ns;
  const power = 10 ** Math.floor(Math.log10(total / maxTicks));
  const step = [1, 2, 5, 10]
    .map((factor) => factor * power)
    .find((candidate) => total / candidate <= maxTicks)!;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: Math.floor(total / step + 1e-9) + 1 }, (_, index) => ({
    at: (index * step) / total,
    label: index === 0 ? '0' : `${(index * step).toFixed(decimals)} ${unitName(unit, ascii)}`,
  }));
}
