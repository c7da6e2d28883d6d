import { rootContext } from '@clew/core';
import { aws, contextReceiver, currentContext, guard } from '@clew/core/plugin';
import { type Context, context, type Link, trace } from '@opentelemetry/api';
import { readEvent } from './event-source.ts';
import { invocationOf } from './invocation.ts';

const receive = contextReceiver(aws.headersGetter, 'message');

/**
 * Calls `handler` with one record of an event of SQS, SNS or Kinesis, in the context of its sender: a record of SQS or SNS
 * gets a CONSUMER span `process orders` that continues the trace of the sender and links to the invocation. The span ends
 * when the handler returns, or when its promise settles. Returns what the handler returns and throws what it throws.
 * Outside of a traced invocation, it only calls the handler.
 *
 * @example
 * for (const record of event.Records) await processRecord(record, async ({ body }) => ship(JSON.parse(body)));
 */
export function processRecord<Item extends object, T>(record: Item, handler: (record: Item) => T): T {
  const caller = currentContext();
  const invocation = invocationOf(caller);
  const handle = () => handler(record);
  const batch = guard('reading a record', () => readEvent({ Records: [record] }).batch);
  if (invocation === undefined || batch === undefined) return handle();
  const { tracer, trust } = invocation;
  const entrance = () => ({ path: batch.source, port: undefined, isQueue: true });
  const received = guard('reading a record', () => receive(batch.headers[0] ?? {}, trust, entrance));
  const isContinued = received !== undefined && received.context !== rootContext;
  const parent = isContinued ? received.context : caller;
  const { system } = batch;
  if (system === undefined) return context.with(parent, handle);
  const links = [...(received?.links ?? []), ...(isContinued ? linkTo(caller) : [])];
  const started = guard('starting the span of a record', () =>
    aws.startProcessing(tracer, system, batch.source, 1, parent, links, batch.messageId),
  );
  return started === undefined ? handle() : started.settle(started.run(handle));
}

function linkTo(current: Context): Link[] {
  const linked = trace.getSpanContext(current);
  return linked === undefined ? [] : [{ context: linked }];
}
