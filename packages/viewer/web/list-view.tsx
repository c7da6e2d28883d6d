import { useEffect, useState } from 'preact/hooks';
import { printable } from '../src/printable.ts';
import { formatDuration } from '../src/time-axis.ts';
import { filterToParameters, type TraceFilter } from '../src/trace-filter.ts';
import type { TraceSummary } from '../src/trace-summary.ts';
import { fetchTraces, type TraceList } from './data-source.ts';
import { FilterForm } from './filter-form.tsx';
import { addressOf } from './page-route.ts';
import { ScatterPlot } from './scatter-plot.tsx';
import { startText } from './start-text.ts';

const LIMIT = 500;
const INTERVAL_MS = 1000;

/** The last traces that match a filter: as points by time and duration, and as a table. */
export function ListView({ filter }: { readonly filter: TraceFilter }) {
  const [isLive, setLive] = useState(true);
  const { list, problem } = useTraces(filter, isLive);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const traces = list?.traces ?? [];
  return (
    <section aria-label="Traces">
      <FilterForm filter={filter} traces={traces} />
      <div class="bar">
        <span role="status">{statusText(list, problem)}</span>
        <span class="space" />
        {chosen.length === 2 && (
          <a class="button" href={compareAddress(traces, chosen)}>
            Compare the two
          </a>
        )}
        <label>
          <input type="checkbox" checked={isLive} onChange={() => setLive(!isLive)} /> Live
        </label>
      </div>
      <ScatterPlot traces={traces} filter={filter} />
      {list !== undefined && traces.length === 0 ? (
        <Nothing isFiltered={Object.keys(filter).length > 0} />
      ) : (
        <TraceTable traces={traces} chosen={chosen} onChoose={setChosen} />
      )}
    </section>
  );
}

/** Asks again every second; the collector sends nothing while nothing has changed. */
function useTraces(filter: TraceFilter, isLive: boolean) {
  const [list, setList] = useState<TraceList>();
  const [problem, setProblem] = useState<string>();
  const key = String(filterToParameters(filter));
  useEffect(() => {
    let isCurrent = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let tag: string | undefined;
    const poll = async () => {
      try {
        const found = await fetchTraces(filter, LIMIT, tag);
        if (!isCurrent) return;
        if (found !== undefined) setList(found.list);
        tag = found?.tag ?? tag;
        setProblem(undefined);
      } catch (error) {
        if (isCurrent) setProblem((error as Error).message);
      }
      if (isCurrent && isLive) timer = setTimeout(poll, INTERVAL_MS);
    };
    poll();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [key, isLive]);
  return { list, problem };
}

function statusText(list: TraceList | undefined, problem: string | undefined): string {
  if (problem !== undefined) return `No new traces: ${problem}`;
  if (list === undefined) return 'Loading …';
  const { length } = list.traces;
  if (list.next !== undefined) return `The last ${length} traces`;
  return length === 1 ? '1 trace' : `${length} traces`;
}

function compareAddress(traces: readonly TraceSummary[], chosen: readonly string[]): string {
  // The earlier one is the one before a change.
  const [after, before] = traces.map(({ traceId }) => traceId).filter((id) => chosen.includes(id));
  return addressOf({ view: 'compare', before: before ?? chosen[0]!, after: after ?? chosen[1]! });
}

function Nothing({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) return <p class="empty">No trace matches the filter.</p>;
  return (
    <p class="empty">
      No traces yet. Applications send them about a second after a request:{' '}
      <code>node --import @clew/node/register app.js</code> with{' '}
      <code>OTEL_EXPORTER_OTLP_ENDPOINT={location.origin}</code>
    </p>
  );
}

interface TableProps {
  readonly traces: readonly TraceSummary[];
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

function TraceTable({ traces, chosen, onChoose }: TableProps) {
  const toggle = (id: string) =>
    onChoose(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen.slice(-1), id]);
  return (
    <table class="traces" onKeyDown={moveBetweenLinks}>
      <thead>
        <tr>
          <th scope="col" aria-label="Compare" />
          <th scope="col">Name</th>
          <th scope="col">Services</th>
          <th scope="col" class="number">
            Duration
          </th>
          <th scope="col" class="number">
            Spans
          </th>
          <th scope="col" class="number">
            Errors
          </th>
          <th scope="col" class="number">
            Start
          </th>
        </tr>
      </thead>
      <tbody>
        {traces.map((trace) => (
          <tr key={trace.traceId} class={trace.errors > 0 ? 'failed' : undefined}>
            <td>
              <input
                type="checkbox"
                aria-label={`Compare ${printable(trace.name)}`}
                checked={chosen.includes(trace.traceId)}
                onChange={() => toggle(trace.traceId)}
              />
            </td>
            <td class="name">
              <a href={addressOf({ view: 'trace', id: trace.traceId })}>{printable(trace.name)}</a>
              {trace.status !== undefined && <span class="quiet"> {trace.status}</span>}
            </td>
            <td class="services">{servicesText(trace.services)}</td>
            <td class="number">{formatDuration(trace.durationMs * 1e6)}</td>
            <td class="number">{trace.spans}</td>
            <td class="number">{trace.errors || ''}</td>
            <td class="number">{startText(BigInt(trace.startTimeUnixNano))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const MAX_SERVICES = 10;

function servicesText(services: readonly string[]): string {
  const more = services.length > MAX_SERVICES ? ` and ${services.length - MAX_SERVICES} more` : '';
  return services.slice(0, MAX_SERVICES).map(printable).join(', ') + more;
}

/** The arrow keys move between the traces. */
function moveBetweenLinks(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('td.name a')];
  const next = links[links.indexOf(document.activeElement as HTMLElement) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
