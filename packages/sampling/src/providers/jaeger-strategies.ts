import { listIn, numberIn, objectIn, parseObject, textIn } from './json-fields.ts';

/** What Jaeger responds for a service. */
export type JaegerStrategies =
  | { readonly kind: 'probabilistic'; readonly rate: number }
  | { readonly kind: 'rateLimiting'; readonly tracesPerSecond: number }
  | JaegerOperationStrategies;

/** Strategies by operation, which is the name that a span has at its end. */
export interface JaegerOperationStrategies {
  readonly kind: 'operations';
  /** The probability of each listed operation. */
  readonly rates: ReadonlyMap<string, number>;
  /** The probability of all other operations. */
  readonly defaultRate: number;
  /** At least this many traces a second of each operation in each process; 0 for no bound. */
  readonly lowerBound: number;
  /** At most this many traces a second of each operation in each process; 0 for no bound. */
  readonly upperBound: number;
}

/**
 * Reads a response of Jaeger's sampling endpoint. `strategyType` is ignored: it is redundant, and its values differ
 * between the versions. A missing number is 0, because servers may leave out the default values of a message.
 *
 * @throws TypeError or SyntaxError for an invalid response
 * @see https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/sampling.proto
 */
export function readJaegerStrategies(text: string): JaegerStrategies {
  const response = parseObject(text);
  const { operationSampling, probabilisticSampling, rateLimitingSampling } = response;
  if (isGiven(operationSampling)) return operationStrategies(operationSampling);
  if (isGiven(probabilisticSampling)) {
    return { kind: 'probabilistic', rate: rateIn('probabilisticSampling', probabilisticSampling) };
  }
  if (isGiven(rateLimitingSampling)) {
    const { maxTracesPerSecond } = objectIn('rateLimitingSampling', rateLimitingSampling);
    const name = 'rateLimitingSampling.maxTracesPerSecond';
    return { kind: 'rateLimiting', tracesPerSecond: numberIn(name, maxTracesPerSecond) };
  }
  throw new TypeError(
    'expected the response to have operationSampling, probabilisticSampling or rateLimitingSampling',
  );
}

function operationStrategies(value: unknown): JaegerOperationStrategies {
  const name = 'operationSampling';
  const fields = objectIn(name, value);
  const rates = new Map<string, number>();
  for (const each of listIn(`${name}.perOperationStrategies`, fields.perOperationStrategies)) {
    const { operation, probabilisticSampling } = objectIn(`${name}.perOperationStrategies`, each);
    // Without a strategy of its own, an operation has the default.
    if (!isGiven(probabilisticSampling)) continue;
    const key = textIn(`${name}.perOperationStrategies.operation`, operation);
    rates.set(key, rateIn(`${name}.perOperationStrategies["${key}"]`, probabilisticSampling));
  }
  const number = (field: string, max?: number) => numberIn(`${name}.${field}`, fields[field], max);
  return {
    kind: 'operations',
    rates,
    defaultRate: number('defaultSamplingProbability', 1),
    lowerBound: number('defaultLowerBoundTracesPerSecond'),
    upperBound: number('defaultUpperBoundTracesPerSecond'),
  };
}

function rateIn(name: string, strategy: unknown): number {
  return numberIn(`${name}.samplingRate`, objectIn(name, strategy).samplingRate, 1);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
