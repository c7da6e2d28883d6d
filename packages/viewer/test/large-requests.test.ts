import { connect } from 'node:net';
import { startCollector } from '../src/collector.ts';
import { field, request, spanIdField, traceIdField } from './protobuf-bytes.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const MAX_BODY = 4096;
const body = request(field(5, 'one'));

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
