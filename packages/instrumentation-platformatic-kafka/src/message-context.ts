import { messaging } from '@clew/core/plugin';
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * The context to process a message in: in the body of a loop, or later than in a listener. The root context if the
 * message is not traced.
 *
 * @example
 * for await (const message of stream) await context.with(messageContext(message), () => handle(message));
 */
export function messageContext(message: object): Context {
  return messaging.contextOf(message) ?? ROOT_CONTEXT;
}
