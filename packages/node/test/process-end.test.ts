import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { type Collector, startCollector } from '@clew/viewer';
import { type Ended, PRELOAD, program, run, start } from './child.ts';

/** How a program ends, the signals that it receives, and the names of its exported spans. */
const ENDS: readonly (readonly [way: string[], signals: NodeJS.Signals[], spans: string[]])[] = [
  [['falls off'], [], ['last span']],
  [['sets a status'], [], ['last span']],
  [['process.exit()', '0'], [], ['last span']],
  [['process.exit()', '7'], [], ['last span']],
  [['process.exit() later'], [], ['last span']],
  [['throws'], [], ['last span']],
  [['rejects'], [], ['last span']],
  [['beforeExit listener'], [], ['last span']],
  [['beforeExit listener that continues'], [], ['last span', 'later span']],
  [['exit listener'], [], ['last span']],
  [['a signal'], ['SIGTERM'], ['last span']],
  [['a signal'], ['SIGINT'], ['last span']],
  [['a signal'], ['SIGUSR2'], ['last span']],
  [['a signal with a listener', 'SIGTERM'], ['SIGTERM'], ['last span']],
  [['a signal with a listener', 'SIGINT'], ['SIGINT'], ['last span']],
  [['a signal with a listener that exits', 'SIGTERM'], ['SIGTERM'], ['last span']],
  [['a signal with a listener', 'SIGINT'], ['SIGTERM'], ['last span']],
  [['a signal survived', 'SIGTERM'], ['SIGTERM'], ['last span']],
  [['a signal survived', 'SIGHUP'], ['SIGHUP'], ['last span']],
  // No delivery is possible at these ends; they must be unchanged.
  [['a signal with a listener that is alone', 'SIGTERM'], ['SIGTERM'], []],
  [['a signal with a listener that is alone', 'SIGHUP'], ['SIGHUP'], []],
  [['a signal'], ['SIGKILL'], []],
];

let collector: Collector;
let hanging: Server;
let connections = 0;
const sockets: Socket[] = [];

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  hanging = createServer((socket) => {
    connections++;
    sockets.push(socket);
  }).listen(0, '127.0.0.1');
  await once(hanging, 'listening');
});
afterAll(async () => {
  await collector.close();
  hanging.close();
  // It never reads, so it does not learn that a client has left: open sockets would keep the test's process alive.
  for (const socket of sockets) socket.destroy();
});

type End = readonly [way: string[], signals: NodeJS.Signals[]];

async function end(preload: string[], [way, signals]: End, variables = {}) {
  const running = start([...preload, program('ends.mjs'), ...way], variables);
  if (signals.length > 0) await running.printed('ready');
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

describe('a traced process ends like an untraced one, and its last spans arrive', () => {
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
])(
  'a worker thread that %s is traced, too, and does not keep the process alive',
  async (_end, code, args) => {
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
  },
);

test('a forked process is traced, too, and continues the given trace', async () => {
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

describe('with an unreachable or hanging collector', () => {
  const wheres = {
    down: () => 'http://127.0.0.1:1',
    hanging: () => `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`,
  };
  const ends = ENDS.filter(([[way]]) => way === 'falls off' || way === 'throws' || way === 'a signal');
  const cases = Object.keys(wheres).flatMap((where) =>
    ends.map(([way, signals]) => [where as keyof typeof wheres, way, signals] as const),
  );

  // If it waited for the collector, the test would time out.
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
    'an unreachable collector is tried once at the end, without retries (%j)',
    async (signals) => {
      const way = signals.length === 0 ? 'falls off' : 'a signal';
      const variables = {
        OTEL_EXPORTER_OTLP_ENDPOINT: wheres.down(),
        // If it were retried, the test would time out.
        CLEW_FLUSH_TIMEOUT_MS: '60000',
      };
      const { stderr } = await end(PRELOAD, [[way], signals], variables);
      expect(stderr).toMatch(
        /1 spans dropped so far \(retriesExhausted\): .* could not be reached \(.*\), tried 1 times\n$/,
      );
    },
  );

  test('a flush timeout of 0 does not delay the exit', async () => {
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: wheres.hanging(), CLEW_FLUSH_TIMEOUT_MS: '0' };
    const before = connections;
    const { code } = await end(PRELOAD, [['process.exit()', '0'], []], variables);
    expect([code, connections]).toEqual([0, before]);
  });

  test('a second SIGINT ends it immediately', async () => {
    const running = start([...PRELOAD, program('ends.mjs'), 'a signal'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: wheres.hanging(),
      OTEL_LOG_LEVEL: 'error',
    });
    await running.printed('ready');
    const connected = once(hanging, 'connection');
    running.process.kill('SIGINT');
    await connected;
    running.process.kill('SIGINT');
    const { code, signal, stderr } = await running.ended;
    expect([code, signal]).toEqual([null, 'SIGINT']);
    // It did not reach its timeout, which would have logged a line.
    expect(stderr).toBe('written by the application\n');
  });
});
