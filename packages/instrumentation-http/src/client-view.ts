import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HttpClientView } from '@clew/core';
import { addHeaderToText, headerInText } from './header-text.ts';

/** Node's own client, `node:http` and `node:https`. */
export const clientView: HttpClientView<ClientRequest, IncomingMessage> = {
  method: (request) => request.method,
  origin: (request) => `${request.protocol}//${hostOf(request)}`,
  target: (request) => request.path,
  setHeader: (request, name, value) => {
    if (request.headersSent) addHeaderToText(request, name, value);
    else request.setHeader(name, value);
  },
  requestHeader: (request, name) => request.getHeader(name) ?? headerInText(request, name),
  status: (response) => response.statusCode ?? 0,
  protocolVersion: (response) => response.httpVersion,
  responseHeader: (response, name) => response.headers[name],
};

/** The name that was asked for (the `Host` header), else the host that the socket goes to. */
function hostOf(request: ClientRequest): string {
  const header = request.getHeader('host') ?? headerInText(request, 'host');
  return typeof header === 'string' ? header : request.host;
}
