import { plural } from './plural.ts';
import { printable } from './printable.ts';
import { textWidth, truncate, wrap } from './terminal.ts';
import { formatDuration, ticks } from './time-axis.ts';
import type { View } from './waterfall-view.ts';

/** The lines above the spans: the trace in two lines, its services with their colours, the time axis. */
export function header(view: View): string[] {
  const { layout, columns, glyphs, ascii, paint } = view;
  const { traceId, name, startTimeUnixNano, totalNs, rows, services, errors, sampledBy } = layout;
  const id = printable(traceId).slice(0, columns.service > 0 ? undefined : SHORT_ID);
  const failed = errors > 0 ? [plural(errors, 'error')] : [];
  const facts = [
    startText(startTimeUnixNano),
    formatDuration(totalNs, ascii),
    plural(rows.length, 'span'),
    plural(services.length, 'service'),
  ].map((text) => ({ text, painted: text }));
  facts.push(...failed.map((text) => ({ text, painted: paint.red(text) })));
  for (const reason of sampledBy) {
    const text = truncate(`sampled by ${printable(reason)}`, columns.total, glyphs.ellipsis);
    facts.push({ text, painted: text });
  }
  const legend = services.map((service, index) => {
    const text = truncate(printable(service), columns.total - 2, glyphs.ellipsis);
    return { text: `${glyphs.full} ${text}`, painted: `${paint.service(index, glyphs.full)} ${text}` };
  });
  const title = truncate(printable(name), columns.total - 'trace '.length - id.length - 2, glyphs.ellipsis);
  return [
    `trace ${id}  ${paint.bold(title)}`,
    ...flow(facts, glyphs.dot, columns.total),
    ...flow(legend, '  ', columns.total),
    '',
    ...axis(view),
  ];
}

/** The digits of a trace id if there is no space for all: enough for `clew show`. */
const SHORT_ID = 12;

/** A text in plain and painted form; only the plain one can be measured, without escape sequences. */
interface Piece {
  readonly text: string;
  readonly painted: string;
}

/** Joins pieces into lines of at most `width` columns. */
function flow(pieces: readonly Piece[], separator: string, width: number): string[] {
  const lines: string[] = [];
  let used = width;
  for (const { text, painted } of pieces) {
    const columns = textWidth(separator) + textWidth(text);
    if (lines.length > 0 && used + columns <= width) {
      lines[lines.length - 1] += separator + painted;
      used += columns;
    } else {
      lines.push(painted);
      used = textWidth(text);
    }
  }
  return lines;
}

/** Labels above the axis, each starting at its tick, or ending there if it would exceed the axis. */
function axis({ layout, columns, glyphs, ascii, paint }: View): string[] {
  const { bar } = columns;
  const labels: string[] = new Array(bar).fill(' ');
  const rule: string[] = new Array(bar).fill(glyphs.rule);
  rule[bar - 1] = glyphs.lastTick;
  let free = 0;
  for (const { at, label } of ticks(layout.totalNs, Math.floor(bar / 11), ascii)) {
    const cell = Math.min(bar - 1, Math.floor(at * bar));
    rule[cell] = cell === 0 ? glyphs.firstTick : glyphs.tick;
    const start = Math.min(cell, bar - label.length);
    if (start < free) continue;
    for (let index = 0; index < label.length; index++) labels[start + index] = label[index]!;
    free = start + label.length + 1;
  }
  if (rule[bar - 1] === glyphs.tick) rule[bar - 1] = glyphs.lastTick;
  const indent = ' '.repeat(columns.total - bar - DURATION_COLUMNS);
  return [indent + paint.dim(labels.join('').trimEnd()), indent + paint.dim(rule.join(''))];
}

/** The width of the duration and the gap before it. */
export const DURATION_COLUMNS = 9;

/** The lines below the spans: what is missing, and what was corrected. */
export function notes({ layout, columns, ascii, paint }: View): string[] {
  const lines: string[] = [];
  if (layout.orphans > 0)
    lines.push(`? the parent of ${plural(layout.orphans, 'span')} is not in this trace`);
  for (const [service, shift] of layout.shifts) {
    lines.push(
      `~ the clock of ${printable(service)} is ${formatDuration(shift, ascii)} behind its caller's: shown later by that`,
    );
  }
  const wrapped = lines.flatMap((line) => wrap(line, columns.total));
  return lines.length === 0 ? [] : ['', ...wrapped.map((line) => paint.dim(line))];
}

function startText(unixNano: bigint): string {
  const date = new Date(Number(unixNano / 1_000_000n));
  return Number.isNaN(date.getTime()) ? 'at no valid time' : date.toISOString().replace('T', ' ');
}
