import { handlerOf } from './resends.ts';
import { symbolOf } from './symbol-of.ts';

/**
 * Whether an error of a request is a cancellation by its caller. `fetch` reports an abort's reason unchanged, so an
 * error that is not an object, as from `controller.abort('unmounted')`, is a cancellation, too.
 */
export function isCancelled(_request: object, error: unknown, isAbort: boolean): boolean {
  return typeof error !== 'object' || error === null || (isAbort && !isRefusedTunnel(error));
}

/** A tunnel rejected by a proxy has the same error as an abort. */
function isRefusedTunnel(error: object): boolean {
  return 'message' in error && String(error.message).startsWith('Proxy response');
}

/** In version 5 the error does not contain the abort's reason, but the handler has the signal. */
export function abortReason(request: object): unknown {
  const handler = handlerOf(request);
  const key = symbolOf(handler, 'kSignal');
  const signal: unknown = key === undefined ? undefined : Reflect.get(handler as object, key);
  return signal instanceof AbortSignal ? signal.reason : undefined;
}
