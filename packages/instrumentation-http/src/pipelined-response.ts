import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { emitters } from '@clew/core/plugin';

/** The listeners of the responses that wait on each connection. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls back once, when the response closes or its connection does. A response that waits for the one before it on a
 * pipelined connection has no socket yet, and on Node 22 such a response never emits `close` when the connection closes.
 */
export function onResponseClose(response: ServerResponse, listener: () => void): void {
  if (response.socket !== null) {
    emitters.onClose(response, listener);
    return;
  }
  const { socket } = response.req;
  const listeners = waiting.get(socket) ?? listenToClose(socket);
  const close = () => {
    listeners.delete(close);
    listener();
  };
  listeners.add(close);
  emitters.onClose(response, close);
}

/** One listener for each connection: pipelined requests may be many. */
function listenToClose(socket: Socket): Set<() => void> {
  const listeners = new Set<() => void>();
  waiting.set(socket, listeners);
  socket.once('close', () => {
    for (const listener of listeners) listener();
  });
  return listeners;
}
