/** Jaeger's response for a service: exactly one of the three. https://www.jaegertracing.io/docs/latest/apis/ */
export type JaegerStrategy =
  | {
      readonly strategyType: 'PROBABILISTIC';
      readonly probabilisticSampling: { readonly samplingRate: number };
    }
  | {
      readonly strategyType: 'RATE_LIMITING';
      readonly rateLimitingSampling: { readonly maxTracesPerSecond: number };
    }
  | { readonly strategyType: 'PROBABILISTIC'; readonly operationSampling: OperationSampling };

/** A probability for each operation, and the one of all others. */
export interface OperationSampling {
  readonly defaultSamplingProbability: number;
  readonly defaultLowerBoundTracesPerSecond: number;
  readonly perOperationStrategies: readonly OperationStrategy[];
}

/** The probability of one operation, by the name of its root span when it has ended. */
export interface OperationStrategy {
  readonly operation: string;
  readonly probabilisticSampling: { readonly samplingRate: number };
}
