import { readProperty } from '../kit/read-property.ts';

/** A line of a stack that names a place in the code. */
const FRAME = /^\s+at /;

/**
 * Returns an error that is safe to record. The message of an API's error may quote the prompt or a part of the key, and
 * that of an invalid chunk quotes the chunk, so only messages of the operating system are kept. In their place there is
 * the status and the code of the response: `status 429, rate_limit_exceeded`.
 */
export function withoutContent(error: unknown): unknown {
  if (typeof error === 'string') return new Error('an error without a recorded message');
  if (typeof error !== 'object' || error === null) return error;
  const status = readProperty(error, 'status');
  const code = readProperty(error, 'code');
  const cause = readProperty(error, 'cause');
  const parts = [
    typeof status === 'number' ? `status ${status}` : '',
    typeof code === 'string' ? code : systemCodeOf(cause),
  ];
  const message = parts.filter((part) => part !== '').join(', ');
  const stack = readProperty(error, 'stack');
  return Object.create(error, {
    message: { value: message },
    stack: { value: typeof stack === 'string' ? framesOf(stack) : undefined },
  });
}

/** The code of a failed connection, which SDKs wrap in an error of their own. */
function systemCodeOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  const code = readProperty(cause, 'code');
  return typeof code === 'string' ? code : systemCodeOf(readProperty(cause, 'cause'));
}

function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => FRAME.test(line))
    .join('\n');
}
