import http from 'node:http';
import xray from 'aws-xray-sdk-core';
import { sentHeaders, servedBy } from './over-http.mjs';

xray.setLogger({ debug() {}, info() {}, warn() {}, error() {} });
xray.setContextMissingStrategy('IGNORE_ERROR');
const traced = xray.captureHTTPs(http);

const serve = await servedBy(async (request) => {
  const came = xray.middleware.processHeaders(request);
  const segment = new xray.Segment('peer', came.root, came.parent);
  if (came.sampled === '0') segment.notTraced = true;
  return { came, at: idsOf(segment), headers: await sentBy(segment) };
});

export async function begin({ sampled }) {
  const segment = new xray.Segment('peer');
  segment.notTraced = !sampled;
  const headers = await sentBy(segment);
  return { at: { ...idsOf(segment), ...spanIn(headers) }, headers };
}

export async function goOn({ headers: given }) {
  const { came, at, headers } = await serve(given);
  return {
    came: { traceId: hexOf(came.root), spanId: came.parent, sampled: came.sampled === '1' },
    at: { ...at, ...spanIn(headers) },
    headers,
  };
}

/** What a call of a segment's leaves with. */
function sentBy(segment) {
  return xray.getNamespace().runPromise(async () => {
    xray.setSegment(segment);
    return sentHeaders(traced.get);
  });
}

function idsOf(segment) {
  return { traceId: hexOf(segment.trace_id), spanId: segment.id, sampled: !segment.notTraced };
}

/** The call is a subsegment, which only its header tells. */
function spanIn(headers) {
  return { spanId: /Parent=(\w+)/.exec(headers['x-amzn-trace-id'])[1] };
}

function hexOf(root) {
  return root.split('-').slice(1).join('');
}
