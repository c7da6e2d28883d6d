import { originals } from '@clew/core/internal';
import type { Attributes } from '@opentelemetry/api';
import type { Decider, Facts, LateRules, Verdict } from '../decider.ts';
import { passes } from '../deciding/threshold.ts';
import { TokenBucket } from '../deciding/token-bucket.ts';
import { DROPPED, isParentless } from './parentless.ts';
import { compileXRayMatch, type XRayMatch, XRayRequest } from './xray-match.ts';
import { XRayRule, xrayVerdict } from './xray-rule.ts';
import { compareXRayRules, type XRayRuleDefinition } from './xray-rules.ts';

/** Rules that were not confirmed within this time are not used any more. */
const EXPIRES_AFTER_MS = 3_600_000;

/** Without rules: one trace a second, and 5 % of all others. */
export class XRayFallback {
  readonly #bucket = new TokenBucket(1);
  readonly #byBucket = xrayVerdict('fallback', 'rate');
  readonly #byRate = xrayVerdict('fallback', 'ratio', 0.05);

  decide({ randomHigh, randomLow }: Facts, nowMs: number): Verdict {
    if (this.#bucket.has(nowMs)) {
      this.#bucket.take();
      return this.#byBucket;
    }
    return passes(randomHigh, randomLow, this.#byRate.threshold!) ? this.#byRate : DROPPED;
  }
}

/** Decides by the first rule that matches, in the order of their priority. */
export class XRayDecider implements Decider {
  /** The rules that can apply in this process. */
  readonly rules: readonly XRayRule[];
  readonly needsHost: boolean;
  readonly #matches: readonly XRayMatch[];
  readonly #request = new XRayRequest();
  readonly #fallback: XRayFallback;
  readonly #now: () => number;
  #confirmedAt: number;

  /**
   * @param resource the attributes of the resource
   * @param previous the decider in force, whose state remains
   * @param now milliseconds of a monotonic clock
   */
  constructor(
    definitions: readonly XRayRuleDefinition[],
    resource: Readonly<Attributes>,
    previous?: XRayDecider,
    now = originals.monotonicNow,
  ) {
    const before = new Map(previous?.rules.map((rule) => [rule.definition.name, rule]));
    const rules: XRayRule[] = [];
    const matches: XRayMatch[] = [];
    for (const definition of [...definitions].sort(compareXRayRules)) {
      const match = compileXRayMatch(definition, resource);
      if (match === undefined) continue;
      matches.push(match);
      rules.push(continued(definition, before.get(definition.name)));
    }
    this.rules = rules;
    this.needsHost = rules.some(
      ({ definition: { host, attributes } }) =>
        host !== '*' || attributes.some(([name]) => name === 'server.address'),
    );
    this.#matches = matches;
    this.#fallback = previous === undefined ? new XRayFallback() : previous.#fallback;
    this.#now = now;
    this.#confirmedAt = now();
  }

  /** X-Ray has sent the same rules again. */
  confirm(): void {
    this.#confirmedAt = this.#now();
  }

  needsRoute(): boolean {
    return false;
  }

  decide(facts: Facts): Verdict | undefined {
    if (!isParentless(facts)) return undefined;
    const nowMs = this.#now();
    const rule = this.#ruleFor(facts, nowMs);
    return rule === undefined ? this.#fallback.decide(facts, nowMs) : rule.decide(facts, nowMs);
  }

  late(facts: Facts): LateRules | undefined {
    return isParentless(facts) ? this.#ruleFor(facts, this.#now())?.late : undefined;
  }

  #ruleFor(facts: Facts, nowMs: number): XRayRule | undefined {
    if (nowMs - this.#confirmedAt > EXPIRES_AFTER_MS) return undefined;
    const request = this.#request.set(facts);
    for (let i = 0; i < this.#matches.length; i++) if (this.#matches[i]!(request)) return this.rules[i];
    return undefined;
  }
}

/** A rule that has not changed keeps what X-Ray has assigned to it; a changed one keeps its counts only. */
function continued(definition: XRayRuleDefinition, previous: XRayRule | undefined): XRayRule {
  const isSame = previous !== undefined && JSON.stringify(previous.definition) === JSON.stringify(definition);
  return isSame ? previous : new XRayRule(definition, previous);
}
