import { plural } from './plural.ts';
import { printable } from './printable.ts';
import type { Trace } from './span-record.ts';
import { errorText, KIND_LABELS } from './span-text.ts';
import { textWidth, truncate } from './terminal.ts';
import { formatDuration, ticks } from './time-axis.ts';
import { type Layout, layoutTrace, type Row } from './trace-layout.ts';

/** Options of `renderWaterfallSvg`. */
export interface SvgOptions {
  /** Width in pixels; values below 640 count as 640. Default 960. */
  readonly width?: number;
}

// In pixels. The font is monospaced, because text in an SVG cannot be measured.
const PADDING = 24;
const CHARACTER = 7.25;
const ROW = 24;
const ERROR_ROW = 18;
const BAR = 12;
const INDENT = 14;
const DURATION = 76;
const MAX_LEVELS = 12;

// Readable on light and dark backgrounds. Red is reserved for errors.
const SERVICE_COLOURS = [
  '#3b82f6',
  '#10a37f',
  '#d98a00',
  '#a15cd6',
  '#0e9bb0',
  '#d6539b',
  '#7c8a00',
  '#8a6d5b',
];

const STYLE = `
text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; fill: #1f2328; white-space: pre }
.ground { fill: #ffffff; stroke: #d0d7de }
.title { font-size: 15px; font-weight: 600 }
.quiet { fill: #656d76 }
.small { font-size: 10px }
.end { text-anchor: end }
.error { fill: #d1242f }
.grid { stroke: #8b949e; stroke-opacity: .25 }
.tree { stroke: #afb8c1; fill: none }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.ground { fill: #0d1117; stroke: #30363d }
.quiet { fill: #8d96a0 }
.error { fill: #ff6b63 }
.tree { stroke: #484f58 }
}`;

interface Canvas {
  readonly layout: Layout;
  readonly width: number;
  /** The x coordinates at which the time axis starts, after the name column, and ends. */
  readonly axisStart: number;
  readonly axisEnd: number;
  readonly colours: ReadonlyMap<string, string>;
  readonly shapes: string[];
}

/**
 * Draws a trace as a waterfall in one self-contained SVG image, for light and dark pages. Escapes all text from
 * spans.
 *
 * @example
 * writeFileSync('trace.svg', renderWaterfallSvg(trace));
 */
