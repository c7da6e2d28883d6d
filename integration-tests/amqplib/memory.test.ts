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

type What = 'channel' | 'messages' | 'replyQueue' | 'deletedQueue' | 'connected';

/** Bytes of the heap that each channel, queue, consumer or connection leaves behind. */
async function bytesLeft(...flags: string[]): Promise<Record<What, number>> {
  const { stdout, stderr, code } = await runProgram([...flags, 'channels.cjs'], {
    cwd: join(__dirname, 'programs'),
    variables: {
      AMQP_URL: broker.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
    },
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test('a closed channel, a deleted queue, a cancelled consumer and a closed connection leave nothing behind', async () => {
  const [bare, traced] = [await bytesLeft(), await bytesLeft('--import', '@clew/node/register')];
  const added = (Object.keys(traced) as What[]).map(
    (what) => [what, Math.round(traced[what] - bare[what])] as const,
  );
  process.stdout.write(`bytes left behind, over the untraced run: ${JSON.stringify(added)}\n`);
  // A kept channel is 2,800 bytes, a kept connection many times that. Less is noise, and caches on the way to their bound.
  expect(added.filter(([, bytes]) => bytes > 1500)).toEqual([]);
}, 120_000);
