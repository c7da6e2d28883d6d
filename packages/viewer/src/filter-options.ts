import { FLAG, TEXT, TEXTS } from './command.ts';
import { filterFromParameters, type TraceFilter } from './trace-filter.ts';
import { numberIn, UsageError } from './usage-error.ts';

/** The options of commands that select traces. */
export const FILTER_OPTIONS = {
  service: TEXT,
  route: TEXT,
  status: TEXT,
  policy: TEXT,
  attribute: TEXTS,
  text: TEXT,
  'min-ms': TEXT,
  'max-ms': TEXT,
  errors: FLAG,
} as const;

/** The values of these options. */
export interface FilterOptions {
  readonly service?: string;
  readonly route?: string;
  readonly status?: string;
  readonly policy?: string;
  readonly attribute?: string[];
  readonly text?: string;
  readonly 'min-ms'?: string;
  readonly 'max-ms'?: string;
  readonly errors?: boolean;
}

const TEXT_NAMES = ['service', 'route', 'status', 'policy', 'text'] as const;

/** Reads the options. Throws UsageError. */
export function traceFilter(options: FilterOptions): TraceFilter {
  const parameters = new URLSearchParams();
  for (const name of TEXT_NAMES) if (options[name] !== undefined) parameters.set(name, options[name]);
  for (const attribute of options.attribute ?? []) parameters.append('attribute', attribute);
  if (options.errors) parameters.set('errors', '1');
  const durations = {
    min: duration('--min-ms', options['min-ms']),
    max: duration('--max-ms', options['max-ms']),
  };
  if (durations.min !== undefined) parameters.set('minDurationMs', durations.min);
  if (durations.max !== undefined) parameters.set('maxDurationMs', durations.max);
  try {
    return filterFromParameters(parameters);
  } catch (error) {
    throw new UsageError(
      (error as Error).message.replace(/^expected (status|attribute) as/, 'expected --$1 as'),
    );
  }
}

function duration(option: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : String(numberIn(option, text, 0, Number.MAX_SAFE_INTEGER, false));
}

/** Whether any of the options is given. */
export function isFiltered(filter: TraceFilter): boolean {
  return Object.keys(filter).length > 0;
}
