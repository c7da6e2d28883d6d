import type { Context } from '@opentelemetry/api';
import { type InjectionTarget, withInjectionTarget } from '../propagation/carrier-kind.ts';
import { type CarrierWriter, injectFresh } from '../propagation/inject.ts';

const MESSAGE: InjectionTarget = { kind: 'message' };

/**
 * Creates the function that writes a context into a message, in place of an older one. A signature that is written is
 * one for messages. Limit the writer to what the message can hold: see `carriers.boundedWriter` of `@clew/core`.
 *
 * @example
 * const inject = messaging.injector(writer);
 * inject(operation.context, message);
 */
export function messageInjector<Message>(
  writer: CarrierWriter<Message>,
): (current: Context, message: Message) => void {
  return (current, message) => injectFresh(withInjectionTarget(current, MESSAGE), message, writer);
}
