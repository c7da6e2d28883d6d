import { once } from 'node:events';
import { createRequire } from 'node:module';

/** Loaded by `require`, which some peers hook. */
const http = createRequire(import.meta.url)('http');

/** A server that responds with the headers of the request. */
const echo = await listening((request, response) => response.end(JSON.stringify(request.headers)));

/** Sends a request and returns the headers that were sent. */
export function sentHeaders(call = http.get) {
  return json(call(echo));
}

/** Starts a server for a peer that patches node:http. `serve` returns a promise of the response. */
export async function servedBy(serve) {
  const url = await listening((request, response) => {
    serve(request, response).then(
      (result) => response.end(JSON.stringify(result)),
      (error) => response.writeHead(500).end(error.stack),
    );
  });
  // fetch is not patched by the peer, so it sends exactly these headers.
  return async (headers) => (await fetch(url, { headers })).json();
}

async function listening(listener) {
  const server = http.createServer(listener).listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}/`;
}

async function json(request) {
  const [response] = await once(request, 'response');
  return JSON.parse((await response.toArray()).join(''));
}
