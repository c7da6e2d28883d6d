// The points that OSProfiler's own drivers write: `clew import` reads the same trace as `osprofiler trace show`.
import amqplib from 'amqplib';
import { findPostgres } from '../services/postgres.ts';
import { createDatabase } from '../services/postgres-database.ts';
import { ownRabbitmq } from '../services/rabbitmq.ts';
import { startRedis } from '../services/redis.ts';
import { clew, type Receiver, startReceiver } from './clew.ts';
import { mariadbDatabase } from './storages.ts';
import { missingDrivers, type ReportNode, showTrace, writeTrace } from './system-python.ts';

/** Where one driver writes. */
interface Target {
  readonly connection: string;
  /** For oslo.messaging. */
  readonly transportUrl?: string;
  /** The arguments of `clew import`. */
  args(baseId: string): readonly string[];
  close(): Promise<unknown>;
}

const DRIVERS: { readonly [name: string]: () => Promise<Target> } = {
  async redis() {
    const { url, stop } = await startRedis();
    return { connection: url, args: (baseId) => [url, baseId], close: stop };
  },
  async postgresql() {
    const server = await findPostgres();
    const { url, drop } = await createDatabase(server);
    const connection = url.replace(/^\w+:/, 'postgresql+psycopg2:');
    return { connection, args: (baseId) => [connection, baseId], close: () => drop().then(server.stop) };
  },
  async mysql() {
    const { url, drop } = await mariadbDatabase();
    const connection = url.replace(/^\w+:/, 'mysql+pymysql:');
    return { connection, args: (baseId) => [connection, baseId], close: drop };
  },
  async messaging() {
    const { url, stop } = await ownRabbitmq();
    // Both read all messages: each has a queue of its own.
    const connection = await amqplib.connect(url);
    const channel = await connection.createChannel();
    await channel.assertExchange('openstack', 'topic', { durable: false });
    for (const queue of ['profiler.info', 'copy']) {
      await channel.assertQueue(queue, { durable: false });
      await channel.bindQueue(queue, 'openstack', 'profiler.info');
    }
    await connection.close();
    const transportUrl = `${url.replace(/^amqp:/, 'rabbit:')}/`;
    return {
      connection: 'messaging://',
      transportUrl,
      args: () => [transportUrl, '--queue', 'copy'],
      close: stop,
    };
  },
};

/** A span in both. */
interface Node {
  readonly id: unknown;
  readonly name: unknown;
  readonly service: unknown;
  readonly project: unknown;
  readonly host: unknown;
  readonly error: unknown;
  readonly children: readonly Node[];
}

const sorted = (nodes: readonly Node[]) => nodes.toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));

function nodeOfReport({ trace_id, info, children }: ReportNode): Node {
  const { name, service, project, host, exception = 'None' } = info;
  const error = exception === 'None' ? undefined : exception;
  return { id: trace_id, name, service, project, host, error, children: sorted(children.map(nodeOfReport)) };
}

type Span = ReturnType<Receiver['spans']>[number];

function nodesOfSpans(spans: readonly Span[], parent?: string): readonly Node[] {
  const nodes = spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .map(({ spanId, attributes, resource }) => ({
      id: attributes['osprofiler.trace_id'],
      name: attributes['osprofiler.name'],
      service: resource.attributes['service.name'],
      project: resource.attributes['service.namespace'],
      host: resource.attributes['host.name'],
      error: attributes['error.type'],
      children: nodesOfSpans(spans, spanId),
    }));
  return sorted(nodes);
}

const flat = (nodes: readonly ReportNode[]): ReportNode[] =>
  nodes.flatMap((node) => [node, ...flat(node.children)]);

const missing = missingDrivers();
if (missing !== undefined) {
  process.stderr.write(`skipped the import of what OSProfiler's drivers write: ${missing}\n`);
  test.skip(`what OSProfiler's drivers write: ${missing}`, () => {});
} else {
  test.each(Object.keys(DRIVERS))(
    'what the driver for %s writes has the tree and the times of osprofiler trace show',
    async (name) => {
      const receiver = await startReceiver();
      const target = await DRIVERS[name]!();
      try {
        const { connection, transportUrl } = target;
        const baseId = await writeTrace(connection, transportUrl);
        const { code, stdout, stderr } = await clew(['import', ...target.args(baseId), '--to', receiver.url]);
        expect([code, stderr]).toEqual([0, '']);
        expect(stdout).toMatch(/^5 spans in 1 trace imported\n1 span without a start or a stop\n/);

        const report = await showTrace(baseId, connection, transportUrl);
        const spans = receiver.spans();
        expect(nodesOfSpans(spans)).toEqual(sorted(report.map(nodeOfReport)));
        const micros = (time: bigint) => Number(time / 1000n);
        const first = Math.min(...spans.map((span) => micros(span.startTimeUnixNano)));
        for (const { trace_id, info } of flat(report)) {
          const span = spans.find(({ attributes }) => attributes['osprofiler.trace_id'] === trace_id)!;
          const millis = (time: bigint) => (micros(time) - first) / 1000;
          // The report has whole milliseconds.
          expect(Math.abs(millis(span.startTimeUnixNano) - info.started)).toBeLessThan(1.001);
          if (!('osprofiler.missing' in span.attributes))
            expect(Math.abs(millis(span.endTimeUnixNano) - info.finished)).toBeLessThan(1.001);
        }
        expect(spans.find(({ name: title }) => title === 'db')?.attributes).toMatchObject({
          'db.query.text': 'SELECT 1',
          'db.params': { id: 1, names: ['é'] },
        });
      } finally {
        await Promise.all([receiver.close(), target.close()]);
      }
    },
    180_000,
  );
}
