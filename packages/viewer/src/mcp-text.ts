import { printable } from './printable.ts';
import type { Operation } from './service-map.ts';
import type { Trace } from './span-record.ts';
import { KIND_LABELS } from './span-text.ts';
import { formatDuration } from './time-axis.ts';
import { compareTraces, type PlaceDifference, type PlaceTotals } from './trace-difference.ts';

/** How many differences of two traces are listed. */
const MAX_DIFFERENCES = 300;

/** Lists operations, slowest first, one a line. */
export function operationsText(operations: readonly Operation[], limit: number): string {
  if (operations.length === 0) return 'No operation in the traces that fulfil these conditions.';
  const slowest = [...operations].sort((a, b) => b.p99Ms - a.p99Ms).slice(0, limit);
  const rows = slowest.map((operation) => [
    duration(operation.p99Ms * 1e6),
    duration(operation.p50Ms * 1e6),
    String(operation.calls),
    String(operation.errors),
    operationName(operation),
  ]);
  return table(['p99', 'p50', 'calls', 'errors', 'operation'], rows);
}

/** Lists the places at which two traces differ; those whose own time has changed the most come first. */
export function comparisonText(before: Trace, after: Trace): string {
  const changed = compareTraces(before, after)
    .filter((place) => (['count', 'errors', 'selfNs'] as const).some((of) => changeOf(place, of) !== 0))
    .sort((a, b) => Math.abs(changeOf(b, 'selfNs')) - Math.abs(changeOf(a, 'selfNs')));
  const rows = changed
    .slice(0, MAX_DIFFERENCES)
    .map((place) => [
      sides(place, ({ selfNs }) => duration(selfNs)),
      sides(place, ({ totalNs }) => duration(totalNs)),
      sides(place, ({ count }) => String(count)),
      sides(place, ({ errors }) => String(errors)),
      `${place.depth} ${operationName(place)}`,
    ]);
  return [
    `before: ${before.traceId}, ${before.spans.length} spans`,
    `after:  ${after.traceId}, ${after.spans.length} spans`,
    table(['own time', 'total time', 'spans', 'errors', 'depth and operation'], rows),
    ...(changed.length > rows.length
      ? [`(${changed.length - rows.length} smaller differences are left out)`]
      : []),
  ].join('\n');
}

function changeOf({ before, after }: PlaceDifference, of: keyof PlaceTotals): number {
  return (after?.[of] ?? 0) - (before?.[of] ?? 0);
}

function sides({ before, after }: PlaceDifference, format: (totals: PlaceTotals) => string): string {
  return [before, after].map((totals) => (totals === undefined ? '-' : format(totals))).join(' > ');
}

const duration = (ns: number) => formatDuration(ns, true);

function operationName({ service, kind, name }: Pick<Operation, 'service' | 'kind' | 'name'>): string {
  return printable(`${service} ${KIND_LABELS[kind]} ${name}`);
}

/** Aligns all columns to the right, except the last. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  return [head, ...rows]
    .map((row) =>
      row.map((cell, column) => (column < row.length - 1 ? cell.padStart(widths[column]!) : cell)).join('  '),
    )
    .join('\n');
}
