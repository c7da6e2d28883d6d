// With a ratio of 1 %, running services keep exactly the requests that the ratio keeps and those that fail, with all spans.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '@clew/viewer';
import { clew, startCollect } from '../../packages/viewer/test/clew-process.ts';
import { ReceivedTraces } from './received-traces.ts';
import { PRELOAD, PROGRAMS, type Served, ServiceProcess } from './service-process.ts';
import { storedTraces } from './sources.ts';

const POLICIES = `
policies:
  - { id: items, match: { route: "/items/:id" }, keep: { never: true } }
  - { id: general, keep: { ratio: 0.01, onError: true } }
`;
const REQUESTS = 1200;
/** 2^56 - round(2^56 / 100), as OpenTelemetry's samplers write it. */
const THRESHOLD = 'fd70a3d70a3d71';

/** Different ids, whose last 56 bits are spread evenly: a share of them is the same share of any ratio. */
function traceIdOf(number: number): string {
  const random = (BigInt(number + 1) * 0x9e3779b97f4a7cn) & 0xffffffffffffffn;
  return `${number.toString(16).padStart(18, 'a')}${random.toString(16).padStart(14, '0')}`;
}

/** OpenTelemetry's rule: the random value is at least the threshold. */
const isInRatio = (traceId: string) => BigInt(`0x${traceId.slice(18)}`) >= BigInt(`0x${THRESHOLD}`);

function pathOf(number: number): string {
  if (number % 10 === 3) return `/fails/status/${number}`;
  if (number % 10 === 7) return `/fails/error/${number}`;
  return number % 10 === 5 ? `/items/${number}` : `/orders/${number}`;
}

/** Sends all requests, a few at a time; `flags` are those of the caller. */
async function sendAll(service: ServiceProcess, flags: '00' | '01', requests = REQUESTS): Promise<Served[]> {
  const served: Served[] = [];
  const numbers = Array.from({ length: requests }, (_, number) => number).values();
  const send = async () => {
    for (const number of numbers) {
      const traceparent = `00-${traceIdOf(number)}-00f067aa0ba902b7-${flags}`;
      served.push(
        await service.get(pathOf(number), { traceparent, tracestate: 'other=1', 'user-agent': 'test' }),
      );
    }
  };
  await Promise.all([send(), send(), send(), send()]);
  return served;
}

