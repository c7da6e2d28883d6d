import { DECIDE_LOCAL_ROOT, type LocalRoot, type LocalRootDecision } from '@clew/core/internal';
import { ROOT_CONTEXT, SpanKind, TraceFlags } from '@opentelemetry/api';
import type { Match, Policy, PolicySampler } from '../src/index.ts';

/** A `GET /orders/1` without a caller, whose random value is half of all: 0x80000000000000. */
export function localRoot(changes: Partial<LocalRoot> = {}): LocalRoot {
  return {
    name: 'GET',
    kind: SpanKind.SERVER,
    attributes: { 'http.request.method': 'GET', 'url.path': '/orders/1' },
    context: ROOT_CONTEXT,
    parentFlags: -1,
    traceState: undefined,
    randomHigh: 0x800000,
    randomLow: 0,
    ...changes,
  };
}

/** What a sampler decides about a local root when it starts. */
export function decide(sampler: PolicySampler, changes: Partial<LocalRoot> = {}): LocalRootDecision {
  return sampler[DECIDE_LOCAL_ROOT](localRoot(changes));
}

/** A policy that keeps nothing that it matches. */
export function never(id: string, match: Match = {}): Policy {
  return { id, match, keep: { never: true } };
}

/** Changes for a local root whose caller did not sample the trace. */
export const unsampled: Partial<LocalRoot> = { parentFlags: 0 };
/** Changes for a local root whose caller sampled the trace. */
export const sampled: Partial<LocalRoot> = { parentFlags: TraceFlags.SAMPLED };
