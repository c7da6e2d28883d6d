import { openSpans } from '../src/decode-traces.ts';
import { countSpans, decodeTraces, OtlpError } from '../src/otlp.ts';
import { Budget } from '../src/otlp-limits.ts';
import { protobufSpans } from '../src/otlp-protobuf.ts';
import { CONTENT_TYPES, exportedBytes } from './exported-bytes.ts';
import { IDS, jsonRequest } from './json-request.ts';
import { field, request, spanIdField, traceIdField, varint } from './protobuf-bytes.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

function outcome(read: () => unknown): unknown {
  try {
    read();
    return 'read';
  } catch (error) {
    return error instanceof OtlpError ? 'OtlpError' : error;
  }
}

describe.each(CONTENT_TYPES)('what the OpenTelemetry exporter sends as %s', (type) => {
  let body: Buffer;
  beforeAll(async () => {
    body = await exportedBytes(type);
  });

  test('is decoded with every field', () => {
    const spans = decodeTraces(body, `${type.toUpperCase()}; charset=utf-8`);
    const [client, server] = spans;
    expect(spans).toHaveLength(2);
    expect(server).toMatchObject({
      name: 'GET /möhren',
      kind: 'SERVER',
      startTimeUnixNano: 1_782_907_200_000_000_001n,
      endTimeUnixNano: 1_782_907_200_005_000_001n,
      attributes: {
        text: 'käse',
        yes: true,
        no: false,
        integer: -7,
        fraction: 0.25,
        list: ['a', 'b'],
        numbers: [1, 2],
      },
      events: [],
      links: [],
      status: { code: 'UNSET', message: '' },
      droppedAttributesCount: 0,
    });
    expect(server).not.toHaveProperty('parentSpanId');
    expect(server?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(client).toMatchObject({
      traceId: server?.traceId,
      parentSpanId: server?.spanId,
      name: 'SELECT',
      kind: 'CLIENT',
      status: { code: 'ERROR', message: 'no such table' },
      events: [{ name: 'retry', timeUnixNano: 1_782_907_200_002_500_000n, attributes: { attempt: 2 } }],
      links: [
        {
          traceId: '0af7651916cd43dd8448eb211c80319c',
          spanId: 'b7ad6b7169203331',
          attributes: { why: 'batch' },
        },
      ],
    });
    expect(client?.resource.attributes).toMatchObject({ 'service.name': 'shop', 'process.pid': 42 });
    expect(client?.resource).toBe(server?.resource);
    expect(client?.scope).toEqual({ name: 'sample', version: '1.2.3', attributes: {} });
  });

  test('is counted', () => {
    expect(countSpans(body, type)).toBe(2);
  });

  test('is decoded or rejected when truncated at any byte', () => {
    for (let length = 0; length < body.length; length++) {
      const cut = body.subarray(0, length);
      expect(['read', 'OtlpError']).toContain(outcome(() => decodeTraces(cut, type)));
      expect(['read', 'OtlpError']).toContain(outcome(() => countSpans(cut, type)));
    }
  });

  test('is decoded or rejected with any byte changed', () => {
    for (let index = 0; index < body.length; index++) {
      const changed = Buffer.from(body);
      changed[index] = (changed[index]! * 31 + 97) & 0xff;
      expect(['read', 'OtlpError']).toContain(outcome(() => decodeTraces(changed, type)));
    }
  });
});

describe('protobuf', () => {
  test('decodes the resource when it follows its spans', () => {
    const name = field(1, field(1, 'service.name'), field(2, field(1, 'late')));
    const [span] = decodeTraces(
      field(1, field(2, field(2, traceIdField, spanIdField)), field(1, name)),
      PROTOBUF,
    );
    expect(span?.resource.attributes).toEqual({ 'service.name': 'late' });
  });

  test('skips unknown fields of each wire type', () => {
    const unknown = [field(90, 'x'), Buffer.concat([varint(91 << 3), varint(300)])];
    const fixed = [
      Buffer.concat([varint((92 << 3) | 1), Buffer.alloc(8)]),
      Buffer.concat([varint((93 << 3) | 5), Buffer.alloc(4)]),
    ];
    expect(decodeTraces(request(...unknown, ...fixed, field(5, 'known')), PROTOBUF)[0]?.name).toBe('known');
  });

  test('decodes bytes, maps and integers beyond 2^53 exactly', () => {
    const big = Buffer.from([0x18, ...Array(8).fill(0xff), 0x7f]);
    const attributes = [
      field(9, field(1, 'big'), field(2, big)),
      field(9, field(1, 'raw'), field(2, field(7, Buffer.from([0, 255])))),
      field(9, field(1, 'map'), field(2, field(6, field(1, field(1, 'k'), field(2, field(1, 'v')))))),
      field(9, field(1, 'none'), field(2)),
    ];
    expect(decodeTraces(request(...attributes), PROTOBUF)[0]?.attributes).toEqual({
      big: 2n ** 63n - 1n,
      raw: new Uint8Array([0, 255]),
      map: { k: 'v' },
      none: null,
    });
  });

  test.each([
    ['a length far beyond the end', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['a varint without an end', Buffer.alloc(64, 0xff)],
    ['a group', request(Buffer.from([0x9b, 0x01]))],
    ['field number 0', request(Buffer.from([0x02, 0x00]))],
    ['a name of the wrong wire type', request(Buffer.from([0x28, 0x01]))],
    ['a list nested 10,000 deep', request(field(9, field(1, 'deep'), nestedList(10_000)))],
    ['an unknown content type', Buffer.alloc(0), 'text/plain'],
  ])('rejects %s', (_, body, type = PROTOBUF) => {
    expect(() => decodeTraces(body, type)).toThrow(OtlpError);
  });

  test('rejects a small body that would expand to many objects', () => {
    const events = Buffer.concat(Array(200).fill(field(11)));
    const message = 'too many attributes, events and links';
    const read = (budget: Budget) => [...protobufSpans(request(events), budget)][0]?.events;
    expect(read(new Budget(201))).toHaveLength(200);
    expect(() => read(new Budget(200))).toThrow(message);
    expect(read(new Budget(1000, 201))).toHaveLength(200);
    expect(() => read(new Budget(1000, 200))).toThrow(message);
  });
});

test('drops but counts spans without valid ids', () => {
  const invalid = field(
    1,
    field(2, field(2, traceIdField), field(2, traceIdField, field(2, Buffer.alloc(8)))),
  );
  const body = Buffer.concat([request(), invalid]);
  expect(decodeTraces(body, PROTOBUF)).toHaveLength(1);
  expect(countSpans(body)).toBe(3);
  const json = jsonRequest(IDS, { ...IDS, spanId: 'xyz' }, {});
  for (const spans of [openSpans(body, 'protobuf'), openSpans(json, 'json')])
    expect([...spans].filter((span) => span === undefined)).toHaveLength(2);
});

test.each([
  [PROTOBUF, request(field(9, field(1, '__proto__'), field(2, field(1, 'x'))))],
  [JSON_TYPE, jsonRequest({ ...IDS, attributes: [{ key: '__proto__', value: { stringValue: 'x' } }] })],
])('handles an attribute named __proto__ like any other (%s)', (type, body) => {
  const attributes = decodeTraces(body, type)[0]!.attributes;
  expect(Object.entries(attributes)).toEqual([['__proto__', 'x']]);
  expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype);
});

test('decodes a body in the middle of a larger buffer', () => {
  const body = request(field(5, 'inside'));
  const large = new Uint8Array(body.length + 20).fill(0xff);
  large.set(body, 10);
  expect(decodeTraces(large.subarray(10, 10 + body.length), PROTOBUF)[0]?.name).toBe('inside');
});

function nestedList(depth: number): Buffer {
  let value = field(5);
  for (let level = 0; level < depth; level++) value = field(5, field(1, value));
  return field(2, value);
}
