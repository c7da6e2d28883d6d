import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { filterFromParameters, filterToParameters, type TraceFilter } from '../src/trace-filter.ts';
import type { TraceSummary } from '../src/trace-summary.ts';
import { recall, remember } from './browser-access.ts';
import { addressOf, go } from './page-route.ts';

interface Props {
  readonly filter: TraceFilter;
  /** Their values are suggested. */
  readonly traces: readonly TraceSummary[];
}

const FIELDS = [
  { name: 'service', label: 'Service' },
  { name: 'route', label: 'Route' },
  { name: 'status', label: 'Status', hint: '404, 5xx' },
  { name: 'attribute', label: 'Attribute', hint: 'key=value' },
  { name: 'text', label: 'Text' },
  { name: 'policy', label: 'Policy' },
  { name: 'minDurationMs', label: 'Min. ms', type: 'number' },
  { name: 'maxDurationMs', label: 'Max. ms', type: 'number' },
  { name: 'from', label: 'From (UTC)', type: 'datetime-local' },
  { name: 'to', label: 'To (UTC)', type: 'datetime-local' },
] as const;

/** Where the filter that is to be compared with another one is kept. */
const BEFORE = 'clew.before';

/** The conditions for the list. They are part of the page's address. */
export function FilterForm({ filter, traces }: Props) {
  const [problem, setProblem] = useState<string>();
  const apply = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    try {
      go({ view: 'list', filter: filterIn(new FormData(event.currentTarget)) });
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const parameters = filterToParameters(filter);
  return (
    // The key makes the fields new when the filter changes by other means than this form.
    <form key={String(parameters)} class="filter" aria-label="Filter" onSubmit={apply}>
      {FIELDS.map((field) => (
        <label key={field.name}>
          {field.label}
          <input
            name={field.name}
            type={'type' in field ? field.type : 'text'}
            {...('hint' in field && { placeholder: field.hint })}
            {...('type' in field && { step: 'any' })}
            list={`values-${field.name}`}
            defaultValue={shown(field.name, parameters.get(field.name))}
          />
        </label>
      ))}
      <label class="check">
        <input name="errors" type="checkbox" value="1" defaultChecked={filter.errors === true} /> Errors
      </label>
      <button type="submit">Filter</button>
      <a class="button" href={addressOf({ view: 'list', filter: {} })}>
        Clear
      </a>
      <Change filter={filter} />
      <Suggestions name="service" values={traces.flatMap(({ services }) => services)} />
      <Suggestions name="route" values={traces.map(({ route }) => route)} />
      <Suggestions name="status" values={traces.map(({ status }) => String(status ?? ''))} />
      <Suggestions name="policy" values={traces.map(({ policy }) => policy ?? '')} />
      {problem !== undefined && <p role="alert">{problem}</p>}
    </form>
  );
}

/** Compares two sets of traces: those of the filter that was remembered, and those of this one. */
function Change({ filter }: { readonly filter: TraceFilter }) {
  const [before, setBefore] = useState(remembered);
  const setAsBefore = () => {
    const text = String(filterToParameters(filter));
    remember(BEFORE, text);
    setBefore(text);
  };
  return (
    <>
      <button type="button" title="Compare this set of traces with another one" onClick={setAsBefore}>
        Set as before
      </button>
      {before !== undefined && (
        <a
          class="button"
          href={addressOf({
            view: 'change',
            before: filterFromParameters(new URLSearchParams(before)),
            after: filter,
          })}
        >
          Compare with before
        </a>
      )}
    </>
  );
}

function remembered(): string | undefined {
  const text = recall(BEFORE);
  try {
    if (text !== undefined) filterFromParameters(new URLSearchParams(text));
    return text;
  } catch {
    return undefined;
  }
}

function Suggestions({ name, values }: { readonly name: string; readonly values: readonly string[] }) {
  const unique = [...new Set(values)].filter((value) => value !== '').slice(0, 200);
  return (
    <datalist id={`values-${name}`}>
      {unique.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}

function filterIn(form: FormData): TraceFilter {
  const parameters = new URLSearchParams();
  for (const [name, value] of form) {
    const text = String(value).trim();
    if (text === '') continue;
    const isTime = name === 'from' || name === 'to';
    parameters.set(name, isTime ? String(Date.parse(`${text}Z`)) : text);
  }
  return filterFromParameters(parameters);
}

function shown(name: string, value: string | null): string {
  if (value === null || (name !== 'from' && name !== 'to')) return value ?? '';
  return new Date(Number(value)).toISOString().slice(0, 23);
}
