import { GROUPS_FOLDED, type Line, TraceLines } from './fold.ts';
import { printable } from './printable.ts';
import type { Trace } from './span-record.ts';
import { attributeTexts, errorText, KIND_LABELS } from './span-text.ts';
import { fit, paint, textWidth, truncate, wrap } from './terminal.ts';
import { formatDuration } from './time-axis.ts';
import { type Layout, layoutTrace, type Row } from './trace-layout.ts';
import { logsByRow } from './trace-logs.ts';
import { hasFailed, subtreeEnds } from './trace-rows.ts';
import { DURATION_COLUMNS, header, notes } from './waterfall-frame.ts';
import { logLines } from './waterfall-logs.ts';
import { ASCII, branches, type Glyphs, UNICODE, type View } from './waterfall-view.ts';

/** Options of `renderWaterfall`. */
export interface WaterfallOptions {
  /** Width in columns; values below 40 count as 40. Below 60, services and kinds are omitted. Default 100. */
  readonly width?: number;
  /** Use escape sequences for colours. Default false. */
  readonly color?: boolean;
  /** Draw with ASCII characters only; names are not changed. Default false. */
  readonly ascii?: boolean;
  /** List attributes, events and links below each span. Default false. */
  readonly attributes?: boolean;
  /** List the log records below each span, or only those of errors. Default false. */
  readonly logs?: boolean | 'errors';
  /** Draw 20 or more siblings of the same name, kind, service and outcome as one line. Default true. */
  readonly fold?: boolean;
}

const MIN_WIDTH = 40;
const WIDE = 60;
const KIND_COLUMNS = 3;

/**
 * Draws a trace as a waterfall: one line for each span, as a tree across all services, with bars on one time axis.
 * Ends with a line feed. Escapes control characters in text from spans.
 *
 * @example
 * process.stdout.write(renderWaterfall(trace, { width: 80 }));
 */
export function renderWaterfall(trace: Trace, options: WaterfallOptions = {}): string {
  const { width = 100, color = false, ascii = false, attributes = false } = options;
  const { logs = false, fold = true } = options;
  const layout = layoutTrace(trace);
  const minGroup = fold ? undefined : Number.POSITIVE_INFINITY;
  const shown = new TraceLines(layout.rows, subtreeEnds(layout.rows), minGroup).visible(GROUPS_FOLDED);
  const glyphs = ascii ? ASCII : UNICODE;
  const logsOf = logsByRow(trace, layout.rows);
  const view: View = {
    layout,
    columns: measure(layout, logsOf, shown, Math.max(MIN_WIDTH, Math.floor(width)), glyphs),
    logs: logsOf,
    glyphs,
    ascii,
    paint: paint(color),
    serviceIndex: new Map(layout.services.map((service, index) => [service, index])),
  };
  const lines = header(view);
  for (const line of shown) {
    lines.push(spanLine(line, view), ...errorLine(line, view));
    if (attributes && line.kind === 'span') for (const text of details(line, view)) lines.push(text);
    if (logs) for (const text of logLines(line, view, logs === 'errors', attributes)) lines.push(text);
  }
  return `${[...lines, ...notes(view)].map((line) => line.trimEnd()).join('\n')}\n`;
}

/**
 * Names get the width they need, up to two fifths of the total; services at most 16 columns; bars the rest. On a
 * narrow terminal, services and kinds have no column.
 */
function measure(
  layout: Layout,
  logs: View['logs'],
  lines: readonly Line[],
  total: number,
  glyphs: Glyphs,
): View['columns'] {
  let service = 7;
  let name = 12;
  for (const text of layout.services) service = Math.max(service, textWidth(printable(text)));
  for (const line of lines)
    name = Math.max(name, 2 * line.depth + 1 + textWidth(label(line, { layout, logs, glyphs })));
  service = Math.min(16, service);
  name = Math.min(Math.floor(total * 0.4), name);
  if (total < WIDE) return { total, name, service: 0, bar: total - name - 1 - DURATION_COLUMNS };
  const gaps = 2 + 1 + 1;
  return { total, name, service, bar: total - name - service - KIND_COLUMNS - gaps - DURATION_COLUMNS };
}

