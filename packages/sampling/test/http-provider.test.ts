import { diag } from '@opentelemetry/api';
import { generate } from 'selfsigned';
import {
  FAULTS,
  type PolicyHttpServer,
  startPolicyHttpServer,
} from '../../../integration-tests/sampling/servers/policy-http-server.ts';
import { HttpProvider, type HttpProviderOptions } from '../src/providers/http-provider.ts';
import { collectLogs, idOf, SetsInForce, setOf, yamlOf } from './sets-in-force.ts';

let server: PolicyHttpServer;
let provider: HttpProvider;

function start(options: Partial<HttpProviderOptions> = {}): SetsInForce {
  const given = { url: server.url, intervalMs: 20, timeoutMs: 30_000, ...options };
  provider = new HttpProvider(given);
  return SetsInForce.of(provider);
}

beforeEach(async () => {
  server = await startPolicyHttpServer(setOf('first'));
});

afterEach(async () => {
  provider.stop();
  diag.disable();
  await server.close();
});

describe('an HTTP provider', () => {
  test('fetches at once, however long the interval is', async () => {
    const sets = start({ intervalMs: 86_400_000 });
    await sets.count(1);
    expect(idOf(sets.policies)).toBe('first');
    expect(provider.name).toBe(`http ${server.url}`);
  });

  test('puts a changed set in force at the next poll', async () => {
    const sets = start();
    await sets.count(1);
    server.serve(setOf('second'));
    await sets.count(2);
    expect(idOf(sets.policies)).toBe('second');
    expect(provider.stats()).toMatchObject({ loads: 2, failures: {}, version: sets.all[1]?.version });
  });

  test('sends the ETag of the set in force, and counts 304 as unchanged', async () => {
    const sets = start();
    await server.received(4);
    expect(server.requests[0]?.headers['if-none-match']).toBeUndefined();
    expect(server.requests[1]?.headers['if-none-match']).toBe(sets.all[0]?.version);
    expect(sets.all).toHaveLength(1);
    expect(provider.stats().unchanged).toBeGreaterThanOrEqual(2);
  });

  test('does not send the ETag of an invalid set, whose failure would then count as unchanged', async () => {
    const sets = start();
    await sets.count(1);
    server.serve('{"policies":7}');
    const index = server.requests.length;
    await server.received(index + 3);
    expect(server.requests[index + 2]?.headers['if-none-match']).toBe(sets.all[0]?.version);
    expect(provider.stats().failures.invalid).toBeGreaterThanOrEqual(2);
    expect(sets.all).toHaveLength(1);
  });

  test.each([
    ['application/yaml', yamlOf('yaml')],
    ['text/x-yaml; charset=utf-8', yamlOf('yaml')],
    ['text/plain', yamlOf('yaml')],
    ['application/vnd.policies+json', setOf('yaml')],
  ])('reads a set with the content type %s', async (contentType, body) => {
    server.serve(body, contentType);
    const sets = start();
    await sets.count(1);
    expect(idOf(sets.policies)).toBe('yaml');
  });

  test('sends the headers of its options', async () => {
    const sets = start({ headers: { Authorization: 'Bearer secret' } });
    await sets.count(1);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'user-agent': expect.stringMatching(/^clew-sampling\/\d+\.\d+\.\d+ node\//),
    });
  });

  test('fetches over https, with a certificate authority of its own', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const secure = await startPolicyHttpServer(setOf('secure'), { cert, key });
    try {
      const sets = start({ url: secure.url, ca: cert });
      await sets.count(1);
      expect(idOf(sets.policies)).toBe('secure');
    } finally {
      await secure.close();
    }
  });

  const causes: Record<keyof typeof FAULTS, string> = {
    error: 'status',
    hang: 'timeout',
    redirect: 'redirect',
    huge: 'tooLarge',
    announced: 'tooLarge',
    truncate: 'network',
    drip: 'timeout',
    page: 'invalid',
    reset: 'network',
  };

  test.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])(
    'keeps the last good set while the server fails (%s), and recovers',
    async (fault) => {
      const logs = collectLogs();
      const cause = causes[fault];
      const sets = start(cause === 'timeout' ? { timeoutMs: 500 } : {});
      await sets.count(1);
      server.fail(fault);
      const before = server.requests.length;
      await server.received(before + 4);
      expect(Object.keys(provider.stats().failures)).toEqual([cause]);
      expect(provider.stats().failures[cause]).toBeGreaterThanOrEqual(2);
      expect(server.requests.every(({ path }) => path === '/policies')).toBe(true);
      expect(sets.all).toHaveLength(1);
      expect(logs).toEqual([expect.stringContaining(`@clew/sampling: http ${server.url}: `)]);
      server.serve(setOf('recovered'));
      server.fail(undefined);
      await sets.count(2);
      expect(idOf(sets.policies)).toBe('recovered');
    },
  );

  test('tries again soon if the first fetch fails', async () => {
    const logs = collectLogs();
    server.fail('error');
    const sets = start({ intervalMs: 60_000 });
    await server.received(1);
    server.fail(undefined);
    await sets.count(1);
    expect(provider.stats()).toMatchObject({ loads: 1, failures: { status: 1 } });
    expect(logs[0]).toMatch(/responded with 500 \(status\); no set is in force$/);
  });

  test('waits longer after each failure', async () => {
    collectLogs();
    server.fail('error');
    const times: number[] = [];
    start({ intervalMs: 20 });
    for (let i = 1; i <= 5; i++) {
      await server.received(i);
      times.push(performance.now());
    }
    // 20, 40, 80 and 160 ms with a jitter of 10 %.
    expect(times[4]! - times[0]!).toBeGreaterThan(260);
  });

  test('makes no request after it was stopped, and ends the one in flight', async () => {
    server.fail('hang');
    start();
    await server.received(1);
    provider.stop();
    const other = await startPolicyHttpServer(setOf('other'));
    try {
      const later = new HttpProvider({ url: other.url, intervalMs: 200 });
      const sets = SetsInForce.of(later);
      await sets.count(1);
      await other.received(2);
      later.stop();
    } finally {
      await other.close();
    }
    expect(server.requests).toHaveLength(1);
    expect(provider.stats().failures).toEqual({});
  });

  test('is refused with an invalid option', () => {
    const create = (options: Partial<HttpProviderOptions>) => () =>
      new HttpProvider({ url: server.url, ...options });
    expect(create({ url: 'ftp://x' })).toThrow(
      '@clew/sampling: expected http.url to be an http or https URL, got "ftp://x"',
    );
    expect(create({ interval: 1 } as never)).toThrow(
      'expected http to have only the keys url, headers, intervalMs, timeoutMs, ca, cert, key, got "interval"',
    );
    expect(create({ intervalMs: 1 })).toThrow('expected http.intervalMs in [10, 86400000], got 1');
    expect(create({ headers: { 'bad name': 'x' } })).toThrow('expected http.headers to have valid names');
    expect(create({ headers: { good: 'a\nsecret' } })).toThrow(
      /^@clew\/sampling: expected http.headers\["good"\] to be one line of text, got "string"$/,
    );
  });
});
