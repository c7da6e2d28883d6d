// The example of OpenStack: concurrent users share a token of a real Keystone, whose OSProfiler stores trace points.
import { type Collector, startCollector } from '@clew/viewer';
import { Redis } from 'ioredis';
import { hasKeystone, type Keystone, startKeystone } from '../../examples/openstack/keystone.ts';
import { startServices } from '../../examples/openstack/services.ts';
import { startBrowser } from '../../packages/viewer/test/page/browser.ts';
import { clew } from '../osprofiler-storage/clew.ts';
import { freePorts } from '../services/free-ports.ts';
import { type OwnRedis, startRedis } from '../services/redis.ts';
import { spansOf } from '../span-tree.ts';

const HMAC_KEY = 'SECRET_KEY';
const USERS = 10;
const FETCH = 'keystone/getToken';
/** One before the token is revoked, and one after that. */
const ROUNDS = 2;

type Span = ReturnType<typeof spansOf>[number];

const missing = whatIsMissing();
let redis: OwnRedis;
let keystone: Keystone;
let collector: Collector;
let gateway: readonly Span[];

beforeAll(async () => {
  if (missing !== undefined) return;
  collector = await startCollector({ port: 0, page: true });
  redis = await startRedis();
  const [port = 0] = await freePorts(1);
  keystone = await startKeystone({ port, redisUrl: redis.url, hmacKey: HMAC_KEY });
  const services = await startServices({ keystone, collectorUrl: collector.url, hmacKey: HMAC_KEY });
  const round = () =>
    Promise.all(
      Array.from({ length: USERS }, async (_, user) => {
        const response = await fetch(`${services.gateway.url}/user-${user}`);
        expect(await response.json()).toEqual([{ name: `user-${user}.txt`, bytes: 7 }]);
      }),
    );
  try {
    await round();
    await keystone.revokeTokens();
    await round();
  } finally {
    // At their end, the services send their last spans.
    await services.stop();
  }
  gateway = ownSpans('gateway');
}, 300_000);

afterAll(async () => {
  await keystone?.stop();
  await redis?.stop();
  await collector?.close();
});

const withKeystone = missing === undefined ? test : test.skip;

/** Why the example cannot run here, in one line; `undefined` if it can. */
function whatIsMissing(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  let reason: string | undefined;
  if (major === 22 && minor < 18) reason = 'its plugin needs Node.js 22.18';
  else if (!hasKeystone())
    reason = 'Keystone is not installed (apt-get install keystone python3-osprofiler python3-redis)';
  if (reason !== undefined) process.stderr.write(`skipped the example of OpenStack: ${reason}\n`);
  return reason;
}

/** The spans of a service, without those of other services in the same traces. */
function ownSpans(service: string): readonly Span[] {
  return spansOf(collector, service).filter(
    ({ resource }) => resource.attributes['service.name'] === service,
  );
}

const named = (name: string) => gateway.filter((span) => span.name === name);

withKeystone('each request is a trace of its own, and each span has its parent', () => {
  const servers = gateway.filter(({ kind }) => kind === 'SERVER');
  expect(servers).toHaveLength(ROUNDS * USERS);
  expect(new Set(servers.map(({ traceId }) => traceId)).size).toBe(ROUNDS * USERS);
  const known = new Map(gateway.map((span) => [span.spanId, span.traceId]));
  for (const { parentSpanId, traceId, kind } of gateway)
    if (kind !== 'SERVER') expect(known.get(parentSpanId ?? '')).toBe(traceId);
});

withKeystone('one call fetches the token of all, and those that wait link to it', () => {
  const fetches = named(FETCH);
  const calls = named('swift/list');
  // Once at the start, and once after it was revoked.
  expect(fetches).toHaveLength(2);
  for (const fetch of fetches) {
    const [owner] = calls.filter(({ spanId }) => spanId === fetch.parentSpanId);
    expect(owner?.traceId).toBe(fetch.traceId);
    const waiting = calls.filter(
      ({ startTimeUnixNano: start }) => start >= fetch.startTimeUnixNano && start < fetch.endTimeUnixNano,
    );
    const linked = calls.filter(({ links }) => links.some(({ spanId }) => spanId === fetch.spanId));
    expect(linked).toEqual(waiting);
    expect(linked).not.toContain(owner);
  }
  for (const { links } of calls) expect(links.length).toBeLessThanOrEqual(1);
  // In the first round, all users arrive while Keystone checks the password.
  const [first] = fetches;
  expect(calls.filter(({ links }) => links[0]?.spanId === first?.spanId).length).toBeGreaterThan(0);
});

withKeystone(
  'OSProfiler of Keystone stores the request of the token below the span that sent it',
  async () => {
    const client = new Redis(redis.url);
    try {
      for (const fetch of named(FETCH)) {
        const [request] = gateway.filter(({ parentSpanId }) => parentSpanId === fetch.spanId);
        const id = `${request?.spanId}`;
        const baseId = fetch.traceId.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
        const points = (await client.lrange(`osprofiler_opt:${baseId}`, 0, -1)).map((each) =>
          JSON.parse(each),
        );
        const tokens = points.filter(
          ({ name, info }) => name === 'wsgi-start' && info.request.method === 'POST',
        );
        expect(tokens.map(({ parent_id }) => parent_id)).toEqual([
          `00000000-0000-0000-${id.slice(0, 4)}-${id.slice(4)}`,
        ]);
      }
    } finally {
      client.disconnect();
    }
  },
);

withKeystone('Swift checks each token in the trace of its caller', () => {
  const swift = ownSpans('swift');
  const traces = new Set(named('swift/list').map(({ traceId }) => traceId));
  for (const span of swift) expect(traces.has(span.traceId)).toBe(true);
  expect(swift.filter(({ kind }) => kind === 'SERVER')).toHaveLength(named('swift/list').length);
});

withKeystone(
  'the page shows the spans of Node.js and the points of Keystone in one tree',
  async () => {
    const { traceId } = named(FETCH)[0]!;
    const { stdout } = await clew(['import', redis.url, traceId, '--to', collector.url]);
    expect(stdout).toMatch(/^\d+ spans in 1 trace imported/);
    const spans = collector.store.trace(traceId)?.spans ?? [];
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    // Keystone calls its service "public".
    const requests = spans.filter(({ resource }) => resource.attributes['service.name'] === 'public');
    expect(requests.length).toBeGreaterThan(0);
    for (const { parentSpanId = '' } of requests)
      expect(['gateway', 'swift']).toContain(byId.get(parentSpanId)?.resource.attributes['service.name']);
    const browser = await startBrowser();
    try {
      const page = await browser.open(`${collector.url}/#/trace/${traceId}`);
      await page.waitForSelector('.line');
      const lines = await page.locator('.line .text').allTextContents();
      for (const name of ['swift/list', FETCH, requests[0]!.name]) expect(lines.join('\n')).toContain(name);
      expect(browser.problems).toEqual([]);
    } finally {
      await browser.close();
    }
  },
  120_000,
);
