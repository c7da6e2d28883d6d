import { useMemo, useState } from 'preact/hooks';
import type { Folding, Line } from '../src/fold.ts';
import { plural } from '../src/plural.ts';
import { printable } from '../src/printable.ts';
import type { Trace } from '../src/span-record.ts';
import { shortName } from '../src/span-text.ts';
import { formatDuration } from '../src/time-axis.ts';
import { copyText } from './browser-access.ts';
import { fetchTrace, MAX_SPANS } from './data-source.ts';
import { useLoaded } from './loaded.ts';
import { Omitted } from './omitted.tsx';
import { go } from './page-route.ts';
import { SpanDetails } from './span-details.tsx';
import { startText } from './start-text.ts';
import { around, panned, type TimeRange, zoomed } from './time-range.ts';
import { modelOf, nextError, revealing, type TraceModel } from './trace-model.ts';
import { Waterfall } from './waterfall.tsx';

/** A trace of the collector. */
export function LoadedTrace({ id, spanId }: { readonly id: string; readonly spanId: string | undefined }) {
  const loaded = useLoaded(id, () => fetchTrace(id));
  if (loaded.state === 'loading') return <p role="status">Loading …</p>;
  if (loaded.state === 'failed') return <p role="alert">{loaded.reason}</p>;
  return <TraceView key={id} trace={loaded.value} spanId={spanId} />;
}

const KEYS = [
  ['↑ ↓', 'the previous and the next line'],
  ['← →', 'fold and unfold'],
  ['e, E', 'the next and the previous error'],
  ['Enter', 'show or hide the details'],
  ['z', 'zoom to the span'],
  ['+ − 0', 'zoom in, out, to the whole trace'],
  ['[ ]', 'earlier and later'],
  ['p', 'show or hide the critical path'],
  ['c', 'copy the span as JSON'],
] as const;

/** Services in the legend. */
const MAX_SERVICES = 100;
const MAX_SHIFTS = 20;

