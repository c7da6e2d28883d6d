import apm from 'elastic-apm-node';

apm.start({
  disableSend: true,
  centralConfig: false,
  cloudProvider: 'none',
  metricsInterval: '0s',
  logLevel: 'off',
  serviceName: 'peer',
  useElasticTraceparentHeader: true,
  // The test's own client must not be traced.
  disableInstrumentations: 'undici',
});
const { sentHeaders, servedBy } = await import('./over-http.mjs');

const serve = await servedBy(async () => {
  const transaction = apm.currentTransaction;
  const headers = await sentHeaders();
  return { span: idsOf(transaction), parentId: transaction.parentId, headers };
});

export async function startTrace() {
  const { span, headers } = await serve({});
  return { span: clientSpan(span, headers), headers };
}

export async function continueTrace({ headers: given }) {
  const { span, parentId, headers } = await serve(given);
  return { received: { ...span, spanId: parentId }, span: clientSpan(span, headers), headers };
}

function idsOf({ traceId, id, sampled }) {
  return { traceId, spanId: id, sampled };
}

/** A request has its own span, whose ID only its header contains. */
function clientSpan(span, headers) {
  return { ...span, spanId: headers['elastic-apm-traceparent'].split('-')[2] };
}
