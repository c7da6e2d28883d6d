import { errors } from '@clew/core/plugin';
import { type Exception, type Span, SpanStatusCode } from '@opentelemetry/api';
import { ListeningSpan } from './listening-span.ts';

const ERROR = SpanStatusCode.ERROR;

describe('any thrown value is recorded', () => {
  const Failure = class extends Error {};
  test.each<[value: unknown, type: string, exception: string, message: string | undefined]>([
    [new TypeError('a'), 'TypeError', 'TypeError: a', 'a'],
    [
      Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
      'ECONNREFUSED',
      'Error: refused',
      'refused',
    ],
    [Object.assign(new Error('a'), { code: 7 }), 'Error', 'Error: a', 'a'],
    [new Failure(''), 'Failure', 'Failure: ', undefined],
    [new (class extends TypeError {})('a'), 'TypeError', 'TypeError: a', 'a'],
    [
      Object.assign(new Error('x'), { name: 'MongoServerError', code: 11000 }),
      'MongoServerError',
      'MongoServerError: x',
      'x',
    ],
    [
      Object.assign(new Error('x'), { code: 112, codeName: 'WriteConflict' }),
      'WriteConflict',
      'Error: x',
      'x',
    ],
    [new DOMException('a', 'AbortError'), 'AbortError', 'AbortError: a', 'a'],
    ['text', 'string', 'string: text', 'text'],
    [42, 'number', 'number: 42', '42'],
    [undefined, 'undefined', 'undefined: undefined', 'undefined'],
    [null, 'object', 'object: null', 'null'],
    [{ name: 'Custom', message: 'b' }, 'Custom', 'Custom: b', 'b'],
    [{ message: 'b' }, 'Error', 'Error: b', 'b'],
    [Object.create(null), 'Error', 'Error: an unprintable value', 'an unprintable value'],
    [Symbol('s'), 'symbol', 'symbol: Symbol(s)', 'Symbol(s)'],
  ])('%p', (value, type, exception, message) => {
    const span = new ListeningSpan();
    errors.record(span as unknown as Span, value);
    expect(errors.typeOf(value)).toBe(type);
    expect(span.calls).toEqual([
      exception,
      ['error.type', type],
      message === undefined ? { code: ERROR } : { code: ERROR, message },
    ]);
  });
});

describe('a hostile value is recorded as an error:', () => {
  const throwing = (...keys: string[]) => {
    const throws = {
      get: () => {
        throw new Error('inner');
      },
    };
    return Object.defineProperties(new Error('a'), Object.fromEntries(keys.map((key) => [key, throws])));
  };
  const trap = () => {
    throw new Error('trap');
  };
  const { proxy: revoked, revoke } = Proxy.revocable(new Error('a'), {});
  revoke();
  const UNPRINTABLE = 'an unprintable value';
  test.each<[title: string, value: unknown, exception: string, message: string]>([
    ['its message throws', throwing('message'), `Error: ${UNPRINTABLE}`, UNPRINTABLE],
    ['its code and stack throw', throwing('code', 'stack'), 'Error: a', 'a'],
    ['its name throws', throwing('name'), 'Error: a', 'a'],
    [
      'a proxy with traps',
      new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap }),
      `Error: ${UNPRINTABLE}`,
      UNPRINTABLE,
    ],
    ['a revoked proxy', revoked, `Error: ${UNPRINTABLE}`, UNPRINTABLE],
    ['frozen', Object.freeze(new Error('a')), 'Error: a', 'a'],
  ])('%s', (_, value, exception, message) => {
    const span = new ListeningSpan();
    errors.record(span as unknown as Span, value);
    expect(span.calls).toEqual([exception, ['error.type', 'Error'], { code: ERROR, message }]);
  });
});

test('the code of an error is not passed to the SDK, which would write it as the type of the exception', () => {
  const exceptions: unknown[] = [];
  const span = new ListeningSpan();
  span.recordException = (exception) => exceptions.push(exception);
  errors.record(span as unknown as Span, Object.assign(new Error('a'), { code: 11000 }));
  expect(exceptions).toEqual([{ name: 'Error', message: 'a', stack: expect.any(String) }]);
});

test('an unbounded stack is cut', () => {
  const exceptions: Exception[] = [];
  const span = new ListeningSpan();
  span.recordException = (exception) => exceptions.push(exception as Exception);
  const error = Object.assign(new Error('a'), {
    stack: `Error: a\n${'    at deep (file.js:1:1)\n'.repeat(10_000)}`,
  });
  errors.record(span as unknown as Span, error);
  const [exception] = exceptions as { stack?: string }[];
  expect(exception?.stack).toBe(error.stack.slice(0, 16_384));
});

test('a message of a megabyte is cut, and the frames of the stack are kept', () => {
  const exceptions: Exception[] = [];
  const span = new ListeningSpan();
  span.recordException = (exception) => exceptions.push(exception as Exception);
  errors.record(span as unknown as Span, new Error('$&'.repeat(500_000)));
  expect(span.calls).toContainEqual({ code: ERROR, message: '$&'.repeat(2048) });
  expect(exceptions).toEqual([
    {
      name: 'Error',
      message: '$&'.repeat(2048),
      stack: expect.stringMatching(/^Error: (?:\$&){2048}\n +at .*record-error\.test/),
    },
  ]);
});
