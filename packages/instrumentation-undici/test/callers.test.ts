// The caller of a request, when undici sends it in the context of another request.
import { createServer, type RequestListener } from 'node:http';
import { type Listening, listenOn, recordSpans } from '@clew/testing';
import { context, trace } from '@opentelemetry/api';
import { instrument, VERSIONS } from './subjects.ts';

const recorder = recordSpans();

/** Runs `work` in an active span that ends with it; returns the span's id. */
async function asCaller(name: string, work: () => Promise<unknown>): Promise<string> {
  const span = trace.getTracer('test').startSpan(name);
  await context.with(trace.setSpan(context.active(), span), work);
  span.end();
  return span.spanContext().spanId;
}

async function serving(listener: RequestListener, work: (server: Listening) => Promise<void>): Promise<void> {
  const server = await listenOn(createServer(listener));
  await work(server).finally(() => server.close());
}

describe.each(Object.entries(VERSIONS))('%s', (version, undici) => {
  let plugin: ReturnType<typeof instrument>;
  beforeEach(() => {
    plugin = instrument({}, undici);
  });
  afterEach(() => plugin.disable());

  /** Takes `count` spans, and returns those of this caller's requests. */
  const requestsOf = async (caller: string, count: number) =>
    (await recorder.take(count)).filter(({ parentSpanId }) => parentSpanId === caller);

  test.each(['request', 'fetch'] as const)(
    '%s() that waits in a full pool is a span of its own caller',
    async (api) => {
      const traceparents: unknown[] = [];
      const { promise: firstArrived, resolve } = Promise.withResolvers<void>();
      let release = () => {};
      const listener: RequestListener = (request, response) => {
        traceparents.push(request.headers.traceparent);
        if (traceparents.length > 1) return response.end();
        release = () => response.end();
        return resolve();
      };
      await serving(listener, async ({ url }) => {
        const dispatcher = new undici.Pool(url, { connections: 1, pipelining: 1 });
        const get = async () => {
          const { body } = await undici[api](url, { dispatcher } as object);
          if (body) for await (const _ of body);
        };
        const first = asCaller('first', get);
        await firstArrived;
        const second = asCaller('second', get);
        release();
        const callers = await Promise.all([first, second]);
        const spans = await recorder.take(4);
        for (const [index, caller] of callers.entries()) {
          const mine = spans.filter(({ parentSpanId }) => parentSpanId === caller);
          expect(mine).toHaveLength(1);
          expect(traceparents[index]).toBe(`00-${mine[0]?.traceId}-${mine[0]?.spanId}-01`);
        }
        await dispatcher.close();
      });
    },
  );

  test('a redirect is a second span of the same caller, even if another request opened the connection', async () => {
    const listener: RequestListener = ({ url }, response) =>
      url === '/old' ? response.writeHead(302, { location: '/new' }).end() : response.end();
    await serving(listener, async ({ url }) => {
      const { interceptors } = undici as { readonly interceptors?: Partial<typeof undici.interceptors> };
      const agent = new undici.Agent({ connections: 1 });
      const redirects = interceptors?.redirect?.({ maxRedirections: 1 });
      const dispatcher = redirects ? agent.compose(redirects) : agent;
      const get = async (path: string) => {
        const options = { dispatcher, ...(!redirects && { maxRedirections: 1 }) };
        const { statusCode, body } = await undici.request(url + path, options as object);
        await body.dump();
        expect(statusCode).toBe(200);
      };
      await asCaller('opener', () => get('/'));
      await recorder.take(2);
      const caller = await asCaller('caller', () => get('/old'));
      const [old, fresh, ...rest] = await requestsOf(caller, 3);
      expect([old, fresh].map((span) => span?.attributes['http.response.status_code'])).toEqual([302, 200]);
      expect(fresh?.attributes['url.full']).toBe(`${url}/new`);
      expect(rest).toEqual([]);
      expect(old?.attributes['http.request.resend_count']).toBeUndefined();
      expect(fresh?.attributes['http.request.resend_count']).toBe(version === 'undici7' ? undefined : 1);
      await agent.close();
    });
  });

  // Since version 6.
  const { RetryAgent } = undici as { readonly RetryAgent?: typeof undici.RetryAgent };
  if (RetryAgent !== undefined)
    test('a retry is another span of the same caller', async () => {
      let attempts = 0;
      const listener: RequestListener = (_request, response) =>
        response.writeHead(++attempts < 4 ? 503 : 200).end();
      await serving(listener, async ({ url }) => {
        const agent = new undici.Agent({ connections: 1 });
        const dispatcher = new RetryAgent(agent, { minTimeout: 1, maxRetries: 3 });
        const caller = await asCaller('caller', async () => {
          const { statusCode, body } = await undici.request(url, { dispatcher });
          await body.dump();
          expect(statusCode).toBe(200);
        });
        const spans = await requestsOf(caller, 5);
        expect(spans.map((span) => span.attributes['http.response.status_code'])).toEqual([
          503, 503, 503, 200,
        ]);
        const resends = spans.map((span) => span.attributes['http.request.resend_count']);
        expect(resends).toEqual(version === 'undici7' ? Array(4).fill(undefined) : [undefined, 1, 2, 3]);
        await agent.close();
      });
    });
});

test('each request that fetch sends for a redirect is a span of its caller', async () => {
  const plugin = instrument();
  const listener: RequestListener = ({ url }, response) =>
    url === '/old' ? response.writeHead(302, { location: '/new' }).end() : response.end('here');
  await serving(listener, async ({ url }) => {
    const caller = await asCaller('caller', async () => {
      expect(await (await fetch(`${url}/old`)).text()).toBe('here');
    });
    const spans = await recorder.take(3);
    expect(spans.filter((span) => span.parentSpanId === caller)).toHaveLength(2);
  });
  plugin.disable();
});
