import { guard } from '@clew/core/plugin';
import { type Metadata, methodOf } from './grpc.ts';
import type { GrpcTools } from './options.ts';

/** A call, as the hooks get it. */
export interface GrpcCall {
  /** `shop.Orders/Total` */
  readonly method: string;
  /** A copy of the request's metadata, without the trace context that a client adds. A change does not affect the call. */
  readonly metadata: Metadata;
  /** Whether this process makes the call (a CLIENT span) or serves it (a SERVER span). */
  readonly side: 'client' | 'server';
}

/** The status with which a call ended. */
export interface GrpcStatus {
  /** `14` for UNAVAILABLE. */
  readonly code: number;
  readonly details: string;
}

/** What the hooks of a recorded call get; `undefined` if no hook is set, because the copy costs time. */
export function hookedCall(
  { name, options }: GrpcTools,
  path: string,
  metadata: Metadata,
  side: GrpcCall['side'],
): GrpcCall | undefined {
  if (options.requestHook === undefined && options.responseHook === undefined) return undefined;
  return guard(`${name}: copying metadata`, () => ({
    method: methodOf(path),
    metadata: metadata.clone(),
    side,
  }));
}
