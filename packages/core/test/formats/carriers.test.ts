import { carriers, TRACE_FORMATS } from '@clew/core';
import fc from 'fast-check';
import { SPAN_ID, said, spanOf, TRACE_ID } from './wire.ts';

const IDS = `${TRACE_ID}/${SPAN_ID}`;

describe('AMQP headers', () => {
  const get = (value: unknown) => carriers.amqpHeadersGetter.get({ name: value }, 'name');

  test.each([
    ['text', 'text'],
    [Buffer.from('bytes'), 'bytes'],
    [1, '1'],
    [true, 'true'],
    [12n, '12'],
    [
      ['a', Buffer.from('b')],
      ['a', 'b'],
    ],
    [2 ** 60, undefined],
    [1.5, undefined],
    [null, undefined],
    [{ nested: { table: 1 } }, undefined],
    [['a', {}], undefined],
    [new Date(0), undefined],
  ])('reads %p as %p', (value, expected) => {
    expect(get(value)).toEqual(expected);
  });

  test.each([
    ['a hundred thousand bytes', Buffer.alloc(100_000, 'a')],
    ['a hundred thousand texts', Array(100_000).fill('a')],
  ])('reads %s as undefined', (_title, value) => {
    expect(get(value)).toBeUndefined();
  });

  test('has no values without headers, and none from a prototype', () => {
    expect(carriers.amqpHeadersGetter.get(undefined, 'traceparent')).toBeUndefined();
    expect(carriers.amqpHeadersGetter.get(null, 'traceparent')).toBeUndefined();
    expect(carriers.amqpHeadersGetter.keys(undefined)).toEqual([]);
    expect(carriers.amqpHeadersGetter.get({}, 'constructor')).toBeUndefined();
    expect(carriers.amqpHeadersGetter.get({}, '__proto__')).toBeUndefined();
  });

  test.each([
    ['b3multi', { 'X-B3-TraceId': TRACE_ID, 'X-B3-SpanId': Buffer.from(SPAN_ID), 'X-B3-Sampled': 1 }],
    ['ottrace', { 'ot-tracer-traceid': TRACE_ID, 'ot-tracer-spanid': SPAN_ID, 'ot-tracer-sampled': true }],
    ['xray', { 'X-Amzn-Trace-Id': `Root=1-4bf92f35-${TRACE_ID.slice(8)};Parent=${SPAN_ID};Sampled=1` }],
    ['opencensus-binary', { 'grpc-trace-bin': Buffer.from(`0000${TRACE_ID}01${SPAN_ID}0201`, 'hex') }],
    ['tracecontext', { traceparent: Buffer.from(`00-${TRACE_ID}-${SPAN_ID}-01`) }],
  ])('carries %s as its peers write it', (name, headers) => {
    expect(said(TRACE_FORMATS.get(name)!.extract(headers, carriers.amqpHeadersGetter))).toBe(
      `parent ${IDS} sampled`,
    );
  });

  test('reads back every format that it writes', () => {
    for (const format of TRACE_FORMATS.values()) {
      const headers: Record<string, unknown> = { 'x-death': [{ count: 1 }] };
      format.inject({ spanContext: spanOf(), baggage: undefined }, headers, carriers.amqpHeadersWriter);
      expect(said(format.extract(headers, carriers.amqpHeadersGetter))).toContain(
        `${TRACE_ID.slice(16)}/${SPAN_ID} sampled`,
      );
    }
  });
});

describe('environment variables', () => {
  test.each([
    ['traceparent', 'TRACEPARENT'],
    ['x-b3-traceid', 'X_B3_TRACEID'],
    ['uber-trace-id', 'UBER_TRACE_ID'],
    ['3d.header', '_3D_HEADER'],
  ])('%s is %s', (header, name) => {
    expect(carriers.environmentName(header)).toBe(name);
  });

  test('can carry every format', () => {
    for (const format of TRACE_FORMATS.values()) {
      const environment = { PATH: '/bin' };
      format.inject({ spanContext: spanOf(), baggage: undefined }, environment, carriers.environmentSetter);
      expect(Object.keys(environment).every((name) => /^[A-Z_][A-Z0-9_]*$/.test(name))).toBe(true);
      expect(said(format.extract(environment, carriers.environmentGetter))).toContain(`/${SPAN_ID} sampled`);
    }
  });
});

