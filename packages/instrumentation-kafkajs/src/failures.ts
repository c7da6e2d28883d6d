import { errors } from '@clew/core/plugin';

/** An error of kafkajs. */
interface KafkaError {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly cause?: unknown;
}

/** Errors contain others: retries, the last failure; a failed connection, the system's error. */
const MAX_DEPTH = 8;

/** A broker's name for an error: `UNKNOWN_TOPIC_OR_PARTITION`. */
const BROKER_ERROR = /^[A-Z][A-Z0-9_]+$/;

/** `error.type` of a failed call: the broker's name for the error, or else the type of what caused it. */
export function errorTypeOf(error: unknown): string {
  let cause: unknown = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof cause === 'object' && cause !== null; depth++) {
    const { type, cause: next } = cause as KafkaError;
    if (typeof type === 'string' && BROKER_ERROR.test(type)) return type;
    if (next === undefined || next === null) break;
    cause = next;
  }
  return errors.typeOf(cause);
}
