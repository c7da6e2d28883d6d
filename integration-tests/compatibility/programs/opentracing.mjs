// A service that is traced by the preload flag, with spans of OpenTracing in a request, and as the start of a trace.
import { once } from 'node:events';
import http from 'node:http';
import { context, propagation, trace } from '@opentelemetry/api';
import { TracerShim } from '@opentelemetry/shim-opentracing';
import { initGlobalTracer } from 'opentracing';
import { checkout, extract, headersOf } from './checkout.cjs';

initGlobalTracer(new TracerShim(trace.getTracer('shop')));

const server = http.createServer(async (request, response) => {
  const span = request.url === '/checkout' && (await checkout());
  const below = span ? await within(span, () => get('/stock')) : [];
  response.end(JSON.stringify([request.headers, ...below]));
});
await once(server.listen(0), 'listening');
const [, received] = await get('/checkout');
// A message of a queue has the context of one checkout, which the next one continues.
const message = headersOf(await checkout());
await checkout(extract(message));
console.log(JSON.stringify({ received, message }));
server.close();

function within(span, work) {
  const current = trace.setSpan(context.active(), span.getSpan());
  return context.with(propagation.setBaggage(current, span.context().getBaggage()), work);
}

async function get(path) {
  return (await fetch(`http://127.0.0.1:${server.address().port}${path}`)).json();
}
