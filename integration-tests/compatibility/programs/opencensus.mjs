// A service that is traced by the preload flag, with spans of OpenCensus in a request, and as the start of a trace.
import { once } from 'node:events';
import http from 'node:http';
import { context, trace } from '@opentelemetry/api';
import { tracer } from './opencensus-tracer.cjs';

const server = http.createServer(async (request, response) => {
  if (request.url === '/checkout') {
    const { traceId, spanId, traceFlags } = trace.getActiveSpan().spanContext();
    await checkout({ traceId, spanId, options: traceFlags & 1 });
  }
  response.end(JSON.stringify(request.headers));
});
await once(server.listen(0), 'listening');
await get('/checkout');
console.log(JSON.stringify(await checkout()));
server.close();

function checkout(spanContext) {
  return tracer.startRootSpan({ name: 'checkout', spanContext }, async (root) => {
    await new Promise((resolve) => setImmediate(resolve));
    const span = tracer.startChildSpan({ name: 'reserve' });
    const headers = await within(span, () => get('/stock'));
    span.end();
    root.end();
    return headers;
  });
}

function within({ spanContext: { traceId, spanId, options } }, work) {
  const parent = { traceId, spanId, traceFlags: options, isRemote: true };
  return context.with(trace.setSpanContext(context.active(), parent), work);
}

async function get(path) {
  return (await fetch(`http://127.0.0.1:${server.address().port}${path}`)).json();
}
