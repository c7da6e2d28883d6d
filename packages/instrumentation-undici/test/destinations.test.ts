// Where context is sent: decided by the client's connection, whatever the request names.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { listenOn, recordSpans } from '@clew/testing';
import { freePorts } from '../../../integration-tests/services/free-ports.ts';
import { instrument, VERSIONS } from './subjects.ts';

const recorder = recordSpans();

describe.each(Object.entries(VERSIONS))('%s', (_version, undici) => {
  let received: IncomingHttpHeaders = {};
  let url: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const server = createServer((request, response) => {
      received = request.headers;
      response.end();
    });
    server.on('connect', (request, socket) => {
      received = request.headers;
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
    });
    ({ url, close } = await listenOn(server));
  });
  afterAll(() => close());

  const OTHER = 'http://api.internal';
  type Work = (open: () => InstanceType<typeof undici.Client>) => Promise<unknown>;
  const request =
    (options: object): Work =>
    async (open) => {
      const { body } = await open().request({ method: 'GET', path: '/', ...options } as never);
      await body.dump();
    };

  async function sentBy(work: Work, propagateTo: readonly string[]) {
    const plugin = instrument({ propagateTo }, undici);
    const client = new undici.Client(url);
    received = {};
    try {
      await work(() => client);
      const [span] = await recorder.take(1);
      return { traceparent: received.traceparent, attributes: span?.attributes };
    } finally {
      plugin.disable();
      await client.destroy();
    }
  }

  const target = request({ path: `${OTHER}/songs` });
  const origin = request({ origin: OTHER });
  const host = request({ headers: { host: 'api.internal' } });
  const tunnel: Work = async (open) => {
    const { socket } = await open().connect({ path: 'api.internal:443' });
    socket.destroy();
  };

  test.each<[title: string, work: Work, propagateTo: string[], sent: boolean]>([
    ['the host of the client', request({}), ['127.0.0.1'], true],
    ['another port', request({}), ['127.0.0.1:1'], false],
    ['a target that names another host', target, ['api.internal'], false],
    ['a target that names another host, sent to a proxy', target, ['127.0.0.1'], false],
    ['a target that names another host, where both are named', target, ['127.0.0.1', 'api.internal'], true],
    ['an origin that is not the client’s', origin, ['api.internal'], false],
    ['a Host header that names another host', host, ['api.internal'], false],
    ['a Host header on a connection to a named host', host, ['127.0.0.1'], true],
    ['a tunnel to another host', tunnel, ['api.internal'], false],
    ['a tunnel to another host, where both are named', tunnel, ['127.0.0.1', 'api.internal'], true],
  ])('%s', async (_title, work, propagateTo, sent) => {
    const { traceparent } = await sentBy(work, propagateTo);
    expect(traceparent).toEqual(sent ? expect.any(String) : undefined);
  });

  test('the IPv6 address of a server has no brackets', async () => {
    const plugin = instrument({}, undici);
    const [port] = await freePorts(1);
    const client = new undici.Client(`http://[::1]:${port}`);
    try {
      const request = { method: 'GET', path: '/' } as const;
      for (const ask of [() => client.request(request), () => undici.fetch(`http://[::1]:${port}/`)])
        await expect(ask()).rejects.toThrow();
      for (const { attributes } of await recorder.take(2))
        expect(attributes).toMatchObject({ 'server.address': '::1', 'server.port': port });
    } finally {
      plugin.disable();
      await client.destroy();
    }
  });

  // Before version 7, each request to a proxy opens a tunnel.
  const { undici5, undici6 } = VERSIONS;
  const testForwarding = undici === undici5 || undici === undici6 ? test.skip : test;
  testForwarding('a request through a proxy to another host propagates only if both are named', async () => {
    const ask = async () => {
      const dispatcher = new undici.ProxyAgent({ uri: url, proxyTunnel: false });
      const { body } = await undici.request(`${OTHER}/songs`, { dispatcher } as object);
      await body.dump();
      await dispatcher.close();
    };
    expect((await sentBy(ask, ['api.internal'])).traceparent).toBeUndefined();
    expect((await sentBy(ask, ['127.0.0.1'])).traceparent).toBeUndefined();
    const { traceparent, attributes } = await sentBy(ask, ['127.0.0.1', 'api.internal']);
    expect(traceparent).toEqual(expect.any(String));
    expect(attributes).toMatchObject({
      'server.address': 'api.internal',
      'server.port': 80,
      'url.full': `${OTHER}/songs`,
    });
  });
});
