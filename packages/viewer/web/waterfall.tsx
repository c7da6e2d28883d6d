import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Line } from '../src/fold.ts';
import { plural } from '../src/plural.ts';
import { printable } from '../src/printable.ts';
import { KIND_LABELS } from '../src/span-text.ts';
import { formatDuration } from '../src/time-axis.ts';
import { hasFailed } from '../src/trace-rows.ts';
import { useSize } from './size.ts';
import { panned, type TimeRange, zoomed } from './time-range.ts';
import type { TraceModel } from './trace-model.ts';
import { drawWaterfall, LINE_PX, rangeTicks } from './waterfall-canvas.ts';

interface Props {
  readonly model: TraceModel;
  readonly lines: readonly Line[];
  /** The index of the selected line. */
  readonly selected: number;
  readonly range: TimeRange;
  readonly showsPath: boolean;
  onSelect(index: number): void;
  onToggle(line: Line): void;
  onRange(range: TimeRange): void;
  onOpen(): void;
}

/** Lines above and below the visible ones, so that fast scrolling shows no gaps. */
const MARGIN = 8;

/**
 * The tree of spans with their bars. Only the visible lines are in the document; the bars are on a canvas. The grid has
 * the focus and names its active line; the view handles the keys. https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/
 */
export function Waterfall(props: Props) {
  const { model, lines, selected, range } = props;
  const { totalNs } = model.layout;
  const scroller = useRef<HTMLDivElement>(null);
  const bars = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const { height } = useSize(scroller);
  const { width } = useSize(bars);
  const first = Math.floor(scrolled / LINE_PX);
  const from = Math.max(0, first - MARGIN);
  const to = Math.min(lines.length, first + Math.ceil(height / LINE_PX) + MARGIN);

  // In the same frame as the lines, so that both scroll together.
  useLayoutEffect(() => {
    const { showsPath } = props;
    const offsetPx = scrolled - first * LINE_PX;
    if (canvas.current !== null)
      drawWaterfall(canvas.current, { model, lines, first, offsetPx, range, width, height, showsPath });
  });
  useEffect(() => keepVisible(scroller.current, selected), [selected, lines]);
  useWheelZoom(bars, (factor, at) => props.onRange(zoomed(range, factor, at, totalNs)));

  return (
    <div class="waterfall">
      <Axis {...props} width={width} />
      <div
        class="lines"
        ref={scroller}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
        role="treegrid"
        aria-label="Spans"
        aria-rowcount={lines.length}
        tabIndex={0}
        aria-activedescendant={`line-${selected}`}
      >
        <div class="all" style={{ height: `${lines.length * LINE_PX}px` }}>
          <div class="bars" ref={bars} style={{ height: `${height}px` }}>
            <canvas ref={canvas} />
          </div>
          {lines.slice(from, to).map((line, index) => (
            <LineOfSpan
              key={line.row + (line.kind === 'group' ? '+' : '')}
              {...props}
              line={line}
              index={from + index}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface LineProps extends Props {
  readonly line: Line;
  readonly index: number;
}

function LineOfSpan({ model, line, index, selected, onSelect, onToggle, onOpen }: LineProps) {
  const row = model.layout.rows[line.row]!;
  const { span, orphan } = row;
  const name = printable(span.name);
  const label = line.kind === 'group' ? `×${line.members.length} ${name}` : `${orphan ? '? ' : ''}${name}`;
  const durationNs = line.kind === 'group' ? line.totalNs : row.durationNs;
  const logs = model.logsByRow.get(line.row)?.length ?? 0;
  return (
    // The keys are handled by the view: the treegrid has the focus.
    <div
      id={`line-${index}`}
      role="row"
      class={`line${index === selected ? ' selected' : ''}${hasFailed(row) ? ' failed' : ''}`}
      style={{ top: `${index * LINE_PX}px` }}
      aria-level={line.depth + 1}
      aria-rowindex={index + 1}
      aria-selected={index === selected}
      aria-expanded={line.isOpen}
      onClick={() => onSelect(index)}
      onDblClick={onOpen}
    >
      <div role="gridcell" class="label" style={{ paddingLeft: `${Math.min(line.depth, 24) * 12 + 4}px` }}>
        <span
          class="toggle"
          aria-hidden="true"
          onClick={(event) => {
            if (line.isOpen === undefined) return;
            event.stopPropagation();
            onToggle(line);
          }}
        >
          {line.isOpen === undefined ? '' : line.isOpen ? '▾' : '▸'}
        </span>
        <span class="dot" style={{ background: model.colours.get(row.service) ?? '' }} />
        <span class="text" title={`${printable(row.service)}: ${name}`}>
          {label}
        </span>
        <span class="kind">{KIND_LABELS[span.kind]}</span>
        {span.links.length > 0 && <span class="kind">↗{span.links.length}</span>}
        {logs > 0 && (
          <span class="kind" title={plural(logs, 'log record')}>
            ≡{logs}
          </span>
        )}
      </div>
      <span class="sr">{formatDuration(durationNs)}</span>
    </div>
  );
}

/** The ticks of the time axis. A drag zooms to a part of it. */
function Axis({ range, width, model, onRange }: Props & { readonly width: number }) {
  const [start, setStart] = useState<number>();
  const [end, setEnd] = useState<number>();
  const timeAt = (x: number) => range.fromNs + (x / Math.max(1, width)) * (range.toNs - range.fromNs);
  const finish = () => {
    if (start !== undefined && end !== undefined && Math.abs(end - start) > 4)
      onRange({ fromNs: timeAt(Math.min(start, end)), toNs: timeAt(Math.max(start, end)) });
    setStart(undefined);
    setEnd(undefined);
  };
  const { totalNs } = model.layout;
  const isWhole = range.fromNs <= 0 && range.toNs >= totalNs;
  return (
    <div class="axis">
      <div class="label">
        {!isWhole && (
          <>
            <button
              type="button"
              title="Show the whole trace (0)"
              onClick={() => onRange({ fromNs: 0, toNs: totalNs })}
            >
              Whole trace
            </button>
            <button type="button" aria-label="Earlier" onClick={() => onRange(panned(range, -0.5, totalNs))}>
              ◂
            </button>
            <button type="button" aria-label="Later" onClick={() => onRange(panned(range, 0.5, totalNs))}>
              ▸
            </button>
          </>
        )}
      </div>
      <div
        class="ticks"
        title="Drag to zoom"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setStart(event.clientX - event.currentTarget.getBoundingClientRect().left);
        }}
        onPointerMove={(event) =>
          start !== undefined && setEnd(event.clientX - event.currentTarget.getBoundingClientRect().left)
        }
        onPointerUp={finish}
      >
        {rangeTicks(range, Math.floor(width / 80)).map(({ at, label }) => (
          <span key={label} style={{ left: `${at * 100}%` }}>
            {label}
          </span>
        ))}
        {start !== undefined && end !== undefined && (
          <div
            class="marked"
            style={{ left: `${Math.min(start, end)}px`, width: `${Math.abs(end - start)}px` }}
          />
        )}
      </div>
    </div>
  );
}

function keepVisible(scroller: HTMLElement | null, index: number): void {
  if (scroller === null) return;
  const top = index * LINE_PX;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + LINE_PX > scroller.scrollTop + scroller.clientHeight)
    scroller.scrollTop = top + LINE_PX - scroller.clientHeight;
}

/** Zooms with Ctrl and the wheel, or two fingers, at the pointer. */
function useWheelZoom(
  element: { readonly current: HTMLElement | null },
  onZoom: (factor: number, at: number) => void,
): void {
  const latest = useRef(onZoom);
  latest.current = onZoom;
  useEffect(() => {
    const target = element.current?.closest<HTMLElement>('.lines');
    const onWheel = (event: WheelEvent) => {
      const bars = element.current?.getBoundingClientRect();
      if (!event.ctrlKey || bars === undefined || event.clientX < bars.left) return;
      event.preventDefault();
      latest.current(1.002 ** event.deltaY, (event.clientX - bars.left) / bars.width);
    };
    target?.addEventListener('wheel', onWheel, { passive: false });
    return () => target?.removeEventListener('wheel', onWheel);
  }, [element]);
}
