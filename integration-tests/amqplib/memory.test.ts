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

type Resource = 'channel' | 'messages' | 'replyQueue' | 'deletedQueue' | 'connected';

/** Bytes of the heap that are in use after each channel, queue, consumer or connection was closed. */
async function bytesLeft(...flags: string[]): Promise<Record<Resource, number>> {
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

test('closed channels and connections, deleted queues and cancelled consumers use no memory', async () => {
  const [bare, traced] = [await bytesLeft(), await bytesLeft('--import', '@clew/node/register')];
  const added = (Object.keys(traced) as Resource[]).map(
    (resource) => [resource, Math.round(traced[resource] - bare[resource])] as const,
  );
  process.stdout.write(`bytes in use, over the untraced run: ${JSON.stringify(added)}\n`);
  // A leaked channel needs 2,800 bytes, a leaked connection many times more. Less is noise, and caches that grow to their bound.
  expect(added.filter(([, bytes]) => bytes > 1500)).toEqual([]);
}, 120_000);
