import { parseRequest } from '../src/json-fields.ts';
import { decodeTraces, OtlpError } from '../src/otlp.ts';
import { jsonSpans } from '../src/otlp-json.ts';
import { Budget } from '../src/otlp-limits.ts';
import { IDS, jsonRequest } from './json-request.ts';

const JSON_TYPE = 'application/json';

describe('JSON', () => {
  test('decodes integers as strings or numbers, names of enums, upper-case ids and null', () => {
    const span = {
      traceId: IDS.traceId.toUpperCase(),
      spanId: IDS.spanId,
      parentSpanId: null,
      kind: 'SPAN_KIND_CONSUMER',
      startTimeUnixNano: '1782907200000000001',
      endTimeUnixNano: 1000,
      status: { code: 'STATUS_CODE_ERROR' },
      attributes: [
        { key: 'big', value: { intValue: '-9223372036854775808' } },
        { key: 'raw', value: { bytesValue: 'AP8=' } },
        { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { doubleValue: 0.5 } }] } } },
        { key: 'none', value: {} },
      ],
    };
    expect(decodeTraces(jsonRequest(span), JSON_TYPE)[0]).toMatchObject({
      ...IDS,
      kind: 'CONSUMER',
      startTimeUnixNano: 1_782_907_200_000_000_001n,
      endTimeUnixNano: 1000n,
      status: { code: 'ERROR', message: '' },
      attributes: { big: -(2n ** 63n), raw: new Uint8Array([0, 255]), map: { k: 0.5 }, none: null },
    });
  });

  test.each([
    ['invalid JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a list nested a million deep', '['.repeat(1_000_000)],
    ['spans that are not a list', '{"resourceSpans":{"scopeSpans":1}}'],
    [
      'a name that is not a string',
      JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...IDS, name: 1 }] }] }] }),
    ],
    [
      'a time with a million digits',
      jsonRequest({ ...IDS, startTimeUnixNano: '9'.repeat(1_000_000) }).toString(),
    ],
    ['a fraction as time', jsonRequest({ ...IDS, startTimeUnixNano: 1.5 }).toString()],
    [
      'a value nested 100 deep',
      jsonRequest({ ...IDS, attributes: [{ key: 'deep', value: nestedJson(100) }] }).toString(),
    ],
  ])('rejects %s', (_, body) => {
    expect(() => decodeTraces(Buffer.from(body), JSON_TYPE)).toThrow(OtlpError);
  });

  test('rejects a small body that would expand to many objects', () => {
    const body = jsonRequest({ ...IDS, events: Array(200).fill({}) });
    const read = () => [...jsonSpans(parseRequest(body), new Budget(200))];
    expect(read).toThrow('too many attributes, events and links');
  });
});

function nestedJson(depth: number): unknown {
  let value: unknown = { stringValue: 'x' };
  for (let level = 0; level < depth; level++) value = { arrayValue: { values: [value] } };
  return value;
}
