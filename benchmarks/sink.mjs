// An OTLP/HTTP collector that decodes and counts spans, separately for each path before /v1/traces.
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { countTraces } from './otlp.mjs';
import serveCalls from './serve-calls.cjs';

const suffix = '/v1/traces';
const received = new Map();

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const status = take(request, Buffer.concat(chunks));
  response.writeHead(status, { 'content-type': 'application/x-protobuf', 'content-length': 0 });
  response.end();
});

function take({ url, headers }, body) {
  if (!url.endsWith(suffix)) return 404;
  const name = url.slice(1, -suffix.length);
  const counts = received.get(name) ?? nothing();
  received.set(name, counts);
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  const { spans, attributes } = countTraces(plain);
  counts.spans += spans;
  counts.attributes += attributes;
  counts.bytes += body.length;
  counts.batches++;
  return 200;
}

const nothing = () => ({ spans: 0, attributes: 0, bytes: 0, batches: 0 });

serveCalls({
  start: () => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port))),
  counts: (name) => received.get(name) ?? nothing(),
});
