import type { Line } from '../src/fold.ts';
import { type LanePart, messageLane } from '../src/message-lane.ts';
import { formatDuration, ticks } from '../src/time-axis.ts';
import { hasFailed } from '../src/trace-rows.ts';
import { readTheme, type Theme } from './colours.ts';
import type { TimeRange } from './time-range.ts';
import type { TraceModel } from './trace-model.ts';

/** The height of a line in pixels. */
export const LINE_PX = 24;
const BAR_PX = 12;

/** What is drawn. */
export interface Drawing {
  readonly model: TraceModel;
  readonly lines: readonly Line[];
  /** The first line that is visible, and by how many pixels it is scrolled out. */
  readonly first: number;
  readonly offsetPx: number;
  readonly range: TimeRange;
  readonly width: number;
  readonly height: number;
  readonly showsPath: boolean;
}

/** Draws the bars of the visible lines. Its cost depends on their number, not on the size of the trace. */
export function drawWaterfall(canvas: HTMLCanvasElement, drawing: Drawing): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height, lines, first, offsetPx } = drawing;
  const ratio = devicePixelRatio;
  const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  // Setting the size is slow, even to the same value.
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  const theme = readTheme();
  drawGrid(context, drawing, theme);
  const count = Math.ceil((height + offsetPx) / LINE_PX);
  for (let index = 0; index < count && first + index < lines.length; index++)
    drawLine(context, lines[first + index]!, index * LINE_PX - offsetPx, drawing, theme);
}

/** The ticks of the visible range, at round times from the start of the trace. */
export function rangeTicks({ fromNs, toNs }: TimeRange, maxTicks: number) {
  return ticks(toNs - fromNs, maxTicks).map(({ at, label }) => ({
    at,
    label: fromNs === 0 ? label : at === 0 ? formatDuration(fromNs) : `+${label}`,
  }));
}

function drawGrid(context: CanvasRenderingContext2D, { range, width, height }: Drawing, theme: Theme): void {
  context.strokeStyle = theme.line;
  context.beginPath();
  for (const { at } of rangeTicks(range, Math.floor(width / 80))) {
    const x = Math.round(at * width) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  context.stroke();
}

function drawLine(
  context: CanvasRenderingContext2D,
  line: Line,
  top: number,
  drawing: Drawing,
  theme: Theme,
): void {
  const { model, range, width, showsPath } = drawing;
  const row = model.layout.rows[line.row]!;
  const x = (ns: number) => ((ns - range.fromNs) / (range.toNs - range.fromNs)) * width;
  const [startNs, endNs] =
    line.kind === 'group' ? [line.startNs, line.endNs] : [row.startNs, row.startNs + row.durationNs];
  const y = top + (LINE_PX - BAR_PX) / 2;
  const failed = hasFailed(row);
  const colour = failed ? theme.error : (model.colours.get(row.service) ?? '#888');
  const lane = line.kind === 'span' ? messageLane(line.row, model.layout.rows, model.ends) : undefined;
  let right = x(endNs);
  context.fillStyle = colour;
  if (lane !== undefined) right = drawLane(context, lane, y, x, width, theme);
  else if (line.kind === 'group') drawGroup(context, line, y, x, model, width);
  else fillBar(context, x(startNs), right, y, BAR_PX, width);
  if (showsPath && line.kind === 'span') {
    context.fillStyle = theme.text;
    for (const part of model.pathByRow.get(line.row) ?? [])
      fillBar(context, x(part.startNs), x(part.endNs), y + BAR_PX, 3, width);
  }
  if (line.kind === 'span') drawEvents(context, line.row, y, x, model, theme);
  label(context, line.kind === 'group' ? line.totalNs : row.durationNs, x(startNs), right, y, width, theme);
}

/** Even the shortest span is visible; what lies outside of the range is not drawn. */
function fillBar(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  y: number,
  height: number,
  width: number,
): void {
  if (right < 0 || left > width) return;
  const from = Math.max(-2, left);
  context.fillRect(from, y, Math.max(2, Math.min(width + 2, right) - from), height);
}

/** The stages of a message as one bar: publishing and the reply pale, the wait as a line, the handling full. */
function drawLane(
  context: CanvasRenderingContext2D,
  parts: readonly LanePart[],
  y: number,
  x: (ns: number) => number,
  width: number,
  theme: Theme,
): number {
  let right = 0;
  for (const { stage, startNs, endNs } of parts) {
    const isLine = stage === 'wait' || stage === 'reply';
    context.globalAlpha = stage === 'publish' ? 0.6 : 1;
    const [top, height] = isLine ? [y + BAR_PX / 2 - 1, 2] : [y, BAR_PX];
    fillBar(context, x(startNs), x(endNs), top, height, width);
    context.globalAlpha = 1;
    right = x(endNs);
    if (right - x(startNs) > 60) stageName(context, stage, x(startNs), y, isLine, theme);
  }
  return right;
}

function stageName(
  context: CanvasRenderingContext2D,
  stage: string,
  left: number,
  y: number,
  isAbove: boolean,
  theme: Theme,
): void {
  const { fillStyle } = context;
  context.fillStyle = isAbove ? theme.quiet : theme.ground;
  context.fillText(stage, Math.max(2, left + 4), isAbove ? y : y + BAR_PX / 2 + 1);
  context.fillStyle = fillStyle;
}

/** A pale bar over the whole time, with the members in it. */
function drawGroup(
  context: CanvasRenderingContext2D,
  { members, startNs, endNs }: Line & { readonly kind: 'group' },
  y: number,
  x: (ns: number) => number,
  { layout }: TraceModel,
  width: number,
): void {
  context.globalAlpha = 0.3;
  fillBar(context, x(startNs), x(endNs), y, BAR_PX, width);
  context.globalAlpha = 1;
  // Members that fall into one pixel are drawn once.
  let drawn = Number.NEGATIVE_INFINITY;
  for (const member of members) {
    const row = layout.rows[member]!;
    const right = x(row.startNs + row.durationNs);
    if (right < drawn + 1) continue;
    fillBar(context, x(row.startNs), right, y, BAR_PX, width);
    drawn = Math.max(right, x(row.startNs) + 2);
  }
}

function drawEvents(
  context: CanvasRenderingContext2D,
  index: number,
  y: number,
  x: (ns: number) => number,
  { layout }: TraceModel,
  theme: Theme,
): void {
  const { span, startNs } = layout.rows[index]!;
  context.fillStyle = theme.text;
  for (const event of span.events.slice(0, 50)) {
    const at = x(startNs + Number(event.timeUnixNano - span.startTimeUnixNano));
    context.fillRect(at - 1, y - 2, 2, BAR_PX + 4);
  }
}

/** The duration, beside the bar where there is space. */
function label(
  context: CanvasRenderingContext2D,
  durationNs: number,
  left: number,
  right: number,
  y: number,
  width: number,
  theme: Theme,
): void {
  const text = formatDuration(durationNs);
  const needed = context.measureText(text).width + 8;
  context.fillStyle = theme.quiet;
  const middle = y + BAR_PX / 2 + 1;
  if (right + needed < width) context.fillText(text, Math.max(0, right) + 6, middle);
  else if (left > needed) context.fillText(text, Math.min(left, width) - needed + 2, middle);
  else {
    context.fillStyle = '#fff';
    context.fillText(text, Math.max(0, left) + 4, middle);
  }
}
