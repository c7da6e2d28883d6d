import { compareOperations } from '../src/operation-difference.ts';
import { plural } from '../src/plural.ts';
import { printable } from '../src/printable.ts';
import type { Operation } from '../src/service-map.ts';
import { KIND_LABELS } from '../src/span-text.ts';
import { formatDuration } from '../src/time-axis.ts';
import { filterToParameters, type TraceFilter } from '../src/trace-filter.ts';
import { fetchStatistics } from './data-source.ts';
import { Difference } from './difference.tsx';
import { useLoaded } from './loaded.ts';
import { addressOf } from './page-route.ts';

/** Two sets of traces: before and after a change. */
export function ChangeView({ before, after }: { readonly before: TraceFilter; readonly after: TraceFilter }) {
  const loaded = useLoaded(addressOf({ view: 'change', before, after }), () =>
    Promise.all([fetchStatistics(before), fetchStatistics(after)]),
  );
  if (loaded.state === 'loading') return <p role="status">Loading …</p>;
  if (loaded.state === 'failed') return <p role="alert">{loaded.reason}</p>;
  const [earlier, later] = loaded.value;
  return (
    <section aria-label="Change">
      <h1>Before and after</h1>
      <p>
        <SetLink label="Before" filter={before} traces={earlier.traces} /> ·{' '}
        <SetLink label="After" filter={after} traces={later.traces} />
      </p>
      <table class="difference">
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col" class="number">
              Calls
            </th>
            <th scope="col" class="number">
              p50
            </th>
            <th scope="col">Change of p50</th>
            <th scope="col" class="number">
              p99
            </th>
            <th scope="col">Change of p99</th>
            <th scope="col" class="number">
              Errors
            </th>
          </tr>
        </thead>
        <tbody>
          {compareOperations(earlier.operations, later.operations).map(
            ({ service, kind, name, ...sides }) => (
              <tr
                key={`${kind} ${service} ${name}`}
                class={sides.before && sides.after ? undefined : 'onesided'}
              >
                <td>
                  {printable(name)}{' '}
                  <span class="quiet">
                    {printable(service)} {KIND_LABELS[kind]}
                  </span>
                </td>
                <td class="number">{both(sides, ({ calls }) => String(calls))}</td>
                <td class="number">{both(sides, ({ p50Ms }) => formatDuration(p50Ms * 1e6))}</td>
                <td>
                  <Difference before={sides.before?.p50Ms ?? 0} after={sides.after?.p50Ms ?? 0} />
                </td>
                <td class="number">{both(sides, ({ p99Ms }) => formatDuration(p99Ms * 1e6))}</td>
                <td>
                  <Difference before={sides.before?.p99Ms ?? 0} after={sides.after?.p99Ms ?? 0} />
                </td>
                <td class="number">{both(sides, ({ errors }) => String(errors))}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </section>
  );
}

interface Sides {
  readonly before: Operation | undefined;
  readonly after: Operation | undefined;
}

function both({ before, after }: Sides, text: (operation: Operation) => string): string {
  return [before, after].map((side) => (side === undefined ? '–' : text(side))).join(' → ');
}

interface SetLinkProps {
  readonly label: string;
  readonly filter: TraceFilter;
  readonly traces: number;
}

function SetLink({ label, filter, traces }: SetLinkProps) {
  const text = [...filterToParameters(filter)].map(([name, value]) => `${name} ${value}`).join(', ');
  return (
    <>
      {label}: <a href={addressOf({ view: 'list', filter })}>{text === '' ? 'all' : printable(text)}</a>,{' '}
      {plural(traces, 'trace')}
    </>
  );
}
