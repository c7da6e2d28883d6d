import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

/** A request of the raw client. */
export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string;
}

/** The response to a request of the raw client. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends one request over a socket, which no client instrumentation traces, and reads the whole response. */
export async function send(url: string, request: RawRequest = {}): Promise<RawResponse> {
  const socket = await openRequest(url, request);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return parse(Buffer.concat(chunks).toString());
}

/** Sends a request and returns the socket; the caller reads the response or destroys the socket. */
export async function openRequest(url: string, request: RawRequest = {}): Promise<net.Socket> {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  const address = { host: hostname, port: Number(port) };
  const secure = protocol === 'https:';
  const socket = secure ? tls.connect({ ...address, rejectUnauthorized: false }) : net.connect(address);
  await once(socket, secure ? 'secureConnect' : 'connect');
  const { method = 'GET', headers = {}, body = '' } = request;
  const lines = [`${method} ${pathname}${search} HTTP/1.1`];
  const all = {
    host,
    connection: 'close',
    ...(body && { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  for (const [name, value] of Object.entries(all)) lines.push(`${name}: ${value}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

function parse(text: string): RawResponse {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const rest = text.slice(end + 4);
  const body = headers['transfer-encoding'] === 'chunked' ? unchunk(rest) : rest;
  return { status: Number(first.split(' ')[1]), headers, body };
}

/** Decodes a chunked body. It is sufficient for the suites' responses, whose characters are single bytes. */
function unchunk(text: string): string {
  let body = '';
  let rest = text;
  while (rest !== '') {
    const lineEnd = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, lineEnd), 16);
    if (!(size > 0)) break;
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    rest = rest.slice(lineEnd + 4 + size);
  }
  return body;
}
