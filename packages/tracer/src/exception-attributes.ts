import { exceptionType } from '@clew/core/internal';
import type { FlatAttributes } from './attributes.ts';

interface ErrorLike {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

/**
 * Returns the attributes of an `exception` event for any thrown value. The type is the name of the error's class, not
 * its `code`, which OpenTelemetry's SDK prefers: a code does not identify the class.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
 */
export function exceptionAttributes(thrown: unknown, maxLength: number): FlatAttributes {
  const list: FlatAttributes = [];
  const add = (key: string, value: unknown) => {
    if (typeof value !== 'string' && typeof value !== 'number') return;
    const text = String(value);
    if (text !== '') list.push(key, text.length > maxLength ? text.slice(0, maxLength) : text);
  };
  // The application's errors may have getters that throw.
  try {
    if (typeof thrown === 'object' && thrown !== null) {
      const error = thrown as ErrorLike;
      if (error.name ?? error.message) add('exception.type', exceptionType(thrown));
      add('exception.message', error.message);
      add('exception.stacktrace', error.stack);
    } else if (thrown !== undefined) {
      add('exception.message', String(thrown));
    }
  } catch {
    // Keep what could be read.
  }
  return list;
}
