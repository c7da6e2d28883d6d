import type { Decider, Facts, LateRules, Provider, ProviderStats, Verdict } from '../decider.ts';
import { compileComposable } from './compile-composable.ts';

/**
 * The sampler `composite/development` of OpenTelemetry's declarative configuration. Its rules are tried in order, and the
 * first one that matches decides; of policies, in contrast, all that match apply.
 *
 * @param config the value of `composite/development`, parsed
 * @throws TypeError that names the wrong part: `@clew/sampling: expected composite.probability.ratio in [0, 1], got 2`
 * @see https://github.com/open-telemetry/opentelemetry-configuration/blob/main/schema-docs.md#experimentalcomposablesampler
 */
export function compositeProvider(config: unknown): Provider {
  const decider = new CompositeDecider(compileComposable(config, 'composite'), namesHost(config));
  return {
    name: 'composite',
    start: (inForce) => inForce(decider, ''),
    stats: (): ProviderStats => ({ loads: 1, unchanged: 0, failures: {}, version: '' }),
    stop: () => {},
  };
}

class CompositeDecider implements Decider {
  readonly needsHost: boolean;
  readonly #decide: (facts: Facts) => Verdict;

  constructor(decide: (facts: Facts) => Verdict, needsHost: boolean) {
    this.#decide = decide;
    this.needsHost = needsHost;
  }

  needsRoute(): boolean {
    return false;
  }

  decide(facts: Facts): Verdict {
    return this.#decide(facts);
  }

  late(): LateRules | undefined {
    return undefined;
  }
}

/** Whether a condition has the key `server.address`. The configuration has been checked, so its depth is bounded. */
function namesHost(config: unknown): boolean {
  if (typeof config !== 'object' || config === null) return false;
  return Object.entries(config).some(
    ([name, value]) => (name === 'key' && value === 'server.address') || namesHost(value),
  );
}
