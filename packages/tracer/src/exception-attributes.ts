import { exceptionType } from '@clew/core/internal';
import type { FlatAttributes } from './attributes.ts';

interface ErrorLike {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

/**
 * The attributes of an `exception` event for whatever was thrown.
 * The type is the name of the error's class and never its `code`, which OpenTelemetry's SDK prefers: a number says
 * nothing about the class.
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
  // An error of the application may have getters that throw.
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
    // What could be read stays.
  }
  return list;
}
