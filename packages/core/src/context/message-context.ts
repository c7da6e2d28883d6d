import type { Context } from '@opentelemetry/api';
import { emitterContext, setEmitterContext } from './emitter-context.ts';

/** Shared by all copies of this package in the process: one copy can't read the private fields that another sets. */
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

/** Sets the context in which a message is processed, for the lifetime of the message. Adds no visible property. */
export function setMessageContext(message: object, own: Context): void {
  contexts().set(message, own);
}

/** The context of a message: received with it, or set by {@link setMessageContext}; `undefined` if it was not traced. */
export function contextOfMessage(message: object): Context | undefined {
  return contexts().get(message);
}
