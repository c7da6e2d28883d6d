import { messaging } from '@clew/core/plugin';
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * The context to process a message in if it is not current: in the body of a loop over a subscription or consumer, or
 * later than in the handler. The root context if the message is not traced.
 *
 * @example
 * for await (const message of subscription) await context.with(messageContext(message), () => handle(message));
 */
export function messageContext(message: object): Context {
  const { msg } = message as { readonly msg?: object };
  return messaging.contextOf(msg ?? message) ?? ROOT_CONTEXT;
}
