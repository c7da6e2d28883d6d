import { type Context, context, propagation } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { rootContext } from './context.ts';

/** A message with its context: plain data that every channel can clone or write as JSON. */
export interface CarriedMessage<Message> {
  readonly 'clew.trace': Readonly<Record<string, string>>;
  readonly message: Message;
}

/**
 * Wraps a message together with the current context, for channels that no context manager follows: MessagePort,
 * BroadcastChannel, `workerData`, `process.send`. The receiver unwraps it with `openMessage`.
 *
 * @example
 * port.postMessage(wrapMessage({ path }));
 */
export function wrapMessage<Message>(
  message: Message,
  from: Context = context.active(),
): CarriedMessage<Message> {
  const carrier: Record<string, string> = {};
  guard('carrying a context with a message', () => propagation.inject(from, carrier));
  return { 'clew.trace': carrier, message };
}

/**
 * Unwraps a message and calls `handle` in the context that was sent with it. A message that was not wrapped is
 * handled in the root context: the context of the code that opened the channel belongs to no message.
 *
 * @example
 * port.on('message', (received) => openMessage(received, (message) => convert(message.path)));
 */
export function openMessage<Message, T>(
  received: CarriedMessage<Message> | Message,
  handle: (message: Message) => T,
): T {
  if (!isEnvelope(received)) return context.with(rootContext, () => handle(received));
  const from = guard('reading a context from a message', () =>
    propagation.extract(rootContext, received['clew.trace']),
  );
  return context.with(from ?? rootContext, () => handle(received.message));
}

function isEnvelope<Message>(
  received: CarriedMessage<Message> | Message,
): received is CarriedMessage<Message> {
  if (typeof received !== 'object' || received === null || !('message' in received)) return false;
  const carrier = (received as Partial<CarriedMessage<Message>>)['clew.trace'];
  return typeof carrier === 'object' && carrier !== null;
}
