import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';

let broker: Rabbitmq;
let collector: Collector;

beforeAll(async () => {
  [broker, collector] = [await rabbitmq(), await startCollector({ port: 0 })];
}, 120_000);
afterAll(async () => {
  await collector.close();
  await broker.stop();
});

/** Bytes of the heap for each call, while 10,000 are in flight and after they have ended. */
async function bytesPerCall(
  ...flags: string[]
): Promise<{ readonly during: number; readonly after: number }> {
  const { stdout, stderr, code } = await runProgram([...flags, 'in-flight.cjs'], {
    cwd: join(__dirname, 'programs'),
    variables: {
      AMQP_URL: broker.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
    },
  });
  // Spans may be dropped, because the collector is slow: dropped spans need no memory either.
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test('ten thousand calls in flight need at most 1 KB each, and no memory after they have ended', async () => {
  const bare = await bytesPerCall();
  const traced = await bytesPerCall('--import', '@clew/node/register');
  process.stdout.write(`bytes per call in flight: ${Math.round(traced.during - bare.during)} over bare\n`);
  expect(traced.during - bare.during).toBeLessThan(1024);
  expect(traced.after - bare.after).toBeLessThan(20);
}, 120_000);