export function renderWaterfallSvg(trace: Trace, { width: wanted = 960 }: SvgOptions = {}): string {
  const layout = layoutTrace(trace);
  const width = Math.max(640, Math.floor(wanted));
  const widths = layout.rows.map(
    (row) => indentOf(row) + CHARACTER * (textWidth(printable(row.span.name)) + 6),
  );
  const names = widths.reduce((max, pixels) => Math.max(max, pixels), 120);
  const canvas: Canvas = {
    layout,
    width,
    axisStart: PADDING + Math.min(names, Math.floor(width * 0.42)),
    axisEnd: width - PADDING - DURATION,
    colours: new Map(layout.services.map((name, i) => [name, SERVICE_COLOURS[i % SERVICE_COLOURS.length]!])),
    shapes: [],
  };
  const top = drawHeader(canvas) + 28;
  const bottom = drawRows(canvas, top);
  const grid = drawAxis(canvas, top - 4, bottom);
  const height = bottom + PADDING - 6;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${xml(`Trace ${layout.name}`)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>`,
    ...grid,
    ...canvas.shapes,
    '</svg>\n',
  ].join('\n');
}

function drawHeader({ layout, width, colours, shapes }: Canvas): number {
  const characters = Math.floor((width - 2 * PADDING) / CHARACTER);
  shapes.push(text(PADDING, 36, truncate(printable(layout.name), Math.floor(characters * 0.8)), 'title'));
  const facts = [
    formatDuration(layout.totalNs),
    plural(layout.rows.length, 'span'),
    plural(layout.services.length, 'service'),
    `trace ${printable(layout.traceId)}`,
    ...layout.sampledBy.map((reason) => `sampled by ${printable(reason)}`),
  ];
  const errors = `<tspan class="error" dx="8">${plural(layout.errors, 'error')}</tspan>`;
  shapes.push(
    text(PADDING, 57, truncate(facts.join(' · '), characters - 12), 'quiet', layout.errors > 0 ? errors : ''),
  );
  let x = PADDING;
  let y = 80;
  for (const [service, colour] of colours) {
    const name = truncate(printable(service), 40);
    const needed = 16 + CHARACTER * textWidth(name) + 18;
    if (x > PADDING && x + needed > width - PADDING) {
      x = PADDING;
      y += 20;
    }
    shapes.push(`<circle cx="${x + 5}" cy="${y - 4}" r="5" fill="${colour}"/>`, text(x + 16, y, name));
    x += needed;
  }
  return y + 10;
}

function drawRows(canvas: Canvas, top: number): number {
  const middles = new Map<Row, number>();
  let y = top;
  for (const row of canvas.layout.rows) {
    const middle = y + ROW / 2;
    middles.set(row, middle);
    drawRow(canvas, row, middle, row.parent && middles.get(row.parent));
    y += ROW;
    const error = errorText(row.span);
    if (error === undefined) continue;
    const x = PADDING + indentOf(row) + INDENT;
    const maxChars = Math.floor((canvas.width - PADDING - x) / CHARACTER);
    canvas.shapes.push(text(x, y + 8, truncate(`✗ ${printable(error)}`, maxChars), 'error'));
    y += ERROR_ROW;
  }
  return y;
}

function drawRow(canvas: Canvas, row: Row, middle: number, parentMiddle: number | undefined): void {
  const { layout, axisStart, axisEnd, colours, shapes } = canvas;
  const { span, startNs, durationNs, orphan } = row;
  const failed = span.status.code === 'ERROR';
  const x = PADDING + indentOf(row);
  if (parentMiddle !== undefined) {
    const from = x - INDENT + 4;
    shapes.push(`<path class="tree" d="M${from} ${parentMiddle + 9}V${middle}H${x - 3}"/>`);
  }
  const maxChars = Math.floor((axisStart - 14 - x) / CHARACTER) - 4;
  const name = truncate((orphan ? '? ' : '') + printable(span.name), Math.max(4, maxChars));
  const kind = `<tspan class="quiet small" dx="6">${KIND_LABELS[span.kind] ?? ''}</tspan>`;
  shapes.push(text(x, middle + 4, name, failed ? 'error' : '', kind));

  const scale = layout.totalNs > 0 ? (axisEnd - axisStart) / layout.totalNs : 0;
  const start = axisStart + startNs * scale;
  const length = Math.max(2, durationNs * scale);
  const left = Math.min(start, axisEnd - 2);
  const colour = colours.get(row.service) ?? SERVICE_COLOURS[0]!;
  const facts = `${printable(row.service)}: ${printable(span.name)}, ${formatDuration(durationNs)}`;
  shapes.push(
    `<rect x="${round(left)}" y="${middle - BAR / 2}" width="${round(length)}" height="${BAR}" rx="2" fill="${colour}">` +
      `<title>${xml(facts)}</title></rect>`,
  );
  if (failed) {
    shapes.push(
      `<rect x="${round(left)}" y="${middle - BAR / 2}" width="${round(Math.min(length, 4))}" height="${BAR}" class="error"/>`,
    );
  }
  for (const event of span.events.slice(0, 100)) {
    const at = left + Number(event.timeUnixNano - span.startTimeUnixNano) * scale;
    if (at < left || at > left + length) continue;
    const path = `M${round(at)} ${middle - 5}l5 5l-5 5l-5 -5z`;
    shapes.push(`<path d="${path}" class="ground"><title>${xml(printable(event.name))}</title></path>`);
  }
  shapes.push(text(axisEnd + DURATION, middle + 4, formatDuration(durationNs), 'quiet end'));
}

/** Returns the grid instead of drawing it, because it belongs below the bars. */
function drawAxis({ layout, axisStart, axisEnd }: Canvas, top: number, bottom: number): string[] {
  const maxTicks = Math.floor((axisEnd - axisStart) / 80);
  return ticks(layout.totalNs, maxTicks).flatMap(({ at, label }) => {
    const x = round(axisStart + at * (axisEnd - axisStart));
    const line = `<path class="grid" d="M${x} ${top}V${bottom}"/>`;
    return [line, text(x, top - 6, label, at > 0.95 ? 'quiet small end' : 'quiet small')];
  });
}

function indentOf(row: Row): number {
  return Math.min(row.depth, MAX_LEVELS) * INDENT;
}

/** `style` is a class; `tail` is markup after the content. */
function text(x: number, y: number, content: string, style = '', tail = ''): string {
  const attributes = style && ` class="${style}"`;
  return `<text x="${round(x)}" y="${y}"${attributes}>${xml(content)}${tail}</text>`;
}

/** Escapes printable text, and removes the non-control characters that XML forbids. */
function xml(content: string): string {
  return printable(content)
    .replace(/[\ufffe\uffff]/g, '')
    .replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