function label(line: Line, { layout, logs, glyphs }: Pick<View, 'layout' | 'logs' | 'glyphs'>): string {
  const { span, orphan } = layout.rows[line.row]!;
  const name = `${orphan ? '? ' : ''}${printable(span.name)}`;
  if (line.kind === 'group') return `${glyphs.times}${line.members.length} ${name}`;
  return (
    name +
    marks(span.events.length, glyphs.event) +
    marks(span.links.length, glyphs.link) +
    marks(logs.get(line.row)?.length ?? 0, glyphs.log)
  );
}

function marks(count: number, glyph: string): string {
  return count === 0 ? '' : ` ${glyph}${count}`;
}

function spanLine(line: Line, view: View): string {
  const { columns, glyphs, ascii, layout } = view;
  const row = layout.rows[line.row]!;
  const failed = hasFailed(row);
  const prefix = branches(line, view, false);
  const name = fit(label(line, view), columns.name - textWidth(prefix), glyphs.ellipsis);
  const service = fit(printable(row.service), columns.service, glyphs.ellipsis);
  const inService = (text: string) => view.paint.service(view.serviceIndex.get(row.service) ?? 0, text);
  const inStatus = failed ? view.paint.red : inService;
  const details = [` ${inService(service)}`, view.paint.dim(KIND_LABELS[row.span.kind] ?? '   ')];
  const [startNs, endNs] = extent(line, row);
  // The durations of a group are added: its members may run at the same time.
  const durationNs = line.kind === 'group' ? line.totalNs : row.durationNs;
  return [
    view.paint.dim(prefix) + (failed ? view.paint.red(name) : name),
    ...(columns.service > 0 ? details : []),
    inStatus(bar(startNs, endNs, view)),
    formatDuration(durationNs, ascii).padStart(DURATION_COLUMNS - 1),
  ].join(' ');
}

function extent(line: Line, { startNs, durationNs }: Row): [startNs: number, endNs: number] {
  return line.kind === 'group' ? [line.startNs, line.endNs] : [startNs, startNs + durationNs];
}

/** Rounds to half a cell; even the shortest span is visible. */
function bar(startNs: number, endNs: number, { layout, columns, glyphs }: View): string {
  const halves = columns.bar * 2;
  const scale = layout.totalNs > 0 ? halves / layout.totalNs : 0;
  const start = Math.min(halves - 1, Math.floor(startNs * scale));
  const end = Math.min(halves, Math.max(start + 1, Math.round(endNs * scale)));
  let cells = '';
  for (let half = 0; half < halves; half += 2) {
    const left = start <= half && half < end;
    const right = start <= half + 1 && half + 1 < end;
    cells += left && right ? glyphs.full : left ? glyphs.left : right ? glyphs.right : ' ';
  }
  return cells;
}

function errorLine(line: Line, view: View): string[] {
  const error = errorText(view.layout.rows[line.row]!.span);
  if (error === undefined) return [];
  const below = branches(line, view, true);
  const text = truncate(
    `${view.glyphs.error} ${printable(error)}`,
    view.columns.total - textWidth(below),
    view.glyphs.ellipsis,
  );
  return [view.paint.dim(below) + view.paint.red(text)];
}

function details(line: Line, view: View): string[] {
  const { glyphs, ascii, columns, paint, layout } = view;
  const { span } = layout.rows[line.row]!;
  const texts = attributeTexts(span.attributes, '');
  for (const event of span.events) {
    const at = Number(event.timeUnixNano - span.startTimeUnixNano);
    texts.push(`${glyphs.event} ${printable(event.name)} at ${formatDuration(at, ascii)}`);
    texts.push(...attributeTexts(event.attributes, '  '));
  }
  for (const link of span.links) {
    texts.push(`${glyphs.link} trace ${printable(link.traceId)} span ${printable(link.spanId)}`);
    texts.push(...attributeTexts(link.attributes, '  '));
  }
  const below = branches(line, view, true);
  const width = columns.total - textWidth(below) - 2;
  return texts.flatMap((text) => wrap(text, width).map((line) => `${paint.dim(below)}  ${paint.dim(line)}`));
}
