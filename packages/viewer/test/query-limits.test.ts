import { createServer, get as httpGet, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Collector, startCollector } from '../src/collector.ts';
import { respondToQuery } from '../src/query-api.ts';
import { sketch, TRACE_ID } from './sample-trace.ts';

let collector: Collector;
beforeEach(async () => {
  collector = await startCollector({ port: 0, maxAgeHours: 0.5 });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await collector.close();
});

/** `fetch` sets sec-fetch-site itself. */
function get(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpGet(collector.url + path, { headers }, (response) => resolve(response.resume())).on('error', reject);
  });
}

function store(count: number, traceId = TRACE_ID): void {
  const spans = Array.from({ length: count }, (_, index) => ({ id: (index + 1).toString(16), name: 'x' }));
  collector.store.add(sketch(spans, traceId).spans);
}

describe.each(['/api/traces', `/api/traces/${TRACE_ID}`, '/api/statistics'])('GET %s', (path) => {
  beforeEach(() => store(1));

  test('is refused if another web site has made the browser send it', async () => {
    const statuses = ['cross-site', 'same-site', 'same-origin', 'none'].map(async (site) => {
      const { statusCode } = await get(path, { 'sec-fetch-site': site });
      return [site, statusCode];
    });
    expect(await Promise.all(statuses)).toEqual([
      ['cross-site', 403],
      ['same-site', 200],
      ['same-origin', 200],
      ['none', 200],
    ]);
  });

  test('cannot be embedded by pages of another origin', async () => {
    const { headers } = await get(path);
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
  });
});

test.each(['/v1/sampling/matches', '/v1/traces'])('another web site cannot use %s', async (path) => {
  const { statusCode } = await get(path, { 'sec-fetch-site': 'cross-site' });
  expect(statusCode).toBe(path === '/v1/traces' ? 405 : 403);
});

test('responds with 404 for a trace that was removed after its id was found', async () => {
  store(1);
  const { ids } = collector.store;
  jest.spyOn(collector.store, 'ids').mockImplementation((prefix) => {
    const found = ids.call(collector.store, prefix);
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    collector.store.trim();
    return found;
  });
  const response = await fetch(`${collector.url}/api/traces/${TRACE_ID}`);
  expect([response.status, await response.json()]).toEqual([404, { error: `no trace ${TRACE_ID}` }]);
});

test.each([
  ['?from=-1', 'expected from in [0, 8640000000000000], got "-1"'],
  [`?to=${2 ** 53 - 1}`, 'expected to in [0, 8640000000000000], got "9007199254740991"'],
  [`?${'attribute=a=b&'.repeat(21)}`, 'expected at most 20 attributes, got 21'],
])('rejects the filter %s with 400', async (query, error) => {
  for (const path of ['/api/traces', '/api/statistics']) {
    const response = await fetch(collector.url + path + query);
    expect([response.status, await response.json()]).toEqual([400, { error }]);
  }
});

test('statistics do not count traces with values of megabytes', async () => {
  const payload = 'x'.repeat(1_000_000);
  const spans = Array.from({ length: 5 }, (_, index) => ({
    id: `${index + 1}`,
    name: 'x',
    attributes: { payload },
  }));
  collector.store.add(sketch(spans, 'a'.repeat(32)).spans);
  store(1);
  const response = await fetch(`${collector.url}/api/statistics`);
  expect(await response.json()).toMatchObject({ traces: 1, operations: [{ calls: 1 }] });
});

test('statistics count traces of up to 2,000 spans', async () => {
  store(2000);
  store(2001, 'a'.repeat(32));
  const response = await fetch(`${collector.url}/api/statistics`);
  expect(await response.json()).toMatchObject({ traces: 1, omittedNodes: 0, operations: [{ calls: 2000 }] });
});

test.each([
  ['/api/statistics', 'traceJsonParts'],
  ['/api/traces', 'search'],
] as const)('the work for %s ends if the client leaves', async (path, method) => {
  for (let number = 1; number <= 500; number++) store(1, number.toString(16).padStart(32, '0'));
  const server = createServer();
  let calls = 0;
  const { traceJsonParts, search } = collector.store;
  const ask = () =>
    httpGet(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).on('error', () => {});
  const leave = () => {
    if (calls++ === 0) client.destroy();
  };
  jest.spyOn(collector.store, 'traceJsonParts').mockImplementation((id) => {
    if (method === 'traceJsonParts') leave();
    return traceJsonParts.call(collector.store, id);
  });
  jest.spyOn(collector.store, 'search').mockImplementation(function* (query) {
    for (const summary of search.call(collector.store, query)) {
      if (method === 'search') {
        leave();
        // As if nothing was found in this part: lets the event loop see that the client has left.
        yield undefined;
      }
      yield summary;
    }
  });
  const ended = new Promise<void>((resolve) => {
    server.on('request', (request, response) => {
      const url = new URL(`${path}?limit=500`, collector.url);
      respondToQuery(url, request, response, collector.store).then(resolve);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = ask();
  await ended;
  server.close();
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThan(400);
});
