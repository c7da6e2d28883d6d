import { droppedFromWire } from '@clew/core';
import { FORGED, FORGED_ID } from './forged-headers.ts';
import { TRACE_ID, TRACEPARENT, trustingServer } from './trusting-server.ts';

const { seen, send, servers, signed } = trustingServer();

describe('a server that trusts only signed requests', () => {
  test.each([
    ['W3C', [`traceparent: ${TRACEPARENT}`]],
    ['B3', [`b3: ${TRACE_ID}-b7ad6b7169203331-d`]],
    ['B3 without IDs', ['b3: d']],
    ['Jaeger’s debug ID', ['jaeger-debug-id: mine']],
    ['Datadog', ['x-datadog-trace-id: 42', 'x-datadog-parent-id: 7', 'x-datadog-sampling-priority: 2']],
    [
      'X-Ray',
      [`x-amzn-trace-id: Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1`],
    ],
  ])('does not sample or continue an unsigned trace of %s', async (_title, headers) => {
    expect(await send(...headers)).toContain('served');
    expect(servers()).toEqual([]);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.traceId).not.toBe(TRACE_ID);
  });

  test('drops unsigned baggage, also with the key __proto__', async () => {
    await send(`traceparent: ${TRACEPARENT}`, 'baggage: __proto__=x,constructor=y,tenant=z');
    expect(seen[0]?.baggage).toEqual([]);
    expect(Object.prototype).not.toHaveProperty('x');
  });

  test('continues a signed trace, with its sampling flag and its baggage', async () => {
    await send(...signed({ traceparent: TRACEPARENT, baggage: 'tenant=acme,__proto__=x' }));
    expect(seen).toEqual([{ traceId: TRACE_ID, baggage: ['tenant=acme', '__proto__=x'] }]);
    expect(servers()).toHaveLength(1);
  });

  test.each([
    [
      'a forged signature',
      () => [
        `traceparent: ${TRACEPARENT}`,
        `clew-signature: v2;k=edge;t=${Date.now()};n=${'0'.repeat(18)};h=traceparent;s=${'0'.repeat(64)}`,
      ],
    ],
    [
      'a signature of another trace',
      () => [
        ...signed({ traceparent: TRACEPARENT.replace('0af', '0ae') }).slice(1),
        `traceparent: ${TRACEPARENT}`,
      ],
    ],
    [
      'baggage and a signature which says that there is no baggage',
      () => [...signed({ traceparent: TRACEPARENT }, ['traceparent', 'baggage']), 'baggage: admin=yes'],
    ],
    [
      'two signatures',
      () => [...signed({ traceparent: TRACEPARENT }), signed({ traceparent: TRACEPARENT })[1] as string],
    ],
  ])('does not trust a request with %s', async (_title, headers) => {
    expect(await send(...headers())).toContain('served');
    expect(seen).toEqual([{ traceId: expect.not.stringContaining(TRACE_ID), baggage: [] }]);
    expect(servers()).toEqual([]);
  });

  test('drops baggage that was added to a signed request', async () => {
    await send(...signed({ traceparent: TRACEPARENT }), 'baggage: admin=yes');
    expect(seen).toEqual([{ traceId: TRACE_ID, baggage: [] }]);
  });

  test('trusts ten equal requests at once, each with its own signature', async () => {
    await Promise.all(Array.from({ length: 10 }, () => send(...signed({ traceparent: TRACEPARENT }))));
    expect(seen.map(({ traceId }) => traceId)).toEqual(Array(10).fill(TRACE_ID));
  });

  test('trusts a signature only once', async () => {
    const headers = signed({ traceparent: TRACEPARENT });
    await send(...headers);
    await send(...headers);
    expect(seen.map(({ traceId }) => traceId === TRACE_ID)).toEqual([true, false]);
  });

  test.each(FORGED)(
    'ignores %s unsigned ids and baggage next to a signed traceparent',
    async (_name, forged) => {
      await send(...forged, ...signed({ traceparent: TRACEPARENT }));
      expect(seen).toEqual([{ traceId: TRACE_ID, baggage: [] }]);
      expect(servers()).toHaveLength(1);
      expect(servers()[0]?.links).toEqual([]);
    },
  );

  test.each(FORGED)('ignores %s unsigned ids next to signed baggage', async (_name, forged) => {
    await send(...forged, ...signed({ baggage: 'tenant=acme' }));
    expect(seen).toEqual([{ traceId: expect.not.stringContaining(FORGED_ID), baggage: ['tenant=acme'] }]);
    expect(servers()).toEqual([]);
  });

  test.each(FORGED)('continues the trace of %s headers when they are signed', async (_name, forged) => {
    const entries = forged.map((line) => line.split(': ') as [string, string]);
    await send(...signed(Object.fromEntries(entries)));
    expect(seen[0]?.traceId).toMatch(new RegExp(`${FORGED_ID.slice(16)}$`));
    expect(servers()).toHaveLength(1);
  });

  test.each([
    [
      'a tracestate of a thousand members',
      `tracestate: ${Array.from({ length: 1000 }, (_, i) => `k${i}=v`).join(',')}`,
    ],
    ['a tracestate of one long member', `tracestate: a=${'b'.repeat(9000)}`],
    ['baggage over the limit', `baggage: ${Array.from({ length: 900 }, (_, i) => `k${i}=v`).join(',')}`],
    ['baggage that is not valid UTF-8', `baggage: a=\xff\xfe%ff%`],
    ['a baggage key of a thousand letters', `uberctx-${'k'.repeat(1000)}: v`],
  ])('responds to a request with %s and does not trust it', async (_title, header) => {
    expect(await send(`traceparent: ${TRACEPARENT}`, header)).toContain('served');
    expect(seen[0]?.baggage).toEqual([]);
  });

  test('counts dropped headers by fixed causes, which never contain the client’s text', async () => {
    await send(`traceparent: ${'x'.repeat(500)}`, `b3: ${'y'.repeat(500)}`, 'baggage: =;=,');
    const causes = Object.keys(droppedFromWire());
    expect(causes).toContain('tracecontext: malformed traceparent');
    expect(causes.filter((cause) => cause.length > 80)).toEqual([]);
    expect(causes.length).toBeLessThan(100);
  });
});
