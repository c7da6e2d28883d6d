import { type CompiledMatch, compileMatch } from '../matching/compile-match.ts';
import type { Policy } from '../policy.ts';
import type { CompiledPolicy } from './compiled-policy.ts';

/** Policies that name a route and otherwise have the same conditions: whether to wait for the route is the same for all. */
export interface RouteGroup {
  /** The conditions without the route. */
  readonly conditions: CompiledMatch;
  /** Whether any of them keeps only some of the traces. */
  restricts: boolean;
  /** Whether any of them decides at the start. */
  decides: boolean;
  /** Whether any of them keeps traces at their end, or drops those that others would keep then. */
  isLate: boolean;
}

/** Groups policies, so that a thousand policies that differ in their route cost one test. */
export function groupByRest(
  policies: readonly (readonly [policy: Policy, compiled: CompiledPolicy])[],
): RouteGroup[] {
  const groups = new Map<string, RouteGroup>();
  for (const [{ match = {} }, compiled] of policies) {
    const { route: _, service: _service, resource: _resource, ...rest } = match;
    const key = JSON.stringify(rest);
    let group = groups.get(key);
    if (group === undefined) {
      group = { conditions: compileMatch(rest, {})!, restricts: false, decides: false, isLate: false };
      groups.set(key, group);
    }
    const { never, isPartial, rate, threshold, onError, slowerThanMs } = compiled;
    group.restricts ||= never || isPartial || rate !== undefined;
    group.decides ||= never || threshold !== undefined;
    group.isLate ||= never || onError || slowerThanMs !== undefined;
  }
  return [...groups.values()];
}
