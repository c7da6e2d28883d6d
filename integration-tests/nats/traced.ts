import { NatsInstrumentation } from '@clew/instrumentation-nats';
import type { RecordedSpan } from '@clew/testing';
import { trace } from '@opentelemetry/api';
import type { Api, Connection, JetStream } from './apis.ts';

/** Runs `work` with a traced connection. */
export async function traced(
  api: Api,
  url: string,
  work: (connection: Connection) => Promise<void>,
  options: object = {},
): Promise<void> {
  const instrumentation = new NatsInstrumentation(options);
  api.instrument(instrumentation);
  const connection = await api.connect({ servers: url });
  try {
    await work(connection);
  } finally {
    await connection.close();
    instrumentation.disable();
  }
}

let count = 0;

/** A subject that no other test uses. */
export function newSubject(): string {
  return `clew.test-${process.pid.toString(36)}-${++count}`;
}

/** Adds a stream with a subject, and a consumer `worker` that acknowledges each message. */
export async function addStream(api: Api, connection: Connection, consumer: object = {}) {
  const [manager, subject] = [await api.manager(connection), newSubject()];
  const stream = subject.replaceAll('.', '_');
  await manager.streams.add({ name: stream, subjects: [subject], storage: 'memory' });
  await manager.consumers.add(stream, { durable_name: 'worker', ack_policy: 'explicit', ...consumer });
  return {
    jetstream: api.jetstream(connection),
    subject,
    stream,
    remove: () => manager.streams.delete(stream),
  };
}

/** Runs `work` with such a stream. */
export async function withStream(
  api: Api,
  connection: Connection,
  work: (jetstream: JetStream, subject: string, stream: string) => Promise<void>,
  consumer: object = {},
): Promise<void> {
  const { jetstream, subject, stream, remove } = await addStream(api, connection, consumer);
  try {
    await work(jetstream, subject, stream);
  } finally {
    await remove();
  }
}

/** The only span of a kind and name. */
export function spanOf(spans: readonly RecordedSpan[], kind: number, name: string): RecordedSpan {
  const found = spans.filter((span) => span.kind === kind && span.name === name);
  if (found.length !== 1)
    throw new Error(
      `${found.length} of "${name}" in ${spans.map((span) => `${span.kind} ${span.name}`).join(', ')}`,
    );
  return found[0]!;
}

export const eventsOf = ({ events }: RecordedSpan) => events.map(({ name }) => name);

export const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;
