import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type Collector, startCollector } from '../src/collector.ts';
import { openLogs } from '../src/decode-traces.ts';
import { MAX_LOGS } from '../src/log-store.ts';
import { OtlpError } from '../src/otlp-limits.ts';
import { CONTENT_TYPES } from './exported-bytes.ts';
import { field, varint } from './protobuf-bytes.ts';
import { ORDER, START, TRACE_ID } from './sample-trace.ts';

let collector: Collector;
beforeEach(async () => {
  collector = await startCollector({ port: 0, maxBodyBytes: 8_000_000 });
});
afterEach(() => collector.close());

const JSON_TYPE = { 'content-type': 'application/json' };

function post(
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = JSON_TYPE,
): Promise<Response> {
  return fetch(`${collector.url}/v1/logs`, { method: 'POST', body, headers });
}

function request(...logRecords: readonly object[]): string {
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}

const ids = { traceId: TRACE_ID, spanId: '00000000000000a1' };

describe.each(CONTENT_TYPES)('OpenTelemetry’s SDK and its exporter that sends %s', (type) => {
  test.each(['gzip', 'none'])(
    'with compression %s: its log records are stored with the trace',
    async (compression) => {
      await promisify(execFile)(process.execPath, [
        join(__dirname, 'export-logs.mjs'),
        type,
        collector.url,
        compression,
      ]);
      expect(collector.store.counts()).toEqual({ traces: 0, spans: 0, logs: 2 });
      expect(collector.store.trace(TRACE_ID)).toBeUndefined();
      expect(collector.logsWithoutTrace).toBe(1);
      collector.store.add(ORDER.spans);
      const origin = {
        resource: { attributes: { 'service.name': 'shop' } },
        scope: { name: 'checkout', version: '1.2.3', attributes: {} },
      };
      expect(collector.store.trace(TRACE_ID)?.logs).toEqual([
        {
          ...ids,
          flags: 1,
          timeUnixNano: START + 2_500_000n,
          severityNumber: 17,
          severityText: 'error',
          body: 'möhren are sold out',
          eventName: '',
          attributes: { pieces: 2, list: ['a', 'b'], nested: { deep: true } },
          droppedAttributesCount: 0,
          ...origin,
        },
        {
          ...ids,
          flags: 1,
          timeUnixNano: START + 3_500_000n,
          severityNumber: 10,
          severityText: '',
          body: { order: 7, reason: null },
          eventName: 'order.cancelled',
          attributes: {},
          droppedAttributesCount: 0,
          ...origin,
        },
      ]);
    },
  );
});

describe('POST /v1/logs', () => {
  test('accepts records without a trace, counts them and does not store them', async () => {
    const response = await post(
      request({ body: { stringValue: 'x' } }, { traceId: '0'.repeat(32) }, { traceId: 'x' }, ids),
    );
    expect([response.status, await response.json()]).toEqual([200, {}]);
    expect(collector.logsWithoutTrace).toBe(3);
    expect(collector.store.counts().logs).toBe(1);
  });

  test('takes the time when a record was observed, if it has no other', async () => {
    collector.store.add(ORDER.spans);
    await post(
      request(
        { ...ids, observedTimeUnixNano: '7' },
        { ...ids, timeUnixNano: '8', observedTimeUnixNano: '9' },
      ),
    );
    expect(collector.store.trace(TRACE_ID)?.logs?.map((log) => log.timeUnixNano)).toEqual([7n, 8n]);
  });

  test.each([
    [17, 17],
    ['SEVERITY_NUMBER_WARN3', 15],
    ['SEVERITY_NUMBER_FATAL', 21],
    ['SEVERITY_NUMBER_NONSENSE', 0],
    [99, 0],
    [undefined, 0],
  ])('reads the severity %j', async (severityNumber, expected) => {
    collector.store.add(ORDER.spans);
    await post(request({ ...ids, severityNumber }));
    expect(collector.store.trace(TRACE_ID)?.logs).toMatchObject([{ severityNumber: expected }]);
  });

  test('stores no more than 10,000 records of a trace, and reports the others', async () => {
    const records = Array.from({ length: MAX_LOGS + 2 }, () => ids);
    const response = await post(request(...records));
    const { partialSuccess } = (await response.json()) as { partialSuccess: object };
    expect(partialSuccess).toEqual({
      rejectedLogRecords: '2',
      errorMessage: expect.stringContaining('at most 10000 log records'),
    });
    const other = { ...ids, traceId: 'b'.repeat(32) };
    expect(await (await post(request(other))).json()).toEqual({});
    expect(collector.store.counts().logs).toBe(MAX_LOGS + 1);
  });

  test('stores no more than 16 MiB of a trace', async () => {
    const large = { ...ids, body: { stringValue: 'x'.repeat(1_000_000) } };
    for (let sent = 0; sent < 20; sent++)
      await post(gzipSync(request(large)), { ...JSON_TYPE, 'content-encoding': 'gzip' });
    expect(collector.store.counts().logs).toBe(16);
  });

  test.each<
    [what: string, body: NonNullable<RequestInit['body']>, headers: Record<string, string>, status: number]
  >([
    ['malformed JSON', '{', JSON_TYPE, 400],
    [
      'a list whose items are not records',
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":7}]}]}',
      JSON_TYPE,
      400,
    ],
    ['malformed protobuf', '\x0a\xff', { 'content-type': 'application/x-protobuf' }, 400],
    ['a large body', ' '.repeat(3_000_000), JSON_TYPE, 413],
    [
      'a large compressed body',
      gzipSync(' '.repeat(3_000_000)),
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      413,
    ],
    ['another content type', 'x', { 'content-type': 'text/plain' }, 415],
    ['another web site', request(ids), { ...JSON_TYPE, origin: 'https://example.com' }, 403],
  ])('refuses %s, and stores nothing of it', async (_what, body, headers, status) => {
    expect((await post(body, headers)).status).toBe(status);
    expect(collector.store.counts().logs).toBe(0);
  });

  test('stores nothing of a request with a malformed record at its end', async () => {
    const records = Array.from({ length: 1000 }, () => ids);
    expect((await post(request(...records, { ...ids, body: 7 }))).status).toBe(400);
    expect(collector.store.counts().logs).toBe(0);
  });
});

describe('a record in protobuf', () => {
  const traceId = field(9, Buffer.from(TRACE_ID, 'hex'));
  const decode = (...fields: readonly Buffer[]) => [
    ...openLogs(field(1, field(2, field(2, traceId, ...fields))), 'protobuf'),
  ];

  test('without a valid span id belongs to the trace as a whole', () => {
    expect(decode()).toMatchObject([{ traceId: TRACE_ID, spanId: '' }]);
    expect(decode(field(10, 'short'))).toMatchObject([{ spanId: '' }]);
  });

  test('with unknown fields is read', () => {
    expect(decode(field(99, 'x'), field(12, 'event'))).toMatchObject([{ eventName: 'event' }]);
  });

  test('that is nested too deeply is refused', () => {
    let value = field(1, 'x');
    for (let depth = 0; depth < 100; depth++) value = field(5, field(1, value));
    expect(() => decode(field(5, value))).toThrow(OtlpError);
  });

  test('with fields of wrong types is refused, or read as far as possible', () => {
    for (let number = 1; number <= 12; number++) {
      for (const bytes of [field(number, 'x'), Buffer.concat([varint(number << 3), varint(1)])]) {
        try {
          expect(decode(bytes).length).toBe(1);
        } catch (error) {
          expect(error).toBeInstanceOf(OtlpError);
        }
      }
    }
  });
});
