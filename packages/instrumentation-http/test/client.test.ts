import { once } from 'node:events';
import http from 'node:http';
import { currentSpanId, type Listening, listenOn, recordSpans, whileServing, within } from '@clew/testing';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { tracedHttp } from './traced-http.ts';

const recorder = recordSpans();
const plugin = tracedHttp({ disableIncomingRequestInstrumentation: true });

/** A server that responds with the received raw header lines. */
const echoing = (): Promise<Listening> =>
  listenOn(http.createServer((request, response) => response.end(JSON.stringify(request.rawHeaders))));

/** Sends a prepared request, and reads the response. */
async function finish(request: http.ClientRequest): Promise<{ status: number; body: string }> {
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode ?? 0, body };
}

/** The value of the only header of this name. */
function header(rawHeaders: string, name: string): string | undefined {
  const lines = JSON.parse(rawHeaders) as string[];
  const at = lines.flatMap((line, index) => (index % 2 === 0 && line.toLowerCase() === name ? [index] : []));
  expect(at.length).toBeLessThanOrEqual(1);
  return at[0] === undefined ? undefined : lines[at[0] + 1];
}

test('a CONNECT request has the URL of the proxy', () =>
  whileServing(echoing(), async (url) => {
    const request = http.request(url, { method: 'CONNECT', path: 'shop.test:443' });
    // The server has no listener for it, and closes the connection.
    await once(request.end(), 'error');
    const [span] = await recorder.take(1);
    expect(span?.attributes['url.full']).toBe(url);
  }));

test('a request through a proxy has the requested URL, without credentials', () =>
  whileServing(echoing(), async (url) => {
    const path = 'http://user:secret@shop.test:81/songs?sig=a';
    await finish(http.request(url, { path, headers: { host: 'shop.test:81' } }));
    const [span] = await recorder.take(1);
    expect(span?.attributes).toMatchObject({
      'url.full': 'http://shop.test:81/songs?sig=REDACTED',
      'server.address': 'shop.test',
      'server.port': 81,
    });
  }));

test('a request that expects 100-continue carries the context', async () => {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.end(JSON.stringify(request.rawHeaders)));
  });
  await whileServing(listenOn(server), async (url) => {
    const request = http.request(url, { method: 'POST', headers: { expect: '100-continue' } });
    request.flushHeaders();
    await once(request, 'continue');
    request.write('body');
    const { body } = await finish(request);
    const [span] = await recorder.take(1);
    expect(span?.name).toBe('POST');
    expect(header(body, 'traceparent')).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
  });
});

test('informational responses are not recorded as the response', async () => {
  const server = http.createServer((_request, response) => {
    response.writeProcessing();
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.writeHead(201).end();
  });
  await whileServing(listenOn(server), async (url) => {
    await finish(http.request(url));
    const [span] = await recorder.take(1);
    expect(span?.attributes['http.response.status_code']).toBe(201);
  });
});

test('http.get calls back in the context of its caller', () =>
  whileServing(echoing(), async (url) => {
    const caller = trace.getTracer('test').startSpan('caller');
    const seen = await new Promise<string[]>((resolve) => {
      within(caller, () => {
        http.get(url, (response) => {
          const ids = [currentSpanId()];
          response.on('end', () => resolve([...ids, currentSpanId()])).resume();
        });
      });
    });
    caller.end();
    const [{ spanId } = { spanId: '' }, client] = await recorder.take(2);
    expect(seen).toEqual([spanId, spanId]);
    expect(client?.parentSpanId).toBe(spanId);
  }));

