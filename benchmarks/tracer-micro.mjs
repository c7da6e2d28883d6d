// Measures the tracer alone: six spans of one request, recorded and encoded, and one unsampled span.
// npx node benchmarks/tracer-micro.mjs (after `npm run build`)
import { createServer } from 'node:http';
import { alwaysOff, TracerProvider } from '@clew/tracer';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';

const ROUNDS = 7;
const LAYERS = 5;

const sink = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200).end());
});
await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
sink.unref();
const url = `http://127.0.0.1:${sink.address().port}/v1/traces`;

const sampled = new TracerProvider({ exporter: { url, maxQueueBytes: 1 << 30 } });
const unsampled = new TracerProvider({ exporter: { url }, sampler: alwaysOff() });
const server = sampled.getTracer('@clew/instrumentation-http', '0.1.0');
const layer = sampled.getTracer('@clew/instrumentation-express', '0.1.0');
const off = unsampled.getTracer('@clew/instrumentation-http', '0.1.0');

function sixSpans(i) {
  const root = server.startSpan(
    'GET',
    {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': 'GET',
        'url.path': '/orders/42',
        'url.scheme': 'http',
        'server.address': 'localhost',
        'server.port': 8080,
        'client.address': '127.0.0.1',
        'network.protocol.version': '1.1',
        'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64)',
      },
    },
    ROOT_CONTEXT,
  );
  const inside = trace.setSpan(ROOT_CONTEXT, root);
  for (let n = 0; n < LAYERS; n++) {
    const span = layer.startSpan('middleware - auth', { attributes: { 'express.name': 'auth' } }, inside);
    span.setAttribute('express.type', 'middleware');
    span.end();
  }
  root.setAttribute('http.route', '/orders/:id');
  root.setAttribute('http.response.status_code', 200 + (i & 1));
  root.updateName('GET /orders/:id');
  root.end();
}

function oneUnsampled() {
  off.startSpan('GET', undefined, ROOT_CONTEXT).end();
}

const unsampledContext = trace.setSpan(ROOT_CONTEXT, off.startSpan('GET', undefined, ROOT_CONTEXT));
function oneUnsampledChild() {
  off.startSpan('layer', undefined, unsampledContext).end();
}

async function measure(name, work, calls, flush) {
  const figures = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    for (let i = 0; i < calls; i++) work(i);
    const elapsed = performance.now() - startedAt;
    await flush?.();
    const { user, system } = process.cpuUsage(before);
    figures.push({ us: (elapsed * 1000) / calls, cpu: (user + system) / calls });
  }
  figures.sort((a, b) => a.us - b.us);
  const middle = figures[ROUNDS >> 1];
  console.log(
    `${name}: ${middle.us.toFixed(3)} us (best ${figures[0].us.toFixed(3)}), with export ${middle.cpu.toFixed(3)} us CPU`,
  );
}

await measure('six spans', sixSpans, 20_000, () => sampled.forceFlush());
await measure('one unsampled root', oneUnsampled, 500_000);
await measure('one unsampled child', oneUnsampledChild, 500_000);
void context;
console.log(JSON.stringify(sampled.stats()));
await sampled.shutdown();