describe('SQL comments', () => {
  const traceparent = `00-${TRACE_ID}-${SPAN_ID}-01`;

  test('are appended with sorted keys, encoded keys and values, and values in quotes', () => {
    const fields = { traceparent, route: "/a'b?x=$1", action: 'größe*/', empty: '' };
    expect(carriers.appendSqlComment('SELECT 1', fields)).toBe(
      `SELECT 1 /*action='gr%C3%B6%C3%9Fe%2A%2F',route='%2Fa%27b%3Fx%3D%241',traceparent='${traceparent}'*/`,
    );
  });

  test('are written before a closing semicolon', () => {
    expect(carriers.appendSqlComment('SELECT 1;\n', { a: 'b' })).toBe("SELECT 1 /*a='b'*/;");
  });

  test.each(['SELECT /* hint */ 1', 'SELECT 1 -- note', "SELECT '/*'", "SELECT 1 /*a='b'*/"])(
    'leave %s alone, which may have one',
    (statement) => {
      expect(carriers.appendSqlComment(statement, { traceparent })).toBe(statement);
    },
  );

  test('omit fields that would make them too long', () => {
    expect(carriers.appendSqlComment('SELECT 1', { action: 'x'.repeat(20_000), route: '/a' })).toBe(
      "SELECT 1 /*route='%2Fa'*/",
    );
  });

  test('are not appended without fields', () => {
    expect(carriers.appendSqlComment('SELECT 1;\n', {})).toBe('SELECT 1;\n');
  });

  test('are parsed back to the same fields, and can’t be closed by a value', () => {
    const texts = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .map((text) => text.toWellFormed());
    fc.assert(
      fc.property(fc.dictionary(texts, texts, { minKeys: 1 }), (fields) => {
        const statement = carriers.appendSqlComment('SELECT 1', fields);
        expect({ ...carriers.parseSqlComment(statement) }).toEqual({ ...fields });
        expect(statement.indexOf('*/')).toBe(statement.length - 2);
        expect(statement).toMatch(/^SELECT 1 \/\*[\x21-\x7e]+\*\/$/);
      }),
    );
  });

  test('of another form have no fields', () => {
    expect({ ...carriers.parseSqlComment('SELECT 1') }).toEqual({});
    expect({ ...carriers.parseSqlComment('SELECT 1 /* note */') }).toEqual({});
    expect({ ...carriers.parseSqlComment("SELECT 1 /*a='%E0%A4%A'*/;") }).toEqual({ a: '%E0%A4%A' });
  });
});

test('AMQP headers are replaced and removed in any spelling, even if they are inherited', () => {
  const own = Object.freeze({ 'X-B3-TraceId': 'old', tracestate: 'old', other: 1 });
  const table = Object.create(own) as Record<string, unknown>;
  expect(carriers.amqpHeadersWriter.names(table)).toEqual(['X-B3-TraceId', 'tracestate', 'other']);
  expect(
    ['x-b3-traceid', 'tracestate', 'baggage'].map((name) => carriers.amqpHeadersWriter.has(table, name)),
  ).toEqual([true, true, false]);
  carriers.amqpHeadersWriter.set(table, 'tracestate', 'new');
  for (const name of ['x-b3-traceid', 'baggage']) carriers.amqpHeadersWriter.remove(table, name);
  expect([...carriers.amqpHeadersWriter.names(table)].sort()).toEqual(['other', 'tracestate']);
  expect(table.tracestate).toBe('new');
  expect(carriers.amqpHeadersWriter.has(table, 'x-b3-traceid')).toBe(false);
  expect(own['X-B3-TraceId']).toBe('old');
});
