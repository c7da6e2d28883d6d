import { type Exception, type Span, SpanStatusCode } from '@opentelemetry/api';
import { ATTR } from './semconv.ts';

/** A message may contain a whole document: in full, it would make the span too large for a batch. */
const MAX_MESSAGE_CHARS = 4096;
const MAX_STACK_CHARS = 16_384;
const UNPRINTABLE = 'an unprintable value';

/**
 * Records any thrown value on a span, as the exception conventions ask: of its message 4,096 characters, of its stack
 * 16,384. A value whose properties can't be read is an error all the same.
 */
export function recordError(span: Span, error: unknown): void {
  const type = errorType(error);
  const full = messageOf(error);
  const message = full.slice(0, MAX_MESSAGE_CHARS);
  span.recordException(exceptionOf(error, full, message));
  span.setAttribute(ATTR.errorType, type);
  span.setStatus(message === '' ? { code: SpanStatusCode.ERROR } : { code: SpanStatusCode.ERROR, message });
}

/**
 * `error.type` of any thrown value: its code where that is a text (`ECONNREFUSED`, a SQLSTATE), which is the
 * low-cardinality identifier that the conventions allow in place of a class, else {@link exceptionType}.
 */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const code = read(error, 'code');
  return typeof code === 'string' && code !== '' ? code : exceptionType(error);
}

/** Classes whose name says nothing that a class derived from them does not say better. */
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
 * `exception.type` of any thrown value: the name of its class, never a code. That is the error's `name`; where the
 * class has not set one, and so inherits a name of the language, it is the name of the class itself. What is not an
 * object has the name of its type.
 * Source: https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
 */
export function exceptionType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const name = read(error, 'name');
  const given = typeof name === 'string' && name !== '' ? name : 'Error';
  if (!GENERAL.has(given)) return given;
  const constructed = read(error, 'constructor');
  const className = typeof constructed === 'function' ? read(constructed, 'name') : undefined;
  return typeof className === 'string' && className !== '' && !GENERAL.has(className) ? className : given;
}

function exceptionOf(error: unknown, full: string, message: string): Exception {
  const name = exceptionType(error);
  if (!isError(error)) return { name, message };
  const stack = read(error, 'stack');
  // No `code`: SDKs would write it in place of the name.
  return { name, message, ...(typeof stack === 'string' && { stack: shortened(stack, full, message) }) };
}

/** A stack begins with the message: cut there as well, its frames stay. */
function shortened(stack: string, full: string, message: string): string {
  return (full === message ? stack : stack.replace(full, () => message)).slice(0, MAX_STACK_CHARS);
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

/** A property, where reading it does not throw: getters and proxies are the program's. */
function read(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
