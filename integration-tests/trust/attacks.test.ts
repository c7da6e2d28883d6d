import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import {
  AsyncContextManager,
  createPropagator,
  createSignature,
  droppedFromWire,
  TRACE_FORMATS,
  w3cBaggage,
} from '@clew/core';
import { setPropagationDefaults } from '@clew/core/internal';
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { alwaysOff, parentBased, type ReadableSpan, TracerProvider } from '@clew/tracer';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const KEYS = { edge: 'the secret of the edge proxy' };

const FORGED_ID = 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb';
const SPAN_ID = 'cccccccccccccccc';
/** A trace of somebody else, in each format that may come beside a `traceparent`. */
const FORGED: [name: string, headers: string[]][] = [
  ['B3’s', [`b3: ${FORGED_ID}-${SPAN_ID}-d`]],
  ['B3’s', [`x-b3-traceid: ${FORGED_ID}`, `x-b3-spanid: ${SPAN_ID}`, 'x-b3-flags: 1']],
  ['Jaeger’s', [`uber-trace-id: ${FORGED_ID}:${SPAN_ID}:0:3`, 'uberctx-admin: yes']],
  ['Jaeger’s', [`uber-trace-id: ${FORGED_ID}:${SPAN_ID}:0:1`, 'jaeger-baggage: admin=yes']],
  [
    'OpenTracing’s',
    [
      `ot-tracer-traceid: ${FORGED_ID.slice(16)}`,
      `ot-tracer-spanid: ${SPAN_ID}`,
      'ot-tracer-sampled: true',
      'ot-baggage-admin: yes',
    ],
  ],
  [
    'Datadog’s',
    [
      `x-datadog-trace-id: ${BigInt(`0x${FORGED_ID.slice(16)}`)}`,
      'x-datadog-parent-id: 7',
      'x-datadog-sampling-priority: 2',
    ],
  ],
  ['Elastic’s', [`elastic-apm-traceparent: 00-${FORGED_ID}-${SPAN_ID}-01`, 'tracestate: es=s:1']],
  ['X-Ray’s', [`x-amzn-trace-id: Root=1-aaaaaaaa-${FORGED_ID.slice(8)};Parent=${SPAN_ID};Sampled=1`]],
  ['Google’s', [`x-cloud-trace-context: ${FORGED_ID}/7;o=1`]],
  ['Sentry’s', [`sentry-trace: ${FORGED_ID}-${SPAN_ID}-1`]],
];

