import { type Collector, startCollector } from '@clew/viewer';
import { PRELOAD, program, start } from './child.ts';

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

const CHANGES = ['nothing', 'fake timers', 'fake timers for a moment', 'deleted', 'replaced'];
const ENDS = ['falls off its end', 'process.exit()', 'a signal', 'a listener for a signal'];

async function run(preload: string[], what: string, end: string, variables = {}) {
  const running = start([...preload, program('replaced-globals.mjs'), what, end], variables);
  if (end.includes('signal')) {
    await running.printed('ready');
    running.process.kill('SIGTERM');
  }
  return running.ended;
}

describe.each(CHANGES)('with globals changed after the start (%s)', (what) => {
  test.each(ENDS)(
    'an application ends like an untraced one and its spans arrive, with real times: %s',
    async (end) => {
      const service = `${what}, ${end}`;
      const startedAt = BigInt(Date.now() - 5) * 1_000_000n;
      const [plain, traced] = await Promise.all([
        run([], what, end),
        run(PRELOAD, what, end, {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_SERVICE_NAME: service,
          OTEL_BSP_SCHEDULE_DELAY: '10',
        }),
      ]);
      expect(traced).toEqual(plain);
      const traces = collector.store.traces({ service, limit: 9 });
      const spans = traces.flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
      expect(spans.map(({ name }) => name).sort()).toEqual(['first', 'open']);
      for (const span of spans) expect(span.startTimeUnixNano > startedAt).toBe(true);
    },
  );
});
