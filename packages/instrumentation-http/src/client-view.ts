import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HttpClientView } from '@clew/core';
import { headerInText, headerNamesInText, replaceHeaderInText } from './header-text.ts';

/** Node's own client, `node:http` and `node:https`. */
export const clientView: HttpClientView<ClientRequest, IncomingMessage> = {
  method: (request) => request.method,
  origin: (request) => `${request.protocol}//${hostOf(request)}`,
  destination,
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
};

/** The name that was asked for (the `Host` header), else the host that the socket goes to. */
function hostOf(request: ClientRequest): string {
  const header = request.getHeader('host') ?? headerInText(request, 'host');
  return typeof header === 'string' ? header : request.host;
}

/** The socket does not go by `Host`: the program may say anything there, and a proxy says what its caller said. */
function destination(request: ClientRequest): string | undefined {
  const named = hostOf(request);
  const { host } = request;
  const start = named.startsWith('[') ? 1 : 0;
  const rest = named.startsWith(host, start) ? named.slice(start + host.length) : undefined;
  return rest !== undefined && /^\]?(?::\d+)?$/.test(rest) ? undefined : host;
}
