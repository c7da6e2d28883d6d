import type { MountedRequest } from '@clew/core/plugin';
import type { ExpressRequest } from './express.ts';

const VISIT = Symbol('clew.express-visit');

type Visiting = ExpressRequest & { [VISIT]?: MountedRequest | undefined };

/** The state of a request inside routers; `undefined` outside of them. */
export function visitOf(request: ExpressRequest): MountedRequest | undefined {
  return (request as Visiting)[VISIT];
}

// A property, not a WeakMap: with an entry for each request, garbage collection would cost more than the whole plugin.
export function setVisit(request: ExpressRequest, visit: MountedRequest | undefined): void {
  (request as Visiting)[VISIT] = visit;
}
