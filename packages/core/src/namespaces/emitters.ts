// Requests, responses and sockets, which Node drives from a connection: their listeners run in a context of their own.
export {
  emitInOwnContext,
  emitterContext as contextOf,
  onEmitterClose as onClose,
  setEmitterContext as setContext,
} from '../context/emitter-context.ts';
