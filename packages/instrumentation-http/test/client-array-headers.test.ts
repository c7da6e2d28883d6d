import { once } from 'node:events';
import http from 'node:http';
import { type Listening, listenOn, recordSpans, whileServing } from '@clew/testing';
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

/** Headers as an array, which Node accepts but its types do not declare. */
function asList(headers: readonly string[]): http.RequestOptions {
  return { headers: headers as unknown as http.OutgoingHttpHeaders };
}

/** The value of the only header of this name. */
function header(rawHeaders: string, name: string): string | undefined {
  const lines = JSON.parse(rawHeaders) as string[];
  const at = lines.flatMap((line, index) => (index % 2 === 0 && line.toLowerCase() === name ? [index] : []));
  expect(at.length).toBeLessThanOrEqual(1);
  return at[0] === undefined ? undefined : lines[at[0] + 1];
}

test('headers given as an array are unchanged, and the context is added', () =>
  whileServing(echoing(), async (url) => {
    const { port } = new URL(url);
    const headers = Object.freeze(['Host', `shop.test:${port}`, 'X-Own', 'kept', 'X-Own', 'twice']);
    const { body } = await finish(http.request(url, { ...asList(headers), path: '/list' }));
    const [span] = await recorder.take(1);
    expect(header(body, 'traceparent')).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
    expect((JSON.parse(body) as string[]).slice(0, 6)).toEqual([...headers]);
    expect(span?.attributes).toMatchObject({
      'url.full': `http://shop.test:${port}/list`,
      'server.address': new URL(url).hostname,
      'server.port': Number(port),
    });
  }));

test('headers given as an array are recorded if they are configured', () =>
  whileServing(echoing(), async (url) => {
    plugin().setConfig({
      disableIncomingRequestInstrumentation: true,
      capturedOutgoingRequestHeaders: ['x-own'],
    });
    await finish(http.request(url, asList(['Host', 'shop.test', 'X-Own', 'a', 'x-own', 'b'])));
    const [span] = await recorder.take(1);
    expect(span?.attributes['http.request.header.x-own']).toEqual(['a, b']);
  }));

test('an older context in an array of headers is replaced', () =>
  whileServing(echoing(), async (url) => {
    const older = ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'older=1'] as const;
    const headers = ['Host', 'shop.test', 'TraceParent', older[0], 'tracestate', older[1], 'x-own', 'kept'];
    const { body } = await finish(http.request(url, asList([...headers, 'traceparent', older[0]])));
    const [span] = await recorder.take(1);
    expect(header(body, 'traceparent')).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
    expect(header(body, 'tracestate')).toBeUndefined();
    expect(header(body, 'x-own')).toBe('kept');
  }));
