import { messaging } from '@clew/core/plugin';
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * The context to process a message in, for consumers that process it later than in their handler: in batches, from a
 * queue in memory, or after `channel.get`. The root context if the message is not traced.
 *
 * @example
 * const message = await channel.get('orders');
 * if (message) context.with(messageContext(message), () => handle(message));
 */
export function messageContext(message: { readonly fields: object }): Context {
  return messaging.contextOf(message.fields) ?? ROOT_CONTEXT;
}
