import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HttpClientView } from '@clew/core/plugin';
import { isCancelled } from './client-cancellation.ts';
import { peerOf } from './client-connection.ts';
import { headerInText, headerNamesInText, replaceHeaderInText } from './header-text.ts';
import { onOtherHost } from './other-host.ts';

/** Node's own client, `node:http` and `node:https`. */
export const clientView: HttpClientView<ClientRequest, IncomingMessage> = {
  method: (request) => request.method,
  origin: (request) => `${request.protocol}//${hostOf(request)}`,
  peer: peerOf,
  onOtherHost,
  target: (request) => request.path,
  setHeader: (request, name, value) => {
    if (request.headersSent) replaceHeaderInText(request, name, value);
    else request.setHeader(name, value);
  },
  removeHeader: (request, name) => {
    if (request.headersSent) replaceHeaderInText(request, name, undefined);
    else request.removeHeader(name);
  },
  requestHeaderNames: (request) => [...request.getHeaderNames(), ...headerNamesInText(request)],
  requestHeader: (request, name) => request.getHeader(name) ?? headerInText(request, name),
  status: (response) => response.statusCode ?? 0,
  protocolVersion: (response) => response.httpVersion,
  responseHeader: (response, name) => response.headers[name],
  isCancelled,
};

/** The `Host` header, or else the host of the connection. */
function hostOf(request: ClientRequest): string {
  const header = request.getHeader('host') ?? headerInText(request, 'host');
  if (typeof header === 'string') return header;
  return request.host.includes(':') && !request.host.startsWith('[') ? `[${request.host}]` : request.host;
}
