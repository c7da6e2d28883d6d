// What http-micro.mjs and instructions.mjs do with node:http: requests and responses that have no connection.
import http from 'node:http';
import { PassThrough } from 'node:stream';

/** A request to a server of node:http, and its response. */
export function oneRequest() {
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 2 });
    response.end('ok');
  });
  const address = { remoteAddress: '127.0.0.1', remotePort: 40_000, localPort: 80 };
  const socket = Object.assign(new PassThrough(), address);
  return () => {
    const request = new http.IncomingMessage(socket);
    request.httpVersionMajor = 1;
    request.httpVersionMinor = 1;
    request.httpVersion = '1.1';
    request.method = 'GET';
    request.url = '/orders/42';
    request.rawHeaders = ['Host', '127.0.0.1:80', 'User-Agent', 'clew-bench'];
    request._addHeaderLines(request.rawHeaders, 4);
    const response = new http.ServerResponse(request);
    response.socket = socket;
    server.emit('request', request, response);
    response.emit('finish');
    response.emit('close');
  };
}
