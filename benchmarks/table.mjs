import { machineNotice, tooWide } from './notices.mjs';
import { programs } from './programs.mjs';
import { variants } from './variants.mjs';

const number = (value, digits = 1) => value.toFixed(digits);
const percent = ({ value }) => `${Math.round(value * 100)} %`;
const interval = ({ value, low, high }, digits = 1) =>
  low === high
    ? number(value, digits)
    : `${number(value, digits)} [${number(low, digits)}, ${number(high, digits)}]`;

/**
 * Formats the figures of one application.
 *
 * @param {string} program
 * @param {ReturnType<typeof import('./figures.mjs').summarise>} summary
 * @param {{ share: number }} settings
 */
export function programTable(program, { perSecond, othersBusy, variants: summaries }, { share }) {
  const [one, many] = programs[program].unit;
  const { saturated, steady } = summaries.bare;
  const bare = ({ cpuUs, userUs, systemUs }) =>
    `${interval(cpuUs)} µs of CPU per ${one} (user ${number(userUs.value)}, system ${number(systemUs.value)})`;
  const rate = `${Math.round(perSecond).toLocaleString('en')} ${many}/s`;
  return [
    `${program}, saturated: bare ${bare(saturated)}, ${Math.round(saturated.perSecond.value).toLocaleString('en')} ${many}/s`,
    costTable('saturated', `${many}/s kept`, summaries),
    `${program}, ${rate} (${Math.round(share * 100)} % of that): bare ${bare(steady)}`,
    costTable('steady', 'rate held', summaries),
    `${program}, spans and memory`,
    spanTable(one, summaries),
    machineNotice(othersBusy),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function costTable(phase, rate, summaries) {
  const rows = Object.entries(summaries)
    .filter(([variant]) => variant !== 'bare')
    .map(([variant, { [phase]: costs }]) => [
      variant,
      interval(costs.addedUs),
      number(costs.addedUserUs.value),
      number(costs.addedSystemUs.value),
      costs.ratio ? ratioText(costs.ratio, variants[variant].than) : '',
      percent(costs.kept),
    ]);
  return grid([['variant', 'CPU added, µs', 'user', 'system', 'ratio', rate], ...rows]);
}

function ratioText(ratio, than) {
  return `${interval(ratio, 3)} of ${than}${tooWide(ratio) ? ' (too wide to tell)' : ''}`;
}

function spanTable(one, summaries) {
  const rows = Object.entries(summaries).map(([variant, summary]) => [
    variant,
    number(summary.spansPerRequest),
    summary.spansPerRequest
      ? `${number(summary.attributesPerSpan)}, ${Math.round(summary.bytesPerSpan)}`
      : '',
    interval(variant === 'bare' ? summary.rssMb : summary.addedRssMb, 0),
    number(summary.heapMb, 0),
  ]);
  const head = ['variant', `spans per ${one}`, 'attributes, bytes per span', 'RSS MB (added)', 'heap MB'];
  return grid([head, ...rows]);
}

export function preloadTable(preload) {
  const rows = Object.entries(preload).map(([variant, { ms, addedMs, timesBare, rssMb, addedRssMb }]) =>
    variant === 'bare'
      ? [variant, interval(ms), '', '', interval(rssMb), '']
      : [
          variant,
          interval(ms),
          interval(addedMs),
          interval(timesBare, 2),
          interval(rssMb),
          interval(addedRssMb),
        ],
  );
  const head = ['variant', 'ms', 'added', 'times bare', 'RSS MB', 'added'];
  return `preload of an empty application\n${grid([head, ...rows])}`;
}

/** Formats the figures that a run of a tenth of a second can measure. */
export function spanCounts(program, { variants: summaries }) {
  const [one] = programs[program].unit;
  const counts = Object.entries(summaries).map(
    ([variant, { spansPerRequest }]) => `${variant} ${spansPerRequest}`,
  );
  return `${program}, spans per ${one}: ${counts.join(', ')}`;
}

export function propagationTable(propagation) {
  const rows = Object.entries(propagation).map(([operation, { clew, otel, ratio }]) => [
    operation,
    clew ? interval(clew) : '',
    otel ? interval(otel) : '',
    ratio ? interval(ratio, 2) : '',
  ]);
  return `propagation, ns an operation\n${grid([['operation', 'clew', 'otel', 'ratio'], ...rows])}`;
}

export function sizeTable(size) {
  const rows = Object.entries(size).map(([what, { packages, mb }]) => [what, String(packages), number(mb)]);
  return `installed, with the same plugins\n${grid([['what', 'packages', 'MB'], ...rows])}`;
}

export function goalsTable(goals) {
  const rows = goals.map(({ goal, measured, limit, unit, verdict }) => [
    verdict,
    goal,
    `${interval(measured, unit === '' ? 3 : 1)}${unit && ` ${unit}`}`,
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
