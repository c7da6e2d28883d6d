import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLiteralHost } from './query-api.ts';
import { sendError } from './sampling/http-json.ts';

/** Responds with the HTML of the page. */
export function sendPage(request: IncomingMessage, response: ServerResponse, page: string): void {
  if (request.method !== 'GET') sendError(response, 405, `expected GET, got ${request.method}`);
  else if (!isLiteralHost(request.headers.host))
    sendError(response, 403, 'expected an IP address or localhost in Host');
  else
    response
      .writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        // The page's own policy is part of it; only a header can forbid frames.
        'content-security-policy': "frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      })
      .end(page);
}
