import type { CollectorOptions } from './collector.ts';
import { TEXT, TEXTS } from './command.ts';
import { isOrigin } from './cross-origin.ts';
import type { AdaptiveOptions } from './sampling/adaptive-sampling.ts';
import { numberIn, UsageError } from './usage-error.ts';

/** The options of commands that receive traces. */
export const COLLECT_OPTIONS = {
  port: TEXT,
  host: TEXT,
  store: TEXT,
  'max-mb': TEXT,
  'max-age': TEXT,
  'allow-origin': TEXTS,
  policies: TEXT,
  adaptive: TEXT,
  'adaptive-interval': TEXT,
  'initial-probability': TEXT,
  'min-probability': TEXT,
  'lower-bound': TEXT,
} as const;

/** The values of these options. */
export type CollectOptions = {
  readonly [Name in keyof typeof COLLECT_OPTIONS]?: (typeof COLLECT_OPTIONS)[Name] extends typeof TEXTS
    ? string[]
    : string;
};

/** Reads the options. Throws UsageError. */
export function collectorOptions(options: CollectOptions): CollectorOptions {
  const { port, host, store, policies } = options;
  if (host === '') throw new UsageError('expected an address in --host, got ""');
  if (store === '') throw new UsageError('expected a file in --store, got ""');
  if (policies === '') throw new UsageError('expected a file in --policies, got ""');
  const megabytes = options['max-mb'];
  const hours = options['max-age'];
  const origins = options['allow-origin'];
  const adaptive = adaptiveOptions(options);
  return {
    ...(port !== undefined && { port: numberIn('--port', port, 0, 65_535) }),
    ...(host !== undefined && { host }),
    ...(store !== undefined && { store }),
    ...(megabytes !== undefined && { maxMb: numberIn('--max-mb', megabytes, 1, 1_048_576) }),
    ...(hours !== undefined && { maxAgeHours: numberIn('--max-age', hours, 0.01, 87_600, false) }),
    ...(origins !== undefined && { allowedOrigins: origins.map(checkedOrigin) }),
    ...(policies !== undefined && { policies }),
    ...(adaptive !== undefined && { adaptive }),
  };
}

function checkedOrigin(origin: string): string {
  if (isOrigin(origin)) return origin;
  throw new UsageError(`expected an origin such as http://localhost:3000 in --allow-origin, got "${origin}"`);
}

function adaptiveOptions(options: CollectOptions): AdaptiveOptions | undefined {
  const number = (name: keyof CollectOptions & string, min: number, max: number) => {
    const text = options[name];
    return typeof text === 'string' ? numberIn(`--${name}`, text, min, max, false) : undefined;
  };
  const tracesPerSecond = number('adaptive', 0.001, 1_000_000);
  const intervalSeconds = number('adaptive-interval', 0.1, 3600);
  const initialProbability = number('initial-probability', 0.000_000_1, 1);
  const minProbability = number('min-probability', 0.000_000_1, 1);
  const lowerBoundTracesPerSecond = number('lower-bound', 0, 1000);
  if (tracesPerSecond === undefined) {
    const names = ['adaptive-interval', 'initial-probability', 'min-probability', 'lower-bound'] as const;
    const useless = names.find((name) => options[name] !== undefined);
    if (useless !== undefined) throw new UsageError(`--${useless} requires --adaptive`);
    return undefined;
  }
  return {
    tracesPerSecond,
    ...(intervalSeconds !== undefined && { intervalMs: intervalSeconds * 1000 }),
    ...(initialProbability !== undefined && { initialProbability }),
    ...(minProbability !== undefined && { minProbability }),
    ...(lowerBoundTracesPerSecond !== undefined && { lowerBoundTracesPerSecond }),
  };
}
