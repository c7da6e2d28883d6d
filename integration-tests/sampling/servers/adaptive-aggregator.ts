// Counts root spans and calculates probabilities as Jaeger's adaptive sampling does.
// https://github.com/jaegertracing/jaeger/tree/main/internal/sampling/samplingstrategy/adaptive

/** A span as Jaeger's collector receives it. */
export interface CollectedSpan {
  readonly service: string;
  readonly operation: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The configuration, with Jaeger's names and defaults. */
export interface AdaptiveOptions {
  readonly targetSamplesPerSecond?: number;
  readonly deltaTolerance?: number;
  readonly initialSamplingProbability?: number;
  readonly minSamplingProbability?: number;
  readonly minSamplesPerSecond?: number;
}

interface Throughput {
  count: number;
  readonly probabilities: Set<string>;
}

const MAX_PROBABILITIES = 10;

/** Throughput and probabilities of the operations of one service. */
export class AdaptiveAggregator {
  readonly probabilities = new Map<string, number>();
  #throughput = new Map<string, Throughput>();
  readonly #options: Required<AdaptiveOptions>;

  constructor(options: AdaptiveOptions = {}) {
    this.#options = {
      targetSamplesPerSecond: 1,
      deltaTolerance: 0.3,
      initialSamplingProbability: 0.001,
      minSamplingProbability: 1e-5,
      minSamplesPerSecond: 1 / 60,
      ...options,
    };
  }

  /** Counts a root span with a known `sampler.type` and a numeric `sampler.param`. Other spans are ignored. */
  collect({ operation, parentSpanId, attributes }: CollectedSpan): void {
    const { 'sampler.type': type, 'sampler.param': param } = attributes;
    const isRecognized = type === 'probabilistic' || type === 'lowerbound' || type === 'ratelimiting';
    const probability = Number(param);
    if (parentSpanId !== '' || operation === '' || !isRecognized || Number.isNaN(probability)) return;
    const throughput = this.#throughput.get(operation) ?? { count: 0, probabilities: new Set() };
    this.#throughput.set(operation, throughput);
    if (throughput.probabilities.size < MAX_PROBABILITIES)
      throughput.probabilities.add(probability.toFixed(6));
    // A span of the lower bound only makes the operation known.
    if (type === 'probabilistic') throughput.count++;
  }

  /** The number of spans that count for each operation since the last calculation. */
  get counts(): Record<string, number> {
    return Object.fromEntries([...this.#throughput].map(([operation, { count }]) => [operation, count]));
  }

  /** Calculates the probabilities from what was collected within the last seconds. */
  calculate(seconds: number): void {
    for (const [operation, throughput] of this.#throughput) {
      const old = this.probabilities.get(operation) ?? this.#options.initialSamplingProbability;
      this.probabilities.set(operation, this.#next(old, throughput, seconds));
    }
    this.#throughput = new Map();
  }

  #next(old: number, { count, probabilities }: Throughput, seconds: number): number {
    const {
      targetSamplesPerSecond: target,
      deltaTolerance,
      initialSamplingProbability,
      minSamplingProbability,
    } = this.#options;
    const isAdaptive =
      Math.abs(old - initialSamplingProbability) < 1e-10 || probabilities.has(old.toFixed(6));
    const perSecond = count / seconds;
    if (!isAdaptive || Math.abs(perSecond - target) / target < deltaTolerance) return old;
    // At most doubled at once.
    const next = perSecond === 0 ? old * 2 : Math.min(old * 2, (old * target) / perSecond);
    return Math.min(1, Math.max(minSamplingProbability, next));
  }

  /** What Jaeger responds for the service. `perOperationStrategies` is null before the first calculation. */
  response(): object {
    const { initialSamplingProbability, minSamplesPerSecond } = this.#options;
    const strategies = [...this.probabilities].map(([operation, samplingRate]) => ({
      operation,
      probabilisticSampling: { samplingRate },
    }));
    return {
      strategyType: 'PROBABILISTIC',
      operationSampling: {
        defaultSamplingProbability: initialSamplingProbability,
        defaultLowerBoundTracesPerSecond: minSamplesPerSecond,
        perOperationStrategies: strategies.length === 0 ? null : strategies,
        defaultUpperBoundTracesPerSecond: 0,
      },
    };
  }
}
