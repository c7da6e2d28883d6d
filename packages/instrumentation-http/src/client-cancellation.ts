import type { ClientRequest, IncomingMessage } from 'node:http';

/** Requests that timed out: the application usually destroys them without an error. */
const timedOut = new WeakSet<ClientRequest>();

/** Records a timeout of a request that is waiting for its response. */
export function watchTimeout(request: ClientRequest): void {
  request.once('timeout', rememberRequest);
}

/** Records a timeout while a response is read. */
export function watchResponseTimeout(response: IncomingMessage): void {
  response.once('timeout', rememberResponse);
}

function rememberRequest(this: ClientRequest): void {
  timedOut.add(this);
}

function rememberResponse(this: IncomingMessage & { readonly req?: ClientRequest }): void {
  if (this.req !== undefined) timedOut.add(this.req);
}

/**
 * Whether an error is a cancellation: an abort, or `request.destroy()` without an error. Node reports the latter as
 * `socket hang up`, as it does if the peer closes the connection; the socket shows which side closed it.
 */
export function isCancelled(request: ClientRequest, error: unknown, isAbort: boolean): boolean {
  if (timedOut.has(request)) return false;
  return isAbort || (isHangUp(error) && isClosedHere(request));
}

/** Whether this is Node's own error for a connection that ended; an error of the operating system has a `syscall`. */
function isHangUp(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || 'syscall' in error) return false;
  return (error as { readonly code?: unknown }).code === 'ECONNRESET';
}

/** Whether this side closed the connection, and not because of an error. */
function isClosedHere({ socket, destroyed }: ClientRequest): boolean {
  if (!socket) return destroyed;
  return socket.destroyed && !socket.errored && !socket.readableEnded;
}
