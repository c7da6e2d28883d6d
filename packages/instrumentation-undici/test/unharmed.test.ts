// undici's other ways to send a request, and the application's behaviour that the plugin must not change.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { listenOn, recordSpans } from '@clew/testing';
import { instrument, VERSIONS } from './subjects.ts';

const recorder = recordSpans();

const bodyOf = async (stream: AsyncIterable<unknown>) => {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
};

describe.each(Object.entries(VERSIONS))('%s', (_version, undici) => {
  let server: Server;
  let url: string;
  let close: () => Promise<void>;
  let plugin: ReturnType<typeof instrument>;
  let agent: InstanceType<typeof undici.Agent>;
  const last: { request?: IncomingMessage } = {};

  beforeEach(async () => {
    server = createServer(async (request, response) => {
      last.request = request;
      response.end(`got ${await bodyOf(request).catch(() => 'half')}`);
    });
    ({ url, close } = await listenOn(server));
    plugin = instrument({}, undici);
    agent = new undici.Agent();
  });
  afterEach(async () => {
    plugin.disable();
    await agent.destroy();
    await close();
  });

  test('stream() and pipeline() are traced', async () => {
    let streamed = '';
    const sink = () =>
      new Writable({
        write(chunk, _encoding, done) {
          streamed += chunk;
          done();
        },
      });
    await undici.stream(url, { method: 'PUT', body: 'a', dispatcher: agent }, sink);
    const duplex = undici.pipeline(url, { method: 'POST', dispatcher: agent }, ({ body }) => body);
    await pipeline(Readable.from(['b', 'c']), duplex, sink());
    expect(streamed).toBe('got agot bc');
    const spans = await recorder.take(2);
    expect(spans.map(({ name }) => name)).toEqual(['PUT', 'POST']);
  });

  test('a body that fails while it is sent fails the span, and the application gets its error', async () => {
    const broken = Readable.from(
      (async function* () {
        yield 'half';
        throw new Error('the disk is gone');
      })(),
    );
    const sent = undici.request(url, { method: 'POST', body: broken, dispatcher: agent });
    await expect(sent).rejects.toThrow('the disk is gone');
    const [span] = await recorder.take(1);
    expect(span?.status).toMatchObject({ code: 2, message: 'the disk is gone' });
  });

  test('replaces propagation headers set by the application, without duplicates', async () => {
    const headers = {
      TraceParent: '00-11111111111111111111111111111111-2222222222222222-01',
      'x-own': 'kept',
    };
    const { body } = await undici.request(url, { headers, dispatcher: agent });
    await body.dump();
    const [span] = await recorder.take(1);
    const sent = last.request?.rawHeaders.map((text) => text.toLowerCase()) ?? [];
    expect(sent.filter((text) => text === 'traceparent')).toHaveLength(1);
    expect(last.request?.headers).toMatchObject({
      traceparent: `00-${span?.traceId}-${span?.spanId}-01`,
      'x-own': 'kept',
    });
    expect(headers.TraceParent).toMatch(/^00-1/);
  });

  test('keeps headers in an array', async () => {
    const headers = Object.freeze(['x-own', 'kept']) as string[];
    const { body } = await undici.request(url, { headers, dispatcher: agent });
    await body.dump();
    await recorder.take(1);
    expect(last.request?.headers).toMatchObject({ 'x-own': 'kept', traceparent: expect.any(String) });
  });

  test('an upgrade ends its span', async () => {
    const { promise: theirs, resolve } = Promise.withResolvers<Duplex>();
    server.once('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n');
      resolve(socket);
    });
    const { socket } = await undici.upgrade(url, { protocol: 'chat', dispatcher: agent });
    await recorder.take(1);
    socket.destroy();
    (await theirs).destroy();
  });

  test('a mocked request gets its mocked response', async () => {
    const mock = new undici.MockAgent();
    mock.disableNetConnect();
    mock.get('http://shop.example').intercept({ path: '/' }).reply(200, 'mocked');
    const { body } = await undici.request('http://shop.example/', { dispatcher: mock });
    expect(await body.text()).toBe('mocked');
    recorder.spans();
    await mock.close();
  });

  test('the request class keeps its shape, and is restored by disable()', async () => {
    const prototypes: object[] = [];
    const keep = (message: unknown) => {
      prototypes.push(Object.getPrototypeOf((message as { readonly request: object }).request));
    };
    const send = () => undici.request(url, { dispatcher: agent }).then(({ body }) => body.dump());
    const functionsOf = (prototype: object) =>
      Object.values(Object.getOwnPropertyDescriptors(prototype)).map(({ value }) => value);
    const shapeOf = (fn: unknown) => typeof fn === 'function' && [fn.name, fn.length];

    plugin.disable();
    subscribe('undici:request:create', keep);
    await send();
    unsubscribe('undici:request:create', keep);
    const [prototype = {}] = prototypes;
    const before = functionsOf(prototype);
    plugin.enable();
    await send();
    await recorder.take(1);
    const traced = functionsOf(prototype);
    expect(traced.filter((fn, at) => fn !== before[at]).length).toBeGreaterThan(0);
    expect(traced.map(shapeOf)).toEqual(before.map(shapeOf));
    plugin.disable();
    expect(functionsOf(prototype)).toEqual(before);
  });

  test('a client without a connection reports its own error', async () => {
    await agent.destroy();
    await expect(undici.request(url, { dispatcher: agent })).rejects.toThrow(/destroyed/);
  });
});
