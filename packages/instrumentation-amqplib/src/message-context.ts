import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/** One in a process, also over several copies of this package. */
const KEY = Symbol.for('clew.amqplib.message-contexts');

/** By the message's `fields`: that object is there before the message is. */
type Contexts = WeakMap<object, Context>;

function contexts(): Contexts {
  const holder = globalThis as { [KEY]?: Contexts };
  holder[KEY] ??= new WeakMap();
  return holder[KEY];
}

export function rememberContext(fields: object, context: Context): void {
  contexts().set(fields, context);
}

/**
 * The context to process a message in that `channel.get` has fetched: its `receive` span is current there.
 * The root context for any other message, and where nothing is traced.
 *
 * @example
 * const message = await channel.get('orders');
 * if (message) context.with(messageContext(message), () => handle(message));
 */
export function messageContext(message: { readonly fields: object }): Context {
  return contexts().get(message.fields) ?? ROOT_CONTEXT;
}
