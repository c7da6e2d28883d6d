// What tracer-micro.mjs and instructions.mjs do with a tracer provider, Clew's or OpenTelemetry's.
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';

const LAYERS = 5;
const httpTracer = (provider) => provider.getTracer('@clew/instrumentation-http', '0.1.0');

/** The spans of one request of an Express server: that of the request and those of five middlewares. */
export function sixSpans(provider) {
  const server = httpTracer(provider);
  const layer = provider.getTracer('@clew/instrumentation-express', '0.1.0');
  return (i) => {
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
  };
}

/** A span without a parent, of a provider that samples nothing. */
export function unsampledRoot(provider) {
  const tracer = httpTracer(provider);
  return () => tracer.startSpan('GET', undefined, ROOT_CONTEXT).end();
}

/** A span below an unsampled one, of a provider that samples nothing. */
export function unsampledChild(provider) {
  const tracer = httpTracer(provider);
  const inside = trace.setSpan(ROOT_CONTEXT, tracer.startSpan('GET', undefined, ROOT_CONTEXT));
  return () => tracer.startSpan('layer', undefined, inside).end();
}
