import { type Collector, type SpanRecord, startCollector } from '@clew/viewer';
import { type Ended, PRELOAD, program, start } from './child.ts';

const FATAL = 'TypeError: on purpose';

/** How a process ends, the signals that it gets, and the spans that arrive: [reason] (status) !exception. */
const ENDS: readonly (readonly [way: string[], signals: NodeJS.Signals[], spans: string[]])[] = [
  [['exits in a response'], [], ['CLIENT GET [exit]', 'SERVER GET [exit]']],
  [['falls off its end'], [], ['INTERNAL job [exit]', 'INTERNAL step [exit]', 'INTERNAL work [exit]']],
  [['ends a span in an exit listener'], [], ['INTERNAL work']],
  [['ends a span in an exit listener of process.exit()'], [], ['INTERNAL work']],
  [['throws in an exit listener of process.exit()'], [], ['INTERNAL work [exit]']],
  [['exits in an exit listener'], [], ['INTERNAL work [exit]']],
  [['throws in a handler'], [], ['CLIENT GET [uncaught exception]', `SERVER GET (ERROR) !${FATAL}`]],
  [
    ['throws in a timer of a handler'],
    [],
    ['CLIENT GET [uncaught exception]', `SERVER GET [uncaught exception] (ERROR) !${FATAL}`],
  ],
  [
    ['throws in a handler after its own span has ended'],
    [],
    ['CLIENT GET [uncaught exception]', 'INTERNAL step', `SERVER GET [uncaught exception] (ERROR) !${FATAL}`],
  ],
  [
    ['rejects in a handler'],
    [],
    ['CLIENT GET [unhandled rejection]', `SERVER GET [unhandled rejection] (ERROR) !${FATAL}`],
  ],
  [
    ['throws in a handler of express, later'],
    [],
    ['CLIENT GET [uncaught exception]', `SERVER GET [uncaught exception] (ERROR) !${FATAL}`],
  ],
  [['throws in a handler, and continues'], [], ['CLIENT GET', `SERVER GET (ERROR) !${FATAL}`]],
  [['throws in an active span, and exits'], [], [`INTERNAL job [uncaught exception] (ERROR) !${FATAL}`]],
  [['in a worker', 'exits in an exit listener'], [], ['INTERNAL work [exit]']],
  [['in a worker', 'ends a span in an exit listener of process.exit()'], [], ['INTERNAL work']],
  [['in a worker', 'throws in an active span'], [], [`INTERNAL job [uncaught exception] (ERROR) !${FATAL}`]],
  ...((['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const).map(
    (signal) =>
      [['waits in a handler'], [signal], [`CLIENT GET [${signal}]`, `SERVER GET [${signal}]`]] as const,
  ) as [string[], NodeJS.Signals[], string[]][]),
  [['finishes its requests', 'SIGTERM'], ['SIGTERM'], ['CLIENT GET', 'SERVER GET']],
  [['finishes its requests', 'SIGHUP'], ['SIGHUP'], ['CLIENT GET', 'SERVER GET']],
  [['exits at a signal', 'SIGUSR2'], ['SIGUSR2'], ['CLIENT GET [SIGUSR2]', 'SERVER GET [SIGUSR2]']],
  [['exits long after a signal', 'SIGTERM'], ['SIGTERM'], ['CLIENT GET [SIGTERM]', 'SERVER GET [SIGTERM]']],
  [['exits long after a signal', 'SIGHUP'], ['SIGHUP'], ['CLIENT GET [exit]', 'SERVER GET [exit]']],
];

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

async function end(preload: string[], way: string[], signals: NodeJS.Signals[], variables = {}) {
  const running = start([...preload, program('unfinished.mjs'), ...way], variables);
  if (signals.length > 0) await running.printed('ready');
  for (const signal of signals) running.process.kill(signal);
  return running.ended;
}

/** A stack may contain frames of Clew. */
function withoutPlaces({ stderr, ...ended }: Ended) {
  const lines = stderr.split('\n');
  return {
    ...ended,
    stderr: lines.slice(lines.indexOf('') + 1).filter((line) => !line.startsWith('    at ')),
  };
}

function described({ kind, name, attributes, status, events }: SpanRecord): string {
  const reason = attributes['clew.unfinished'] === true ? ` [${attributes['clew.unfinished_reason']}]` : '';
  const code = status.code === 'UNSET' ? '' : ` (${status.code})`;
  const exceptions = events.map(
    (event) => ` !${event.attributes['exception.type']}: ${event.attributes['exception.message']}`,
  );
  return `${kind} ${name.replace(' /orders', '')}${reason}${code}${exceptions.join('')}`;
}

let count = 0;
async function spansOf(way: string[], signals: NodeJS.Signals[] = []) {
  const service = `service ${count++}`;
  const ended = await end(PRELOAD, way, signals, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: service,
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  });
  const traces = collector.store.traces({ service, limit: 10 });
  return { ended, spans: traces.flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []) };
}

describe('open spans arrive with the reason when the process ends, and it ends like an untraced one', () => {
  test.each(ENDS)('%j %j', async (way, signals, expected) => {
    const [plain, { ended, spans }] = await Promise.all([end([], way, signals), spansOf(way, signals)]);
    expect(withoutPlaces(ended)).toEqual(withoutPlaces(plain));
    expect(spans.map(described).sort()).toEqual(expected);
  });
});

test('an open span ends no earlier than its children', async () => {
  const { spans } = await spansOf(['falls off its end']);
  const [job, step, work] = ['job', 'step', 'work'].map((name) => spans.find((span) => span.name === name)!);
  expect(work!.endTimeUnixNano <= step!.endTimeUnixNano).toBe(true);
  expect(step!.endTimeUnixNano <= job!.endTimeUnixNano).toBe(true);
  expect(work!.parentSpanId).toBe(step!.spanId);
});

test('an end() after the process has ended its spans is not logged as an error', async () => {
  const { ended, spans } = await spansOf(['ends a span again']);
  expect(spans.map(described)).toEqual(['INTERNAL work [exit]']);
  expect(ended.stderr).toBe('');
});
