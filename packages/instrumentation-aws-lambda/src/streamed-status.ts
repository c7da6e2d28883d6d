import type { AnyFunction } from '@clew/core/plugin';
import type { LambdaTools } from './options.ts';

/** The runtime's object for responses with a status and headers before the streamed body. */
interface Runtime {
  readonly awslambda?: { readonly HttpResponseStream?: object };
}

const statuses = new WeakMap<object, unknown>();

/** Remembers the status of each streamed response, which the handler passes to the runtime. */
export function watchStreamedResponses({ wrap }: LambdaTools): void {
  const { HttpResponseStream } = (globalThis as Runtime).awslambda ?? {};
  if (HttpResponseStream === undefined) return;
  wrap(HttpResponseStream, 'from', (original: AnyFunction) => {
    const from = original as unknown as (...args: unknown[]) => unknown;
    const watched = function (this: unknown, ...args: unknown[]): unknown {
      const [stream, metadata] = args as [unknown, { readonly statusCode?: unknown } | null | undefined];
      if (typeof stream === 'object' && stream !== null) statuses.set(stream, metadata?.statusCode);
      return Reflect.apply(from, this, args);
    };
    return watched as AnyFunction;
  });
}

/** The response of a handler that has streamed it, of which only the status is known. */
export function streamedResponse(stream: object): { readonly statusCode: unknown } {
  return { statusCode: statuses.get(stream) };
}
