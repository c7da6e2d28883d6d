import { errors } from '@clew/core/plugin';
import { handlerOf } from './resends.ts';

/**
 * Whether an error of a request is a cancellation by its caller. `fetch` reports an abort's reason unchanged, so an
 * error that is not an object, as from `controller.abort('unmounted')`, is a cancellation, too.
 */
export function isCancelled(request: object, error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return true;
  if (!errors.isCancellation(error) || isRefusedTunnel(error)) return false;
  return !isError(signalReasonOf(request));
}

/** A tunnel rejected by a proxy has the same error as an abort. */
function isRefusedTunnel(error: object): boolean {
  return 'message' in error && String(error.message).startsWith('Proxy response');
}

/** In version 5 the error does not contain the abort's reason, but the handler has the signal. */
function signalReasonOf(request: object): unknown {
  const handler = handlerOf(request);
  if (typeof handler !== 'object' || handler === null) return undefined;
  const key = Object.getOwnPropertySymbols(handler).find(({ description }) => description === 'kSignal');
  const signal: unknown = key === undefined ? undefined : Reflect.get(handler, key);
  return signal instanceof AbortSignal ? signal.reason : undefined;
}

function isError(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && !errors.isCancellation(reason);
}