/** The picture of one trace. */
export function TraceView({ trace, spanId }: { readonly trace: Trace; readonly spanId: string | undefined }) {
  const model = useMemo(() => modelOf(trace), [trace]);
  const { rows, totalNs } = model.layout;
  const initial = Math.max(
    0,
    rows.findIndex(({ span }) => span.spanId === spanId),
  );
  const [folding, setFolding] = useState<Folding>(() =>
    revealing(model, { folded: new Set(), unfoldedGroups: new Set() }, initial),
  );
  const lines = useMemo(() => model.lines.visible(folding), [model, folding]);
  const [row, setRow] = useState(initial);
  const [range, setRange] = useState<TimeRange>({ fromNs: 0, toNs: Math.max(1, totalNs) });
  const [showsPath, setShowsPath] = useState(true);
  const [showsDetails, setShowsDetails] = useState(() => spanId !== undefined);
  const [showsKeys, setShowsKeys] = useState(false);
  const [notice, setNotice] = useState('');

  const selected = Math.max(0, lineOf(lines, row));
  const line = lines[selected];
  const select = (index: number) => {
    const next = lines[Math.max(0, Math.min(lines.length - 1, index))];
    if (next === undefined) return;
    setRow(next.row);
    go({ view: 'trace', id: trace.traceId, span: rows[next.row]!.span.spanId }, true);
  };
  const toggle = (toggled: Line) => setFolding(toggledFolding(folding, toggled));
  const reveal = (target: number | undefined) => {
    if (target === undefined) return;
    setFolding(revealing(model, folding, target));
    setRow(target);
  };
  const copy = async (value: object, what: string) => {
    const isCopied = await copyText(jsonOf(value));
    setNotice(isCopied ? `Copied the ${what} as JSON` : 'The browser does not allow copying here');
  };
  const copySpan = () => line && copy(rows[line.row]!.span, 'span');
  const total = Math.max(1, totalNs);
  const commands: { readonly [key: string]: () => unknown } = {
    ArrowDown: () => select(selected + 1),
    ArrowUp: () => select(selected - 1),
    PageDown: () => select(selected + 20),
    PageUp: () => select(selected - 20),
    Home: () => select(0),
    End: () => select(lines.length - 1),
    ArrowLeft: () => (line?.isOpen ? toggle(line) : line?.parent && select(lines.indexOf(line.parent))),
    ArrowRight: () => (line?.isOpen === false ? toggle(line) : select(selected + 1)),
    Enter: () => setShowsDetails(!showsDetails),
    Escape: () => setShowsDetails(false),
    e: () => reveal(nextError(model, row, 1)),
    E: () => reveal(nextError(model, row, -1)),
    z: () => line && setRange(rangeOfLine(line, model)),
    '+': () => setRange(zoomed(range, 0.5, 0.5, total)),
    '-': () => setRange(zoomed(range, 2, 0.5, total)),
    '0': () => setRange({ fromNs: 0, toNs: total }),
    '[': () => setRange(panned(range, -0.5, total)),
    ']': () => setRange(panned(range, 0.5, total)),
    p: () => setShowsPath(!showsPath),
    c: copySpan,
    '?': () => setShowsKeys(!showsKeys),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    // On a button or a log record, Enter has its own meaning.
    if (event.key === 'Enter' && event.target instanceof Element && event.target.matches('button, summary'))
      return;
    const command = commands[event.key];
    if (command === undefined) return;
    event.preventDefault();
    command();
  };
  return (
    <section class="trace" aria-label="Trace" onKeyDown={onKeyDown}>
      <Header model={model} />
      <div class="bar">
        <button
          type="button"
          onClick={() => reveal(nextError(model, row, 1))}
          disabled={model.layout.errors === 0}
        >
          Next error
        </button>
        <button type="button" aria-pressed={showsPath} onClick={() => setShowsPath(!showsPath)}>
          Critical path
        </button>
        <button type="button" onClick={() => copy(trace, 'trace')}>
          Copy trace
        </button>
        <button type="button" aria-expanded={showsKeys} onClick={() => setShowsKeys(!showsKeys)}>
          Keys
        </button>
        <span role="status">{notice}</span>
      </div>
      {showsKeys && (
        <dl class="keys">
          {KEYS.map(([key, meaning]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      )}
      <div class={showsDetails ? 'split' : 'whole'}>
        <Waterfall
          model={model}
          lines={lines}
          selected={selected}
          range={range}
          showsPath={showsPath}
          onSelect={(index) => {
            if (index === selected) setShowsDetails(true);
            select(index);
          }}
          onToggle={toggle}
          onRange={setRange}
          onOpen={() => setShowsDetails(true)}
        />
        {showsDetails && line !== undefined && (
          <SpanDetails model={model} line={line} onClose={() => setShowsDetails(false)} onCopy={copySpan} />
        )}
      </div>
    </section>
  );
}

function Header({ model: { layout, trace, colours } }: { readonly model: TraceModel }) {
  const { name, rows, services, errors, totalNs, startTimeUnixNano, sampledBy, shifts, orphans } = layout;
  return (
    <header>
      <h1>{printable(name)}</h1>
      <p class="quiet">
        {startText(startTimeUnixNano)} UTC · {formatDuration(totalNs)} · {plural(rows.length, 'span')}
        {errors > 0 && <span class="error"> · {plural(errors, 'error')}</span>}
        {trace.logs !== undefined && ` · ${plural(trace.logs.length, 'log record')}`}
        {sampledBy.map((reason) => ` · sampled by ${printable(reason)}`)} · <code>{trace.traceId}</code>
      </p>
      {rows.length >= MAX_SPANS && (
        <p role="alert">The trace is larger: only {MAX_SPANS} of its spans are shown.</p>
      )}
      {orphans > 0 && <p class="quiet">? the parent of {plural(orphans, 'span')} is not in this trace</p>}
      {[...shifts].slice(0, MAX_SHIFTS).map(([service, shift]) => (
        <p class="quiet" key={service}>
          The clock of {printable(shortName(service))} is {formatDuration(shift)} behind its caller's: shown
          later by that
        </p>
      ))}
      <Omitted count={shifts.size - MAX_SHIFTS} of="corrected clock" />
      <ul class="legend">
        {services.slice(0, MAX_SERVICES).map((service) => (
          <li key={service}>
            <span class="dot" style={{ background: colours.get(service) ?? '' }} />{' '}
            {printable(shortName(service))}
          </li>
        ))}
      </ul>
      <Omitted count={services.length - MAX_SERVICES} of="service" />
    </header>
  );
}

/** The line of a row; that of its group if it is folded. */
function lineOf(lines: readonly Line[], row: number): number {
  const own = lines.findIndex((line) => line.row === row);
  return own >= 0 ? own : lines.findLastIndex((line) => line.row < row);
}

function toggledFolding({ folded, unfoldedGroups }: Folding, { kind, row }: Line): Folding {
  if (kind === 'span') return { folded: toggled(folded, row), unfoldedGroups };
  return { folded, unfoldedGroups: toggled(unfoldedGroups, row) };
}

function toggled(set: ReadonlySet<number>, row: number): ReadonlySet<number> {
  const next = new Set(set);
  if (!next.delete(row)) next.add(row);
  return next;
}

function rangeOfLine(line: Line, { layout: { rows, totalNs } }: TraceModel): TimeRange {
  if (line.kind === 'group') return around(line.startNs, line.endNs, totalNs);
  const { startNs, durationNs } = rows[line.row]!;
  return around(startNs, startNs + durationNs, totalNs);
}

function jsonOf(value: object): string {
  return JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? String(each) : each), 2);
}
