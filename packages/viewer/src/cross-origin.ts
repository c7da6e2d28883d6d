import type { IncomingMessage, ServerResponse } from 'node:http';

/** Whether a text is the origin of a web page, as a browser sends it. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** The web pages that may send spans to a receiver (CORS). */
export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  /**
   * @param origins of the pages, such as `http://localhost:3000`
   * @throws RangeError for one that is not an origin
   */
  constructor(origins: readonly string[] = []) {
    for (const origin of origins) {
      if (!isOrigin(origin))
        throw new RangeError(
          `@clew/viewer: expected allowedOrigins such as http://localhost:3000, got ${JSON.stringify(origin)}`,
        );
    }
    this.#origins = new Set(origins);
  }

  /** Whether the sender is a web page that may send spans; if so, its browser lets it read the response. */
  allow({ headers }: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = headers;
    if (origin === undefined || !this.#origins.has(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
    return true;
  }

  /** Responds to a browser's preflight request for such a page. Returns `false` for any other request. */
  respondToPreflight(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== 'OPTIONS' || !this.allow(request, response)) return false;
    const { 'access-control-request-headers': headers = 'content-type' } = request.headers;
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('access-control-allow-headers', headers);
    response.setHeader('access-control-allow-private-network', 'true');
    response.setHeader('access-control-max-age', '600');
    response.writeHead(204).end();
    return true;
  }
}
