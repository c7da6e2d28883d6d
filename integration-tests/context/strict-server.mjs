// A server and its clients in strict mode, with kept-alive, concurrent, pipelined and broken connections. Prints the
// problems that strict mode reports for them, and those that it reports for two deliberate faults.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { AsyncContextManager, StrictContextManager } from '@clew/core';
import { init } from '@clew/node';
import { trace } from '@opentelemetry/api';

const problems = [];
const strict = new StrictContextManager(new AsyncContextManager(), {
  onProblem: ({ kind, message }) => problems.push(`${kind}: ${message}`),
});
const clew = init({ context: strict, exporter: false });

const { Agent, createServer, get } = createRequire(import.meta.url)('node:http');

const server = createServer(async (request, response) => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  if (request.url === '/next') return void get({ port, agent: inner }, (upstream) => upstream.pipe(response));
  response.end(request.url);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const [agent, inner] = [2, 1].map((maxSockets) => new Agent({ keepAlive: true, maxSockets }));

await Promise.all(Array.from({ length: 20 }, (_, index) => send(index % 2 ? '/next' : '/')));
await sendPipelined();
await breakConnection();
agent.destroy();
inner.destroy();
server.close();
await once(server, 'close');
strict.check();
const found = problems.splice(0);

const tracer = trace.getTracer('faulty');
tracer.startActiveSpan('twice', (span) => {
  span.end();
  span.end();
});
tracer.startActiveSpan('never', () => {});
strict.check();
process.stdout.write(JSON.stringify({ spans: clew.stats().spansEnded, found, faults: problems }));

function send(path) {
  return new Promise((resolve, reject) => {
    get({ port, path, agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}

async function sendPipelined() {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await once(socket.resume(), 'close');
}

async function breakConnection() {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
  const [connection] = await once(server, 'request').then(([request]) => [request.socket]);
  socket.destroy();
  await once(connection, 'close');
}
