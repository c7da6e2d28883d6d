import { once } from 'node:events';
import { createRequire } from 'node:module';

/** As CommonJS: so it is seen by peers that hook `require`. */
const http = createRequire(import.meta.url)('http');

/** A server that answers with the headers it got. */
const echo = await listening((request, response) => response.end(JSON.stringify(request.headers)));

/** The headers that a call leaves this process with. */
export function sentHeaders(call = http.get) {
  return json(call(echo));
}

/** A server for a peer that patches node:http; `serve` answers with a promise. */
export async function servedBy(serve) {
  const url = await listening((request, response) => {
    serve(request, response).then(
      (answer) => response.end(JSON.stringify(answer)),
      (error) => response.writeHead(500).end(error.stack),
    );
  });
  // Headers of the test's own, not of the peer's patched client.
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
