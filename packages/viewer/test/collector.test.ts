import { connect } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type Collector, startCollector } from '../src/collector.ts';
import { CONTENT_TYPES, exportSample } from './exported-bytes.ts';
import { field, request, traceIdField } from './protobuf-bytes.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };
const MAX_BODY = 16_384;

let collector: Collector;
let seen: string[];
beforeEach(async () => {
  seen = [];
  collector = await startCollector({
    port: 0,
    maxBodyBytes: MAX_BODY,
    onSpans: (spans) => seen.push(...spans.map((span) => span.name)),
  });
});
afterEach(() => collector.close());

function post(
  path: string,
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string>,
): Promise<Response> {
  return fetch(collector.url + path, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
}

function get(path: string): Promise<Response> {
  return fetch(collector.url + path);
}

describe.each(CONTENT_TYPES)('an OpenTelemetry exporter that sends %s', (type) => {
  test.each(['gzip', 'none'] as const)('succeeds with compression %s', async (compression) => {
    await exportSample(type, collector.url, compression);
    const [summary] = collector.store.traces();
    expect(summary).toMatchObject({
      name: 'GET /möhren',
      service: 'shop',
      spans: 2,
      errors: 1,
      durationMs: 5,
    });
    expect(seen).toEqual(['SELECT', 'GET /möhren']);
  });
});

describe('POST /v1/traces', () => {
  const body = request(field(5, 'one'));

  test.each([
    ['gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['deflate', deflateRawSync(body)],
    ['identity', body],
    ['GZIP', gzipSync(body)],
  ])('accepts content-encoding %s', async (encoding, bytes) => {
    const response = await post('/v1/traces', bytes, { ...PROTOBUF, 'content-encoding': encoding });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-protobuf');
    expect((await response.arrayBuffer()).byteLength).toBe(0);
    expect(seen).toEqual(['one']);
  });

  test('responds to JSON with JSON', async () => {
    const response = await post('/v1/traces', '{"resourceSpans":[]}', JSON_TYPE);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.json()).toEqual({});
  });

  test('reports dropped spans as a partial success', async () => {
    const invalid = Buffer.concat([body, field(1, field(2, field(2, traceIdField)))]);
    const response = await post('/v1/traces', invalid, PROTOBUF);
    const reason = 'spans without a valid trace id and span id were dropped';
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(
      field(1, Buffer.from([0x08, 1]), field(2, reason)),
    );
    const spans = { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'no ids' }, {}] }] }] };
    expect(await (await post('/v1/traces', JSON.stringify(spans), JSON_TYPE)).json()).toEqual({
      partialSuccess: { rejectedSpans: '2', errorMessage: reason },
    });
    expect(seen).toEqual(['one']);
  });

  test.each([
    ['protobuf that is truncated', 400, body.subarray(0, -1), PROTOBUF],
    ['JSON that is truncated', 400, '{"resourceSpans":[', JSON_TYPE],
    [
      'gzip that is truncated',
      400,
      gzipSync(body).subarray(0, -4),
      { ...PROTOBUF, 'content-encoding': 'gzip' },
    ],
    ['invalid gzip', 400, body, { ...PROTOBUF, 'content-encoding': 'gzip' }],
    ['invalid deflate', 400, Buffer.alloc(64, 0xff), { ...PROTOBUF, 'content-encoding': 'deflate' }],
    ['a body above the limit', 413, Buffer.alloc(MAX_BODY + 1), PROTOBUF],
    ['JSON above a quarter of the limit', 413, ' '.repeat(MAX_BODY / 4 + 1), JSON_TYPE],
    ['a small body that decompresses to a large one', 413, gzipSync(Buffer.alloc(10_000_000)), gzipped()],
    ['another content type', 415, body, { 'content-type': 'text/plain' }],
    ['another content encoding', 415, body, { ...PROTOBUF, 'content-encoding': 'br' }],
  ])('rejects %s with %i', async (_, status, bytes, headers) => {
    const response = await post('/v1/traces', bytes, headers);
    expect(response.status).toBe(status);
    const text = await response.text();
    if (headers === JSON_TYPE) expect(JSON.parse(text)).toEqual({ message: expect.stringMatching(/./) });
    else expect(text.length).toBeGreaterThan(2);
    expect(collector.store.counts().spans).toBe(0);
    expect((await post('/v1/traces', request(field(5, 'after')), PROTOBUF)).status).toBe(200);
  });

  test('rejects a body of unknown length once it exceeds the limit', async () => {
    const chunks = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent <= MAX_BODY; sent += 1024) controller.enqueue(new Uint8Array(1024));
        controller.close();
      },
    });
    expect((await post('/v1/traces', chunks, PROTOBUF)).status).toBe(413);
  });

  test('rejects another method with 405', async () => {
    const response = await get('/v1/traces');
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('survives a sender that disconnects in the middle of a body', async () => {
    const socket = connect(collector.port, '127.0.0.1');
    const head =
      'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{';
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.destroy();
    expect((await post('/v1/traces', body, PROTOBUF)).status).toBe(200);
  });

  test.each([
    ['a web page that uses DNS rebinding', 'evil.example:4318', undefined, '403'],
    ['a web page', 'localhost:4318', 'https://evil.example', '403'],
    ['an application', 'localhost:4318', undefined, '200'],
  ])('responds to a request from %s with %4$s', async (_who, host, origin, status) => {
    const lines = [
      'POST /v1/traces HTTP/1.1',
      `host: ${host}`,
      ...(origin ? [`origin: ${origin}`] : []),
      'content-type: application/x-protobuf',
      `content-length: ${body.length}`,
      'connection: close',
    ];
    const received = await new Promise<string>((resolve) => {
      const socket = connect(collector.port, '127.0.0.1', () => {
        socket.write(`${lines.join('\r\n')}\r\n\r\n`);
        socket.write(body);
      });
      socket.once('data', (data) => resolve(data.toString('latin1').slice(9, 12)));
    });
    expect(received).toBe(status);
  });

  test('rejects an allowed origin that no browser sends', async () => {
    await expect(startCollector({ port: 0, allowedOrigins: ['http://localhost:3000/'] })).rejects.toThrow(
      '@clew/viewer: expected allowedOrigins such as http://localhost:3000, got "http://localhost:3000/"',
    );
  });

  test('responds with 503 when the store fails', async () => {
    collector.store.close();
    const response = await post('/v1/traces', body, PROTOBUF);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });
});

test('accepts /v1/metrics and stores nothing', async () => {
  const response = await post('/v1/metrics', request(), PROTOBUF);
  expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 0]);
  expect(collector.store.counts().spans).toBe(0);
});

test.each(['/', '/v1', '/v1/traces/x', '/api', '/api/tracesque', '//', '/%'])(
  'responds to %s with 404',
  async (path) => {
    expect((await get(path)).status).toBe(404);
    expect((await post(path, 'x', PROTOBUF)).status).toBe(404);
  },
);

test('rejects with a message if the port is in use', async () => {
  await expect(startCollector({ port: collector.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('closing ends kept-alive connections, and may be repeated', async () => {
  const socket = connect(collector.port, '127.0.0.1');
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.resume().write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  await collector.close();
  await ended;
  await collector.close();
  await expect(fetch(collector.url)).rejects.toThrow('fetch failed');
});

function gzipped(): Record<string, string> {
  return { ...PROTOBUF, 'content-encoding': 'gzip' };
}
