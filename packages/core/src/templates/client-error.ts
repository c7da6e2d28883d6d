import { readProperty } from '../kit/read-property.ts';

/** A line of a stack that names a place in the code. */
const FRAME = /^\s+at /;

/**
 * Returns an error that is safe to record: of the same class, with the frames of its stack, and `summary` as its message.
 * The message of an API's error may quote what was sent, such as a prompt, an item or a part of the key, and that of an
 * invalid chunk quotes the chunk. By default the summary is the status and the code of the error:
 * `status 429, rate_limit_exceeded`.
 */
export function withoutContent(error: unknown, summary?: string): unknown {
  if (typeof error === 'string') return new Error('an error without a recorded message');
  if (typeof error !== 'object' || error === null) return error;
  const stack = readProperty(error, 'stack');
  return Object.create(error, {
    message: { value: summary ?? summaryOf(error) },
    stack: { value: typeof stack === 'string' ? framesOf(stack) : undefined },
  });
}

function summaryOf(error: object): string {
  const status = readProperty(error, 'status');
  const code = readProperty(error, 'code');
  const parts = [
    typeof status === 'number' ? `status ${status}` : '',
    typeof code === 'string' ? code : systemCodeOf(readProperty(error, 'cause')),
  ];
  return parts.filter((part) => part !== '').join(', ');
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