const ended: ReadableSpan[] = [];
const provider = new TracerProvider({
  exporter: false,
  // Nothing is sampled unless a trusted parent is sampled.
  sampler: parentBased({ root: alwaysOff() }),
  spanProcessors: [
    {
      onStart: () => {},
      onEnd: (span) => ended.push(span),
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  ],
});
const plugin = new HttpInstrumentation();
const signature = createSignature({ keys: KEYS });
/** What the server saw of its own context, one entry a request. */
const seen: { traceId: string | undefined; baggage: string[] }[] = [];
let server: http.Server;

beforeAll(async () => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncContextManager());
  const formats = [...new Set(TRACE_FORMATS.values())];
  propagation.setGlobalPropagator(
    createPropagator({
      // The one that is signed is read last: all others go before it.
      extract: [...formats.filter(({ name }) => name !== 'tracecontext'), TRACE_FORMATS.get('tracecontext')!],
      inject: [TRACE_FORMATS.get('tracecontext')!],
      extractBeside: [w3cBaggage],
      injectBeside: [w3cBaggage],
      signature,
    }),
  );
  setPropagationDefaults({ trust: { trace: 'link', baggage: 'drop' } });
  plugin.instrument(http, 'http');
  server = http.createServer((_request, response) => {
    const baggage = propagation.getActiveBaggage()?.getAllEntries() ?? [];
    seen.push({
      traceId: trace.getActiveSpan()?.spanContext().traceId,
      baggage: baggage.map(([key, { value }]) => `${key}=${value}`),
    });
    response.end('served');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

beforeEach(() => {
  seen.length = 0;
  ended.length = 0;
});

afterAll(async () => {
  plugin.disable();
  setPropagationDefaults({});
  for (const api of [trace, context, propagation]) api.disable();
  await new Promise((resolve) => server.close(resolve));
});

/** Sends raw bytes, so that nothing mends the headers on the way. */
function send(...headers: string[]): Promise<string> {
  return sendTo('/', ...headers);
}

function sendTo(target: string, ...headers: string[]): Promise<string> {
  const text = [`GET ${target} HTTP/1.1`, 'host: shop', ...headers, 'connection: close', '', ''].join('\r\n');
  return new Promise((resolve, reject) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () =>
      socket.write(text, 'latin1'),
    );
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

const signed = (headers: Record<string, string>, names?: readonly string[]) => [
  ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  `clew-signature: ${signature.sign(new Map(Object.entries(headers)), names ?? Object.keys(headers))}`,
];

const servers = () => ended.filter((span) => span.kind === SpanKind.SERVER);

describe('what unknown clients send to a server that trusts only signatures', () => {
  test.each([
    ['W3C', [`traceparent: ${TRACEPARENT}`]],
    ['B3', [`b3: ${TRACE_ID}-b7ad6b7169203331-d`]],
    ['B3 without ids', ['b3: d']],
    ['Jaeger’s debug id', ['jaeger-debug-id: mine']],
    ['Datadog', ['x-datadog-trace-id: 42', 'x-datadog-parent-id: 7', 'x-datadog-sampling-priority: 2']],
    [
      'X-Ray',
      [`x-amzn-trace-id: Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1`],
    ],
  ])('a sampling flag of %s forces nothing, and no trace of theirs goes on', async (_title, headers) => {
    expect(await send(...headers)).toContain('served');
    expect(servers()).toEqual([]);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.traceId).not.toBe(TRACE_ID);
  });

  test('baggage does not come in, not even as a prototype', async () => {
    await send(`traceparent: ${TRACEPARENT}`, 'baggage: __proto__=x,constructor=y,tenant=z');
    expect(seen[0]?.baggage).toEqual([]);
    expect(Object.prototype).not.toHaveProperty('x');
  });

  test('a signature lifts a request: its trace goes on, its flag counts, its baggage is kept', async () => {
    await send(...signed({ traceparent: TRACEPARENT, baggage: 'tenant=acme,__proto__=x' }));
    expect(seen).toEqual([{ traceId: TRACE_ID, baggage: ['tenant=acme', '__proto__=x'] }]);
    expect(servers()).toHaveLength(1);
  });

  test.each([
    [
      'a forged one',
      () => [
        `traceparent: ${TRACEPARENT}`,
        `clew-signature: v2;k=edge;t=${Date.now()};n=${'0'.repeat(18)};h=traceparent;s=${'0'.repeat(64)}`,
      ],
    ],
    [
      'one for another trace',
      () => [
        ...signed({ traceparent: TRACEPARENT.replace('0af', '0ae') }).slice(1),
        `traceparent: ${TRACEPARENT}`,
      ],
    ],
    [
      'one that covers the absence of baggage, beside baggage',
      () => [...signed({ traceparent: TRACEPARENT }, ['traceparent', 'baggage']), 'baggage: admin=yes'],
    ],
    [
      'two of them',
      () => [...signed({ traceparent: TRACEPARENT }), signed({ traceparent: TRACEPARENT })[1] as string],
    ],
  ])('%s lifts nothing', async (_title, headers) => {
    expect(await send(...headers())).toContain('served');
    expect(seen).toEqual([{ traceId: expect.not.stringContaining(TRACE_ID), baggage: [] }]);
    expect(servers()).toEqual([]);
  });

  test('baggage that was added to a signed request is not lifted with it', async () => {
    await send(...signed({ traceparent: TRACEPARENT }), 'baggage: admin=yes');
    expect(seen).toEqual([{ traceId: TRACE_ID, baggage: [] }]);
  });

  test('ten equal requests at once are ten signatures, and all lift', async () => {
    await Promise.all(Array.from({ length: 10 }, () => send(...signed({ traceparent: TRACEPARENT }))));
    expect(seen.map(({ traceId }) => traceId)).toEqual(Array(10).fill(TRACE_ID));
  });

  test('a replayed signature lifts once', async () => {
    const headers = signed({ traceparent: TRACEPARENT });
    await send(...headers);
    await send(...headers);
    expect(seen.map(({ traceId }) => traceId === TRACE_ID)).toEqual([true, false]);
  });

  test.each(FORGED)(
    '%s ids and baggage beside a signed traceparent do not come in',
    async (_name, forged) => {
      await send(...forged, ...signed({ traceparent: TRACEPARENT }));
      expect(seen).toEqual([{ traceId: TRACE_ID, baggage: [] }]);
      expect(servers()).toHaveLength(1);
      expect(servers()[0]?.links).toEqual([]);
    },
  );

  test.each(FORGED)('%s ids beside signed baggage are not trusted', async (_name, forged) => {
    await send(...forged, ...signed({ baggage: 'tenant=acme' }));
    expect(seen).toEqual([{ traceId: expect.not.stringContaining(FORGED_ID), baggage: ['tenant=acme'] }]);
    expect(servers()).toEqual([]);
  });

  test.each(FORGED)('%s headers that are signed themselves come in', async (_name, forged) => {
    const entries = forged.map((line) => line.split(': ') as [string, string]);
    await send(...signed(Object.fromEntries(entries)));
    expect(seen[0]?.traceId).toMatch(new RegExp(`${FORGED_ID.slice(16)}$`));
    expect(servers()).toHaveLength(1);
  });

  test.each([
    [
      'a thousand tracestate members',
      `tracestate: ${Array.from({ length: 1000 }, (_, i) => `k${i}=v`).join(',')}`,
    ],
    ['a tracestate of one long member', `tracestate: a=${'b'.repeat(9000)}`],
    ['baggage beyond its bound', `baggage: ${Array.from({ length: 900 }, (_, i) => `k${i}=v`).join(',')}`],
    ['bytes that are no text', `baggage: a=\xff\xfe%ff%`],
    ['a key of a thousand letters', `uberctx-${'k'.repeat(1000)}: v`],
  ])('%s get a response and no trust', async (_title, header) => {
    expect(await send(`traceparent: ${TRACEPARENT}`, header)).toContain('served');
    expect(seen[0]?.baggage).toEqual([]);
  });

  test('what is dropped is counted under our words, never under theirs', async () => {
    await send(`traceparent: ${'x'.repeat(500)}`, `b3: ${'y'.repeat(500)}`, 'baggage: =;=,');
    const causes = Object.keys(droppedFromWire());
    expect(causes).toContain('tracecontext: malformed traceparent');
    expect(causes.filter((cause) => cause.length > 80)).toEqual([]);
    expect(causes.length).toBeLessThan(100);
  });
});

describe('trust by path', () => {
  beforeEach(() =>
    setPropagationDefaults({
      trust: [
        { path: '/internal/*', trace: 'continue' },
        { trace: 'ignore', baggage: 'drop' },
      ],
    }),
  );
  afterEach(() => setPropagationDefaults({ trust: { trace: 'link', baggage: 'drop' } }));

  test.each(['/internal/x', '/internal/x?next=/../public', 'http://shop/internal/x'])(
    '%s is trusted by a rule for /internal/*',
    async (target) => {
      await sendTo(target, `traceparent: ${TRACEPARENT}`);
      expect(seen[0]?.traceId).toBe(TRACE_ID);
    },
  );

  test.each([
    '/internal/../public',
    '/internal/%2e%2e/public',
    '/internal/..%2Fpublic',
    '/internal/..;/public',
    '/internal/..\\public',
    '//internal/x',
    'http:///internal/x',
    'http://shop/internal/../public',
  ])('%s is not', async (target) => {
    await sendTo(target, `traceparent: ${TRACEPARENT}`, 'baggage: admin=yes');
    expect(seen).not.toContainEqual(expect.objectContaining({ traceId: TRACE_ID }));
    expect(seen.flatMap(({ baggage }) => baggage)).toEqual([]);
  });
});

describe('what goes out', () => {
  test('a line break in baggage is no header of its own', async () => {
    const carrier: Record<string, string> = {};
    const baggage = propagation.createBaggage({ key: { value: 'a\r\nset-cookie: b' } });
    propagation.inject(propagation.setBaggage(context.active(), baggage), carrier);
    expect(carrier.baggage).toBe('key=a%0D%0Aset-cookie%3A%20b');
  });
});
