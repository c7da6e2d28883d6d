import type { Attributes, Trace } from './span-record.ts';
import { errorText, KIND_LABELS, valueText } from './span-text.ts';
import { fit, paint, printable, textWidth, truncate, wrap } from './terminal.ts';
import { formatDuration } from './time-axis.ts';
import { type Layout, layoutTrace, type Row } from './trace-layout.ts';
import { DURATION_COLUMNS, header, notes } from './waterfall-frame.ts';
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
  const layout = layoutTrace(trace);
  const glyphs = ascii ? ASCII : UNICODE;
  const view: View = {
    layout,
    columns: measure(layout, Math.max(MIN_WIDTH, Math.floor(width)), glyphs),
    glyphs,
    ascii,
    paint: paint(color),
    serviceIndex: new Map(layout.services.map((service, index) => [service, index])),
  };
  const lines = header(view);
  for (const row of layout.rows) {
    lines.push(spanLine(row, view), ...errorLine(row, view));
    if (attributes) for (const line of details(row, view)) lines.push(line);
  }
  return `${[...lines, ...notes(view)].map((line) => line.trimEnd()).join('\n')}\n`;
}

/**
 * Names get the width they need, up to two fifths of the total; services at most 16 columns; bars the rest. On a
 * narrow terminal, services and kinds have no column.
 */
function measure(layout: Layout, total: number, glyphs: Glyphs): View['columns'] {
  let service = 7;
  let name = 12;
  for (const text of layout.services) service = Math.max(service, textWidth(printable(text)));
  for (const row of layout.rows) name = Math.max(name, 2 * row.depth + 1 + textWidth(label(row, glyphs)));
  service = Math.min(16, service);
  name = Math.min(Math.floor(total * 0.4), name);
  if (total < WIDE) return { total, name, service: 0, bar: total - name - 1 - DURATION_COLUMNS };
  const gaps = 2 + 1 + 1;
  return { total, name, service, bar: total - name - service - KIND_COLUMNS - gaps - DURATION_COLUMNS };
}

function label({ span, orphan }: Row, glyphs: Glyphs): string {
  return `${orphan ? '? ' : ''}${printable(span.name)}${marks(span.events.length, glyphs.event)}${marks(span.links.length, glyphs.link)}`;
}

function marks(count: number, glyph: string): string {
  return count === 0 ? '' : ` ${glyph}${count}`;
}

function spanLine(row: Row, view: View): string {
  const { columns, glyphs, ascii } = view;
  const failed = row.span.status.code === 'ERROR';
  const prefix = branches(row, view, false);
  const name = fit(label(row, glyphs), columns.name - textWidth(prefix), glyphs.ellipsis);
  const service = fit(printable(row.service), columns.service, glyphs.ellipsis);
  const inService = (text: string) => view.paint.service(view.serviceIndex.get(row.service) ?? 0, text);
  const inStatus = failed ? view.paint.red : inService;
  const details = [` ${inService(service)}`, view.paint.dim(KIND_LABELS[row.span.kind] ?? '   ')];
  return [
    view.paint.dim(prefix) + (failed ? view.paint.red(name) : name),
    ...(columns.service > 0 ? details : []),
    inStatus(bar(row, view)),
    formatDuration(row.durationNs, ascii).padStart(DURATION_COLUMNS - 1),
  ].join(' ');
}

/** Rounds to half a cell; even the shortest span is visible. */
function bar({ startNs, durationNs }: Row, { layout, columns, glyphs }: View): string {
  const halves = columns.bar * 2;
  const scale = layout.totalNs > 0 ? halves / layout.totalNs : 0;
  const start = Math.min(halves - 1, Math.floor(startNs * scale));
  const end = Math.min(halves, Math.max(start + 1, Math.round((startNs + durationNs) * scale)));
  let cells = '';
  for (let half = 0; half < halves; half += 2) {
    const left = start <= half && half < end;
    const right = start <= half + 1 && half + 1 < end;
    cells += left && right ? glyphs.full : left ? glyphs.left : right ? glyphs.right : ' ';
  }
  return cells;
}

function errorLine(row: Row, view: View): string[] {
  const error = errorText(row.span);
  if (error === undefined) return [];
  const below = branches(row, view, true);
  const text = truncate(
    `${view.glyphs.error} ${printable(error)}`,
    view.columns.total - textWidth(below),
    view.glyphs.ellipsis,
  );
  return [view.paint.dim(below) + view.paint.red(text)];
}

function details(row: Row, view: View): string[] {
  const { glyphs, ascii, columns, paint } = view;
  const { span } = row;
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
  const below = branches(row, view, true);
  const width = columns.total - textWidth(below) - 2;
  return texts.flatMap((text) => wrap(text, width).map((line) => `${paint.dim(below)}  ${paint.dim(line)}`));
}

function attributeTexts(attributes: Attributes, indent: string): string[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    const [first = '', ...more] = valueText(value).split('\n');
    return [
      `${indent}${printable(key)}: ${printable(first)}`,
      ...more.map((line) => `${indent}  ${printable(line)}`),
    ];
  });
}
