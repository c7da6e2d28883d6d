import { abortReason, isCancellation } from '../src/cancellation.ts';

class AbortError extends Error {
  override name = 'AbortError';
}
const timeout = new DOMException('too late', 'TimeoutError');
const abort = new DOMException('aborted', 'AbortError');
const slow = new RangeError('too slow');
const circular = new AbortError('a');
circular.cause = circular;
const hostile = Object.defineProperty(new AbortError('a'), 'cause', {
  get: () => {
    throw new Error('inner');
  },
});

test.each<[title: string, error: unknown, expected: boolean]>([
  ['an abort of the platform', abort, true],
  ['an abort of Node', Object.assign(new AbortError('a', { cause: abort }), { code: 'ABORT_ERR' }), true],
  ['an abort with a reason that is a text', new AbortError('a', { cause: 'unmounted' }), true],
  ['an abort of undici', Object.assign(new Error('a'), { code: 'UND_ERR_ABORTED' }), true],
  ['a cancellation of axios', Object.assign(new Error('canceled'), { name: 'CanceledError' }), true],
  ['a cancellation of got', Object.assign(new Error('canceled'), { name: 'CancelError' }), true],
  ['an abort that is its own cause', circular, true],
  ['an abort whose cause cannot be read', hostile, true],
  ['a timeout of the platform', timeout, false],
  ['an abort because of a timeout', new AbortError('a', { cause: timeout }), false],
  ['an abort for a reason that is an error', new AbortError('a', { cause: slow }), false],
  ['a refused connection', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), false],
  ['a text', 'AbortError', false],
  ['nothing', undefined, false],
])('%s: %p is a cancellation: %p', (_, error, expected) => {
  expect(isCancellation(error)).toBe(expected);
});

test('an abort with an error as its reason is recorded as that error', () => {
  expect(abortReason(new AbortError('a', { cause: timeout }))).toBe(timeout);
  expect(abortReason(abort)).toBe(abort);
  expect(abortReason(slow)).toBe(slow);
});
