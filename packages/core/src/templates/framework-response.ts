import type { EventEmitter } from 'node:events';
import type { ROUTED, ServerRequest } from './server-request.ts';

/** What the template uses of a response, such as that of `node:http`. */
export interface FrameworkResponse {
  readonly headersSent: boolean;
  readonly statusCode: number;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  prependOnceListener(event: 'close', listener: () => void): unknown;
  /** The server request of the first framework that took the request. */
  [ROUTED]?: ServerRequest;
}

/** The response of a framework that sends it after all handlers have returned. */
export interface ResponseSoFar {
  /** Whether a handler has decided how to respond. */
  readonly isSet: boolean;
  readonly status: number;
  readonly body: unknown;
}

/** Whether a body is a stream, of any implementation. */
export function isStream(body: unknown): body is EventEmitter {
  return typeof body === 'object' && body !== null && 'pipe' in body && 'on' in body;
}
