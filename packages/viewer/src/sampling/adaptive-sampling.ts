import type { Attributes, SpanRecord } from '../span-record.ts';
import { serviceName } from '../span-record.ts';
import { adaptiveProbability, MAX_OBSERVATIONS, type Observation } from './adaptive-probability.ts';
import type { OperationSampling } from './jaeger-strategy.ts';

/** Options of adaptive sampling. Defaults that are not stated are Jaeger's. */
export interface AdaptiveOptions {
  /** The target for each operation of each service, over all its processes; more than 0. */
  readonly tracesPerSecond: number;
  /** For operations without a calculated probability, in (0, 1]. Default 0.001. */
  readonly initialProbability?: number;
  /** The lowest probability of an operation, in [0.0000001, 1]. Default 0.00001. */
  readonly minProbability?: number;
  /** Traces a second that each process keeps of each operation, whatever its probability. Default 1/60. */
  readonly lowerBoundTracesPerSecond?: number;
  /** How often probabilities are calculated, in milliseconds, at least 100. Default 10000 (Jaeger: 60000). */
  readonly intervalMs?: number;
}

const MAX_SERVICES = 100;
const MAX_OPERATIONS = 256;
const MAX_NAME_CHARS = 256;
const FORGET_AFTER_SECONDS = 600;
/** Processes with a lower probability are not counted: one span would stand for too many. */
const LOWEST_PROBABILITY = 1e-7;

interface Operation {
  probability: number;
  observations: readonly Observation[];
  idleSeconds: number;
  /** The interval that has not ended yet. */
  sampled: number;
  estimate: number;
  variance: number;
  inUse: number | undefined;
}

/**
 * Calculates the sampling probability of each operation from the root spans that were received. It has no clock: call
 * `calculate` at the end of each interval. Keeps at most 100 services with 256 operations each; an operation without
 * spans for ten minutes is forgotten.
 *
 * @example
 * const sampling = new AdaptiveSampling({ tracesPerSecond: 2 });
 * sampling.add(spans);
 * sampling.calculate(10);
 * sampling.strategy('shop').perOperationStrategies;
 */
export class AdaptiveSampling {
  readonly #services = new Map<string, Map<string, Operation>>();
  readonly #options: Required<Omit<AdaptiveOptions, 'intervalMs'>>;
  #ignored = 0;

  /** Throws RangeError for an option outside its range. */
  constructor(options: AdaptiveOptions) {
    const { initialProbability = 0.001, minProbability = 0.00001 } = options;
    const { tracesPerSecond, lowerBoundTracesPerSecond = 1 / 60 } = options;
    within('tracesPerSecond', tracesPerSecond, Number.MIN_VALUE, Number.MAX_VALUE);
    within('initialProbability', initialProbability, LOWEST_PROBABILITY, 1);
    within('minProbability', minProbability, LOWEST_PROBABILITY, 1);
    within('lowerBoundTracesPerSecond', lowerBoundTracesPerSecond, 0, Number.MAX_VALUE);
    this.#options = { tracesPerSecond, initialProbability, minProbability, lowerBoundTracesPerSecond };
  }

  /** Root spans that were not counted because there were too many services or operations, or a name was too long. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Counts the root spans that state how they were sampled, in `sampler.type` and `sampler.param`. */
  add(spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      if (span.parentSpanId !== undefined) continue;
      const type = span.attributes['sampler.type'];
      if (type !== 'probabilistic' && type !== 'lowerbound') continue;
      const probability = samplerParam(span.attributes);
      if (!(probability >= LOWEST_PROBABILITY && probability <= 1)) continue;
      const operation = this.#operation(serviceName(span.resource), span.name);
      if (operation === undefined) {
        this.#ignored++;
        continue;
      }
      operation.inUse = Math.max(operation.inUse ?? 0, probability);
      if (type === 'lowerbound') continue;
      operation.sampled++;
      operation.estimate += 1 / probability;
      operation.variance += 1 / probability ** 2;
    }
  }

  /** Ends an interval of this length, and calculates the probabilities of all operations. */
  calculate(seconds: number): void {
    for (const [service, operations] of this.#services) {
      for (const [name, operation] of operations) {
        const { sampled, estimate, variance, inUse } = operation;
        operation.idleSeconds = inUse === undefined ? operation.idleSeconds + seconds : 0;
        if (operation.idleSeconds >= FORGET_AFTER_SECONDS) {
          operations.delete(name);
          continue;
        }
        const latest = { seconds, sampled, estimate, variance, inUse };
        operation.observations = [latest, ...operation.observations].slice(0, MAX_OBSERVATIONS);
        Object.assign(operation, { sampled: 0, estimate: 0, variance: 0, inUse: undefined });
        const { observations, probability } = operation;
        operation.probability = adaptiveProbability(observations, probability, this.#options);
      }
      if (operations.size === 0) this.#services.delete(service);
    }
  }

  /** The probabilities of a service's operations. Without an operation, the initial probability applies to all. */
  strategy(service: string): OperationSampling {
    const { initialProbability, lowerBoundTracesPerSecond } = this.#options;
    return {
      defaultSamplingProbability: initialProbability,
      defaultLowerBoundTracesPerSecond: lowerBoundTracesPerSecond,
      perOperationStrategies: Array.from(
        this.#services.get(service) ?? [],
        ([operation, { probability }]) => ({
          operation,
          probabilisticSampling: { samplingRate: Number(probability.toPrecision(4)) },
        }),
      ),
    };
  }

  #operation(service: string, name: string): Operation | undefined {
    const known = this.#services.get(service)?.get(name);
    if (known !== undefined) return known;
    if (service.length > MAX_NAME_CHARS || name.length > MAX_NAME_CHARS || name === '') return undefined;
    let operations = this.#services.get(service);
    if (operations === undefined) {
      if (this.#services.size >= MAX_SERVICES) return undefined;
      operations = new Map();
      this.#services.set(service, operations);
    }
    if (operations.size >= MAX_OPERATIONS) return undefined;
    const operation: Operation = {
      probability: this.#options.initialProbability,
      observations: [],
      idleSeconds: 0,
      sampled: 0,
      estimate: 0,
      variance: 0,
      inUse: undefined,
    };
    operations.set(name, operation);
    return operation;
  }
}

/** Tracers write a number, an integer or a decimal string. */
function samplerParam(attributes: Attributes): number {
  const value = attributes['sampler.param'];
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : (value as number);
}

function within(name: string, value: number, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  const range = max === Number.MAX_VALUE ? `${min === 0 ? 'of at least' : 'above'} 0` : `in [${min}, ${max}]`;
  throw new RangeError(`@clew/viewer: expected adaptive.${name} ${range}, got ${value}`);
}
