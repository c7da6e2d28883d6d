import type { Context } from '@opentelemetry/api';
import { emitterContext, setEmitterContext } from './emitter-context.ts';

/** One in a process, also over several copies of this package: a copy can't read the private fields of another. */
const KEY = Symbol.for('clew.message-contexts');

interface MessageContexts {
  set(message: object, own: Context): void;
  get(message: object): Context | undefined;
}

function contexts(): MessageContexts {
  const holder = globalThis as { [KEY]?: MessageContexts };
  holder[KEY] ??= { set: setEmitterContext, get: emitterContext };
  return holder[KEY];
}

/** Remembers the context to process a message in, for as long as the message exists. Nothing on the message shows it. */
export function setMessageContext(message: object, own: Context): void {
  contexts().set(message, own);
}

/** The context that a message came with or was handed over in; `undefined` for one that was not traced. */
export function contextOfMessage(message: object): Context | undefined {
  return contexts().get(message);
}
