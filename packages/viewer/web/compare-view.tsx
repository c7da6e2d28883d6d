import { useMemo } from 'preact/hooks';
import { printable } from '../src/printable.ts';
import type { Trace } from '../src/span-record.ts';
import { shortName } from '../src/span-text.ts';
import { formatDuration } from '../src/time-axis.ts';
import { compareTraces, type PlaceTotals } from '../src/trace-difference.ts';
import { layoutTrace } from '../src/trace-layout.ts';
import { fetchTrace } from './data-source.ts';
import { Difference } from './difference.tsx';
import { useLoaded } from './loaded.ts';
import { Omitted } from './omitted.tsx';
import { addressOf } from './page-route.ts';
import { startText } from './start-text.ts';

/** Lines of a comparison: a document with more makes a browser slow. */
const MAX_LINES = 2000;

/** Two traces beside each other. */
export function CompareView({ before, after }: { readonly before: string; readonly after: string }) {
  const loaded = useLoaded(`${before} ${after}`, () => Promise.all([fetchTrace(before), fetchTrace(after)]));
  if (loaded.state === 'loading') return <p role="status">Loading …</p>;
  if (loaded.state === 'failed') return <p role="alert">{loaded.reason}</p>;
  return <Comparison first={loaded.value[0]} second={loaded.value[1]} />;
}

function Comparison({ first, second }: { readonly first: Trace; readonly second: Trace }) {
  const places = useMemo(() => compareTraces(first, second), [first, second]);
  const [before, after] = [first.traceId, second.traceId];
  return (
    <section aria-label="Comparison">
      <h1>Two traces</h1>
      <p>
        <TraceLink label="Before" trace={first} /> · <TraceLink label="After" trace={second} /> ·{' '}
        <a href={addressOf({ view: 'compare', before: after, after: before })}>Swap</a>
      </p>
      <table class="difference">
        <thead>
          <tr>
            <th scope="col">Span</th>
            <th scope="col" class="number">
              Before
            </th>
            <th scope="col" class="number">
              After
            </th>
            <th scope="col">Difference</th>
            <th scope="col" class="number">
              Self, before
            </th>
            <th scope="col" class="number">
              Self, after
            </th>
          </tr>
        </thead>
        <tbody>
          {places.slice(0, MAX_LINES).map((place, index) => (
            <tr key={index} class={place.before && place.after ? undefined : 'onesided'}>
              <td style={{ paddingLeft: `${Math.min(place.depth, 20) * 12 + 8}px` }}>
                {printable(shortName(place.name))}{' '}
                <span class="quiet">{printable(shortName(place.service))}</span>
              </td>
              <td class="number">{totalText(place.before)}</td>
              <td class="number">{totalText(place.after)}</td>
              <td>
                <Difference before={place.before?.totalNs ?? 0} after={place.after?.totalNs ?? 0} />
              </td>
              <td class="number">{place.before && formatDuration(place.before.selfNs)}</td>
              <td class="number">{place.after && formatDuration(place.after.selfNs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Omitted count={places.length - MAX_LINES} of="line" />
    </section>
  );
}

function TraceLink({ label, trace }: { readonly label: string; readonly trace: Trace }) {
  const { name, totalNs, startTimeUnixNano } = layoutTrace(trace);
  return (
    <>
      {label}: <a href={addressOf({ view: 'trace', id: trace.traceId })}>{printable(name)}</a>,{' '}
      {startText(startTimeUnixNano)}, {formatDuration(totalNs)}
    </>
  );
}

function totalText(totals: PlaceTotals | undefined): string {
  if (totals === undefined) return '–';
  const count = totals.count === 1 ? '' : `${totals.count}× `;
  const errors = totals.errors === 0 ? '' : ` ✗${totals.errors}`;
  return `${count}${formatDuration(totals.totalNs)}${errors}`;
}
