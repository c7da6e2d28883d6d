import http from 'node:http';
import xray from 'aws-xray-sdk-core';
import { sentHeaders, servedBy } from './over-http.mjs';

xray.setLogger({ debug() {}, info() {}, warn() {}, error() {} });
xray.setContextMissingStrategy('IGNORE_ERROR');
const traced = xray.captureHTTPs(http);

const serve = await servedBy(async (request) => {
  const received = xray.middleware.processHeaders(request);
  const segment = new xray.Segment('peer', received.root, received.parent);
  if (received.sampled === '0') segment.notTraced = true;
  return { received, span: idsOf(segment), headers: await headersFrom(segment) };
});

export async function startTrace({ sampled }) {
  const segment = new xray.Segment('peer');
  segment.notTraced = !sampled;
  const headers = await headersFrom(segment);
  return { span: { ...idsOf(segment), ...spanIdIn(headers) }, headers };
}

export async function continueTrace({ headers: given }) {
  const { received, span, headers } = await serve(given);
  return {
    received: { traceId: hexOf(received.root), spanId: received.parent, sampled: received.sampled === '1' },
    span: { ...span, ...spanIdIn(headers) },
    headers,
  };
}

/** Returns the headers of a request that is sent in this segment. */
function headersFrom(segment) {
  return xray.getNamespace().runPromise(async () => {
    xray.setSegment(segment);
    return sentHeaders(traced.get);
  });
}

function idsOf(segment) {
  return { traceId: hexOf(segment.trace_id), spanId: segment.id, sampled: !segment.notTraced };
}

/** A request is a subsegment, whose ID only its header contains. */
function spanIdIn(headers) {
  return { spanId: /Parent=(\w+)/.exec(headers['x-amzn-trace-id'])[1] };
}

function hexOf(root) {
  return root.split('-').slice(1).join('');
}