const fails = ({ path }: Served) => path.startsWith('/fails');
const isItem = ({ path }: Served) => path.startsWith('/items');
const idsOf = (served: readonly Served[]) => served.map(({ traceId }) => traceId).sort();

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-errors-'));
  file = join(folder, 'policies.yaml');
  writeFileSync(file, POLICIES);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['express', 'koa'] as const)('a running %s with a ratio of 1 %%', (framework) => {
  let served: Served[];
  let traces: ReceivedTraces;
  let state: Awaited<ReturnType<ServiceProcess['state']>>;
  let shown: { matches: { policies: Record<string, { kept: number; reasons: Record<string, number> }> } };
  let checked: { roots: number; kept: number; dropped: number; policies: { id: string; kept: number }[] };

  beforeAll(async () => {
    const store = join(folder, `${framework}.db`);
    const collect = await startCollect('--store', store);
    const service = await ServiceProcess.start(PROGRAMS[framework], PRELOAD, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collect.url,
      OTEL_SERVICE_NAME: framework,
      CLEW_SAMPLING_FILE: file,
      CLEW_EXPRESS_LAYERS: 'all',
      CLEW_KOA_LAYERS: 'all',
    });
    served = await sendAll(service, '00');
    state = await service.state('flush');
    expect([await service.end(), service.stderr]).toEqual([0, '']);
    shown = JSON.parse((await clew(['policies', 'show', '--from', collect.url, '--json'])).stdout);
    await collect.end('SIGTERM');
    const check = await clew(['policies', 'check', file, '--traces', store, '--json']);
    checked = JSON.parse(check.stdout).traces;
    traces = storedTraces(store);
  }, 300_000);

  const inRatio = () => served.filter((each) => isInRatio(each.traceId) && !isItem(each));
  const keptLate = () => served.filter((each) => fails(each) && !isInRatio(each.traceId));

  test('keeps every request that fails, and no other beyond the ratio', () => {
    const expected = [...inRatio(), ...keptLate()];
    expect(inRatio().length).toBeGreaterThan(5);
    expect(keptLate().length).toBeGreaterThan(200);
    expect(traces.ids.sort()).toEqual(idsOf(expected));
    expect(served.filter(({ traceId }) => traces.has(traceId)).map(fails)).toContain(false);
  });

  test('keeps all spans of each of them', () => {
    const layers = framework === 'express' ? ['request handler - ', 'router - /'] : ['router - '];
    const incomplete = traces.ids.filter((id) => {
      const names = traces.namesOf(id);
      return ![...layers, 'session', 'query', 'GET /', 'middleware - '].every((prefix) =>
        names.some((name) => name.startsWith(prefix)),
      );
    });
    expect(incomplete).toEqual([]);
  });

  test('describes the request of each of them', () => {
    const wrong = traces.ids.filter((id) => {
      const expected = {
        'user_agent.original': 'test',
        'network.peer.address': '127.0.0.1',
        'server.address': '127.0.0.1',
      };
      return Object.entries(expected).some(([key, value]) => traces.attribute(id, key) !== value);
    });
    expect(wrong).toEqual([]);
  });

  test('states why, and a threshold for the ratio alone', () => {
    const wrong = traces.ids.filter((id) => {
      const isRatio = isInRatio(id);
      const expected = [
        'general',
        isRatio ? 'ratio' : 'error',
        isRatio ? `ot=th:${THRESHOLD},other=1` : 'other=1',
      ];
      const root = traces.rootOf(id);
      const found = [
        root?.attributes['clew.sampling.policy'],
        root?.attributes['clew.sampling.kept'],
        root?.traceState,
      ];
      return found.join() !== expected.join();
    });
    expect(wrong).toEqual([]);
  });

  test('counts what it kept, and has nothing left', () => {
    const { late, sampling, dropped } = state.stats;
    expect(sampling?.byPolicy.general).toEqual({
      matched: REQUESTS,
      kept: inRatio().length,
      keptLate: keptLate().length,
      dropped: REQUESTS - inRatio().length - served.filter(isItem).length,
    });
    expect(sampling?.byPolicy.items).toMatchObject({ matched: served.filter(isItem).length, kept: 0 });
    expect(late).toMatchObject({
      pending: 0,
      spans: 0,
      bytes: 0,
      incomplete: 0,
      keptAtEnd: keptLate().length,
    });
    expect(Object.values(dropped).filter((count) => count > 0)).toEqual([]);
  });

  test('agrees with clew policies show and check', () => {
    expect(shown.matches.policies).toEqual({
      general: {
        kept: inRatio().length + keptLate().length,
        reasons: { ratio: inRatio().length, error: keptLate().length },
      },
    });
    const kept = traces.ids.length;
    expect(checked).toMatchObject({ roots: kept, kept, dropped: 0 });
  });
});

test('clew policies check predicts from recorded traces what the policies then keep', async () => {
  const store = join(folder, 'recorded.db');
  const collect = await startCollect('--store', store);
  const service = await ServiceProcess.start(PROGRAMS.express, PRELOAD, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collect.url,
  });
  const served = await sendAll(service, '01', 400);
  await service.end();
  await collect.end('SIGTERM');
  const { stdout } = await clew(['policies', 'check', file, '--traces', store, '--json']);
  const predicted = JSON.parse(stdout).traces;

  const traces = new ReceivedTraces();
  const collector = await startCollector({ port: 0, onSpans: traces.add });
  const sampling = await ServiceProcess.start(PROGRAMS.express, PRELOAD, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    CLEW_SAMPLING_FILE: file,
  });
  await sendAll(sampling, '01', 400);
  await sampling.end();
  await collector.close();
  expect(predicted).toMatchObject({ roots: served.length, kept: traces.ids.length });
  expect(traces.ids.length).toBeGreaterThanOrEqual(80);
});