test('a request that waits for the socket of another is a child of its own caller', () =>
  whileServing(echoing(), async (url) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const callers = ['first', 'second', 'third'].map((name) => trace.getTracer('test').startSpan(name));
    const answers = await Promise.all(
      callers.map((caller) =>
        within(caller, async () => {
          const request = http.request(url, { agent });
          const { promise, resolve } = Promise.withResolvers<string>();
          request.on('response', () => resolve(currentSpanId()));
          const { body } = await finish(request);
          return { traceparent: header(body, 'traceparent'), current: await promise };
        }),
      ),
    );
    for (const caller of callers) caller.end();
    agent.destroy();
    const spans = await recorder.take(6);
    for (const [index, caller] of callers.entries()) {
      const { spanId } = caller.spanContext();
      const client = spans.find(({ parentSpanId }) => parentSpanId === spanId);
      expect(answers[index]).toEqual({
        traceparent: `00-${client?.traceId}-${client?.spanId}-01`,
        current: spanId,
      });
    }
  }));

test('a response that the application discards is not an error', async () => {
  const server = http.createServer((_request, response) => response.end('x'.repeat(1_000_000)));
  await whileServing(listenOn(server), async (url) => {
    const request = http.request(url).end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.destroy();
    const [span] = await recorder.take(1);
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });
});

test('a response without a listener ends its span', () =>
  whileServing(echoing(), async (url) => {
    http.request(url).end();
    const [span] = await recorder.take(1);
    expect(span?.attributes['http.response.status_code']).toBe(200);
  }));

test('a request that is destroyed before it was sent ends its span with the given error', () =>
  whileServing(echoing(), async (url) => {
    const request = http.request(url);
    request.on('error', () => {});
    request.destroy(new RangeError('changed my mind'));
    const [span] = await recorder.take(1);
    expect(span?.attributes['error.type']).toBe('RangeError');
    expect(span?.status.message).toBe('changed my mind');
  }));

test('a timeout that the application turns into an error is recorded', async () => {
  const server = http.createServer(() => {});
  await whileServing(listenOn(server), async (url) => {
    const request = http.request(url, { timeout: 20 }).end();
    request.on('timeout', () => request.destroy(Object.assign(new Error('slow'), { code: 'ETIMEDOUT' })));
    await once(request, 'error');
    const [span] = await recorder.take(1);
    expect(span?.attributes['error.type']).toBe('ETIMEDOUT');
  });
});

test('an upgrade records status 101 and ends its span when the socket is passed to the application', async () => {
  const server = http.createServer();
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
  });
  await whileServing(listenOn(server), async (url) => {
    const request = http.request(url, { headers: { connection: 'Upgrade', upgrade: 'echo' } }).end();
    const [response, socket] = (await once(request, 'upgrade')) as [
      http.IncomingMessage,
      NodeJS.WritableStream,
    ];
    expect(response.statusCode).toBe(101);
    const [span] = await recorder.take(1);
    expect(span?.attributes['http.response.status_code']).toBe(101);
    socket.end();
  });
});

test('a CONNECT ends its span when the tunnel is established', async () => {
  const server = http.createServer();
  server.on('connect', (_request, socket) => socket.end('HTTP/1.1 200 Connection Established\r\n\r\n'));
  await whileServing(listenOn(server), async (url) => {
    const request = http.request(url, { method: 'CONNECT', path: 'shop.test:443' }).end();
    const [, socket] = (await once(request, 'connect')) as [unknown, NodeJS.WritableStream];
    const [span] = await recorder.take(1);
    expect(span?.name).toBe('CONNECT');
    socket.end();
  });
});

test('credentials in a URL are not recorded', () =>
  whileServing(echoing(), async (url) => {
    await finish(http.request(url.replace('http://', 'http://user:s3cr3t@')));
    const [span] = await recorder.take(1);
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  }));

test('disableOutgoingRequestInstrumentation disables tracing of outgoing requests', () =>
  whileServing(echoing(), async (url) => {
    plugin().setConfig({
      disableIncomingRequestInstrumentation: true,
      disableOutgoingRequestInstrumentation: true,
    });
    const { body } = await finish(http.request(url));
    expect(header(body, 'traceparent')).toBeUndefined();
  }));
