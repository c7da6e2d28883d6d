import { once } from 'node:events';
import { join } from 'node:path';
import { type Collector, type SpanRecord, startCollector } from '@clew/viewer';
import { startProgram } from '../run-program.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { spansOf, treeOf } from '../span-tree.ts';

let broker: Rabbitmq;
let collector: Collector;

beforeAll(async () => {
  [broker, collector] = [await rabbitmq(), await startCollector({ port: 0 })];
}, 120_000);
afterAll(async () => {
  await collector.close();
  await broker.stop();
});

function outcome({ kind, status, events, attributes }: SpanRecord): string {
  const reason = attributes['clew.unfinished'] === true ? ` [${attributes['clew.unfinished_reason']}]` : '';
  const names = events.map(({ name, attributes: about }) => ` !${about['exception.message'] ?? name}`);
  return `${kind}${reason}${status.code === 'UNSET' ? '' : ` ${status.code}`}${names.join('')}`;
}

test.each<[way: string, signal: NodeJS.Signals | undefined, outcomes: string[]]>([
  ['waits in a handler', 'SIGTERM', ['CLIENT [SIGTERM]', 'PRODUCER', 'SERVER [SIGTERM]']],
  ['exits in a handler', undefined, ['CLIENT [exit]', 'PRODUCER', 'SERVER [exit]']],
  [
    'throws later in a handler',
    undefined,
    ['CLIENT [uncaught exception]', 'PRODUCER', 'SERVER [uncaught exception] ERROR !on purpose'],
  ],
  ['throws in a handler', undefined, ['CLIENT [uncaught exception]', 'PRODUCER', 'SERVER ERROR !on purpose']],
  ['exits just after its handler', undefined, ['CLIENT [exit]', 'PRODUCER', 'SERVER !ack']],
  ['waits for a reply', 'SIGTERM', ['CLIENT [SIGTERM]', 'PRODUCER', 'SERVER !ack']],
])(
  'a process that %s exports the open spans of its messages, and no span without its parent',
  async (way, signal, outcomes) => {
    const child = startProgram(['--import', '@clew/node/register', 'process-end.cjs', way], {
      cwd: join(__dirname, 'programs'),
      variables: {
        AMQP_URL: broker.url,
        OTEL_SERVICE_NAME: way,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '600000',
      },
    });
    const closed = once(child, 'close');
    child.stderr?.resume();
    if (signal !== undefined) {
      await once(child.stdout!, 'data');
      child.kill(signal);
    }
    child.stdout?.resume();
    await closed;
    const spans = spansOf(collector, way);
    expect(spans.map(outcome).sort()).toEqual(outcomes);
    expect(treeOf(spans)).toEqual(['CLIENT work', '  SERVER work', '    PRODUCER publish clew.next']);
  },
);
