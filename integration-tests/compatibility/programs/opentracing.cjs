// The same as opentracing.mjs, as CommonJS.
const { once } = require('node:events');
const http = require('node:http');
const { context, propagation, trace } = require('@opentelemetry/api');
const { TracerShim } = require('@opentelemetry/shim-opentracing');
const { initGlobalTracer } = require('opentracing');
const { checkout, extract, headersOf } = require('./checkout.cjs');

initGlobalTracer(new TracerShim(trace.getTracer('shop')));

const server = http.createServer(async (request, response) => {
  const span = request.url === '/checkout' && (await checkout());
  const below = span ? await within(span, () => get('/stock')) : [];
  response.end(JSON.stringify([request.headers, ...below]));
});

async function main() {
  await once(server.listen(0), 'listening');
  const [, received] = await get('/checkout');
  const message = headersOf(await checkout());
  await checkout(extract(message));
  console.log(JSON.stringify({ received, message }));
  server.close();
}

function within(span, work) {
  const current = trace.setSpan(context.active(), span.getSpan());
  return context.with(propagation.setBaggage(current, span.context().getBaggage()), work);
}

async function get(path) {
  return (await fetch(`http://127.0.0.1:${server.address().port}${path}`)).json();
}
main();
