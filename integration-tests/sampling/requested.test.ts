// Traces that a user asks for, although the policies drop everything.
import { createSignature } from '@clew/core';
import { startCollector } from '@clew/viewer';
import { missingOsprofiler, OsprofilerPeer, startRedis } from '../propagation/system-osprofiler.ts';
import { osprofilerHeaders } from '../trust/signing-service.ts';
import { ReceivedTraces } from './received-traces.ts';
import { PROGRAMS, type Served, ServiceProcess } from './service-process.ts';

const KEYS = { edge: 'the secret of the edge proxy' };
const HMAC_KEY = 'SECRET_KEY';
const FLAGS = ['--import', `${__dirname}/programs/signing.mjs`];

const signature = createSignature({ keys: KEYS });
const forged = createSignature({ keys: { edge: 'the secret of an attacker' } });

let count = 0;
function traceparent(): string {
  return `00-${(++count).toString(16).padStart(32, 'a')}-00f067aa0ba902b7-01`;
}

function signedBy(by: typeof signature): Record<string, string> {
  const headers = { traceparent: traceparent() };
  return { ...headers, 'clew-signature': by.sign(new Map(Object.entries(headers)), Object.keys(headers)) };
}

interface Run {
  readonly traces: ReceivedTraces;
  readonly state: Awaited<ReturnType<ServiceProcess['state']>>;
}

/** Runs a service for one test. */
async function withService(
  program: string,
  variables: Record<string, string>,
  send: (service: ServiceProcess) => Promise<void>,
): Promise<Run> {
  const traces = new ReceivedTraces();
  const collector = await startCollector({ port: 0, onSpans: traces.add });
  const service = await ServiceProcess.start(program, FLAGS, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    CLEW_OSPROFILER_HMAC_KEYS: HMAC_KEY,
    ...variables,
  });
  try {
    await send(service);
    const state = await service.state('flush');
    expect(await service.end()).toBe(0);
    const others = service.stderr
      .split('\n')
      .filter((line) => !/^$|dropped (signature|osprofiler):/.test(line));
    expect(others).toEqual([]);
    return { traces, state };
  } finally {
    await service.end();
    await collector.close();
  }
}

describe.each(['express', 'koa'] as const)('a running %s whose policy drops every route', (framework) => {
  test('traces exactly the requests with a valid signature', async () => {
    const cases: Record<string, () => Record<string, string>> = {
      unsigned: () => ({}),
      'sampled by the caller': () => ({ traceparent: traceparent() }),
      signed: () => signedBy(signature),
      'signed with another key': () => signedBy(forged),
      'signed by OSProfiler': () => osprofilerHeaders(HMAC_KEY),
      'signed by OSProfiler with another key': () => osprofilerHeaders('OTHER_KEY'),
    };
    const served = new Map<string, Served>();
    const { traces, state } = await withService(PROGRAMS[framework], {}, async (service) => {
      for (const [name, headers] of Object.entries(cases))
        served.set(name, await service.get('/orders/1', headers()));
    });
    const kept = [...served].filter(([, { traceId }]) => traces.has(traceId));
    expect(kept.map(([name]) => name)).toEqual(['signed', 'signed by OSProfiler']);
    for (const [, { traceId, early, sampled }] of kept) {
      expect({ early, sampled }).toEqual({ early: true, sampled: true });
      expect(traces.attribute(traceId, 'clew.sampling.kept')).toBe('requested');
      expect(traces.namesOf(traceId)).toEqual(['GET /orders/:id', 'query', 'session']);
    }
    expect(state.stats.sampling?.requested).toEqual({ kept: 2, overLimit: 0 });
    expect(state.stats.sampling?.byPolicy['only-on-request']).toMatchObject({ matched: 4, dropped: 4 });
  });
});

test('a leaked key cannot flood the backend: beyond the rate, the policies decide', async () => {
  const requests = 400;
  const perSecond = 5;
  const served: Served[] = [];
  let seconds = 0;
  const { traces, state } = await withService(
    PROGRAMS.express,
    { REQUESTED_PER_SECOND: String(perSecond) },
    async (service) => {
      const send = async () => {
        while (served.length < requests) {
          served.push(
            await service.get(
              '/orders/1',
              served.length % 2 === 0 ? signedBy(signature) : osprofilerHeaders(),
            ),
          );
        }
      };
      const begin = performance.now();
      await Promise.all([send(), send()]);
      seconds = (performance.now() - begin) / 1000;
    },
  );
  const { kept, overLimit } = state.stats.sampling!.requested;
  expect(kept + overLimit).toBe(served.length);
  // The tokens of one second, and those that were added while the flood lasted.
  expect(kept).toBeGreaterThanOrEqual(perSecond);
  expect(kept).toBeLessThanOrEqual(perSecond + Math.ceil(seconds * perSecond) + 1);
  const roots = traces.ids.flatMap((id) => traces.namesOf(id)).filter((name) => name === 'GET /orders/:id');
  expect(roots).toHaveLength(kept);
});

const missing = missingOsprofiler();
if (missing !== undefined) test.skip(`OSProfiler: ${missing}`, () => {});
else {
  test('a trace that OSProfiler itself has started is kept', async () => {
    const redis = await startRedis();
    const peer = await OsprofilerPeer.start([HMAC_KEY, 'OTHER_KEY'], redis.url);
    const start = async (key: string) => {
      const { headers } = (await (await fetch(`${peer.url}/start?key=${key}`)).json()) as {
        headers: Record<string, string>;
      };
      return headers;
    };
    const served: Served[] = [];
    const { traces } = await withService(PROGRAMS.express, {}, async (service) => {
      for (const key of [HMAC_KEY, 'OTHER_KEY'])
        served.push(await service.get('/orders/1', await start(key)));
    });
    await peer.stop();
    await redis.stop();
    expect(served.map(({ traceId }) => traces.has(traceId))).toEqual([true, false]);
  });
}
