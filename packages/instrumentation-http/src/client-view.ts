import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HttpClientView } from '@clew/core';

/** What Node keeps of a request whose headers were given as a list: they are text already, `setHeader` comes too late. */
interface HeaderText {
  _header?: string | null;
}

/** Node's own client, `node:http` and `node:https`. */
export const clientView: HttpClientView<ClientRequest, IncomingMessage> = {
  method: (request) => request.method,
  origin: (request) => `${request.protocol}//${hostOf(request)}`,
  target: (request) => request.path,
  setHeader: (request, name, value) => {
    if (request.headersSent) addToText(request as HeaderText, name, value);
    else request.setHeader(name, value);
  },
  requestHeader: (request, name) => request.getHeader(name),
  status: (response) => response.statusCode ?? 0,
  protocolVersion: (response) => response.httpVersion,
  responseHeader: (response, name) => response.headers[name],
};

/** The name that was asked for (the `Host` header), else the host that the socket goes to. */
function hostOf(request: ClientRequest): string {
  const header = request.getHeader('host');
  return typeof header === 'string' ? header : request.host;
}

function addToText(request: HeaderText, name: string, value: string): void {
  const text = request._header;
  if (typeof text !== 'string' || !text.endsWith('\r\n\r\n') || /[\r\n]/.test(value)) return;
  request._header = `${text.slice(0, -2)}${name}: ${value}\r\n\r\n`;
}
