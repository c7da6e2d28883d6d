import type { Metadata } from './sdk.ts';

/**
 * What is recorded of an error: its class, its code, the status and the frames of its stack. Messages of AWS may quote
 * values of a request, and those about signatures quote its headers with the session token.
 */
export function withoutMessage(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, stack = '' } = error;
  const { code, $metadata } = error as { readonly code?: unknown; readonly $metadata?: Metadata };
  const status = $metadata?.httpStatusCode;
  const message = typeof status === 'number' ? `status ${status}` : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return Object.defineProperties(new Error(message), {
    name: { value: name },
    code: { value: code },
    stack: { value: [`${name}: ${message}`, ...frames].join('\n') },
  });
}
