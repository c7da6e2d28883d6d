import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { HttpServerView } from '@clew/core/plugin';
import { headerInText } from './header-text.ts';
import { onResponseClose } from './pipelined-response.ts';

/** Node's own server, `node:http` and `node:https`. */
export const serverView: HttpServerView<IncomingMessage, ServerResponse> = {
  method: (request) => request.method ?? 'GET',
  target: (request) => request.url ?? '/',
  scheme: (request) => ((request.socket as Partial<TLSSocket>).encrypted ? 'https' : 'http'),
  headers: (request) => request.headers,
  protocolVersion: (request) => request.httpVersion,
  localPort: ({ socket }) => socket.localPort,
  peer: ({ socket }) => ({ address: socket.remoteAddress, port: socket.remotePort }),
  connection: ({ socket }) => socket,
  status: (response) => response.statusCode,
  headersSent: (response) => response.headersSent,
  responseHeader: (response, name) => response.getHeader(name) ?? headerInText(response, name),
  onClose: onResponseClose,
};
