import type { Policy, TextMatch } from '@clew/sampling';
import { type JaegerPolicy, toJaegerPolicy } from './jaeger-policy.ts';

/** Jaeger's response for a service. https://www.jaegertracing.io/docs/latest/apis/#remote-sampling-configuration */
export type JaegerStrategy =
  | {
      readonly strategyType: 'PROBABILISTIC';
      readonly probabilisticSampling: { readonly samplingRate: number };
      /** Overrides `probabilisticSampling`, which clients use that know no operations, or none of a service yet. */
      readonly operationSampling?: OperationSampling;
    }
  | {
      readonly strategyType: 'RATE_LIMITING';
      readonly rateLimitingSampling: { readonly maxTracesPerSecond: number };
    };

/** The strategy of a service with operations. */
export function operationStrategy(operationSampling: OperationSampling): JaegerStrategy {
  return {
    strategyType: 'PROBABILISTIC',
    probabilisticSampling: { samplingRate: operationSampling.defaultSamplingProbability },
    operationSampling,
  };
}

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

/** Whether a condition matches the name of a service. */
export type ServiceMatcher = (condition: TextMatch, service: string) => boolean;

/** Services whose policies are remembered. */
const MAX_SERVICES = 1_000;

/** A set of policies in Jaeger's terms. */
export class JaegerStrategies {
  readonly #policies: readonly JaegerPolicy[];
  readonly #matches: ServiceMatcher;
  readonly #byService = new Map<string, readonly JaegerPolicy[]>();
  /** What Jaeger cannot express, a line for each policy: `errors (keep.onError)`. */
  readonly leftOut: readonly string[];

  constructor(policies: readonly Policy[], matches: ServiceMatcher) {
    const enabled = policies.filter((policy) => policy.enabled !== false);
    const translated = enabled.map((policy) => ({ id: policy.id, ...toJaegerPolicy(policy) }));
    this.#policies = translated.flatMap(({ policy }) => policy ?? []);
    this.#matches = matches;
    this.leftOut = translated
      .filter(({ leftOut }) => leftOut.length > 0)
      .map(({ id, leftOut }) => `${id} (${leftOut.join(', ')})`);
  }

  /**
   * The strategy of a service. The most restrictive policy wins. Where no policy names all operations, `others` has the
   * strategy of those that no policy names; default: all are sampled.
   */
  strategy(service: string, others?: OperationSampling): JaegerStrategy {
    const applying = this.#applyingTo(service);
    const general = applying.filter((policy) => policy.operations === undefined);
    const ratio = lowest(general.map((policy) => policy.ratio));
    const rate = lowest(general.map((policy) => policy.tracesPerSecond));
    if (rate !== undefined && ratio !== 0) {
      // Jaeger has whole numbers only, and no operations beside a rate.
      const maxTracesPerSecond = Math.max(1, Math.floor(rate));
      return { strategyType: 'RATE_LIMITING', rateLimitingSampling: { maxTracesPerSecond } };
    }
    const operations = new Map<string, number>();
    for (const policy of applying) {
      for (const operation of policy.operations ?? [])
        operations.set(operation, Math.min(operations.get(operation) ?? ratio ?? 1, policy.ratio ?? 1));
    }
    const floor = floorOf(general);
    const rest = ratio === undefined ? others : undefined;
    if (operations.size === 0 && floor === 0 && rest === undefined)
      return { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: ratio ?? 1 } };
    return operationStrategy({
      defaultSamplingProbability: rest?.defaultSamplingProbability ?? ratio ?? 1,
      defaultLowerBoundTracesPerSecond: rest?.defaultLowerBoundTracesPerSecond ?? floor,
      perOperationStrategies: [
        ...Array.from(operations, ([operation, samplingRate]) => ({
          operation,
          probabilisticSampling: { samplingRate },
        })),
        ...(rest?.perOperationStrategies ?? []).filter(({ operation }) => !operations.has(operation)),
      ],
    });
  }

  #applyingTo(service: string): readonly JaegerPolicy[] {
    let applying = this.#byService.get(service);
    if (applying === undefined) {
      applying = this.#policies.filter(
        (policy) => policy.service === undefined || this.#matches(policy.service, service),
      );
      if (this.#byService.size >= MAX_SERVICES) this.#byService.clear();
      this.#byService.set(service, applying);
    }
    return applying;
  }
}

function lowest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** A floor counts only if every policy that drops traces has one. */
function floorOf(policies: readonly JaegerPolicy[]): number {
  const restrictive = policies.filter(({ ratio }) => ratio !== undefined && ratio < 1);
  return lowest(restrictive.map((policy) => policy.atLeastPerSecond ?? 0)) ?? 0;
}
