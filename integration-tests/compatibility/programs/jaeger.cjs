// A service with jaeger-client, which reads and writes the context in its own code. It calls the service NEXT.
const { once } = require('node:events');
const http = require('node:http');
const { text } = require('node:stream/consumers');
const { initTracer, opentracing } = require('jaeger-client');
const { response, serve } = require('./serve.cjs');

const { NEXT, JAEGER_ENDPOINT: collectorEndpoint, JAEGER_AGENT_PORT: agentPort } = process.env;
// When a tracer closes while it sends, it aborts that request: so it sends only when it closes.
const flushIntervalMs = 600_000;
const target = collectorEndpoint
  ? { collectorEndpoint }
  : { agentHost: '127.0.0.1', agentPort: Number(agentPort) };
const tracer = initTracer({
  serviceName: 'jaeger',
  sampler: { type: 'const', param: 1 },
  reporter: { flushIntervalMs, ...target },
});
const { FORMAT_HTTP_HEADERS, Tags } = opentracing;

async function call(parent) {
  const span = tracer.startSpan('call', { childOf: parent, tags: { [Tags.SPAN_KIND]: 'client' } });
  const headers = {};
  tracer.inject(span, FORMAT_HTTP_HEADERS, headers);
  const [incoming] = await once(http.get(NEXT, { headers }), 'response');
  span.finish();
  return text(incoming);
}

async function main() {
  await serve(async (incoming, outgoing) => {
    const parent = tracer.extract(FORMAT_HTTP_HEADERS, incoming.headers);
    const span = tracer.startSpan('serve', { childOf: parent, tags: { [Tags.SPAN_KIND]: 'server' } });
    span.setBaggageItem('seller', 'ada');
    outgoing.on('finish', () => span.finish());
    outgoing.end(response(incoming, await call(span)));
  });
  tracer.close();
}
main();
