// Runs Datadog's tracer without an agent, telemetry and logs.
Object.assign(process.env, {
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_TRACE_AGENT_URL: 'http://127.0.0.1:9',
});
const { default: tracer } = await import('dd-trace');
tracer.init({ plugins: false, logInjection: false, flushInterval: 60_000 });

const PRIORITY_KEEP = 1;

export function startTrace({ sampled, origin }) {
  const span = tracer.startSpan('start');
  span.setTag(sampled ? 'manual.keep' : 'manual.drop', true);
  if (origin) span.context()._trace.origin = origin;
  const headers = headersOf(span);
  return { span: idsOf(span.context()), headers };
}

export function continueTrace({ headers }) {
  const received = tracer.extract('http_headers', headers);
  const span = tracer.startSpan('continue', { childOf: received });
  const sent = headersOf(span);
  const { origin, tags } = received._trace;
  return {
    received: { ...idsOf(received), origin, dm: tags['_dd.p.dm'] },
    span: idsOf(span.context()),
    headers: sent,
  };
}

function idsOf(context) {
  return {
    traceId: context.toTraceId(true),
    spanId: context.toSpanId(true),
    sampled: context._sampling.priority >= PRIORITY_KEEP,
  };
}

function headersOf(span) {
  const headers = {};
  tracer.inject(span, 'http_headers', headers);
  return headers;
}
