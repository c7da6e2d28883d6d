// The connection decides where context is sent, whatever the host in the request.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordSpans } from '@clew/testing';
import { context, propagation } from '@opentelemetry/api';
import { generate } from 'selfsigned';
import { HttpInstrumentation } from '../src/index.ts';

const recorder = recordSpans();
const own = { disableIncomingRequestInstrumentation: true };
let plugin: HttpInstrumentation;
beforeAll(() => {
  plugin = new HttpInstrumentation(own);
  plugin.instrument(http);
  plugin.instrument(https, 'https');
});
afterEach(() => plugin.setConfig(own));
afterAll(() => plugin.disable());

type Module = Pick<typeof http, 'request' | 'Agent'>;

const received: http.IncomingHttpHeaders[] = [];
const listener: http.RequestListener = (request, response) => {
  received.push(request.headers);
  response.end();
};

async function peerOf(name: string): Promise<{ server: http.Server; module: Module; port: number }> {
  let server = http.createServer(listener);
  if (name === 'https') {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
    });
    server = https.createServer({ key, cert }, listener);
  }
  server.on('connect', (request, socket) => {
    received.push(request.headers);
    socket.end('HTTP/1.1 200 OK\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { server, module: name === 'https' ? (https as unknown as Module) : http, port };
}

/** Sends a request and returns the headers that arrived, with the attributes of its span. */
async function send({ request }: Module, options: https.RequestOptions) {
  const sent = request({ host: '127.0.0.1', rejectUnauthorized: false, ...options } as http.RequestOptions);
  const over = once(sent, 'close');
  sent.on('connect', (_response, socket) => socket.destroy());
  sent.on('response', (response) => response.resume());
  sent.end();
  await over;
  const [span] = await recorder.take(1);
  return { headers: received.splice(0)[0] ?? {}, attributes: span?.attributes ?? {} };
}

describe.each(['http', 'https'])('node:%s', (name) => {
  let peer: Awaited<ReturnType<typeof peerOf>>;
  beforeAll(async () => {
    peer = await peerOf(name);
  });
  afterAll(() => {
    peer.server.closeAllConnections();
    peer.server.close();
  });

  interface Row {
    readonly title: string;
    readonly options: (port: number, module: Module) => http.RequestOptions;
    readonly sendTo: (port: number) => readonly string[];
    readonly sent: boolean;
  }
  const OTHER = 'api.internal';
  const rows: readonly Row[] = [
    { title: 'the host of the connection', options: () => ({}), sendTo: () => ['127.0.0.1'], sent: true },
    { title: 'its port', options: () => ({}), sendTo: (port) => [`127.0.0.1:${port}`], sent: true },
    { title: 'another port', options: () => ({}), sendTo: (port) => [`127.0.0.1:${port + 1}`], sent: false },
    {
      title: 'a target that names another host',
      options: () => ({ path: `http://${OTHER}/songs` }),
      sendTo: () => [OTHER],
      sent: false,
    },
    {
      title: 'a target that names another host, sent to a proxy that may have the context',
      options: () => ({ path: `http://${OTHER}/songs` }),
      sendTo: () => ['127.0.0.1'],
      sent: false,
    },
    {
      title: 'a target that names another host, where both may have the context',
      options: () => ({ path: `http://${OTHER}/songs` }),
      sendTo: () => ['127.0.0.1', OTHER],
      sent: true,
    },
    {
      title: 'a tunnel to another host',
      options: () => ({ method: 'CONNECT', path: `${OTHER}:443` }),
      sendTo: () => [OTHER],
      sent: false,
    },
    {
      title: 'a tunnel to another host, where both may have the context',
      options: () => ({ method: 'CONNECT', path: `${OTHER}:443` }),
      sendTo: () => ['127.0.0.1', OTHER],
      sent: true,
    },
    {
      title: 'a Host header that names another host',
      options: () => ({ headers: { host: OTHER } }),
      sendTo: () => [OTHER],
      sent: false,
    },
    {
      title: 'a Host header that names another host, on a connection that may have the context',
      options: () => ({ headers: { host: OTHER } }),
      sendTo: () => ['127.0.0.1'],
      sent: true,
    },
    {
      title: 'a Host header that names another port',
      options: () => ({ headers: { host: '127.0.0.1:1' } }),
      sendTo: () => ['127.0.0.1:1'],
      sent: false,
    },
    {
      title: 'an agent that goes elsewhere than the request',
      options: (port, { Agent }) => ({
        host: OTHER,
        port: 1,
        agent: new Agent({ host: '127.0.0.1', port } as http.AgentOptions),
      }),
      sendTo: () => [OTHER],
      sent: false,
    },
    {
      title: 'the host of an agent',
      options: (port, { Agent }) => ({
        host: OTHER,
        port: 1,
        agent: new Agent({ host: '127.0.0.1', port } as http.AgentOptions),
      }),
      sendTo: (port) => [`127.0.0.1:${port}`],
      sent: true,
    },
  ];
  test.each(rows)('$title: context is sent: $sent', async ({ options, sendTo, sent }) => {
    const { module, port } = peer;
    plugin.setConfig({ ...own, propagateTo: sendTo(port) });
    const { headers } = await send(module, { port, ...options(port, module) });
    expect(headers.traceparent).toEqual(sent ? expect.any(String) : undefined);
  });

  test('baggage is sent only to its own destinations', async () => {
    const { module, port } = peer;
    const withBaggage = propagation.setBaggage(
      context.active(),
      propagation.createBaggage({ tenant: { value: 'acme' } }),
    );
    const ask = () => context.with(withBaggage, () => send(module, { port }));
    plugin.setConfig({ ...own, propagateBaggageTo: [OTHER] });
    const { headers: without } = await ask();
    plugin.setConfig({ ...own, propagateBaggageTo: ['127.0.0.1'] });
    const { headers: both } = await ask();
    expect([without.traceparent, without.baggage]).toEqual([expect.any(String), undefined]);
    expect(both.baggage).toBe('tenant=acme');
  });

  test('the span has the server of the connection and the requested URL', async () => {
    const { module, port } = peer;
    const { attributes } = await send(module, { port, path: '/songs', headers: { host: OTHER } });
    expect(attributes).toMatchObject({
      'server.address': '127.0.0.1',
      'server.port': port,
      'url.full': `${name}://${OTHER}/songs`,
    });
  });
});

describe('a connection to another host than that of the request', () => {
  let peer: Awaited<ReturnType<typeof peerOf>>;
  beforeAll(async () => {
    peer = await peerOf('http');
  });
  afterAll(() => {
    peer.server.closeAllConnections();
    peer.server.close();
  });
  const openers: Record<string, (port: number) => http.RequestOptions> = {
    'by a name': (port) => ({ createConnection: () => connect(port, 'localhost') }),
    'by an address': (port) => ({ createConnection: () => connect(port, '127.0.0.1') }),
    'by an agent': (port) => {
      const agent = new http.Agent();
      (agent as { createConnection?: unknown }).createConnection = () => connect(port, 'localhost');
      return { agent };
    },
    'by a proxy of the agent': (port) => ({
      agent: new http.Agent({ proxyEnv: { HTTP_PROXY: `http://localhost:${port}` } } as http.AgentOptions),
    }),
  };
  // Added in Node 24.
  const proxied = new http.Agent({ proxyEnv: { HTTP_PROXY: 'http://localhost' } } as http.AgentOptions);
  const knowsProxies = Object.getOwnPropertySymbols(proxied).some(
    ({ description }) => description === 'kProxyConfig',
  );
  const ways = Object.keys(openers).filter((way) => knowsProxies || !way.includes('proxy'));
  test.each(ways)('%s, does not receive context allowed for the host of the request', async (way) => {
    const opener = openers[way] as (port: number) => http.RequestOptions;
    const ask = () => send(http, { host: 'api.internal', ...opener(peer.port) });
    plugin.setConfig({ ...own, propagateTo: ['api.internal'] });
    expect((await ask()).headers.traceparent).toBeUndefined();
    plugin.setConfig({ ...own, propagateTo: ['api.internal', 'localhost', '*'] });
    expect((await ask()).headers.traceparent).toEqual(expect.any(String));
    plugin.setConfig(own);
    expect((await ask()).headers.traceparent).toEqual(expect.any(String));
  });

  test('does not receive baggage allowed only for the host of the request', async () => {
    plugin.setConfig({ ...own, propagateBaggageTo: ['api.internal'] });
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    const { headers } = await context.with(propagation.setBaggage(context.active(), baggage), () =>
      send(http, { host: 'api.internal', createConnection: () => connect(peer.port, 'localhost') }),
    );
    expect([typeof headers.traceparent, headers.baggage]).toEqual(['string', undefined]);
  });
});

test('a Unix domain socket is a separate server, and rules for localhost don’t apply to it', async () => {
  const path = join(tmpdir(), `clew-${process.pid}.sock`);
  const server = http.createServer(listener).listen(path);
  await once(server, 'listening');
  plugin.setConfig({ ...own, propagateTo: ['localhost', '127.0.0.1'] });
  const strange = await send(http, { host: 'localhost', socketPath: path });
  expect(strange.headers.traceparent).toBeUndefined();
  expect(strange.attributes).toMatchObject({
    'server.address': path,
    'network.peer.address': path,
    'url.full': 'http://localhost/',
  });
  expect(Object.keys(strange.attributes)).not.toContain('server.port');
  plugin.setConfig({ ...own, propagateTo: [path] });
  const named = await send(http, { socketPath: path, agent: new http.Agent() });
  expect(named.headers.traceparent).toEqual(expect.any(String));
  server.closeAllConnections();
  server.close();
});
