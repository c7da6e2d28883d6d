import { errorType, recordError } from '@clew/core';
import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { ListeningSpan } from './listening-span.ts';

const ERROR = SpanStatusCode.ERROR;

describe('any value may be thrown', () => {
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
    [new Failure(''), 'Error', 'Error: ', undefined],
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
    recordError(span as unknown as Span, value);
    expect(errorType(value)).toBe(type);
    expect(span.told).toEqual([
      exception,
      ['error.type', type],
      message === undefined ? { code: ERROR } : { code: ERROR, message },
    ]);
  });
});
