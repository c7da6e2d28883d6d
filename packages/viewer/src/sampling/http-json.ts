import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Sends a JSON text. A response to HEAD has the same headers and no body. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': length });
  response.end(body);
}

/** Sends `{ "error": message }`. */
export function sendError(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, JSON.stringify({ error: message }));
}
