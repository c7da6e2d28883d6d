// An OTLP/HTTP collector that decodes and counts spans, separately for each path before /v1/traces. It is also an agent of
// Datadog, whose senders differ in the host name.
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { countTraces as countDatadogTraces, senderOf, tracesPath, tracesResponse } from './datadog.mjs';
import { countTraces } from './otlp.mjs';
import serveCalls from './serve-calls.cjs';

const suffix = '/v1/traces';
const received = new Map();

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const [status, type, body] = take(request, Buffer.concat(chunks));
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  response.end(body);
});

function take({ url, headers }, body) {
  if (url === tracesPath) {
    count(senderOf(headers.host), countDatadogTraces(body), body.length);
    return [200, 'application/json', tracesResponse];
  }
  if (!url.endsWith(suffix)) return [404, 'text/plain', ''];
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  count(url.slice(1, -suffix.length), countTraces(plain), body.length);
  return [200, 'application/x-protobuf', ''];
}

function count(name, { spans, attributes }, bytes) {
  const counts = received.get(name) ?? nothing();
  received.set(name, counts);
  counts.spans += spans;
  counts.attributes += attributes;
  counts.bytes += bytes;
  counts.batches++;
}

const nothing = () => ({ spans: 0, attributes: 0, bytes: 0, batches: 0 });

serveCalls({
  start: () => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port))),
  counts: (name) => received.get(name) ?? nothing(),
});
