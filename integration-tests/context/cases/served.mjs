// A traced server. The sender of a request decides which function serves it.
import { createServer, request as httpRequest } from 'node:http';
import { HttpInstrumentation } from '@clew/instrumentation-http';

const plugin = new HttpInstrumentation();
plugin.instrument(process.getBuiltinModule('node:http'));
plugin.instrument(process.getBuiltinModule('node:https'), 'https');
plugin.instrument(process.getBuiltinModule('node:http2'), 'http2');

/** Creates what the requests share: a server, and the function that serves each path. */
export async function open(create = createServer, options = {}) {
  const serves = new Map();
  const listener = (request, response) => serves.get(request.url)(request, response);
  const server = create(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  return { server, serves, address: { host: '127.0.0.1', port, ...options }, next: 0 };
}

export async function close({ server, address }) {
  address.agent?.destroy?.();
  server.closeAllConnections?.();
  await new Promise((resolve) => server.close(resolve));
}

/** Returns a new path, whose requests `serve` serves. */
export function route(shared, serve) {
  const path = `/${shared.next++}`;
  shared.serves.set(path, serve);
  return path;
}

/** Starts a request that `serve` serves. The caller writes its body. */
export function send(shared, serve, options = {}, request = httpRequest) {
  const path = route(shared, serve);
  const sent = request({ ...shared.address, path, method: 'POST', ...options });
  sent.on('error', () => {});
  sent.on('response', (response) => response.on('error', () => {}).resume());
  sent.flushHeaders();
  return sent;
}

/** Resolves when an emitter has emitted `close` and all listeners have been called. */
export function closed(emitter) {
  return new Promise((resolve) => emitter.on('close', () => setImmediate(resolve)));
}

/**
 * Sends a body in two packets; the second one when `serve` calls `next`. Resolves when request and response are closed.
 */
export function upload(shared, serve, { pieces = ['one', 'two'], request, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const [first, second] = pieces;
    const serving = (incoming, outgoing) => {
      Promise.all([closed(incoming), closed(outgoing)]).then(resolve, reject);
      serve(incoming, outgoing, () => sent.end(second));
    };
    const sent = send(shared, serving, options, request);
    sent.write(first);
  });
}

/** Reads a body in two packets with listeners, and responds. */
export const readWithListeners = (work) => (request, response, next) => {
  request.on('data', work).once('data', next).on('end', work).on('close', work);
  request.on('end', () => response.end('read'));
  response.on('finish', work).on('close', work);
};
