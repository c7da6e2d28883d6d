// A server of policies with ETags, which can misbehave.
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type HttpServer, type ServerTls, startHttpServer } from './http-server.ts';

/** Ways in which a server fails. */
export const FAULTS = {
  /** Responds with 500. */
  error: (response) => response.writeHead(500).end('{"policies":[]}'),
  /** Never responds. */
  hang: () => {},
  /** Redirects to another path of the same server. */
  redirect: (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
  /** Sends 10 MB without their length. */
  huge: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = Buffer.alloc(65_536, ' ');
    let left = 160;
    const write = () => {
      while (left-- > 0) if (!response.write(chunk)) return;
      response.end();
    };
    response.on('drain', write);
    write();
  },
  /** Announces 10 MB. */
  announced: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '10000000' });
    response.write('{');
  },
  /** Sends a part of the announced body and closes the connection. */
  truncate: (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"policies":[', () => response.destroy());
  },
  /** Sends a byte every 10 ms, without an end. */
  drip: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 10);
    response.on('close', () => clearInterval(timer));
  },
  /** Sends a web page with status 200, as a proxy's login page. */
  page: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
  /** Closes the connection without a response. */
  reset: (response) => response.destroy(),
} satisfies Record<string, (response: ServerResponse) => void>;

/** A running server of policies. */
export interface PolicyHttpServer extends HttpServer {
  readonly url: string;
  /** Replaces the set. */
  serve(body: string, contentType?: string): void;
  /** Misbehaves from now on; `undefined` serves the set again. */
  fail(fault: keyof typeof FAULTS | undefined): void;
}

export async function startPolicyHttpServer(body: string, tls?: ServerTls): Promise<PolicyHttpServer> {
  let set = { body, contentType: 'application/json' };
  let fault: keyof typeof FAULTS | undefined;
  const server = await startHttpServer((request, response) => {
    if (fault !== undefined) {
      FAULTS[fault](response);
      return;
    }
    const etag = `"${createHash('sha256').update(set.body).digest('hex').slice(0, 16)}"`;
    const isKnown = request.headers['if-none-match'] === etag;
    const headers = { etag, 'content-type': set.contentType };
    response.writeHead(isKnown ? 304 : 200, headers).end(isKnown ? undefined : set.body);
  }, tls);
  return {
    ...server,
    url: `${server.origin}/policies`,
    serve: (next, contentType = 'application/json') => {
      set = { body: next, contentType };
    },
    fail: (next) => {
      fault = next;
    },
  };
}
