import apm from 'elastic-apm-node';

apm.start({
  disableSend: true,
  centralConfig: false,
  cloudProvider: 'none',
  metricsInterval: '0s',
  logLevel: 'off',
  serviceName: 'peer',
  useElasticTraceparentHeader: true,
  // The test's own client must not be taken for a part of the peer.
  disableInstrumentations: 'undici',
});
const { sentHeaders, servedBy } = await import('./over-http.mjs');

const serve = await servedBy(async () => {
  const transaction = apm.currentTransaction;
  const headers = await sentHeaders();
  return { at: idsOf(transaction), parentId: transaction.parentId, headers };
});

export async function begin() {
  const { at, headers } = await serve({});
  return { at: sentBy(at, headers), headers };
}

export async function goOn({ headers: given }) {
  const { at, parentId, headers } = await serve(given);
  return { came: { ...at, spanId: parentId }, at: sentBy(at, headers), headers };
}

function idsOf({ traceId, id, sampled }) {
  return { traceId, spanId: id, sampled };
}

/** The call is a span of its own, which only its header tells. */
function sentBy(at, headers) {
  return { ...at, spanId: headers['elastic-apm-traceparent'].split('-')[2] };
}
