import { type Exception, type Span, SpanStatusCode } from '@opentelemetry/api';
import { cutText } from './kit/cut-text.ts';
import { readProperty } from './kit/read-property.ts';
import { ATTR } from './semconv.ts';

/** A message may contain a whole document, which would make the span too large for a batch. */
const MAX_MESSAGE_CHARS = 4096;
const MAX_STACK_CHARS = 16_384;
const UNPRINTABLE = 'an unprintable value';

/**
 * Records any thrown value on a span, as the exception conventions require. Cuts the message at 4,096 and the stack at
 * 16,384 characters. Also records a value whose properties can't be read.
 */
export function recordError(span: Span, error: unknown): void {
  const type = errorType(error);
  const full = messageOf(error);
  const message = cutText(full, MAX_MESSAGE_CHARS);
  span.recordException(exceptionOf(error, full, message));
  span.setAttribute(ATTR.errorType, type);
  span.setStatus(message === '' ? { code: SpanStatusCode.ERROR } : { code: SpanStatusCode.ERROR, message });
}

/**
 * `error.type` of any thrown value: its `code` if that is a string (`ECONNREFUSED`, a SQLSTATE), or the name of its code
 * (`codeName` of MongoDB: `WriteConflict`). These are the low-cardinality identifiers that the conventions allow in place
 * of a class. Else {@link exceptionType}.
 */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const identifiers = [readProperty(error, 'code'), readProperty(error, 'codeName')];
  const found = identifiers.find((each): each is string => typeof each === 'string' && each !== '');
  return found ?? exceptionType(error);
}

/** Names of general classes: the name of a derived class is more specific. */
const GENERAL: ReadonlySet<unknown> = new Set([
  'Error',
  'AggregateError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'Object',
]);

/**
 * `exception.type` of any thrown value: the name of its class, never a code. That is the error's `name`, or the name of
 * the constructor if `name` is inherited from a built-in class. For a value that is not an object, the name of its type.
 * Source: https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
 */
export function exceptionType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const name = readProperty(error, 'name');
  const given = typeof name === 'string' && name !== '' ? name : 'Error';
  if (!GENERAL.has(given)) return given;
  const constructed = readProperty(error, 'constructor');
  const className = typeof constructed === 'function' ? readProperty(constructed, 'name') : undefined;
  return typeof className === 'string' && className !== '' && !GENERAL.has(className) ? className : given;
}

function exceptionOf(error: unknown, full: string, message: string): Exception {
  const name = exceptionType(error);
  if (!isError(error)) return { name, message };
  const stack = readProperty(error, 'stack');
  // No `code`: SDKs would write it in place of the name.
  return { name, message, ...(typeof stack === 'string' && { stack: shortened(stack, full, message) }) };
}

/** The stack begins with the full message: cutting it there too keeps the frames. */
function shortened(stack: string, full: string, message: string): string {
  return cutText(full === message ? stack : stack.replace(full, () => message), MAX_STACK_CHARS);
}

function messageOf(error: unknown): string {
  try {
    const isObject = typeof error === 'object' && error !== null;
    return String(isObject && 'message' in error ? error.message : error);
  } catch {
    return UNPRINTABLE;
  }
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}
