import { type Context, type Link, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { Operation } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import { createAction } from './messaging-action.ts';
import type { ReceivedContext } from './trusted-context.ts';

/** A batch of a function may have 10,000 messages; tracers keep this many links by default. */
export const MAX_LINKED = 128;

/** Links to the span that has sent a message, and to those that it is linked to. */
export function linksOf({ context, links }: ReceivedContext): Link[] {
  const sender = trace.getSpanContext(context);
  return sender === undefined ? [...links] : [{ context: sender }, ...links];
}

/**
 * Starts the CONSUMER span of one or several messages: `process orders`. `source` is the name of the queue or topic;
 * empty if there are several. `messageId` is the id of a single message. Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export function startProcessing(
  tracer: Tracer,
  system: string,
  source: string,
  count: number,
  parent: Context,
  links: Link[],
  messageId?: string,
): Operation {
  const { name, attributes } = createAction({
    system,
    name: 'process',
    type: 'process',
    destination: source,
    label: source,
    more: {
      ...(messageId !== undefined && { [ATTR.messagingMessageId]: messageId }),
      ...(count > 1 && { [ATTR.messagingBatchMessageCount]: count }),
    },
  });
  const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes, links }, parent);
  return new Operation(span, trace.setSpan(parent, span));
}
