// No agent, no telemetry, nothing said: what it would send, it drops.
Object.assign(process.env, {
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_TRACE_AGENT_URL: 'http://127.0.0.1:9',
});
const { default: tracer } = await import('dd-trace');
tracer.init({ plugins: false, logInjection: false, flushInterval: 60_000 });

const PRIORITY_KEEP = 1;

export function begin({ sampled, origin }) {
  const span = tracer.startSpan('begin');
  span.setTag(sampled ? 'manual.keep' : 'manual.drop', true);
  if (origin) span.context()._trace.origin = origin;
  const headers = headersOf(span);
  return { at: idsOf(span.context()), headers };
}

export function goOn({ headers }) {
  const came = tracer.extract('http_headers', headers);
  const span = tracer.startSpan('go on', { childOf: came });
  const sent = headersOf(span);
  const { origin, tags } = came._trace;
  return { came: { ...idsOf(came), origin, dm: tags['_dd.p.dm'] }, at: idsOf(span.context()), headers: sent };
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
