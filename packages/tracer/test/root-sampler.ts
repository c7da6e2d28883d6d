import {
  DECIDE_LOCAL_ROOT,
  type LocalRoot,
  type LocalRootDecision,
  type LocalRootEnd,
  type LocalRootSampler,
} from '@clew/core/internal';
import type { Attributes } from '@opentelemetry/api';
import type { Sampler } from '../src/index.ts';

export const sampled = (attributes?: Attributes): LocalRootDecision => ({
  sampled: true,
  traceState: undefined,
  ...(attributes && { attributes }),
});
export const unsampled: LocalRootDecision = { sampled: false, traceState: undefined };

/** A sampler that decides about local roots with this function. */
export function rootSampler(decide: (root: LocalRoot) => LocalRootDecision): Sampler & LocalRootSampler {
  return {
    [DECIDE_LOCAL_ROOT]: decide,
    shouldSample: () => {
      throw new Error('shouldSample was called');
    },
    toString: () => 'RootSampler',
  };
}

/** Waits for the end, and keeps the traces for which `keeps` returns true. Adds each end to `ends`. */
export function endSampler(
  keeps: (end: LocalRootEnd) => boolean = ({ isError }) => isError,
  ends: LocalRootEnd[] = [],
): Sampler & LocalRootSampler {
  const pending = {
    needsRoute: false,
    atRoute: () => unsampled,
    atEnd: (end: LocalRootEnd) => {
      ends.push(end);
      return keeps(end) ? sampled({ 'clew.sampling.kept': 'error' }) : unsampled;
    },
  };
  return rootSampler(() => ({ sampled: false, traceState: undefined, pending }));
}

/** Waits for the route: keeps the traces of these routes; the others wait for the end if `keepsErrors`. */
export function routeSampler(routes: readonly string[], keepsErrors = false): Sampler & LocalRootSampler {
  const atEnd = ({ isError }: LocalRootEnd) =>
    keepsErrors && isError ? sampled({ 'clew.sampling.kept': 'error' }) : unsampled;
  const untilEnd = { needsRoute: false, atRoute: () => unsampled, atEnd };
  const pending = {
    needsRoute: true,
    atRoute: (route: string): LocalRootDecision =>
      routes.includes(route)
        ? sampled({ 'clew.sampling.policy': route })
        : keepsErrors
          ? { ...unsampled, pending: untilEnd }
          : unsampled,
    atEnd,
  };
  return rootSampler(() => ({ sampled: false, traceState: undefined, pending }));
}
