import { readProperty } from './kit/read-property.ts';

const NAMES: ReadonlySet<unknown> = new Set(['AbortError', 'CanceledError', 'CancelError']);
const CODES: ReadonlySet<unknown> = new Set(['ABORT_ERR', 'UND_ERR_ABORTED', 'ERR_CANCELED']);
/** A cause may have a cause. */
const MAX_DEPTH = 4;

/**
 * Whether an error means that the caller cancelled the call: `controller.abort()`, `body.cancel()`, the cancellation of
 * axios and got. The conventions do not count this as an error of the call. A timeout (`AbortSignal.timeout()`) is an
 * error, and so is an abort whose reason is an error: `controller.abort(new Error('too slow'))`.
 * Source: https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
 *
 * @example
 * if (!isCancellation(error)) operation.fail(abortReason(error));
 */
export function isCancellation(error: unknown): boolean {
  return isAbort(error) && !isObject(innermostReason(error));
}

/** The error that was given as the reason of an abort; the error itself if there is none. */
export function abortReason(error: unknown): unknown {
  const reason = innermostReason(error);
  return isObject(reason) ? reason : error;
}

/** The first cause that is not an abort; `undefined` for a plain cancellation. */
function innermostReason(error: unknown): unknown {
  let reason = error;
  for (let depth = 0; depth < MAX_DEPTH && isAbort(reason); depth++) reason = readProperty(reason, 'cause');
  return isAbort(reason) ? undefined : reason;
}

function isAbort(error: unknown): error is object {
  return (
    isObject(error) && (NAMES.has(readProperty(error, 'name')) || CODES.has(readProperty(error, 'code')))
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
