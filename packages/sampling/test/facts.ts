// The facts of a request, for tests of deciders.
import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import type { Facts } from '../src/decider.ts';

/** A request `GET` without a parent, whose random value is `random` of all values, in [0, 1). */
export function facts(given: Partial<Facts> & { readonly random?: number } = {}): Facts {
  const { random = 0.5, ...rest } = given;
  const value = Math.floor(random * 2 ** 24);
  const { route } = rest;
  return {
    name: 'GET',
    kind: SpanKind.SERVER,
    attributes: {},
    context: ROOT_CONTEXT,
    origin: 'root',
    randomHigh: value,
    randomLow: 0,
    route,
    routeIsFinal: route !== undefined,
    ...rest,
  };
}

/** The context of a request with a remote parent. */
export const contextWithParent = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0123456789abcdef0123456789abcdef',
  spanId: '0123456789abcdef',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});

/** A clock of the test. */
export class TestClock {
  ms = 1000;
  readonly now = (): number => this.ms;
}
