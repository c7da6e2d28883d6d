import * as sentry from '@sentry/core';
import { ServerRuntimeClient } from '@sentry/core/server';

const client = new ServerRuntimeClient({
  dsn: 'https://key@127.0.0.1/1',
  integrations: [],
  stackParser: () => [],
  transport: () => ({ send: async () => ({}), flush: async () => true }),
  tracesSampler: ({ name, inheritOrSampleWith }) => inheritOrSampleWith(name === 'unsampled' ? 0 : 1),
});
sentry.getCurrentScope().setClient(client);
client.init();

export function startTrace({ sampled }) {
  return sentry.startNewTrace(() =>
    sentry.startSpan({ name: sampled ? 'sampled' : 'unsampled' }, (span) => ({
      span: idsOf(span),
      headers: headersOf(span),
    })),
  );
}

export function continueTrace({ headers }) {
  const received = { sentryTrace: headers['sentry-trace'], baggage: headers.baggage };
  return sentry.continueTrace(received, () =>
    sentry.startSpan({ name: 'continue' }, (span) => ({
      received: { ...idsOf(span), spanId: sentry.spanToJSON(span).parent_span_id },
      span: idsOf(span),
      headers: headersOf(span),
    })),
  );
}

function idsOf(span) {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, sampled: traceFlags === 1 };
}

function headersOf(span) {
  return sentry.getTraceData({ span });
}
