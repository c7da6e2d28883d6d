import { type Exception, type Span, SpanStatusCode } from '@opentelemetry/api';
import { ATTR } from './semconv.ts';

/** A message may hold a whole document: with it in full, the span would not fit into a batch. */
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
  span.recordException(exceptionOf(error, type, full, message));
  span.setAttribute(ATTR.errorType, type);
  span.setStatus(message === '' ? { code: SpanStatusCode.ERROR } : { code: SpanStatusCode.ERROR, message });
}

/** `error.type` of any thrown value: an error code where there is one (`ECONNREFUSED`), else the class's name. */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const code = read(error, 'code');
  if (typeof code === 'string' && code !== '') return code;
  const name = read(error, 'name');
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

function exceptionOf(error: unknown, type: string, full: string, message: string): Exception {
  if (!isError(error)) return { name: type, message };
  const code = read(error, 'code');
  const name = read(error, 'name');
  const stack = read(error, 'stack');
  return {
    name: typeof name === 'string' ? name : type,
    message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof stack === 'string' && { stack: shortened(stack, full, message) }),
  };
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
