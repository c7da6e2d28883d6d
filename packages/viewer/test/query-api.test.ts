import { connect } from 'node:net';
import { type Collector, startCollector } from '../src/collector.ts';
import { field, request, spanIdField } from './protobuf-bytes.ts';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };

let collector: Collector;
beforeEach(async () => {
  collector = await startCollector({ port: 0 });
});
afterEach(() => collector.close());

function post(path: string, body: Buffer, headers: Record<string, string>): Promise<Response> {
  return fetch(collector.url + path, { method: 'POST', body, headers });
}

function get(path: string): Promise<Response> {
  return fetch(collector.url + path);
}

describe('the query API', () => {
  const other = (digits: string, name: string) =>
    field(1, field(2, field(2, field(1, Buffer.from(digits, 'hex')), spanIdField, field(5, name))));

  beforeEach(async () => {
    await post('/v1/traces', request(field(5, 'first')), PROTOBUF);
    await post('/v1/traces', other('4bf92f3577b34da6a3ce929d0e0e4737', 'second'), PROTOBUF);
  });

  test('lists summaries, newest first', async () => {
    const { traces } = (await (await get('/api/traces?limit=1')).json()) as { traces: unknown[] };
    expect(traces).toEqual([
      expect.objectContaining({ name: 'second', spans: 1, service: 'unknown_service' }),
    ]);
    const filtered = await (await get('/api/traces?service=nobody&minDurationMs=1&errors=1')).json();
    expect(filtered).toEqual({ traces: [] });
  });

  test('returns a trace by its id, or by a unique prefix', async () => {
    const whole = await (await get('/api/traces/4bf92f3577b34da6a3ce929d0e0e4736')).json();
    expect(whole).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spans: [{ name: 'first', startTimeUnixNano: '0', resource: { attributes: {} }, scope: { name: '' } }],
    });
    expect((await get('/api/traces/4BF92F3577b34da6a3ce929d0e0e4737')).status).toBe(200);
    expect((await get('/api/traces/4bf9')).status).toBe(409);
    expect((await get('/api/traces/dddd')).status).toBe(404);
  });

  test.each(['?limit=0', '?limit=x', '?limit=', '?minDurationMs=-1', '/xyz', '/', `/${'0'.repeat(33)}`])(
    'rejects %s',
    async (rest) => {
      const response = await get(`/api/traces${rest}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: expect.stringContaining('expected') });
    },
  );

  test('rejects a web page that uses DNS rebinding', async () => {
    const ask = (host: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(collector.port, '127.0.0.1', () => {
          socket.write(`GET /api/traces HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
        });
        socket.once('data', (data) => resolve(data.toString('latin1').slice(9, 12)));
      });
    expect(await ask('evil.example:4318')).toBe('403');
    expect(await ask('localhost:4318')).toBe('200');
    expect(await ask('[::1]:4318')).toBe('200');
  });
});
