import { connect } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type Collector, startCollector } from '../src/collector.ts';
import { CONTENT_TYPES, exportSample } from './exported-bytes.ts';
import { field, request, spanIdField, traceIdField } from './protobuf-bytes.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };
const MAX_BODY = 4096;

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

  test('stores a large request in parts, without blocking other requests', async () => {
    const large = await startCollector({ port: 0 });
    const spans = Array.from({ length: 20_000 }, (_, index) => {
      const digits = Buffer.alloc(16);
      digits.writeUInt32BE(index + 1);
      return field(2, field(1, digits), spanIdField, field(5, 'many'));
    });
    const send = (bytes: Buffer) =>
      fetch(`${large.url}/v1/traces`, { method: 'POST', body: bytes, headers: PROTOBUF });
    const order: string[] = [];
    const note = (what: string) => (response: Response) => order.push(`${what} ${response.status}`);
    const stored = send(field(1, field(2, ...spans))).then(note('large'));
    while (large.store.counts().spans === 0) await new Promise(setImmediate);
    await send(body).then(note('small'));
    await stored;
    expect(order).toEqual(['small 200', 'large 200']);
    expect(large.store.counts().spans).toBe(20_001);
    await large.close();
  });

  test('stores nothing of a large request that is malformed at its end', async () => {
    const large = await startCollector({ port: 0 });
    const spans = Array.from({ length: 2_000 }, () => field(2, traceIdField, spanIdField));
    const bytes = Buffer.concat([field(1, field(2, ...spans)), Buffer.from([0x0a, 0x7f])]);
    const response = await fetch(`${large.url}/v1/traces`, {
      method: 'POST',
      body: bytes,
      headers: PROTOBUF,
    });
    expect([response.status, large.store.counts().spans]).toEqual([400, 0]);
    await large.close();
  });

  test('responds with 503 while all bodies together are too large', async () => {
    const narrow = await startCollector({ port: 0, maxBodyBytes: MAX_BODY, maxBodiesBytes: MAX_BODY });
    const send = () => fetch(`${narrow.url}/v1/traces`, { method: 'POST', body, headers: PROTOBUF });
    const head = `POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${MAX_BODY}\r\n\r\n`;
    const socket = connect(narrow.port, '127.0.0.1', () => {
      socket.write(head);
      socket.write(Buffer.alloc(MAX_BODY - 8));
    });
    let response = await send();
    while (response.status === 200) response = await send();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    socket.destroy();
    while (response.status === 503) response = await send();
    expect(response.status).toBe(200);
    await narrow.close();
    await expect(startCollector({ port: 0, maxBodiesBytes: 1 })).rejects.toThrow(
      '@clew/viewer: expected maxBodiesBytes of at least 16777216, got 1',
    );
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

  test('responds with 503 when the store fails', async () => {
    collector.store.close();
    const response = await post('/v1/traces', body, PROTOBUF);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });
});

test.each(['/v1/metrics', '/v1/logs'])('accepts %s and stores nothing', async (path) => {
  const response = await post(path, request(), PROTOBUF);
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
