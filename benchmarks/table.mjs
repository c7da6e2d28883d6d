import { programs } from './programs.mjs';
import { variants } from './variants.mjs';

const number = (value, digits = 1) => value.toFixed(digits);
const percent = (value) => `${Math.round(value * 100)} %`;
const spread = ({ median, min, max }) =>
  min === max ? number(median) : `${number(median)} (${number(min)}…${number(max)})`;

/** Formats one program's figures. */
export function programTable(program, summaries) {
  const [one, many] = programs[program].unit;
  const head = [
    'variant',
    `CPU added, µs per ${one}`,
    'ratio',
    `${many}/s kept`,
    `spans per ${one}`,
    'attributes, bytes per span',
    'RSS, heap MB',
  ];
  const rows = Object.entries(summaries).map(([variant, summary]) => [
    variant,
    variant === 'bare' ? '' : spread(summary.addedUs),
    summary.ratio === undefined ? '' : `${number(summary.ratio, 3)} of ${variants[variant].than}`,
    variant === 'bare' ? '' : percent(summary.kept.median),
    number(summary.spansPerRequest),
    summary.spansPerRequest
      ? `${number(summary.attributesPerSpan)}, ${Math.round(summary.bytesPerSpan)}`
      : '',
    `${Math.round(summary.rssMb)}, ${Math.round(summary.heapMb)}`,
  ]);
  const { cpuUs, perSecond } = summaries.bare;
  const title = `${program}: bare ${spread(cpuUs)} µs of CPU per ${one}, ${Math.round(perSecond.median)} ${many}/s`;
  return `${title}\n${grid([head, ...rows])}`;
}

export function preloadTable(preload) {
  const rows = Object.entries(preload).map(([variant, { ms, rssMb }]) => {
    const added = (key, value) => (variant === 'bare' ? '' : number(value.median - preload.bare[key].median));
    return [variant, spread(ms), added('ms', ms), spread(rssMb), added('rssMb', rssMb)];
  });
  return `preload of an empty program\n${grid([['variant', 'ms', 'added', 'RSS MB', 'added'], ...rows])}`;
}

/** Formats the figures that a run of a tenth of a second can measure. */
export function spanCounts(program, summaries) {
  const [one] = programs[program].unit;
  const counts = Object.entries(summaries).map(
    ([variant, { spansPerRequest }]) => `${variant} ${spansPerRequest}`,
  );
  return `${program}, spans per ${one}: ${counts.join(', ')}`;
}

export function propagationTable(propagation) {
  const rows = Object.entries(propagation).map(([operation, { clew, otel }]) => [
    operation,
    clew ? spread(clew) : '',
    otel ? spread(otel) : '',
    clew && otel ? number(clew.median / otel.median, 2) : '',
  ]);
  return `propagation, ns an operation\n${grid([['operation', 'clew', 'otel', 'ratio'], ...rows])}`;
}

export function sizeTable(size) {
  const rows = Object.entries(size).map(([what, { packages, mb }]) => [what, String(packages), number(mb)]);
  return `installed, with the same plugins\n${grid([['what', 'packages', 'MB'], ...rows])}`;
}

export function goalsTable(goals) {
  const rows = goals.map(({ goal, measured, limit, unit, holds }) => [
    holds ? 'holds' : 'missed',
    goal,
    `${number(measured, unit === '' ? 3 : 1)}${unit && ` ${unit}`}`,
    `${limit}${unit && ` ${unit}`}`,
  ]);
  return `goals (for information)\n${grid([['', 'goal', 'measured', 'at most'], ...rows])}`;
}

/** Formats the machine and the versions, without which figures cannot be compared. */
export function environmentLines({ machine, versions }) {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const { cpu, cores, memoryGb, platform, node } = machine;
  return `Node ${node}, ${platform}, ${cpu}, ${cores} cores, ${memoryGb} GB\n${packages.join(', ')}`;
}

function grid(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ');
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}
