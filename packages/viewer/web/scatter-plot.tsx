import { useEffect, useRef, useState } from 'preact/hooks';
import { printable } from '../src/printable.ts';
import { formatDuration } from '../src/time-axis.ts';
import type { TraceFilter } from '../src/trace-filter.ts';
import type { TraceSummary } from '../src/trace-summary.ts';
import { readTheme } from './colours.ts';
import { go } from './page-route.ts';
import { useSize } from './size.ts';

interface Props {
  readonly traces: readonly TraceSummary[];
  readonly filter: TraceFilter;
}

const HEIGHT = 160;
const PADDING = 8;
const REACH = 12;

/** A point of the plot, in pixels. */
interface Point {
  readonly trace: TraceSummary;
  readonly x: number;
  readonly y: number;
}

/**
 * Traces as points by their start and, on a logarithmic scale, their duration. A click opens a trace; a drag sets the
 * filter to the marked area. The table below has the same for the keyboard.
 */
export function ScatterPlot({ traces, filter }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(canvas);
  const [nearest, setNearest] = useState<Point>();
  const [drag, setDrag] = useState<{ readonly x: number; readonly y: number }>();
  const scale = scaleOf(traces, width);
  const points = traces.map((trace) => ({ trace, x: scale.x(startOf(trace)), y: scale.y(trace.durationMs) }));
  useEffect(() => draw(canvas.current, points, width, scale, nearest));

  const at = (event: PointerEvent) => ({ x: event.offsetX, y: event.offsetY });
  const onPointerUp = (event: PointerEvent) => {
    const [from, to] = [drag, at(event)];
    setDrag(undefined);
    if (from === undefined) return;
    if (Math.hypot(to.x - from.x, to.y - from.y) < 5) {
      const point = near(points, to.x, to.y);
      if (point !== undefined) go({ view: 'trace', id: point.trace.traceId });
      return;
    }
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
    const area = {
      from: Math.floor(scale.timeAt(left)),
      to: Math.ceil(scale.timeAt(right)),
      minDurationMs: rounded(scale.durationAt(bottom), Math.floor),
      maxDurationMs: rounded(scale.durationAt(top), Math.ceil),
    };
    go({ view: 'list', filter: { ...filter, ...area } });
  };
  return (
    <figure class="scatter">
      <canvas
        ref={canvas}
        height={HEIGHT}
        role="img"
        aria-label="Traces by start and duration; the table has the same"
        onPointerDown={(event) => setDrag(at(event))}
        onPointerMove={(event) => setNearest(near(points, event.offsetX, event.offsetY))}
        onPointerLeave={() => setNearest(undefined)}
        onPointerUp={onPointerUp}
      />
      <figcaption>
        {nearest === undefined
          ? 'Duration by start. Click a point to open its trace; drag to filter.'
          : `${printable(nearest.trace.name)} · ${formatDuration(nearest.trace.durationMs * 1e6)}`}
      </figcaption>
    </figure>
  );
}

function startOf({ startTimeUnixNano }: TraceSummary): number {
  return Number(startTimeUnixNano) / 1e6;
}

type Scale = ReturnType<typeof scaleOf>;

function scaleOf(traces: readonly TraceSummary[], width: number) {
  let [first, last, shortest, longest] = [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, 0.001];
  for (const trace of traces) {
    first = Math.min(first, startOf(trace));
    last = Math.max(last, startOf(trace));
    shortest = Math.min(shortest, Math.max(0.001, trace.durationMs));
    longest = Math.max(longest, trace.durationMs);
  }
  const span = Math.max(1, last - first);
  const low = Math.log(Math.min(shortest, longest / 2));
  const range = Math.log(longest) - low;
  const [inner, tall] = [Math.max(1, width - 2 * PADDING), HEIGHT - 2 * PADDING];
  return {
    longest,
    x: (time: number) => PADDING + ((time - first) / span) * inner,
    y: (ms: number) => PADDING + (1 - (Math.log(Math.max(0.001, ms)) - low) / range) * tall,
    timeAt: (x: number) => first + ((x - PADDING) / inner) * span,
    durationAt: (y: number) => Math.exp(low + (1 - (y - PADDING) / tall) * range),
  };
}

/** Rounds to three digits, outwards, so that the points in an area are found. */
function rounded(value: number, round: (value: number) => number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 2);
  return Math.max(0, Number((round(value / unit) * unit).toPrecision(4)));
}

function near(points: readonly Point[], x: number, y: number): Point | undefined {
  let [best, distance] = [undefined as Point | undefined, REACH];
  for (const point of points) {
    const away = Math.hypot(point.x - x, point.y - y);
    if (away >= distance) continue;
    best = point;
    distance = away;
  }
  return best;
}

function draw(
  canvas: HTMLCanvasElement | null,
  points: readonly Point[],
  width: number,
  scale: Scale,
  nearest: Point | undefined,
): void {
  const context = canvas?.getContext('2d');
  if (!canvas || !context) return;
  const ratio = devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  context.scale(ratio, ratio);
  context.font = '11px system-ui, sans-serif';
  const theme = readTheme();
  context.fillStyle = theme.quiet;
  context.strokeStyle = theme.line;
  for (let ms = 0.001; ms <= scale.longest; ms *= 10) {
    const y = scale.y(ms);
    if (y > HEIGHT - PADDING) continue;
    context.beginPath();
    context.moveTo(0, y);
    context.lineTo(width, y);
    context.stroke();
    context.fillText(formatDuration(ms * 1e6), 2, y - 2);
  }
  context.globalAlpha = 0.7;
  for (const { trace, x, y } of points) {
    context.fillStyle = trace.errors > 0 ? theme.error : theme.accent;
    context.beginPath();
    context.arc(x, y, trace === nearest?.trace ? 6 : 3, 0, 2 * Math.PI);
    context.fill();
  }
}
