import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { type Collector, startCollector } from '@clew/viewer';
import { type Ended, PRELOAD, program, run, start } from './child.ts';

/** How a program ends, signals that it gets, and which of its spans arrive. */
const ENDS: readonly (readonly [way: string[], signals: NodeJS.Signals[], spans: string[]])[] = [
  [['falls off'], [], ['last words']],
  [['sets a status'], [], ['last words']],
  [['process.exit()', '0'], [], ['last words']],
  [['process.exit()', '7'], [], ['last words']],
  [['process.exit() later'], [], ['last words']],
  [['throws'], [], ['last words']],
  [['rejects'], [], ['last words']],
  [['beforeExit listener'], [], ['last words']],
  [['beforeExit listener that goes on'], [], ['epilogue', 'last words']],
  [['exit listener'], [], ['last words']],
  [['a signal'], ['SIGTERM'], ['last words']],
  [['a signal'], ['SIGINT'], ['last words']],
  [['a signal'], ['SIGUSR2'], ['last words']],
  [['a signal with a listener', 'SIGTERM'], ['SIGTERM'], ['last words']],
  [['a signal with a listener', 'SIGINT'], ['SIGINT'], ['last words']],
  [['a signal with a listener that exits', 'SIGTERM'], ['SIGTERM'], ['last words']],
  [['a signal with a listener', 'SIGINT'], ['SIGTERM'], ['last words']],
  [['a signal survived', 'SIGTERM'], ['SIGTERM'], ['last words']],
  [['a signal survived', 'SIGHUP'], ['SIGHUP'], ['last words']],
  // Nothing can be done at these ends; they must be as they would have been.
  [['a signal with a listener that is alone', 'SIGTERM'], ['SIGTERM'], []],
  [['a signal with a listener that is alone', 'SIGHUP'], ['SIGHUP'], []],
  [['a signal'], ['SIGKILL'], []],
];

let collector: Collector;
let hanging: Server;
let connections = 0;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  hanging = createServer(() => {
    connections++;
  }).listen(0, '127.0.0.1');
  await once(hanging, 'listening');
});
afterAll(async () => {
  await collector.close();
  hanging.close();
});

type End = readonly [way: string[], signals: NodeJS.Signals[]];

async function end(preload: string[], [way, signals]: End, variables = {}) {
  const running = start([...preload, program('ends.mjs'), ...way], variables);
  if (signals.length > 0) await running.said('ready');
  for (const signal of signals) running.process.kill(signal);
  return running.ended;
}

let count = 0;
async function endTraced(theEnd: End): Promise<Ended & { spans: string[] }> {
  const service = `program ${count++}`;
  const ended = await end(PRELOAD, theEnd, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: service,
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  });
  const traces = collector.store.traces({ service, limit: 10 });
  const spans = traces.flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
  return { ...ended, spans: spans.map(({ name }) => name).sort() };
}

describe('a traced program ends as if it was not traced, and its last spans arrive', () => {
  test.each(ENDS)('%j %j', async (way, signals, spans) => {
    const [plain, traced] = await Promise.all([end([], [way, signals]), endTraced([way, signals])]);
    const { spans: arrived, ...ended } = traced;
    expect(ended).toEqual(plain);
    expect(arrived).toEqual(spans);
  });
});

test.each([
  ['falls off its end', 0, []],
  ['calls process.exit()', 3, ['exit']],
])('a worker thread that %s is traced, too, and nobody is kept', async (_end, code, args) => {
  const ended = await run([...PRELOAD, program('idle.mjs'), ...args], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: `idle ${code}`,
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  });
  expect(ended).toEqual({
    code: 0,
    signal: null,
    stdout: `worker works\nworker ended ${code}\n`,
    stderr: '',
  });
  const names = collector.store.traces({ service: `idle ${code}`, limit: 9 }).map(({ name }) => name);
  expect(names.sort()).toEqual(['of the program', 'of the worker']);
});

test('a forked process is traced, too, and goes on with the trace that it is given', async () => {
  const ended = await run([...PRELOAD, program('forks.mjs')], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: 'forks',
  });
  expect(ended).toEqual({ code: 0, signal: null, stdout: 'child ended 4\n', stderr: '' });
  const [{ traceId } = { traceId: '' }] = collector.store.traces({ service: 'forks', limit: 1 });
  const [parent, child] = ['of the parent', 'of the child'].map((name) =>
    collector.store.trace(traceId)?.spans.find((span) => span.name === name),
  );
  expect(parent?.spanId).toBeDefined();
  expect(child?.parentSpanId).toBe(parent?.spanId);
});

describe('with a collector that is down or hangs', () => {
  const wheres = {
    down: () => 'http://127.0.0.1:1',
    hanging: () => `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`,
  };
  const ends = ENDS.filter(([[way]]) => way === 'falls off' || way === 'throws' || way === 'a signal');
  const cases = Object.keys(wheres).flatMap((where) =>
    ends.map(([way, signals]) => [where as keyof typeof wheres, way, signals] as const),
  );

  // Where it waited for the collector, the test would be out of time.
  test.each(cases)('(%s) %j %j ends the same way', async (where, way, signals) => {
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: wheres[where](),
      OTEL_LOG_LEVEL: 'error',
      CLEW_FLUSH_TIMEOUT_MS: '200',
    };
    const plain = await end([], [way, signals]);
    expect(await end(PRELOAD, [way, signals], variables)).toEqual(plain);
  });

  test.each([[[]], [['SIGTERM']]] as [NodeJS.Signals[]][])(
    'one that is down is asked once at the end, not until the time is up (%j)',
    async (signals) => {
      const way = signals.length === 0 ? 'falls off' : 'a signal';
      const variables = {
        OTEL_EXPORTER_OTLP_ENDPOINT: wheres.down(),
        // Were it asked again, the test would be out of time.
        CLEW_FLUSH_TIMEOUT_MS: '60000',
      };
      const { stderr } = await end(PRELOAD, [[way], signals], variables);
      expect(stderr).toMatch(
        /1 spans dropped so far \(retriesExhausted\): .* could not be reached \(.*\), tried 1 times\n$/,
      );
    },
  );

  test('a time of 0 puts nothing off', async () => {
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: wheres.hanging(), CLEW_FLUSH_TIMEOUT_MS: '0' };
    const before = connections;
    const { code } = await end(PRELOAD, [['process.exit()', '0'], []], variables);
    expect([code, connections]).toEqual([0, before]);
  });

  test('a second SIGINT ends it at once', async () => {
    const running = start([...PRELOAD, program('ends.mjs'), 'a signal'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: wheres.hanging(),
      OTEL_LOG_LEVEL: 'error',
    });
    await running.said('ready');
    const connected = once(hanging, 'connection');
    running.process.kill('SIGINT');
    await connected;
    running.process.kill('SIGINT');
    const { code, signal, stderr } = await running.ended;
    expect([code, signal]).toEqual([null, 'SIGINT']);
    // It did not come to the end of its time, where it would have said so.
    expect(stderr).toBe('to whom it may concern\n');
  });
});
